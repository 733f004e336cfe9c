/** The Pods of this node: a worker for each, told by the API what shall be and by the runtime that something has changed. */
import { Effect, Exit, Result, Schedule, Scope, Stream } from "effect"
import { Node, type Pod } from "../resources/contracts/core/v1.ts"
import * as Admission from "./pod/Admission.ts"
import * as Allocation from "./pod/Allocation.ts"
import * as Cgroups from "./pod/Cgroups.ts"
import * as Worker from "./pod/Worker.ts"
import type { Site } from "./Site.ts"
import * as Volumes from "./volumes/Volumes.ts"
import { join } from "node:path"

export const make = Effect.fnUntraced(function* (site: Site) {
  const { client, events, pods, runtime, settings } = site
  const workers = new Map<string, Worker.Worker>()
  const scope = yield* Effect.scope

  const isFinal = ({ phase }: Pod["status"]) => phase === "Succeeded" || phase === "Failed"

  /** The Pods that this node has taken, with what they have been given of it. */
  const taken = () =>
    Array.from(workers.values(), (worker) => worker.pod())
      .filter(({ metadata, status }) => !isFinal(status) && pods.by("uid", metadata.uid).length > 0)
      .map((pod) => {
        const allocation = site.allocations.get(pod.metadata.uid)
        return allocation === undefined ? pod : Allocation.effective(pod, allocation)
      })

  /** Why a Pod is not taken. Whoever sent it here may know more of the node than has come here yet, so then that is read anew. */
  const refusal = Effect.fnUntraced(function* (pod: Pod) {
    const node = site.ownNode()
    if (node === undefined || known.has(pod.metadata.uid) || isFinal(pod.status)) return undefined
    if (pod.metadata.deletionTimestamp !== undefined) return undefined
    const unmet = yield* Effect.result(site.devices.allocate(pod, taken))
    if (Result.isFailure(unmet)) return Admission.unexpected(unmet.failure.message)
    const first = Admission.refusal(pod, node, taken())
    if (first === undefined) return undefined
    const now = yield* Effect.orElseSucceed(client.get(Node, { namespace: "", name: settings.nodeName }), () => node)
    return Admission.refusal(pod, now, taken())
  })

  const start = Effect.fnUntraced(function* (pod: Pod) {
    const { uid } = pod.metadata
    const refused = yield* refusal(pod)
    const own = yield* Scope.fork(scope)
    // The worker ends its own scope, so from outside it.
    const end = Effect.sync(() => workers.delete(uid)).pipe(
      Effect.andThen(Effect.forkIn(Scope.close(own, Exit.void), scope)),
      Effect.asVoid
    )
    workers.set(uid, yield* Scope.provide(Worker.make(pod, site, end, refused), own))
  })

  const isOver = ({ metadata, status }: Pod) => metadata.deletionTimestamp === undefined && isFinal(status)

  const applied = (pod: Pod) =>
    Effect.suspend(() => {
      const worker = workers.get(pod.metadata.uid)
      if (worker === undefined) return isOver(pod) && !known.has(pod.metadata.uid) ? Effect.void : start(pod)
      worker.update(pod)
      return Effect.void
    })

  const gone = (uid: string) => workers.get(uid)?.gone()

  /** What a kubelet before this one has left of Pods that the API has no more. */
  const clear = Effect.fnUntraced(function* (uid: string) {
    yield* Effect.log(`the Pod ${uid} is no longer in the API: it is removed`)
    for (const { id } of yield* runtime.list({ uid })) {
      yield* runtime.stopPod({ pod: id, graceSeconds: 5 })
      yield* runtime.removePod({ pod: id })
    }
    // As a volume's driver below, it may not be back yet.
    yield* Effect.retry(site.resourceClaims.unprepare(uid), { schedule: Schedule.spaced("1 second"), times: 60 })
    if (settings.hollow) return
    const directory = site.directoryOf(uid)
    // A driver that is not back yet is waited for.
    yield* Effect.retry(site.driven.unpublish(directory), { schedule: Schedule.spaced("1 second"), times: 60 })
    yield* Volumes.unmount(directory)
    yield* Cgroups.removePod(settings.cgroupRoot, uid)
  })

  const folders = settings.hollow ? [] : Volumes.known(join(settings.directory, "pods"))
  const left = yield* runtime.list({})
  const known = new Set([...folders, ...left.map(({ uid }) => uid), ...site.resourceClaims.holders()])
  const orphans = [...known].filter((uid) => pods.by("uid", uid).length === 0)
  yield* Effect.forkScoped(
    Effect.forEach(
      orphans,
      (uid) => Effect.catchCause(clear(uid), (cause) => Effect.logWarning("an orphan was not removed", cause)),
      { concurrency: 4, discard: true }
    )
  )

  const follow = pods.changes.pipe(
    Stream.runForEach(({ events }) =>
      Effect.forEach(
        events,
        (event) => {
          if (event._tag === "Applied") return applied(event.object)
          if (event._tag === "Deleted") return Effect.sync(() => gone(event.object.metadata.uid))
          const there = new Set(event.objects.map(({ metadata }) => metadata.uid))
          for (const uid of workers.keys()) if (!there.has(uid)) gone(uid)
          // Those that are here already come before those that may find no room beside them.
          const isNew = ({ metadata: { uid } }: Pod) => (known.has(uid) ? 0 : 1)
          const inTurn = event.objects.toSorted((one, other) => isNew(one) - isNew(other))
          return Effect.forEach(inTurn, applied, { discard: true })
        },
        { discard: true }
      )
    )
  )
  yield* Effect.forkScoped(follow)

  const hints = events.changes().pipe(
    Stream.runForEach(({ uid }) => Effect.sync(() => workers.get(uid)?.poke())),
    Effect.tapError((failure) => Effect.logDebug("the runtime does not tell of changes", failure)),
    Effect.retry(Schedule.spaced("1 second"))
  )
  yield* Effect.forkScoped(hints)

  /** Their status says how their devices are. */
  const changed = yield* site.devices.changed
  const devices = changed.await.pipe(
    Effect.tap(() => changed.close),
    Effect.andThen(Effect.sync(() => site.devices.holders().forEach((uid) => workers.get(uid)?.poke())))
  )
  yield* Effect.forkScoped(Effect.forever(devices))

  return {
    all: (): ReadonlyArray<Pod> => Array.from(workers.values(), (worker) => worker.pod()),
    find: (namespace: string, name: string) =>
      workers
        .values()
        .map((worker) => worker.pod())
        .find(({ metadata }) => metadata.namespace === namespace && metadata.name === name)
  }
})

export type Pods = Effect.Success<ReturnType<typeof make>>
