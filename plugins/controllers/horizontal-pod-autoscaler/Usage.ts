/**
 * How many Pods a metric asks for, from what the Pods use and what is wanted of each. Pure. Amounts are in thousandths. Pods that are not
 * ready, and Pods of which nothing is known, count so that they can only soften a change. Source: "Horizontal Pod Autoscaling".
 */
import { Result } from "effect"
import * as Quantity from "../../../kernel/resource/Quantity.ts"
import type { Pod } from "../../resources/contracts/core/v1.ts"
import { millisOf } from "../../resources/contracts/Time.ts"
import { condition, isTerminating } from "../contracts/Pods.ts"

export interface Sample {
  readonly value: number
  readonly at: number
  /** Over how many milliseconds it was measured. */
  readonly window: number
}
/** By the names of Pods. */
export type Samples = ReadonlyMap<string, Sample>

/** How far from 1 a ratio may be without a change. */
export interface Tolerances {
  readonly up: number
  readonly down: number
}
export const isWithin = ({ down, up }: Tolerances, ratio: number) => 1 - down <= ratio && ratio <= 1 + up

export interface Proposal {
  readonly replicas: number
  /** Per Pod. */
  readonly usage: number
  /** Percent of what was requested. */
  readonly utilization?: number
}
type Answer = Result.Result<Proposal, string>

export interface Asked {
  readonly current: number
  readonly pods: ReadonlyArray<Pod>
  readonly samples: Samples
  readonly resource: string
  readonly tolerances: Tolerances
  readonly now: number
}

export const milli = (text: string) => Math.ceil(Number(Quantity.of(text).nanos) / 1e6)
export const quantity = (amount: number, format: Quantity.Quantity["format"] = "DecimalSI") =>
  Quantity.format({ nanos: BigInt(Math.trunc(amount)) * 1_000_000n, format })

/** A Pod that begins uses much, and what it used before it was ready says nothing. */
const initialization = 5 * 60_000
const initialReadiness = 30_000

const isUnready = (pod: Pod, { at, window }: Sample, now: number) => {
  const ready = condition(pod, "Ready")
  const { startTime } = pod.status
  if (ready === undefined || startTime === undefined) return true
  const [started, changed] = [millisOf(startTime), millisOf(ready.lastTransitionTime)]
  if (started + initialization > now) return ready.status === "False" || at < changed + window
  return ready.status === "False" && started + initialReadiness > changed
}

interface Groups {
  readonly ready: number
  readonly unready: ReadonlySet<string>
  readonly missing: ReadonlySet<string>
  readonly ignored: ReadonlySet<string>
}

export const grouped = ({ now, pods, resource, samples }: Omit<Asked, "current" | "tolerances">): Groups => {
  const groups = { unready: new Set<string>(), missing: new Set<string>(), ignored: new Set<string>() }
  let ready = 0
  for (const pod of pods) {
    const { name } = pod.metadata
    const sample = samples.get(name)
    if (isTerminating(pod) || pod.status.phase === "Failed") groups.ignored.add(name)
    else if (pod.status.phase === "Pending") groups.unready.add(name)
    else if (sample === undefined) groups.missing.add(name)
    else if (resource === "cpu" && isUnready(pod, sample, now)) groups.unready.add(name)
    else ready++
  }
  return { ready, ...groups }
}

interface Rating {
  readonly ratio: number
  readonly usage: number
  readonly utilization?: number
}

