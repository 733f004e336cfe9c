/**
 * What a control plane runs: a line for each plugin. Leaving out one that another needs is a type error here. To replace a part,
 * replace its line.
 */
import { Effect, Layer, Schema } from "effect"
import * as LocalPath from "../adapters/volumes/local-path/LocalPath.ts"
import { Aggregated } from "../kernel/client/Aggregated.ts"
import { Api } from "../kernel/client/Api.ts"
import type { Client } from "../kernel/client/Client.ts"
import * as PipelineApi from "../kernel/client/PipelineApi.ts"
import * as PipelineClient from "../kernel/client/PipelineClient.ts"
import { Actions } from "../kernel/pipeline/Actions.ts"
import { masters, type User } from "../kernel/pipeline/Attributes.ts"
import * as Pipeline from "../kernel/pipeline/layer.ts"
import * as Policy from "../kernel/pipeline/Policy.ts"
import * as Plugin from "../kernel/plugin/Plugin.ts"
import * as Worker from "../kernel/plugin/Worker.ts"
import { Kinds } from "../kernel/resource/Kinds.ts"
import type { Log } from "../kernel/store/Log.ts"
import * as Compactor from "../kernel/store/Compactor.ts"
import * as Measured from "../kernel/store/Measured.ts"
import * as Times from "../kernel/store/Times.ts"
import * as Tables from "../kernel/table/Tables.ts"
import * as Audit from "../plugins/audit/Audit.ts"
import * as AuditSinks from "../plugins/audit/Sinks.ts"
import { Attachments } from "../plugins/packages/contracts/Attachments.ts"
import * as Packages from "../plugins/packages/Loader.ts"
import * as SchedulerExtensions from "../plugins/scheduler/contracts/Extensions.ts"
import { Scheduler as SchedulerContract } from "../plugins/scheduler/contracts/Scheduler.ts"
import * as SchedulerAttachment from "../plugins/scheduler/isolated/Attachment.ts"
import type * as PodSecurity from "../plugins/admission/pod-security/PodSecurity.ts"
import * as PolicyTypeChecking from "../plugins/admission/policies/TypeChecking.ts"
import * as Aggregation from "../plugins/aggregation/Aggregation.ts"
import * as Apiserver from "../plugins/apiserver/Apiserver.ts"
import { Routes } from "../plugins/apiserver/contracts/Routes.ts"
import { ServiceClient } from "../plugins/apiserver/contracts/ServiceClient.ts"
import * as FlowObjects from "../plugins/apiserver/fairness/Objects.ts"
import type * as Authentication from "../plugins/authentication/Authentication.ts"
import * as Authorization from "../plugins/authorization/Authorization.ts"
import * as Cluster from "../plugins/cluster/Cluster.ts"
import * as LeaseCleaner from "../plugins/controllers/lease-cleaner/LeaseCleaner.ts"
import * as Leader from "../plugins/controllers/contracts/Leader.ts"
import * as MetricsServer from "../plugins/metrics-server/MetricsServer.ts"
import * as Establishing from "../plugins/custom-resources/Establishing.ts"
import * as Scheduler from "../plugins/scheduler/Scheduler.ts"
import * as SchedulerSeatAttachment from "../plugins/scheduler/seat/Attachment.ts"
import * as OwnScheduler from "../plugins/scheduler/seat/Own.ts"
import * as SchedulerSeat from "../plugins/scheduler/seat/Seat.ts"
import * as Addresses from "../plugins/resources/contracts/Addresses.ts"
import * as ServiceAddresses from "../plugins/service-addresses/ServiceAddresses.ts"
import * as StorageDefaults from "../plugins/volumes/Defaults.ts"
import * as Attached from "./Attached.ts"
import * as Cloud from "./Cloud.ts"
import * as Controllers from "./Controllers.ts"
import * as EncryptionRoute from "./EncryptionRoute.ts"
import { leadership } from "./Leadership.ts"
import * as Policies from "./Policies.ts"
import * as SnapshotRoute from "./SnapshotRoute.ts"
import * as StatusRoute from "./StatusRoute.ts"
import * as Switches from "./Switches.ts"
import * as StoreRoute from "./StoreRoute.ts"

/** What a server of the API needs. */
export interface ApiOptions {
  /** What the log is kept in, for people. */
  readonly store: () => string
  readonly log: Layer.Layer<Log, unknown>
  readonly apiserver: Apiserver.Options
  readonly aggregation: Aggregation.Options
  readonly authentication: Parameters<typeof Authentication.plugin>[0]
  readonly serviceCidr: string
  /** PEM: what Pods trust. */
  readonly ca: string
  /** Pods of ServiceAccounts that are not there are let in: where nobody makes any. */
  readonly withoutAccounts?: boolean
  readonly podSecurity?: PodSecurity.Options
  /** Of plugins from outside. */
  readonly packages: Packages.Options
  /** What is recorded of requests, and where. */
  readonly audit?: AuditSinks.Options
}

