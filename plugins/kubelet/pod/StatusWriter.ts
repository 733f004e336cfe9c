/** Brings a Pod's status to the API: the newest one, when it differs, again after a failure. */
import { Effect, Latch } from "effect"
import { isDeepStrictEqual } from "node:util"
import { keyOf } from "../../../kernel/resource/Kind.ts"
import { Pod, type PodCondition, type PodStatus } from "../../resources/contracts/core/v1.ts"
import type { Site } from "../Site.ts"
import { ownConditions as own } from "./Status.ts"

/** Our conditions, and everybody else's as they are now. */
const conditions = (wanted: ReadonlyArray<PodCondition> = [], now: ReadonlyArray<PodCondition> = []) => [
  ...wanted.filter(({ type }) => own.has(type)),
  ...now.filter(({ type }) => !own.has(type))
]

export const make = Effect.fnUntraced(function* (pod: Pod, { client, pods }: Site) {
  const news = Latch.makeUnsafe()
  let wanted: PodStatus | undefined
  let written: PodStatus | undefined
  const key = keyOf(pod)
  const isSame = ({ metadata }: Pod) => metadata.uid === pod.metadata.uid

  const attempt = Effect.fnUntraced(function* (current: Pod, status: PodStatus) {
    const next = { ...status, conditions: conditions(status.conditions, current.status.conditions) }
    if (!isDeepStrictEqual(next, current.status)) {
      yield* client.update(Pod, { ...current, status: next }, { subresource: "status" })
    }
    written = status
  })

  /** Done when it is written, or when the Pod is gone. */
  const write = Effect.fn("StatusWriter.write")(function* (status: PodStatus) {
    if (isDeepStrictEqual(status, written)) return
    const cached = pods.get(key)
    const fresh = Effect.flatMap(client.find(Pod, key), (found) =>
      found._tag === "Some" && isSame(found.value) ? attempt(found.value, status) : Effect.void
    )
    yield* (cached !== undefined && isSame(cached) ? attempt(cached, status) : fresh).pipe(
      Effect.catchTag("Conflict", () => fresh),
      Effect.catchTag("NotFound", () => Effect.void),
      Effect.timeout("10 seconds")
    )
  })

  const next = Effect.gen(function* () {
    yield* news.await
    news.closeUnsafe()
    if (wanted === undefined) return
    yield* write(wanted).pipe(
      Effect.catch((failure) =>
        Effect.andThen(
          Effect.logDebug("the status was not written", failure),
          Effect.andThen(Effect.sleep("1 second"), news.open)
        )
      )
    )
  })
  yield* Effect.forkScoped(Effect.forever(next))

  return {
    /** Returns at once. */
    publish: (status: PodStatus) =>
      Effect.suspend(() => {
        wanted = status
        return news.open
      }),
    write
  }
})
