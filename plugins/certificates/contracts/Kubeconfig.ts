/** The file by which kubectl and every other client finds a cluster. Source: `v1` of kubectl's Config. */
import { stringify } from "yaml"

const encoded = (pem: string) => Buffer.from(pem).toString("base64")

/** `ca`, `cert` and `key` are PEM texts, and stand in the file: it can be carried to another machine. */
export const kubeconfig = (options: {
  readonly server: string
  readonly ca: string
  readonly cert: string
  readonly key: string
  readonly user: string
  readonly cluster?: string
}): string => {
  const { ca, cert, cluster = "keelson", key, server, user } = options
  const context = `${user}@${cluster}`
  return stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: cluster, cluster: { server, "certificate-authority-data": encoded(ca) } }],
      users: [{ name: user, user: { "client-certificate-data": encoded(cert), "client-key-data": encoded(key) } }],
      contexts: [{ name: context, context: { cluster, user } }],
      "current-context": context
    },
    { lineWidth: 0 }
  )
}
