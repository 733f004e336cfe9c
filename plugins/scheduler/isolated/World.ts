/** What a scheduling plugin in an isolate knows of the cluster: nodes and Pods, followed by its own client, as the scheduler follows them. */
import { Effect, Latch } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import type { WireObject } from "../../../kernel/client/Api.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { Namespace, Node, Pod } from "../../resources/contracts/core/v1.ts"
import { Behind, type Question, Restarted } from "../contracts/SchedulerPoints.ts"
import { follow } from "../Follow.ts"
import { Snapshot } from "../Snapshot.ts"

type Generation = Question["generation"]

/** The caller speaks of a Pod as the API shows it, which is what its type says; hence the cast. */
export const podOf = (wire: WireObject) => wire as unknown as Pod

const remembered = 10_000

/** How long a call waits for what the scheduler has seen already. */
const patience = "2 seconds"

export const make = Effect.gen(function* () {
  const client = yield* Client
  const namespaces = yield* client.cache(Namespace, { indexes: {} })
  const nodes = yield* client.cache(Node, { indexes: {} })
  const pods = yield* client.cache(Pod, { indexes: {} })
  const snapshot = new Snapshot((namespace) => namespaces.get({ namespace: "", name: namespace })?.metadata.labels ?? {})
  const epoch = crypto.randomUUID()
  const names: Array<string> = []
  const numbers = new Map<string, number>()
  /** Uids of Pods that have gone of late, in this order: the caller may not know yet. */
  const gone = new Set<string>()
  let news = Latch.makeUnsafe()

  const changed = () => {
    const before = news
    news = Latch.makeUnsafe()
    before.openUnsafe()
  }
  const seeNode = (before: Node | undefined, after: Node | undefined) => {
    const name = (after ?? before)?.metadata.name ?? ""
    if (after === undefined) {
      numbers.delete(name)
      snapshot.removeNode(name)
    } else {
      if (!numbers.has(name)) numbers.set(name, names.push(name) - 1)
      snapshot.setNode(after)
    }
    changed()
  }
  const seePod = (before: Pod | undefined, after: Pod | undefined, last = before) => {
    if (after !== undefined) snapshot.setPod(after)
    else if (last !== undefined) {
      gone.add(last.metadata.uid)
      for (const [oldest] of gone.size > remembered ? gone.entries().take(1) : []) gone.delete(oldest)
      snapshot.losePod(last)
    }
    changed()
  }
  yield* Plugin.background(follow(namespaces, () => snapshot.namespacesChanged()))
  yield* Plugin.background(follow(nodes, seeNode))
  yield* Plugin.background(follow(pods, seePod))

  const isThere = ({ nodes, pods }: Generation) => snapshot.seen.nodes >= nodes && snapshot.seen.pods >= pods
  const reached = (generation: Generation): Effect.Effect<void> =>
    Effect.suspend(() =>
      isThere(generation)
        ? Effect.void
        : Effect.andThen(
            news.await,
            Effect.suspend(() => reached(generation))
          )
    )
  const behind = ({ nodes, pods }: Generation) => {
    const { seen } = snapshot
    return new Behind({
      message: `it has seen nodes as of ${seen.nodes} and Pods as of ${seen.pods}, not yet ${nodes} and ${pods}`
    })
  }

  return {
    snapshot,
    epoch,
    names,
    number: (name: string) => numbers.get(name),
    /** Waits until it knows what the caller knows, and has been told what nobody can see. */
    upTo: Effect.fnUntraced(function* (asked: Pick<Question, "epoch" | "generation"> & Partial<Question>) {
      if (asked.epoch !== "" && asked.epoch !== epoch) return yield* new Restarted({ epoch })
      if (!isThere(asked.generation))
        yield* Effect.timeoutOrElse(reached(asked.generation), {
          duration: patience,
          orElse: () => Effect.fail(behind(asked.generation))
        })
      for (const pod of asked.forgotten ?? []) snapshot.forget(snapshot.infoOf(podOf(pod)))
      for (const { node, pod } of asked.assumed ?? []) {
        const { uid } = podOf(pod).metadata
        if (!snapshot.holds(uid) && !gone.has(uid)) snapshot.assume(snapshot.infoOf(podOf(pod)), node)
      }
    })
  }
})
export type World = Effect.Success<typeof make>
