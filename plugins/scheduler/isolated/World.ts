/**
 * What a scheduling plugin in an isolate knows of the cluster: nodes and the Pods on them, followed by its own client, as the scheduler
 * follows them. A Pod without a node is no news here: it is sent with the question about it.
 */
import { Effect, Latch } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { Namespace, Node, Pod } from "../../resources/contracts/core/v1.ts"
import { Behind, type Question, Restarted } from "../contracts/SchedulerPoints.ts"
import { follow } from "../Follow.ts"
import { Snapshot } from "../Snapshot.ts"
import { podOf } from "./Told.ts"

type Generation = Question["generation"]

const remembered = 10_000

/** How long a call waits for what the scheduler has seen already. */
const patience = "2 seconds"

export const make = Effect.gen(function* () {
  const client = yield* Client
  const namespaces = yield* client.cache(Namespace, { indexes: {} })
  const nodes = yield* client.cache(Node, { indexes: {} })
  const pods = yield* client.cache(Pod, { indexes: {}, selection: { fieldSelector: "spec.nodeName!=" } })
  const snapshot = new Snapshot((namespace) => namespaces.get({ namespace: "", name: namespace })?.metadata.labels ?? {})
  const epoch = crypto.randomUUID()
  const names: Array<string> = []
  /** Of nodes that are there. */
  const numbered = new Set<string>()
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
      numbered.delete(name)
      snapshot.removeNode(name)
    } else {
      if (!numbered.has(name)) names.push(name)
      numbered.add(name)
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
  const seePods = (revision: number) => {
    snapshot.seePods(revision)
    changed()
  }
  yield* Plugin.background(follow(pods, seePod, new Map(), seePods))

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

  /** Waits until it knows what the caller knows. */
  const seen = (asked: Pick<Question, "epoch" | "generation">): Effect.Effect<void, Restarted | Behind> => {
    if (asked.epoch !== "" && asked.epoch !== epoch) return Effect.fail(new Restarted({ epoch }))
    if (isThere(asked.generation)) return Effect.void
    return Effect.timeoutOrElse(reached(asked.generation), {
      duration: patience,
      orElse: () => Effect.fail(behind(asked.generation))
    })
  }
  const tell = ({ assumed, forgotten }: Pick<Question, "assumed" | "forgotten">) => {
    for (const wire of forgotten) snapshot.forget({ pod: podOf(wire) })
    for (const { node, pod } of assumed) {
      const { uid } = podOf(pod).metadata
      if (!snapshot.holds(uid) && !gone.has(uid)) snapshot.assume(snapshot.infoOf(podOf(pod)), node)
    }
  }

  return {
    snapshot,
    epoch,
    names,
    node: (number: number) => snapshot.find(names[number] ?? ""),
    seen,
    /** The same, and has been told what nobody can see. Answers with the Pod that it is asked about. */
    about: (asked: Question) =>
      Effect.map(seen(asked), () => {
        tell(asked)
        return podOf(asked.pod)
      })
  }
})
export type World = Effect.Success<typeof make>
