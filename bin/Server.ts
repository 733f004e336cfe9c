/** `keelson server`: a control plane, and with `--processes` further API processes beside it that share its port. */
import { Effect, FileSystem, Layer } from "effect"
import * as Tokens from "../plugins/authentication/Tokens.ts"
import * as Pki from "../plugins/certificates/contracts/Pki.ts"
import * as ControlPlane from "./ControlPlane.ts"
import * as Encryption from "./Encryption.ts"
import * as Keys from "./Keys.ts"
import * as Machine from "./Machine.ts"
import * as Members from "./Members.ts"
import * as Paths from "./Paths.ts"
import { addressIn, type Settings } from "./Settings.ts"
import * as Servers from "./Servers.ts"
import * as SnapshotSchedule from "./SnapshotSchedule.ts"
import * as Store from "./Store.ts"
import * as StoreMoveRoute from "./StoreMoveRoute.ts"
import * as Supervise from "./Supervise.ts"

export const addressesOf = (settings: Settings) => [...new Set(["127.0.0.1", settings.nodeIp, Members.apiAddress(settings)])]

/** Who joins is told this address, knows the API by this authority, and is signed for by it. */
const joining = (settings: Settings, { ca, dns, kubeProxy }: Keys.Keys) => {
  const { apiPort, clusterDomain, podCidr, serviceCidr } = settings
  const { hosts = [] } = Keys.apiServer(settings)
  return {
    info: {
      server: `https://${Keys.advertised(settings)}:${apiPort}`,
      ca: ca.cert,
      config: { podCidr, serviceCidr, clusterDomain }
    },
    approve: { parts: [dns, kubeProxy].map(({ cert }) => Pki.subject(cert).commonName), reserved: hosts },
    sign: { ca }
  }
}

/** Also what a test composes a control plane of. */
export const optionsOf = Effect.fnUntraced(function* (
  settings: Settings,
  paths: Paths.Paths,
  place?: Servers.Place,
  /** Where the store is by now. */
  at: { readonly store: string } = settings
) {
  const keys = yield* Keys.open(settings, paths)
  const { apiPort, clusterDomain, nodeIp, nodeName, podCidr, serviceCidr } = settings
  // The same after a crash, so that who was killed takes up its work at once; no other process can have its name or its port.
  const { name, port } = place?.self ?? { name: nodeName, port: apiPort }
  const issuer = `https://kubernetes.default.svc.${clusterDomain}`
  const authentication = { signingKey: keys.signing.privateKey, issuer, audiences: [issuer] }
  return {
    apiserver: {
      addresses: addressesOf(settings),
      port,
      reusePort: settings.processes > 1,
      ...(place?.isLocal === true && { sharedPort: apiPort }),
      ...(place !== undefined && { linger: 2000 }),
      tls: keys.apiserver,
      clientCa: keys.ca.cert,
      kubelet: { ca: keys.ca.cert, ...keys.kubeletClient },
      openid: {
        configuration: Tokens.discovery(authentication, `https://${nodeIp}:${apiPort}/openid/v1/jwks`),
        keys: yield* Tokens.jwks(authentication)
      }
    },
    authentication,
    cluster: {
      identity: name,
      address: Members.apiAddress(settings),
      port,
      serviceAddress: addressIn(serviceCidr, 1),
      dnsAddress: addressIn(serviceCidr, 10)
    },
    store: () => Store.describe({ ...settings, store: at.store }, paths),
    serviceCidr,
    podCidr,
    ca: keys.ca.cert,
    joining: joining(settings, keys),
    identity: `${name}_${port}`,
    isolate: settings.isolate
  }
})

/** Every further API process is started once this one serves, because it may follow this one's log. */
const others = (settings: Settings, paths: Paths.Paths) =>
  Effect.forEach(
    Array.from({ length: settings.processes - 1 }, (_, index) => index + 2),
    (index) =>
      Supervise.child(paths, {
        name: `api-${index}`,
        args: ["server", "--api-only", "--config", Paths.settingsFile(paths)],
        patience: "20 seconds"
      }),
    { discard: true }
  )

const primary = Effect.fnUntraced(function* (settings: Settings, paths: Paths.Paths, place: Servers.Place | undefined) {
  const files = yield* FileSystem.FileSystem
  yield* Machine.directory(paths.run)
  const port = place?.self.port ?? settings.apiPort
  yield* Effect.forEach(addressesOf(settings), (address) => Machine.free("--api-port", address, port), { discard: true })
  yield* files.writeFileString(Paths.settingsFile(paths), JSON.stringify(settings), { mode: 0o600 })
  const log = Encryption.around(settings, paths, true, Store.owner(settings, paths, place))
  const at = { store: settings.store }
  const about = yield* optionsOf(settings, paths, place, at)
  const snapshots = SnapshotSchedule.layer(settings, about)
  // Several servers have the store each, and none of them could leave it alone.
  const moving = place === undefined ? { moving: StoreMoveRoute.layer({ settings, paths, at }) } : {}
  yield* Layer.build(ControlPlane.controlPlane({ ...about, log, snapshots, ...moving }))
  yield* others(settings, paths)
})

const replica = Effect.fnUntraced(function* (settings: Settings, paths: Paths.Paths) {
  const log = Encryption.around(settings, paths, false, Store.replica(settings, paths))
  const options = { ...(yield* optionsOf(settings, paths)), log }
  yield* Layer.build(ControlPlane.replica(options))
})

/** Runs until it is interrupted, or its supervisor is gone. `index`: which of several that `keelson up` has started. */
export const run = Effect.fn("Server.run")(function* (settings: Settings, role: "primary" | "replica", index?: number) {
  const all = Paths.make(settings.dataDir, settings.nodeName)
  const paths = index === undefined ? all : Servers.pathsOf(all, index)
  const place = index === undefined ? undefined : yield* Servers.local(all, index)
  yield* role === "primary" ? primary(settings, paths, place) : replica(settings, paths)
  yield* Effect.logInfo(`the API is served on port ${place?.self.port ?? settings.apiPort}`)
  yield* Supervise.orphaned
}, Effect.scoped)
