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

/** What a further node has of its own. */
const own = (cluster: Settings, keys: Keys.Keys, { index, name }: Members.Member) => {
  const pairs = keys.further[index - 2]
  if (pairs === undefined) return { keys }
  const api = `https://${Members.apiAddress(cluster)}:${cluster.apiPort}`
  return { keys: { ...keys, ...pairs }, api, cgroupRoot: Members.cgroupOf(name) }
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
