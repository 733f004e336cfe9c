/**
 * The claims of a Pod to devices. It goes where the devices of those are that have been allocated; for the others devices are chosen on
 * each node that is asked about, and those of the chosen node are written down before the Pod is bound.
 */
import { Clock, Duration, Effect, FiberSet } from "effect"
import type { Pod } from "../../../resources/contracts/core/v1.ts"
import type * as EventRecorder from "../../../resources/contracts/EventRecorder.ts"
import type { AllocationResult, ResourceClaim } from "../../../resources/contracts/resource/v1.ts"
import { onDeviceClass, onNode, onResourceClaim, onResourceSlice } from "../../contracts/Changes.ts"
import {
  erroneous,
  type Failure,
  type Filtering,
  type Plugin,
  type Refusal,
  type Remedy,
  unresolvable
} from "../../contracts/Framework.ts"
import * as NodeSelectors from "../../contracts/NodeSelectors.ts"
import * as Normalize from "../../contracts/Normalize.ts"
import type { NodeInfo, PodInfo } from "../../contracts/Nodes.ts"
import type { Devices } from "../../devices/Devices.ts"
import { millis } from "../../Durations.ts"
import { allocate, invalid, late } from "./Allocator.ts"
import { claimsOf, isFull, isLate, isReady, isUser, nameOf } from "./Claims.ts"
import { Mistake, optionsOf } from "./Requests.ts"
import { resultsOf, scoreOf } from "./Results.ts"
import * as Write from "./Write.ts"

export interface Options {
  /** How long devices may take to become ready. */
  readonly bindingTimeout?: string
}

const away = unresolvable("resourceclaim not available on the node")
const nothingLeft = unresolvable("cannot allocate all claims")

/** One try to place a Pod. */
interface Attempt {
  readonly claims: ReadonlyArray<ResourceClaim>
  /** Those that have no devices yet. */
  readonly open: ReadonlyArray<ResourceClaim>
  /** In the order of `open`, by node. */
  readonly byNode: Map<string, ReadonlyArray<AllocationResult>>
  /** Allocated, but of no use on some node. */
  readonly unavailable: Set<ResourceClaim>
  chosen: ReadonlyArray<AllocationResult>
}

const reaches = ({ status: { allocation } }: ResourceClaim, { node }: NodeInfo) =>
  allocation?.nodeSelector === undefined ||
  allocation.nodeSelector.nodeSelectorTerms.some((term) => NodeSelectors.term(term)(node))

const isReleased = (before: ResourceClaim | undefined, after: ResourceClaim | undefined) =>
  before?.status.allocation !== undefined && after?.status.allocation === undefined