export interface Options extends ApiOptions, Controllers.Options {
  /** What moves the log to another store, in the process that has it. */
  readonly moving?: Layer.Layer<never, never, Routes>
  /** What makes snapshots by the clock, in the process that leads. */
  readonly snapshots?: Layer.Layer<never, unknown, Plugin.Host>
  readonly cluster: Omit<Cluster.Options, "serviceCidrs">
  readonly scheduler: Scheduler.Options | "none"
  readonly cloud: Cloud.Options
  /** Which controllers run, in the way of kube-controller-manager. */
  readonly controllers: ReadonlyArray<string>
  /** What serves metrics.k8s.io, where this process leads. */
  readonly metricsServer: MetricsServer.Options
  /** This process among those that might lead. */
  readonly identity: string
  /** The plugins that run in a thread of their own, by name. */
  readonly isolate: ReadonlyArray<string>
  /** How long what was is kept, in milliseconds. */
  readonly history: number
}

export class NoSuchPlugin extends Schema.TaggedError<NoSuchPlugin>()("NoSuchPlugin", {
  setting: Schema.String,
  unknown: Schema.Array(Schema.String),
  names: Schema.Array(Schema.String)
}) {
  override get message() {
    return `${this.setting}: there is no ${this.unknown.join(", ")}: expected some of ${this.names.join(", ")}`
  }
}

/** The server itself: what it does for its own sake needs no role. */
const self: User = { name: "system:apiserver", groups: [masters] }
const account = (name: string): User => ({
  name: `system:serviceaccount:kube-system:${name}`,
  groups: ["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"]
})
/** The client of what is the server itself. */
export const ownClient = PipelineClient.layer(self)
const asSelf = Layer.provide(ownClient)

/** A plugin under its own identity; in a thread if the settings name it. `options` are what the module's `plugin` is called with there. */
const program = <Offers>(
  isolate: ReadonlyArray<string>,
  user: User,
  plugin: Plugin.Plugin<Offers, Client | Api>,
  module: URL,
  options?: Schema.Json
) =>
  isolate.includes(plugin.name)
    ? Plugin.install(Worker.isolate(plugin, module, { needs: [Api], ...(options === undefined ? {} : { options }) })).pipe(
        Layer.provide(PipelineApi.layer(user))
      )
    : Plugin.install(plugin).pipe(Layer.provide(Layer.merge(PipelineClient.layer(user), PipelineApi.layer(user))))

type PipelineServices = Layer.Services<typeof ownClient> | Plugin.Host

/** What upstream's API server does for its own sake; of several servers, one. */
const ofServer = ({ aggregation }: Pick<ApiOptions, "aggregation">) =>
  Layer.mergeAll(
    Plugin.install(FlowObjects.plugin),
    Plugin.install(Aggregation.controllers(aggregation)),
    Plugin.install(Establishing.plugin),
    Plugin.install(PolicyTypeChecking.plugin),
    Plugin.install(LeaseCleaner.plugin)
  ).pipe(asSelf)

const schedulerUser = { name: "system:kube-scheduler", groups: ["system:authenticated"] }
const ownScheduler = Plugin.install(Scheduler.plugin()).pipe(Layer.provide(PipelineClient.layer(schedulerUser)))

/** It leads until a package with another one is loaded, and again when that is gone. */
const runScheduler = (isolate: ReadonlyArray<string>, options: Scheduler.Options) => {
  const module = new URL("../plugins/scheduler/seat/Own.ts", import.meta.url)
  const own = program(isolate, schedulerUser, OwnScheduler.plugin(options), module, { ...options })
  const leading = Effect.gen(function* () {
    const seat = yield* SchedulerSeat.Seat
    yield* seat.take({ name: "scheduler", scheduler: yield* SchedulerContract, fallback: "Fail" })
  })
  return Layer.provide(Layer.effectDiscard(leading), own)
}

const unknown = (setting: string, given: ReadonlyArray<string>, names: ReadonlyArray<string>) => {
  const others = given.filter((name) => !names.includes(name))
  return others.length === 0 ? undefined : new NoSuchPlugin({ setting, unknown: others, names })
}

/** Plugins from outside, which Plugin objects name, as far as this process uses what they offer. */
const outside = (options: ApiOptions) =>
  Attached.api(options).pipe(
    Layer.provideMerge(Packages.layer(options.packages).pipe(asSelf)),
    Layer.provideMerge(Layer.merge(Attachments.layer, SchedulerExtensions.layer))
  )

