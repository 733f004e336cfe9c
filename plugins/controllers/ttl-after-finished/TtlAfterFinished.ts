/** Deletes Jobs that have been over for as long as they say. */
import { Clock, Effect } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import type { Key } from "../../../kernel/resource/Kind.ts"
import { Job } from "../../resources/contracts/batch/v1.ts"
import { millisOf } from "../../resources/contracts/Time.ts"
import * as Controllers from "../contracts/Controllers.ts"

/** When a Job goes, in milliseconds; undefined if it is not over, or stays. */
export const dueAt = ({ metadata, spec, status }: Job): number | undefined => {
  const { ttlSecondsAfterFinished: seconds } = spec
  const ended = status.conditions?.find(
    ({ status, type }) => (type === "Complete" || type === "Failed") && status === "True"
  )
  if (seconds === undefined || ended === undefined || metadata.deletionTimestamp !== undefined) return undefined
  return millisOf(ended.lastTransitionTime) + seconds * 1000
}

const start = Effect.gen(function* () {
  const client = yield* Client
  const jobs = yield* client.cache(Job, { indexes: {} })

  const reconcile = Effect.fn("TtlAfterFinished.reconcile")(function* (key: Key) {
    const job = jobs.get(key)
    const due = job && dueAt(job)
    if (job === undefined || due === undefined) return Controllers.done
    const now = yield* Clock.currentTimeMillis
    if (due > now) return Controllers.again(due - now)
    yield* client.delete(Job, key, { uid: job.metadata.uid, propagationPolicy: "Foreground" })
    return Controllers.done
  })
  yield* Controllers.run({ name: "ttl_after_finished", triggers: [Controllers.each(jobs)], reconcile })
})

export const plugin = Controllers.plugin("ttl-after-finished", start)
