/** Pods whose Job is gone: nobody will count them any more, so nothing may hold them. */
import { Effect } from "effect"
import type { Client } from "../../../kernel/client/Client.ts"
import * as Kind from "../../../kernel/resource/Kind.ts"
import type { Cache } from "../../../kernel/table/Table.ts"
import { Job } from "../../resources/contracts/batch/v1.ts"
import { Pod } from "../../resources/contracts/core/v1.ts"
import * as Controllers from "../contracts/Controllers.ts"
import { patchMetadata } from "../contracts/Writes.ts"
import * as Accounting from "./Accounting.ts"

export const release = (client: Client["Service"], pod: Pod) => {
  const finalizers = (pod.metadata.finalizers ?? []).filter((name) => name !== Accounting.finalizer)
  return patchMetadata(client, Pod, pod, { finalizers }).pipe(Effect.catchTag("NotFound", () => Effect.void))
}

/** Those that nobody controls, or a Job that may be gone, since they are to go; others know what they hold theirs for. */
const isSuspect = (pod: Pod) => {
  const owner = Kind.controllerOf(pod)
  const isLeft = owner === undefined || (owner.kind === Job.kind && pod.metadata.deletionTimestamp !== undefined)
  return isLeft && Accounting.isHeld(pod)
}

export const run = (
  client: Client["Service"],
  jobs: Pick<Cache<Job, never>, "changes">,
  pods: Pick<Cache<Pod, "owner">, "by" | "changes" | "get">
) => {
  /** The API is asked, as a cache may know a Pod before its Job. */
  const isOrphan = (pod: Pod) => {
    const owner = Kind.controllerOf(pod)
    if (owner === undefined) return Effect.succeed(true)
    return client.get(Job, { ...Kind.keyOf(pod), name: owner.name }).pipe(
      Effect.map((job) => job.metadata.uid !== owner.uid),
      Effect.catchTag("NotFound", () => Effect.succeed(true))
    )
  }
  const reconcile = Effect.fn("Job.orphan")(function* (key: Kind.Key) {
    const pod = pods.get(key)
    if (pod !== undefined && isSuspect(pod) && (yield* isOrphan(pod))) yield* release(client, pod)
    return Controllers.done
  })
  const triggers = [
    Controllers.on(pods, (pod) => (isSuspect(pod) ? [Kind.keyOf(pod)] : [])),
    Controllers.on(jobs, ({ metadata: { uid } }) => pods.by("owner", uid).filter(isSuspect).map(Kind.keyOf))
  ]
  return Controllers.run({ name: "job_orphan_pod", triggers, concurrency: 2, reconcile })
}