/** The programs that act on what is stored. Of several servers, one runs them. */
const programs = (options: Options) => {
  const { controllers, identity, isolate, scheduler } = options
  const names: Array<string> = []
  const run = (name: string, plugin: Plugin.Plugin<never, Client | Api>, module: URL, options?: Schema.Json) => {
    names.push(plugin.name)
    if (!Switches.isEnabled(controllers, plugin.name)) return Layer.empty
    return program(isolate, account(`${name}-controller`), plugin, module, options)
  }
  const cloudNames: Array<string> = []
  /** What follows a cloud calls its provider in this process. */
  const runInCloud: Parameters<typeof Cloud.layer<PipelineServices>>[1] = (name, plugin) => {
    cloudNames.push(plugin.name)
    if (!Switches.isEnabled(controllers, plugin.name)) return Layer.empty
    return Plugin.install(plugin).pipe(Layer.provide(PipelineClient.layer(account(`${name}-controller`))))
  }
  const all = Layer.mergeAll(
    scheduler === "none" ? Layer.empty : runScheduler(isolate, scheduler),
    Controllers.controllers(run, options),
    Cloud.layer(options.cloud, runInCloud, ownClient),
    Plugin.install(ServiceAddresses.repairPlugin).pipe(asSelf),
    Plugin.install(StorageDefaults.plugin({ driver: LocalPath.driver })).pipe(asSelf),
    ofServer(options),
    Plugin.install(MetricsServer.plugin(options.metricsServer)).pipe(asSelf),
    Compactor.layer({ window: options.history }),
    Times.layer,
    options.snapshots ?? Layer.empty
  )
  // A scheduler in a thread of its own is out of reach.
  const takesPoints = scheduler !== "none" && !isolate.includes(Scheduler.plugin().name)
  const extensible = Plugin.install(Packages.plugin).pipe(
    Layer.provideMerge(takesPoints ? SchedulerAttachment.layer : Layer.empty),
    Layer.provideMerge(SchedulerSeatAttachment.layer),
    Layer.provideMerge(Attached.leading),
    Layer.merge(all),
    Layer.provide(SchedulerSeat.layer)
  )
  const mistake =
    unknown("isolate", isolate, [Scheduler.plugin().name, ...names]) ??
    unknown("controllers", Switches.named(controllers), [...names, ...cloudNames].map(Switches.bare))
  if (mistake !== undefined) return Layer.effectDiscard(Effect.fail(mistake))
  return Leader.lead({ name: leadership, identity, namespace: "kube-system" }, extensible).pipe(asSelf)
}

const kernel = ({ log }: ApiOptions) =>
  Pipeline.layer.pipe(
    Layer.provideMerge(Tables.layer),
    Layer.provideMerge(Measured.layer),
    Layer.provideMerge(log),
    Layer.provideMerge(
      Layer.mergeAll(
        Kinds.layer,
        Policy.layer,
        Actions.layer,
        Aggregated.layer,
        Routes.layer,
        Audit.layer,
        Plugin.Host.layer
      )
    )
  )

const complete = Layer.satisfiesServicesType<never>()

/** An API process: a follower of the log, and the door. */
export const api = (options: ApiOptions) =>
  Plugin.install(Apiserver.plugin(options.apiserver)).pipe(
    Layer.merge(Layer.effectDiscard(StatusRoute.add(options.store))),
    Layer.merge(Layer.effectDiscard(EncryptionRoute.add)),
    Layer.merge(Layer.effectDiscard(StoreRoute.add)),
    Layer.merge(Layer.effectDiscard(SnapshotRoute.add(() => SnapshotRoute.about(options)))),
    Layer.merge(Plugin.install(Aggregation.plugin(options.aggregation)).pipe(asSelf)),
    Layer.provideMerge(outside(options)),
    Layer.provideMerge(Plugin.install(Authorization.plugin).pipe(asSelf)),
    Layer.provideMerge(Policies.layer(options).pipe(asSelf)),
    Layer.provideMerge(options.audit === undefined ? Layer.empty : Plugin.install(AuditSinks.plugin(options.audit))),
    Layer.provideMerge(ServiceClient.layer.pipe(asSelf)),
    Layer.provideMerge(kernel(options))
  )

const ofEveryCluster = ({ cluster, serviceCidr }: Pick<Options, "cluster" | "serviceCidr">) =>
  Plugin.install(Cluster.plugin({ ...cluster, serviceCidrs: Addresses.list(serviceCidr) })).pipe(asSelf)

export const controlPlane = (options: Options) =>
  Layer.mergeAll(ofEveryCluster(options), programs(options), options.moving ?? Layer.empty).pipe(
    Layer.provideMerge(api(options)),
    complete
  )

interface AloneOptions extends ApiOptions, Pick<Options, "cluster"> {
  readonly scheduler?: boolean
}

/** The API and what every cluster has, as upstream's kube-apiserver: whoever wants controllers runs them; a scheduler, if asked for. */
export const alone = (options: AloneOptions) =>
  Layer.mergeAll(ofEveryCluster(options), ofServer(options), options.scheduler === true ? ownScheduler : Layer.empty).pipe(
    Layer.provideMerge(api(options)),
    complete
  )

export const replica = (options: Options) => api(options).pipe(complete)