export const make = Effect.fnUntraced(function* (
  devices: Devices,
  record: EventRecorder.Record,
  { bindingTimeout = "10m" }: Options = {}
) {
  const { classOf, inventory, ledger } = devices
  const clock = yield* Clock.Clock
  const write = yield* Write.make(devices, record, Duration.millis(millis(bindingTimeout)))
  const beside = yield* FiberSet.makeRuntime()
  const attempts = new WeakMap<PodInfo, Attempt>()

  const claimsFor = (pod: Pod) => claimsOf(pod, devices.claims.get)

  /** Why a claim keeps the Pod from all nodes. */
  const obstacle = (pod: Pod, claim: ResourceClaim): string | undefined => {
    if (claim.status.allocation !== undefined) return isFull(claim, pod) ? "resourceclaim in use" : undefined
    if (ledger.isPending(claim.metadata.uid)) return `resource claim ${nameOf(claim)} is in the process of being allocated`
    const options = (claim.spec.devices?.requests ?? []).flatMap(optionsOf)
    const unknown = options.find(({ className }) => classOf(className) === undefined)
    return unknown && `request ${unknown.name}: device class ${unknown.className} does not exist`
  }

  const isOutOfReach = (claim: ResourceClaim, node: NodeInfo) => {
    if (claim.status.allocation === undefined) return false
    const ready = isReady(claim)
    const isOff = typeof ready === "string" || (!ready && isLate(claim, write.patience, clock.currentTimeMillisUnsafe()))
    return isOff || !reaches(claim, node)
  }

  const filterFor =
    (attempt: Attempt) =>
    (node: NodeInfo): Refusal | undefined => {
      const { byNode, claims, open, unavailable } = attempt
      const off = claims.filter((claim) => isOutOfReach(claim, node))
      for (const claim of off) unavailable.add(claim)
      if (open.length === 0) return off.length > 0 ? away : undefined
      const found = allocate(open, node.node, { inventory, ledger, classOf })
      if (found === late) return erroneous(`node ${node.name}: ${late.message}`)
      if (found === invalid) return unresolvable(invalid.message)
      if (found instanceof Mistake) return erroneous(found.message)
      if (found === undefined) return nothingLeft
      if (off.length > 0) return away
      byNode.set(
        node.name,
        open.map((claim, index) => resultsOf(claim, found[index] ?? [], node.name, classOf))
      )
      return undefined
    }

  const preFilter = (info: PodInfo): Filtering | Refusal | undefined => {
    const { pod } = info
    attempts.set(info, { claims: [], open: [], byNode: new Map(), unavailable: new Set(), chosen: [] })
    if ((pod.spec.resourceClaims ?? []).length === 0) return undefined
    const claims = claimsFor(pod)
    if (typeof claims === "string") return unresolvable(claims)
    if (claims.length === 0) return undefined
    const against = claims.map((claim) => obstacle(pod, claim)).find((reason) => reason !== undefined)
    if (against !== undefined) return unresolvable(against)
    const open = claims.filter(({ status }) => status.allocation === undefined)
    const attempt: Attempt = { claims, open, byNode: new Map(), unavailable: new Set(), chosen: [] }
    attempts.set(info, attempt)
    return { filter: filterFor(attempt) }
  }

  /** A claim that nobody else uses is given up where its devices are out of reach, so that others can be found. */
  const postFilter = ({ pod }: Failure): Remedy | Effect.Effect<Remedy> => {
    const attempt = attempts.get(pod)
    // An earlier plugin refused all nodes: upstream words it so, and looks for nothing further.
    if (attempt === undefined) return { message: "not found", isLast: true }
    if (attempt.claims.length === 0) return { message: "no new claims to deallocate" }
    const useless = [...attempt.unavailable].find((claim) => {
      const { reservedFor = [] } = claim.status
      return reservedFor.length === 0 || (reservedFor.length === 1 && isUser(claim, pod.pod))
    })
    if (useless === undefined) return { message: "still not schedulable" }
    return Effect.match(write.deallocate(useless), {
      onSuccess: (): Remedy => ({ message: "deallocation of ResourceClaim completed" }),
      onFailure: ({ message }): Remedy => ({ message, isLast: true })
    })
  }

  const reserve = (info: PodInfo, { name }: NodeInfo): Refusal | undefined => {
    const attempt = attempts.get(info)
    if (attempt === undefined || attempt.open.length === 0) return undefined
    const chosen = attempt.byNode.get(name)
    if (chosen === undefined) return unresolvable("claim allocation not found for node")
    attempt.chosen = chosen
    for (const [index, { metadata }] of attempt.open.entries()) {
      const allocation = chosen[index]
      if (allocation !== undefined) ledger.assume(metadata.uid, allocation)
    }
    return undefined
  }

  const unreserve = (info: PodInfo) => {
    const attempt = attempts.get(info)
    for (const { metadata } of attempt?.open ?? []) ledger.forget(metadata.uid)
    const used = (attempt?.claims ?? []).flatMap(
      ({ metadata: { name, namespace = "" } }) => devices.claims.get({ namespace, name }) ?? []
    )
    for (const claim of used.filter((claim) => isUser(claim, info.pod)))
      beside(Effect.ignore(write.release(info.pod, claim), { log: true }))
  }

  const preBind = Effect.fnUntraced(function* (info: PodInfo, node: string) {
    const attempt = attempts.get(info)
    if (attempt === undefined || attempt.claims.length === 0) return
    for (const claim of attempt.claims) {
      const index = attempt.open.indexOf(claim)
      yield* write.bind(info.pod, claim, index < 0 ? undefined : attempt.chosen[index])
    }
    yield* write.ready(info.pod, node, attempt.claims)
  })

  /** Of claims with options, how early the options are. */
  const score = (info: PodInfo, { name }: NodeInfo) => {
    const attempt = attempts.get(info)
    const found = attempt?.byNode.get(name)
    let sum = 0
    for (const claim of attempt?.claims ?? []) {
      const allocation = claim.status.allocation ?? found?.[attempt?.open.indexOf(claim) ?? -1]
      if (allocation !== undefined) sum += scoreOf(claim, allocation)
    }
    return sum
  }

  const plugin: Plugin = {
    name: "DynamicResources",
    hints: [
      onNode(["Add", "UpdateLabels"]),
      onResourceClaim(["Add", "Update"], (pod, { after, before }) => {
        if (isReleased(before, after)) return true
        const claims = claimsFor(pod)
        return typeof claims !== "string" && claims.some(({ metadata }) => metadata.uid === after?.metadata.uid)
      }),
      onResourceClaim(["Delete"], (_, { before }) => before?.status.allocation !== undefined),
      onDeviceClass(["Add", "Update"]),
      onResourceSlice(["Add", "Update"])
    ],
    preEnqueue: (pod) => {
      const claims = (pod.spec.resourceClaims ?? []).length === 0 ? [] : claimsFor(pod)
      return typeof claims === "string" ? unresolvable(claims) : undefined
    },
    preFilter,
    postFilter,
    preScore: (info) =>
      (attempts.get(info)?.claims.length ?? 0) === 0
        ? undefined
        : { score: (node) => score(info, node), normalize: Normalize.most },
    reserve,
    unreserve,
    preBind
  }
  return plugin
})
