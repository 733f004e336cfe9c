/** A plugin of another isolate at the entrance of the queue: asked about many Pods at once, who is kept out and in which order they wait. */
import { Effect, Stream } from "effect"
import type { Entering, Plugin, Queued, Refusal } from "../contracts/Framework.ts"
import type { Description, SchedulerPoints } from "../contracts/SchedulerPoints.ts"
import { order as ownOrder } from "../plugins/priority-sort/PrioritySort.ts"
import type { inTime } from "./Guarded.ts"
import { wirePod } from "./Told.ts"

export type Queueing = Pick<Plugin, "prepareEnqueue" | "preEnqueue" | "queueSort" | "again">
type Answer = Effect.Success<ReturnType<SchedulerPoints["Service"]["enqueue"]>>

const uidOf = ({ pod }: Queued) => pod.metadata.uid
const wired = ({ attempts, pod, since }: Queued) => ({ pod: wirePod(pod), attempts, since })

/** Keys of so many Pods that wait no more are kept. */
const spare = 1000

/** What it has said, for as long as its isolate lives. */
class Heard {
  epoch = ""
  readonly keys = new Map<string, number>()
  readonly kept = new Map<string, Refusal>()

  /** Of Pods that wait no more. */
  left({ pods, waiting }: Entering): ReadonlyArray<string> {
    const here = new Set([...waiting(), ...pods].map(uidOf))
    return this.keys.size <= 2 * here.size + spare ? [] : [...this.keys.keys()].filter((uid) => !here.has(uid))
  }

  hear({ epoch, keys, kept }: Answer, left: ReadonlyArray<string>) {
    this.epoch = epoch
    for (const uid of left) this.keys.delete(uid)
    for (const { key, uid } of keys) this.keys.set(uid, key)
    for (const { uid, ...refusal } of kept) this.kept.set(uid, refusal)
  }

  /** Whom it was not asked about comes last, in the scheduler's own order. */
  readonly order = (a: Queued, b: Queued) => {
    const [first, second] = [this.keys.get(uidOf(a)), this.keys.get(uidOf(b))]
    if (first !== undefined && second !== undefined) return first - second
    if (first === undefined && second === undefined) return ownOrder(a, b)
    return first === undefined ? 1 : -1
  }
}

export const queueing = (
  points: SchedulerPoints["Service"],
  described: Description,
  guarded: ReturnType<typeof inTime>
): Queueing => {
  const has = (point: Description["points"][number]) => described.points.includes(point)
  const heard = new Heard()
  const again = described.isCalling === true && { again: Stream.catchCause(points.again(), () => Stream.empty) }
  if (!has("preEnqueue") && !has("queueSort")) return { ...again }

  const ask = (entering: Entering) =>
    Effect.suspend(() => {
      const { epoch } = heard
      const isNew = epoch === ""
      const left = isNew ? [] : heard.left(entering)
      const pods = [...(isNew ? entering.waiting() : []), ...entering.pods].map(wired)
      return Effect.map(points.enqueue({ epoch, generation: entering.revision, pods, left }), (answer) => {
        heard.hear(answer, left)
        return isNew
      })
    })
  const anew = (entering: Entering) =>
    Effect.catchTag(ask(entering), "Restarted", () => {
      heard.epoch = ""
      return ask(entering)
    })
  return {
    ...again,
    prepareEnqueue: (entering) => Effect.map(guarded(anew(entering)), (hasMoved) => hasMoved === true),
    ...(has("preEnqueue") && {
      // It is asked anew before the next time.
      preEnqueue: ({ metadata: { uid } }) => {
        const refusal = heard.kept.get(uid)
        heard.kept.delete(uid)
        return refusal
      }
    }),
    ...(has("queueSort") && { queueSort: heard.order })
  }
}
