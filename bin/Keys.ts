/** The certificates and keys that one machine's processes use, made at the first start and kept in the data directory. */
import { Effect, FileSystem } from "effect"
import { hostname } from "node:os"
import { join } from "node:path"
import * as Certificates from "../plugins/certificates/Certificates.ts"
import { kubeconfig } from "../plugins/certificates/contracts/Kubeconfig.ts"
import type { Pair } from "../plugins/certificates/contracts/Pki.ts"
import * as Requests from "../plugins/certificates/contracts/Requests.ts"
import * as MetricsServer from "../plugins/metrics-server/MetricsServer.ts"
import * as Members from "./Members.ts"
import type { Paths } from "./Paths.ts"
import { addressIn, type Settings } from "./Settings.ts"

/** By which other machines reach the API. */
export const advertised = ({ advertiseAddress, nodeIp }: Settings) => (advertiseAddress === "" ? nodeIp : advertiseAddress)

/** What the API server answers under. */
export const apiServer = (settings: Settings) => {
  const { clusterDomain, nodeIp, nodeName, serviceCidr } = settings
  const hosts = [nodeIp, Members.apiAddress(settings), advertised(settings), hostname().toLowerCase(), nodeName]
  return Requests.apiServer({ serviceAddress: addressIn(serviceCidr, 1), domain: clusterDomain, hosts })
}

/** What the servers of a store of several know one another and their clients by: an authority that signs for nobody else. */
export const openStore = Effect.fn("Keys.openStore")(function* ({ pki }: Paths, hosts: ReadonlyArray<string>) {
  const { ca, issue } = yield* Certificates.open(join(pki, "store"))
  return {
    ca: ca.cert,
    server: yield* issue("server", Requests.storeServer(hosts)),
    client: yield* issue("client", Requests.store),
    admin: yield* issue("admin", Requests.storeAdmin)
  }
})

/** What servers of other groups, and proxies in front of this one, are known by: an authority that signs for nobody else. */
export const openProxies = Effect.fnUntraced(function* (pki: string) {
  const { ca, issue } = yield* Certificates.open(join(pki, "front-proxy"), "keelson-front-proxy-ca")
  const { commonName } = Requests.frontProxy
  return { ...(yield* issue("client", Requests.frontProxy)), ca: ca.cert, names: [commonName] }
})

const opened = Effect.fnUntraced(function* (settings: Settings, paths: Paths) {
  const { ca, issue, signing } = yield* Certificates.open(paths.pki)
  const issued = yield* Effect.all(
    {
      frontProxy: openProxies(paths.pki),
      admin: issue("admin", Requests.admin),
      apiserver: issue("apiserver", apiServer(settings)),
      kubeletClient: issue("apiserver-kubelet-client", Requests.kubeletClient),
      metricsServer: issue("metrics-server", Requests.metricsServer(MetricsServer.host))
    },
    { concurrency: "unbounded" }
  )
  const keys = { ca, signing, ...issued }
  yield* writeKubeconfig(settings, paths, keys)
  return { keys, issue }
})

/** Those of a server, and of its administrator. */
export const openServer = Effect.fn("Keys.openServer")(function* (settings: Settings, paths: Paths) {
  return (yield* opened(settings, paths)).keys
})

/** All of them. Called before anything is started, so that one process at a time writes the directory. */
export const open = Effect.fn("Keys.open")(function* (settings: Settings, paths: Paths) {
  const { issue, keys } = yield* opened(settings, paths)
  const ofNode = ({ address, index, name }: Members.Member) => {
    const suffix = index === 1 ? "" : `-${index}`
    const reached = index === 1 ? [settings.nodeIp, address] : [address]
    return Effect.all({
      kubelet: issue(`kubelet${suffix}`, Requests.kubelet(name)),
      kubeletServing: issue(`kubelet-serving${suffix}`, Requests.kubeletServing(name, [...reached, "127.0.0.1"]))
    })
  }
  return {
    ...keys,
    ...(yield* ofNode(Members.first(settings))),
    further: yield* Effect.forEach(Members.further(settings), ofNode),
    kubeProxy: yield* issue("kube-proxy", Requests.kubeProxy),
    dns: yield* issue("dns", Requests.dns),
    ingress: yield* issue("ingress", Requests.ingress),
    volumes: yield* issue("volumes", Requests.volumes)
  }
})
export type Keys = Effect.Success<ReturnType<typeof open>>
export type ServerKeys = Effect.Success<ReturnType<typeof openServer>>

/** The administrator's. */
export const writeKubeconfig = Effect.fnUntraced(function* (
  { apiPort }: Settings,
  { kubeconfig: file }: Paths,
  { admin: { cert, key }, ca }: { readonly admin: Pair; readonly ca: Pair }
) {
  const files = yield* FileSystem.FileSystem
  const text = kubeconfig({ server: `https://127.0.0.1:${apiPort}`, ca: ca.cert, cert, key, user: "kubernetes-admin" })
  // Whole or not at all, and never readable to others, whatever mode a file had that lay there before.
  const before = yield* Effect.orElseSucceed(files.readFileString(file), () => "")
  if (before === text) return yield* files.chmod(file, 0o600)
  const fresh = `${file}.${process.pid}`
  yield* files.writeFileString(fresh, text, { mode: 0o600 })
  yield* files.rename(fresh, file)
})
