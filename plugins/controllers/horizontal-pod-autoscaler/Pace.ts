/**
 * How fast an autoscaler may go: recommendations of the last minutes are heard before fewer (or more) Pods are wanted, and what was
 * changed within a period counts against what may be changed in it. Source: "Configurable scaling behavior", KEP-853.
 */
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerBehavior,
  HPAScalingRules
} from "../../resources/contracts/autoscaling/v2.ts"

interface Moment {
  readonly count: number
  readonly at: number
}

/** What is remembered of one autoscaler while this process leads. */
export interface History {
  recommendations: ReadonlyArray<Moment>
  ups: ReadonlyArray<Moment>
  downs: ReadonlyArray<Moment>
}
export const begin = (current: number, at: number): History => ({
  recommendations: [{ count: current, at }],
  ups: [],
  downs: []
})

const downscaleWindow = 300
const withinMillis = (seconds: number, now: number) => (moment: Moment) => moment.at > now - seconds * 1000

/** A condition without its type, and the number that it is about. */
export interface Verdict {
  readonly count: number
  readonly reason: string
  readonly message: string
}
const verdict = (count: number, reason: string, message: string): Verdict => ({ count, reason, message })

const messages = {
  ScaleUpLimit: "the desired replica count is increasing faster than the maximum scale rate",
  ScaleDownLimit: "the desired replica count is decreasing faster than the maximum scale rate",
  TooManyReplicas: "the desired replica count is more than the maximum replica count",
  TooFewReplicas: "the desired replica count is less than the minimum replica count",
  DesiredWithinRange: "the desired count is within the acceptable range",
  ReadyForNewScale: "recommended size matches current size",
  ScaleUpStabilized: "recent recommendations were lower than current one, applying the lowest recent recommendation",
  ScaleDownStabilized: "recent recommendations were higher than current one, applying the highest recent recommendation"
}
const told = (count: number, reason: keyof typeof messages) => verdict(count, reason, messages[reason])

type Limits = Pick<HorizontalPodAutoscaler["spec"], "maxReplicas" | "minReplicas">

interface Step extends Limits {
  readonly current: number
  readonly desired: number
  readonly now: number
}

/** Without a behaviour: twice as many at once, and never fewer than recommended lately. */
const plain = (step: Step, history: History): Paced => {
  const { current, desired, maxReplicas, minReplicas, now } = step
  const recent = history.recommendations.filter(withinMillis(downscaleWindow, now))
  const stable = Math.max(desired, ...recent.map(({ count }) => count))
  history.recommendations = [...recent, { count: desired, at: now }]
  const able = told(stable, stable === desired ? "ReadyForNewScale" : "ScaleDownStabilized")
  const rate = Math.max(2 * current, 4)
  if (stable < minReplicas) return { able, limited: told(minReplicas, "TooFewReplicas") }
  if (stable > Math.min(rate, maxReplicas)) {
    const limited = maxReplicas > rate ? told(rate, "ScaleUpLimit") : told(maxReplicas, "TooManyReplicas")
    return { able, limited }
  }
  return { able, limited: told(stable, "DesiredWithinRange") }
}

const sum = (moments: ReadonlyArray<Moment>) => moments.reduce((all, { count }) => all + count, 0)
const ceilPercent = (count: number, percent: number) => Math.ceil(count * (1 + percent / 100))
const lowered = (count: number, percent: number) => Math.trunc(count * (1 - percent / 100))

/** How far the rules let it go from where it is: the furthest that a policy allows, or the nearest. */
const limit = (step: Step, rules: HPAScalingRules, { downs, ups }: History, isUp: boolean): number => {
  const { current, now } = step
  const { policies = [], selectPolicy = "Max" } = rules
  if (selectPolicy === "Disabled") return current
  const proposed = policies.map(({ periodSeconds, type, value }) => {
    const inPeriod = withinMillis(periodSeconds, now)
    const start = current - sum(ups.filter(inPeriod)) + sum(downs.filter(inPeriod))
    if (type === "Pods") return isUp ? start + value : start - value
    return isUp ? ceilPercent(start, value) : lowered(start, value)
  })
  const takesMost = (selectPolicy !== "Min") === isUp
  return takesMost ? Math.max(...proposed) : Math.min(...proposed)
}

const rated = (step: Step, behavior: HorizontalPodAutoscalerBehavior, history: History): Verdict => {
  const { current, desired, maxReplicas, minReplicas } = step
  const { scaleDown = {}, scaleUp = {} } = behavior
  if (desired > current) {
    const rate = Math.max(current, limit(step, scaleUp, history, true))
    if (desired > Math.min(rate, maxReplicas)) {
      return maxReplicas > rate ? told(rate, "ScaleUpLimit") : told(maxReplicas, "TooManyReplicas")
    }
  } else if (desired < current) {
    const rate = Math.min(current, limit(step, scaleDown, history, false))
    if (desired < Math.max(rate, minReplicas)) {
      return minReplicas < rate ? told(rate, "ScaleDownLimit") : told(minReplicas, "TooFewReplicas")
    }
  }
  return told(desired, "DesiredWithinRange")
}

const byBehavior = (step: Step, behavior: HorizontalPodAutoscalerBehavior, history: History): Paced => {
  const { current, desired, now } = step
  const upWindow = behavior.scaleUp?.stabilizationWindowSeconds ?? 0
  const downWindow = behavior.scaleDown?.stabilizationWindowSeconds ?? downscaleWindow
  const counts = (seconds: number) => history.recommendations.filter(withinMillis(seconds, now)).map(({ count }) => count)
  const up = Math.min(desired, ...counts(upWindow))
  const down = Math.max(desired, ...counts(downWindow))
  const stable = Math.min(Math.max(current, up), down)
  history.recommendations = [
    ...history.recommendations.filter(withinMillis(Math.max(upWindow, downWindow), now)),
    { count: desired, at: now }
  ]
  const reason = desired >= current ? "ScaleUpStabilized" : "ScaleDownStabilized"
  const able = told(stable, stable === desired ? "ReadyForNewScale" : reason)
  return { able, limited: rated({ ...step, desired: stable }, behavior, history) }
}

/** `able.count`: what was recommended, when the past has been heard; `limited.count`: what of it is allowed now. */
export interface Paced {
  readonly able: Verdict
  readonly limited: Verdict
}

/** Also notes the recommendation. */
export const pace = (step: Step, behavior: HorizontalPodAutoscalerBehavior | undefined, history: History): Paced =>
  behavior === undefined ? plain(step, history) : byBehavior(step, behavior, history)

const longest = ({ policies = [] }: HPAScalingRules) => Math.max(0, ...policies.map(({ periodSeconds }) => periodSeconds))

/** That it was scaled: counts against the periods of its policies. */
export const scaled = (
  history: History,
  behavior: HorizontalPodAutoscalerBehavior | undefined,
  change: number,
  now: number
) => {
  if (behavior === undefined) return
  const { scaleDown = {}, scaleUp = {} } = behavior
  if (change > 0) {
    history.ups = [...history.ups.filter(withinMillis(longest(scaleUp), now)), { count: change, at: now }]
  } else {
    history.downs = [...history.downs.filter(withinMillis(longest(scaleDown), now)), { count: -change, at: now }]
  }
}
