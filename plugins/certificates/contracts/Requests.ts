/** The certificates that the parts of a cluster ask for: who they are to one another. */
import type { Request } from "./Pki.ts"

/** A client: `user` in `groups`. */
export const client = (user: string, ...groups: ReadonlyArray<string>): Request => ({
  commonName: user,
  organizations: groups,
  usages: ["client"]
})

/** The API server under its names in the cluster, on this machine, and under what `hosts` adds: node addresses, host names. */
export const apiServer = (options: {
  readonly serviceAddress: string
  readonly domain: string
  readonly hosts: ReadonlyArray<string>
}): Request => {
  const service = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", `kubernetes.default.svc.${options.domain}`]
  const local = ["localhost", "127.0.0.1", "::1"]
  const hosts = new Set([...service, ...local, options.serviceAddress, ...options.hosts])
  return { commonName: "kube-apiserver", hosts: [...hosts], usages: ["server"] }
}

/** The HTTPS server of a kubelet. */
export const kubeletServing = (node: string, hosts: ReadonlyArray<string>): Request => ({
  commonName: `system:node:${node}`,
  organizations: ["system:nodes"],
  hosts: [...new Set([node, ...hosts])],
  usages: ["server"]
})

export const admin = client("kubernetes-admin", "system:masters")
export const kubelet = (node: string) => client(`system:node:${node}`, "system:nodes")
export const kubeProxy = client("system:kube-proxy")
export const dns = client("system:serviceaccount:kube-system:dns")
/** What serves Ingresses on a node. */
export const ingress = client("system:serviceaccount:kube-system:ingress-proxy")
/** What makes and removes the volumes of a node's own drivers. */
export const volumes = client("system:serviceaccount:kube-system:volumes")
export const scheduler = client("system:kube-scheduler")
/** What the API server shows to kubelets. */
export const kubeletClient = client("kube-apiserver-kubelet-client")

/** What the API server shows to servers that answer for a group instead of it, and by which they believe what it says of who asks. */
export const frontProxy = client("front-proxy-client")

/** What serves metrics.k8s.io, under the name of its Service. */
export const metricsServer = (host: string): Request => ({ commonName: "metrics-server", hosts: [host], usages: ["server"] })

/** A server of the store, under all by which clients and the other servers reach it. To the others it is a client, too. */
export const storeServer = (hosts: ReadonlyArray<string>): Request => ({
  commonName: "keelson-store-server",
  hosts: [...new Set(hosts)],
  usages: ["server", "client"]
})
/** What an API process shows to the store's servers, and what administers them. */
export const store = client("keelson-store")
export const storeAdmin = client("keelson-store-admin")
