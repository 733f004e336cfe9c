/** The cluster of the day: the API on a log in memory with what admits Pods, the controllers, the scheduler, and who watches them. */
import { Effect, Exit, Layer, Scope } from "effect"
import * as DefaultTolerations from "../../../plugins/admission/default-tolerations/DefaultTolerations.ts"
import * as NamespaceLifecycle from "../../../plugins/admission/namespace-lifecycle/NamespaceLifecycle.ts"
import * as CronJob from "../../../plugins/controllers/cronjob/CronJob.ts"
import * as DaemonSet from "../../../plugins/controllers/daemonset/DaemonSet.ts"
import * as Deployment from "../../../plugins/controllers/deployment/Deployment.ts"
import * as Disruption from "../../../plugins/controllers/disruption/Disruption.ts"
import * as EndpointSlice from "../../../plugins/controllers/endpointslice/EndpointSlice.ts"
import * as GarbageCollector from "../../../plugins/controllers/garbage-collector/GarbageCollector.ts"
import * as Job from "../../../plugins/controllers/job/Job.ts"
import * as NamespaceController from "../../../plugins/controllers/namespace/Namespace.ts"
import * as NodeLifecycle from "../../../plugins/controllers/node-lifecycle/NodeLifecycle.ts"
import * as PodGc from "../../../plugins/controllers/podgc/PodGc.ts"
import * as ReplicaSet from "../../../plugins/controllers/replicaset/ReplicaSet.ts"
import * as StatefulSet from "../../../plugins/controllers/statefulset/StatefulSet.ts"
import * as TtlAfterFinished from "../../../plugins/controllers/ttl-after-finished/TtlAfterFinished.ts"
import * as Apps from "../../../plugins/resources/contracts/apps/v1.ts"
import * as Batch from "../../../plugins/resources/contracts/batch/v1.ts"
import * as Core from "../../../plugins/resources/contracts/core/v1.ts"
import * as Discovery from "../../../plugins/resources/contracts/discovery/v1.ts"
import * as Scheduler from "../../../plugins/scheduler/Scheduler.ts"
import { kernel } from "../../resources/Kernel.ts"
import { acting, type Deleters } from "./Actors.ts"
import type { Heartbeats } from "./Heartbeats.ts"
import { patience } from "./Nodes.ts"

export const api = Layer.mergeAll(DefaultTolerations.plugin.layer, NamespaceLifecycle.plugin.layer).pipe(
  Layer.provideMerge(kernel)
)

/** What owns or is owned on this day. */
const owning = [
  Apps.ControllerRevision,
  Apps.DaemonSet,
  Apps.Deployment,
  Apps.ReplicaSet,
  Apps.StatefulSet,
  Batch.CronJob,
  Batch.Job,
  Core.Pod,
  Core.Service,
  Discovery.EndpointSlice
]

const programs = [
  Scheduler.plugin(),
  CronJob.plugin,
  DaemonSet.plugin,
  Deployment.plugin,
  Disruption.plugin,
  EndpointSlice.plugin,
  GarbageCollector.plugin({ kinds: owning }),
  Job.plugin,
  NamespaceController.plugin(),
  NodeLifecycle.patient(patience),
  PodGc.plugin,
  ReplicaSet.plugin,
  StatefulSet.plugin,
  TtlAfterFinished.plugin
]

/** All of them, each under its own name, until the scope closes. */
const start = (deleters: Deleters, beats: Heartbeats) =>
  Layer.mergeAll(
    Layer.empty,
    ...programs.map(({ layer, name }) => Layer.provide(Layer.fresh(layer), Layer.fresh(acting(name, deleters, beats))))
  ).pipe(Layer.build)

/** Controllers that can be stopped at any moment, in the middle of what they do, and started again with nothing but what is stored. */
export const leading = Effect.fnUntraced(function* (deleters: Deleters, beats: Heartbeats) {
  const context = yield* Effect.context<Effect.Services<ReturnType<typeof start>>>()
  let term: Scope.Closeable | undefined
  const stop = Effect.suspend(() => (term === undefined ? Effect.void : Scope.close(term, Exit.void)))
  const begin = Effect.gen(function* () {
    yield* stop
    term = yield* Scope.make()
    yield* Effect.provideContext(Scope.provide(start(deleters, beats), term), context)
  })
  yield* Effect.addFinalizer(() => stop)
  return { begin, stop }
})