/** `full`: what a Pod of which nothing is known is taken to use when fewer shall be. */
const sized = (
  asked: Asked,
  rate: (samples: Samples) => Result.Result<Rating, string>,
  full: (pod: string) => number | undefined
): Answer =>
  Result.gen(function* () {
    const { current, samples, tolerances } = asked
    const { ignored, missing, ready, unready } = grouped(asked)
    const known = new Map([...samples].filter(([name]) => !ignored.has(name) && !unready.has(name)))
    if (known.size === 0) return yield* Result.fail("did not receive metrics for targeted pods (pods might be unready)")
    const { ratio: first, ...found } = yield* rate(known)
    const answer = (replicas: number) => ({ replicas, ...found })
    const isHeldBack = unready.size > 0 && first > 1
    if (!isHeldBack && missing.size === 0) {
      return answer(isWithin(tolerances, first) ? current : Math.ceil(first * ready))
    }
    const put = (name: string, value: number | undefined) =>
      value === undefined ? undefined : known.set(name, { value, at: 0, window: 0 })
    if (first !== 1) for (const name of missing) put(name, first < 1 ? full(name) : 0)
    if (isHeldBack) for (const name of unready) put(name, 0)
    const { ratio } = yield* rate(known)
    if (isWithin(tolerances, ratio) || (first < 1 && ratio > 1) || (first > 1 && ratio < 1)) return answer(current)
    const replicas = Math.ceil(ratio * known.size)
    const isBackwards = (ratio < 1 && replicas > current) || (ratio > 1 && replicas < current)
    return answer(isBackwards ? current : replicas)
  })

/** By an amount for each Pod. */
export const byAmount = (asked: Asked, target: number): Answer => {
  const rate = (samples: Samples) => {
    const usage = Math.trunc([...samples.values()].reduce((sum, { value }) => sum + value, 0) / samples.size)
    return Result.succeed({ ratio: usage / target, usage })
  }
  return sized(asked, rate, () => target)
}

/** What the containers of a Pod request; or one of them. */
const requestOf = ({ metadata, spec }: Pod, resource: string, container: string): Result.Result<number, string> => {
  const whole = spec.resources?.requests?.[resource]
  if (container === "" && whole !== undefined) return Result.succeed(milli(whole))
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always")
  let sum = 0
  for (const { name, resources } of [...spec.containers, ...sidecars]) {
    if (container !== "" && container !== name) continue
    const request = resources?.requests?.[resource]
    if (request === undefined) {
      return Result.fail(`missing request for ${resource} in container ${name} of Pod ${metadata.name}`)
    }
    sum += milli(request)
  }
  return Result.succeed(sum)
}

/** By a percentage of what the Pods request. */
export const byUtilization = (asked: Asked, target: number, container: string): Answer =>
  Result.gen(function* () {
    const requests = new Map<string, number>()
    for (const pod of asked.pods) {
      requests.set(pod.metadata.name, yield* requestOf(pod, asked.resource, container))
    }
    const rate = (samples: Samples) => {
      const known = [...samples].filter(([name]) => requests.has(name))
      const used = known.reduce((sum, [, { value }]) => sum + value, 0)
      const requested = known.reduce((sum, [name]) => sum + (requests.get(name) ?? 0), 0)
      if (requested === 0) return Result.fail("no metrics returned matched known pods")
      const utilization = Math.trunc((used * 100) / requested)
      return Result.succeed({ ratio: utilization / target, utilization, usage: Math.trunc(used / known.length) })
    }
    return yield* sized(asked, rate, (name) => {
      const request = requests.get(name)
      return request === undefined ? undefined : Math.trunc((request * Math.max(100, target)) / 100)
    })
  })

const isRunningAndReady = (pod: Pod) => pod.status.phase === "Running" && condition(pod, "Ready")?.status === "True"

/** By one number for all of them: something outside, or another object. */
export const byTotal = (
  { current, pods, tolerances }: Pick<Asked, "current" | "pods" | "tolerances">,
  usage: number,
  target: number
): Proposal => {
  const ratio = usage / target
  if (current === 0) return { replicas: Math.ceil(ratio), usage }
  if (isWithin(tolerances, ratio)) return { replicas: current, usage }
  return { replicas: Math.ceil(ratio * pods.filter(isRunningAndReady).length), usage }
}

/** By one number of which each Pod shall have its part. `replicas`: those that the target says it has. */
export const byShare = (replicas: number, tolerances: Tolerances, usage: number, target: number): Proposal => {
  const stays = isWithin(tolerances, usage / (target * replicas))
  return { replicas: stays ? replicas : Math.ceil(usage / target), usage: Math.ceil(usage / replicas) }
}
