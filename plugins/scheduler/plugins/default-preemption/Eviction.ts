/** Lets Pods go from a node for a more important one. */
import { Clock, Effect } from "effect"
import * as Controllers from "../../../controllers/contracts/Controllers.ts"
import { Client } from "../../../../kernel/client/Client.ts"
import { keyOf } from "../../../../kernel/resource/Kind.ts"
import { Pod } from "../../../resources/contracts/core/v1.ts"
import type * as EventRecorder from "../../../resources/contracts/EventRecorder.ts"
import { time } from "../../../resources/contracts/Time.ts"
import type { PodInfo } from "../../contracts/Nodes.ts"
import type { Extenders } from "../../extenders/Extenders.ts"
import type { Metrics } from "../../Metrics.ts"

/** What a plugin has of the scheduler. */
export interface Handle {
  /** The name by which Pods ask for it. */
  readonly schedulerName: string
  readonly record: EventRecorder.Record
  /** What a Pod was kept out of the queue for is over; `again`: it shall be tried soon whatever it waits for. */
  readonly finished: (uid: string, again: boolean) => void
  readonly extenders: Pick<Extenders, "preempts" | "preempt">
  readonly metrics: Pick<Metrics, "preempting" | "victims">
}

const type = "DisruptionTarget"

/** How many at once. */
const concurrency = 16

export const make = Effect.fnUntraced(function* ({ record, schedulerName }: Handle) {
  const client = yield* Client

  const target = (now: number) => ({
    type,
    status: "True",
    reason: "PreemptionByScheduler",
    message: `${schedulerName}: preempting to accommodate a higher priority pod`,
    lastTransitionTime: time(now)
  })

  const evict = Effect.fnUntraced(function* (preemptor: Pod, node: string, { pod: victim }: PodInfo) {
    if (victim.metadata.deletionTimestamp !== undefined) return
    const now = yield* Clock.currentTimeMillis
    const { uid } = victim.metadata
    const body = { metadata: { uid }, status: { conditions: [target(now)] } }
    yield* client.patch(Pod, keyOf(victim), "strategic", body, { subresource: "status" })
    yield* client.delete(Pod, keyOf(victim), { uid })
    const message = `Preempted by pod ${preemptor.metadata.uid} on node ${node}`
    yield* record({ kind: Pod, object: victim, type: "Normal", reason: "Preempted", message, action: "Preempting" })
  })

  /** They may find another place sooner than here. */
  const release = ({ pod }: PodInfo) =>
    client.patch(Pod, keyOf(pod), "merge", { status: { nominatedNodeName: null } }, { subresource: "status" })

  /** Answers whether all went well. */
  const each =
    <A>(what: string, one: (info: PodInfo) => Effect.Effect<A, unknown>) =>
    (infos: ReadonlyArray<PodInfo>) =>
      Effect.forEach(
        infos,
        (info) =>
          Effect.matchCauseEffect(one(info), {
            onSuccess: () => Effect.succeed(true),
            onFailure: (cause) =>
              Effect.as(
                Effect.logDebug(`${info.pod.metadata.name} could not be ${what}`, cause),
                Controllers.isOrdinary(cause)
              )
          }),
        { concurrency }
      ).pipe(Effect.map((all) => all.every(Boolean)))

  return (preemptor: Pod, node: string, victims: ReadonlyArray<PodInfo>, lesser: ReadonlyArray<PodInfo>) =>
    Effect.andThen(each("released", release)(lesser), each("evicted", (victim) => evict(preemptor, node, victim))(victims))
})
