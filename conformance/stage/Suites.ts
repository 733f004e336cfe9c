/**
 * The suites that run on whatever offers their contract, by itself: with an API in memory, if they or the plugin want one. What is a
 * package is checked by these. One more contract is a line in `all`, with a bed of its own if its checks take one.
 */
import { type Effect, Layer } from "effect"
import * as MemoryApi from "../../adapters/memory/MemoryApi.ts"
import type { Api } from "../../kernel/client/Api.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import type { Contract } from "../../kernel/plugin/Contract.ts"
import { checked, kit, type Told } from "../Adapter.ts"
import * as AdmissionPoints from "../AdmissionPoints.ts"
import * as AuditPoints from "../AuditPoints.ts"
import * as AuthenticationPoints from "../AuthenticationPoints.ts"
import * as AuthorizationPoints from "../AuthorizationPoints.ts"
import * as ContainerService from "../ContainerService.ts"
import * as Handover from "../Handover.ts"
import * as ImageCredentials from "../ImageCredentials.ts"
import * as KindPoints from "../KindPoints.ts"
import * as KeyManagement from "../KeyManagement.ts"
import * as Log from "../Log.ts"
import * as Scheduler from "../Scheduler.ts"
import * as Reconciler from "../Reconciler.ts"
import * as NodeDevices from "../NodeDevices.ts"
import * as RoutePoints from "../RoutePoints.ts"
import * as SchedulerPoints from "../SchedulerPoints.ts"
import * as SnapshotStorage from "../SnapshotStorage.ts"
import type { Suite } from "../Suite.ts"

/** What is checked, as the one that keeps a contract. */
export type Offer = <Self, S>(contract: Contract<Self, S>) => Layer.Layer<Self, unknown, Api>

export interface OnPackage {
  readonly contract: Contract<unknown, unknown>
  readonly check: (offer: Offer) => Effect.Effect<void, unknown, Told>
}

const memory = Layer.provideMerge(ApiClient.layer, MemoryApi.layer())

/** `bed`: what the checks and the plugin find beside them. */
export const on = <Self, S, Law extends string, Needs>(
  suite: Suite<Self, S, Law, Self | Needs>,
  bed: Layer.Layer<Needs | Api, unknown>
): OnPackage => ({
  contract: suite.contract,
  check: (offer) => kit(Layer.provideMerge(offer(suite.contract), bed), checked(suite))
})

/** Closed and opened again, as its server is. */
const log: OnPackage = {
  contract: Log.suite.contract,
  check: (offer) => kit(Log.restarting(Layer.provide(offer(Log.suite.contract), memory)), checked(Log.suite))
}

export const all: ReadonlyArray<OnPackage> = [
  on(AdmissionPoints.suite, memory),
  on(AuditPoints.suite, memory),
  on(AuthenticationPoints.suite, memory),
  on(AuthorizationPoints.suite, memory),
  on(ContainerService.suite, memory),
  on(Handover.suite, memory),
  on(ImageCredentials.suite, memory),
  on(KeyManagement.suite, memory),
  on(KindPoints.suite, memory),
  log,
  on(Scheduler.suite, memory),
  on(NodeDevices.suite, memory),
  on(Reconciler.suite, memory),
  on(RoutePoints.suite, memory),
  on(SchedulerPoints.suite, memory),
  on(SnapshotStorage.suite, memory)
]

/** As its checks are asked for: `scheduler/SchedulerPoints` by `scheduler-points`. */
export const nameOf = (key: string) => (key.split("/").at(-1) ?? key).replaceAll(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase()

export const find = (key: string) => all.find(({ contract }) => contract.key === key)
