/** `keelson agent`: a node of the cluster on this machine, or one of several. */
import { Effect, Layer, Schema } from "effect"
import * as Keys from "./Keys.ts"
import * as Machine from "./Machine.ts"
import * as Members from "./Members.ts"
import * as Node from "./Node.ts"
import * as Paths from "./Paths.ts"
import type { Settings } from "./Settings.ts"
import * as Supervise from "./Supervise.ts"

export class NoSuchMember extends Schema.TaggedError<NoSuchMember>()("NoSuchMember", { message: Schema.String }) {}

/** What a node of this machine has of its own. */
export const own = (
  cluster: Settings,
  { ca, dns, further, kubeProxy, ...first }: Keys.Keys,
  { index, name }: Members.Member
) => {
  const pairs = further[index - 2]
  const { kubelet, kubeletServing } = pairs ?? first
  const server = `https://${pairs === undefined ? "127.0.0.1" : Members.apiAddress(cluster)}:${cluster.apiPort}`
  const as = ({ cert, key }: Keys.Keys["ca"]) =>
    Effect.succeed({ server, ca: ca.cert, clientCertificate: cert, clientKey: key })
  return {
    access: { kubelet: as(kubelet), kubeProxy: as(kubeProxy), dns: as(dns) },
    serving: { tls: { ...kubeletServing, clientCa: ca.cert } },
    ...(pairs === undefined ? {} : { cgroupRoot: Members.cgroupOf(name) })
  }
}

/** Runs until it is interrupted, or its supervisor is gone. Pods outlive it unless `remove` says otherwise. */
export const run = Effect.fn("Agent.run")(function* (cluster: Settings, index: number, remove: boolean) {
  const member = Members.all(cluster)[index - 1]
  if (member === undefined)
    return yield* new NoSuchMember({ message: `--member ${index}: there are ${cluster.nodes} nodes` })
  const settings = Members.settingsOf(cluster, member)
  const paths = Paths.make(settings.dataDir, member.name)
  yield* Machine.directory(paths.node)
  const keys = yield* Keys.open(cluster, paths)
  const hollow = Machine.isHollow(settings)
  if (hollow)
    yield* Effect.logInfo(
      `this node is hollow, Pods live without containers: ${Machine.missing(settings).join(", ") || "--runtime hollow"}`
    )
  const stop = remove ? "remove" : "keep"
  yield* Layer.build(Node.node({ settings, paths, hollow, stop, ...own(cluster, keys, member) }))
  yield* Supervise.orphaned
  // The supervisor was killed, and this ends as if it had been killed too: Pods stay for whoever is started next.
  yield* Effect.sync(() => process.exit(1))
}, Effect.scoped)
