/** The file by which kubectl and every other client finds a cluster. Source: `v1` of kubectl's Config. */
import { stringify } from "yaml"

const encoded = (pem: string) => Buffer.from(pem).toString("base64")

interface User {
  readonly cert: string
  readonly key: string
  readonly user: string
  /** Holds certificate and key, and is renewed: named in place of them, because clients read it again. */
  readonly file?: string
}

/** `ca`, `cert` and `key` are PEM texts, and stand in the file: it can be carried to another machine. Without a user it says where alone. */
export const kubeconfig = (
  options: { readonly server: string; readonly ca: string; readonly cluster?: string } & (User | { readonly user?: never })
): string => {
  const { ca, cluster = "keelson", server } = options
  const where = { name: cluster, cluster: { server, "certificate-authority-data": encoded(ca) } }
  const text = (user: object) =>
    stringify({ apiVersion: "v1", kind: "Config", clusters: [where], ...user }, { lineWidth: 0 })
  if (options.user === undefined) return text({ contexts: [], users: [], "current-context": "" })
  const { cert, file, key, user } = options
  const context = `${user}@${cluster}`
  return text({
    users: [
      {
        name: user,
        user:
          file === undefined
            ? { "client-certificate-data": encoded(cert), "client-key-data": encoded(key) }
            : { "client-certificate": file, "client-key": file }
      }
    ],
    contexts: [{ name: context, context: { cluster, user } }],
    "current-context": context
  })
}
