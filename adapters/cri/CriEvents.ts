/**
 * Hints of what has changed: two lists each second, compared with those before. Where the runtime has events it is looked at as
 * soon as one comes; of an event nothing is needed but that it came.
 */
import { Effect, Schedule, Stream } from "effect"
import { Unavailable } from "../../kernel/plugin/Contract.ts"
import { Events } from "../../plugins/kubelet/contracts/Events.ts"
import * as Changes from "./Changes.ts"
import type { Cri, CriFailed } from "./Cri.ts"
import type * as Statuses from "./Statuses.ts"

/** Emits whenever something may have changed. It may fail: then polling goes on alone. */
export type Wake = (cri: Cri["Service"]) => Stream.Stream<unknown, CriFailed>

interface On {
  readonly cri: Cri["Service"]
  readonly statuses: ReturnType<typeof Statuses.make>
  readonly wake: Wake
}

export const make = ({ cri, statuses, wake }: On) => {
  const picture = Effect.gen(function* () {
    const there = yield* statuses.lists()
    statuses.forget(there)
    const states = new Map<string, string>()
    for (const { id, pod_sandbox_id, state } of there.containers) {
      states.set(pod_sandbox_id, `${states.get(pod_sandbox_id) ?? ""} ${id} ${state}`)
    }
    return new Map(
      there.pods.map(({ id, metadata, state }) => [id, { uid: metadata.uid, text: `${state}${states.get(id) ?? ""}` }])
    )
  })

  /** Events come in bursts, of which one look sees all. */
  const woken = Stream.ignore(Stream.retry(wake(cri), Schedule.spaced("5 seconds"))).pipe(Stream.debounce("20 millis"))
  const nudges = Stream.merge(Stream.tick("1 second"), woken)

  return Events.of({
    changes: () =>
      Stream.mapError(
        Changes.between(nudges, picture),
        (cause) => new Unavailable({ contract: Events.key, applied: "unknown", cause })
      )
  })
}
