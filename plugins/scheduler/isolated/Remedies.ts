/** A plugin of another isolate that may make room for a Pod which no node takes. */
import { Effect } from "effect"
import type { Failure, Plugin, Refusal, Remedy } from "../contracts/Framework.ts"
import type { SchedulerPoints } from "../contracts/SchedulerPoints.ts"
import type { inTime } from "./Guarded.ts"
import { wireRefusal } from "./Refusals.ts"
import { telling } from "./Telling.ts"
import { type Told, wireOf } from "./Told.ts"

const keyOf = ({ isUnresolvable, reasons }: Refusal) => `${isUnresolvable}${reasons.join("\0")}`

/** Every refusal once, with the nodes. */
const grouped = (refusals: Failure["refusals"]) =>
  [...Map.groupBy(refusals, ([, refusal]) => keyOf(refusal)).values()].flatMap((some) => {
    const [first] = some
    return first === undefined ? [] : [{ ...wireRefusal(first[1]), nodes: some.map(([node]) => node) }]
  })

export const remedies = (
  points: SchedulerPoints["Service"],
  told: Told,
  guarded: ReturnType<typeof inTime>
): Pick<Plugin, "postFilter"> => ({
  postFilter: ({ isWhole, nominated, pod, refusals, view }) => {
    const asked = {
      isWhole,
      refused: grouped(refusals),
      nominated: view.nodes.flatMap(({ name }) => nominated(name).map((one) => ({ pod: wireOf(one), node: name })))
    }
    const answer = telling(
      told,
      () => told.question(pod, view),
      (question) => points.postFilter({ ...question, ...asked })
    )
    return Effect.match(guarded(answer), {
      onFailure: ({ message }): Remedy => ({ message }),
      onSuccess: (found): Remedy => {
        if (found === undefined) return {}
        const { epoch: _, ...remedy } = found
        return remedy
      }
    })
  }
})
