/**
 * Every 15 seconds reads the metrics of each HorizontalPodAutoscaler and gives its target as many replicas as they ask for.
 * Source: "Horizontal Pod Autoscaling"; conditions and events as upstream words them.
 */
import { Clock, Duration, Effect } from "effect"
import { same } from "../../../kernel/resource/JsonEqual.ts"
import { Client } from "../../../kernel/client/Client.ts"
import { type Key, keyOf } from "../../../kernel/resource/Kind.ts"
import * as Selector from "../../../kernel/resource/Selector.ts"
import { HorizontalPodAutoscaler, type HorizontalPodAutoscalerStatus } from "../../resources/contracts/autoscaling/v2.ts"
import { Pod } from "../../resources/contracts/core/v1.ts"
import * as EventRecorder from "../../resources/contracts/EventRecorder.ts"
import { time } from "../../resources/contracts/Time.ts"
import * as Controllers from "../contracts/Controllers.ts"
import { withCondition } from "../contracts/Statuses.ts"
import * as Metrics from "./Metrics.ts"
import * as Pace from "./Pace.ts"
import * as Proposals from "./Proposals.ts"
import * as Sources from "./Sources.ts"
import * as Target from "./Target.ts"

const interval = Duration.seconds(15)

/** What this process knows of an autoscaler beside what is stored. */
interface Known {
  /** Of what was asked for, and of which object of that name. */
  readonly version: string
  /** When it is to be looked at again; before, only a change of what it says is a reason. */
  readonly due: number
  readonly history: Pace.History | undefined
  readonly selector: string
}

type Conditions = NonNullable<HorizontalPodAutoscalerStatus["conditions"]>
type Say = (type: string, isTrue: boolean, reason: string, message: string) => void

/** One look: what was found, said by conditions. */
interface Look {
  readonly hpa: HorizontalPodAutoscaler
  readonly now: number
  readonly say: Say
  readonly conditions: () => Conditions
}

const looking = (hpa: HorizontalPodAutoscaler, now: number): Look => {
  let conditions: Conditions = hpa.status.conditions ?? []
  const say: Say = (type, isTrue, reason, message) => {
    conditions = withCondition(conditions, { type, status: isTrue ? "True" : "False", reason, message }, time(now))
  }
  return { hpa, now, say, conditions: () => conditions }
}

/** What is wanted, and for people why. No number: what is known does not allow to say. */
interface Wish {
  readonly replicas: number | undefined
  readonly reason: string
  readonly statuses: Proposals.Combined["statuses"]
}

const versionOf = ({ metadata: { generation = 0, uid } }: HorizontalPodAutoscaler) => `${uid}/${generation}`

const start = Effect.gen(function* () {
  const client = yield* Client
  const record = yield* EventRecorder.make({ component: "horizontal-pod-autoscaler" })
  const hpas = yield* client.cache(HorizontalPodAutoscaler, { indexes: Controllers.byNamespace })
  const pods = yield* client.cache(Pod, { indexes: Controllers.byNamespace })
  const targets = yield* Target.make
  const propose = Proposals.make(yield* Sources.make)
  const known = new Map<string, Known>()
  const pathOf = ({ name, namespace }: Key) => `${namespace}/${name}`

  const warn = (object: HorizontalPodAutoscaler, reason: string, message: string) =>
    record({ kind: HorizontalPodAutoscaler, object, type: "Warning", reason, message })

  const put = ({ conditions, hpa }: Look, status: Partial<HorizontalPodAutoscalerStatus>) => {
    const { currentMetrics = [], currentReplicas = 0, ...rest } = { ...hpa.status, ...status }
    const after = {
      ...rest,
      ...(currentMetrics.length > 0 && { currentMetrics }),
      ...(currentReplicas > 0 && { currentReplicas }),
      conditions: conditions()
    }
    return same(after, hpa.status)
      ? Effect.void
      : Effect.asVoid(client.update(HorizontalPodAutoscaler, { ...hpa, status: after }, { subresource: "status" }))
  }

  /** The other autoscalers that would have a say in the same Pods. */
  const rivals = (hpa: HorizontalPodAutoscaler, own: ReadonlyArray<Pod>) =>
    hpas.by("namespace", keyOf(hpa).namespace).filter((other) => {
      const selector = known.get(pathOf(keyOf(other)))?.selector ?? ""
      if (other.metadata.uid === hpa.metadata.uid || selector === "") return false
      const matches = Selector.parseLabels(selector)
      return matches._tag === "Success" && own.some(({ metadata }) => matches.success(metadata.labels))
    })

  /** The target's Pods; undefined if they cannot be told, which has been said then. */
  const podsOf = Effect.fnUntraced(function* ({ hpa, say }: Look, selector: string) {
    const refuse = (reason: string, event: string, message: string, told: string) => {
      say("ScalingActive", false, reason, message)
      return warn(hpa, event, told).pipe(
        Effect.andThen(warn(hpa, "FailedComputeMetricsReplicas", told)),
        Effect.as(undefined)
      )
    }
    if (selector === "") {
      return yield* refuse(
        "InvalidSelector",
        "SelectorRequired",
        "the HPA target's scale is missing a selector",
        "selector is required"
      )
    }
    const matches = Selector.parseLabels(selector)
    if (matches._tag === "Failure") {
      const why = `couldn't convert selector into a corresponding internal selector object: ${matches.failure}`
      return yield* refuse("InvalidSelector", "InvalidSelector", why, why)
    }
    const own = pods.by("namespace", keyOf(hpa).namespace).filter(({ metadata }) => matches.success(metadata.labels))
    const others = rivals(hpa, own)
    if (others.length === 0) return own
    const names = [...others, hpa].map((one) => pathOf(keyOf(one))).toSorted()
    const why = `pods by selector ${selector} are controlled by multiple HPAs: [${names.join(" ")}]`
    return yield* refuse("AmbiguousSelector", "AmbiguousSelector", why, why)
  })

  /** By the metrics. What is not known is said. */
  const measured = Effect.fnUntraced(function* (look: Look, target: Target.Scaled) {
    const { hpa, say } = look
    const own = yield* podsOf(look, target.selector)
    if (own === undefined) return { replicas: undefined, metric: "", statuses: [] }
    const metrics = hpa.spec.metrics ?? []
    const { selector, specReplicas, statusReplicas } = target
    const state: Proposals.Target = {
      namespace: keyOf(hpa).namespace,
      specReplicas,
      statusReplicas,
      selector,
      pods: own,
      tolerances: Proposals.tolerances(hpa),
      resourceOf: targets.resourceOf
    }
    const { best, statuses, unknown } = yield* Proposals.combined(propose, state, metrics)
    for (const { detail, reason } of unknown) yield* warn(hpa, reason, detail)
    const [first] = unknown
    if (first !== undefined && best === undefined) {
      say("ScalingActive", false, first.reason, `the HPA was unable to compute the replica count: ${first.detail}`)
      const count = `${unknown.length} invalid out of ${metrics.length}`
      yield* warn(hpa, "FailedComputeMetricsReplicas", `invalid metrics (${count}), first error is: ${first.whole}`)
      return { replicas: undefined, metric: "", statuses }
    }
    const metric = best?.metric ?? ""
    say(
      "ScalingActive",
      true,
      "ValidMetricFound",
      `the HPA was able to successfully calculate a replica count from ${metric}`
    )
    return { replicas: best?.replicas ?? 0, metric, statuses }
  })

  /** How many there shall be, within what the autoscaler allows now. */
  const wished = Effect.fnUntraced(function* (look: Look, target: Target.Scaled, history: Pace.History) {
    const { hpa, now, say } = look
    const { behavior, maxReplicas, minReplicas } = hpa.spec
    const current = target.specReplicas
    const simply = (replicas: number, reason: string): Wish => ({ replicas, reason, statuses: [] })
    if (current === 0 && minReplicas !== 0) {
      say("ScalingActive", false, "ScalingDisabled", "scaling is disabled since the replica count of the target is zero")
      return simply(0, "")
    }
    if (current > maxReplicas) return simply(maxReplicas, "Current number of replicas above Spec.MaxReplicas")
    if (current < minReplicas) return simply(minReplicas, "Current number of replicas below Spec.MinReplicas")
    const found = yield* measured(look, target)
    if (found.replicas === undefined) return { replicas: undefined, reason: "", statuses: found.statuses }
    const reason =
      found.replicas > current ? `${found.metric} above target` : found.replicas < current ? "All metrics below target" : ""
    const step = { current, desired: found.replicas, maxReplicas, minReplicas, now }
    const { able, limited } = Pace.pace(step, behavior, history)
    say("AbleToScale", true, able.reason, able.message)
    say("ScalingLimited", limited.count !== able.count, limited.reason, limited.message)
    return { replicas: limited.count, reason, statuses: found.statuses }
  })

  const rescale = Effect.fnUntraced(function* (
    look: Look,
    target: Target.Scaled,
    { reason, statuses }: Wish,
    replicas: number,
    history: Pace.History
  ) {
    const { hpa, now, say } = look
    const current = target.specReplicas
    const size = `New size: ${replicas}; reason: ${reason}`
    const failed = Effect.fnUntraced(function* ({ detail }: Target.NoScale) {
      yield* warn(hpa, "FailedRescale", `${size}; error: ${detail}`)
      say("AbleToScale", false, "FailedUpdateScale", `the HPA controller was unable to update the target scale: ${detail}`)
      yield* put(look, { currentReplicas: current, currentMetrics: statuses })
      return false
    })
    const isDone = yield* target.scale(replicas).pipe(Effect.as(true), Effect.catch(failed))
    if (!isDone) return { change: 0, isFailed: true }
    say("AbleToScale", true, "SucceededRescale", `the HPA controller was able to update the target scale to ${replicas}`)
    yield* record({ kind: HorizontalPodAutoscaler, object: hpa, type: "Normal", reason: "SuccessfulRescale", message: size })
    Pace.scaled(history, hpa.spec.behavior, replicas - current, now)
    yield* put(look, {
      currentReplicas: current,
      desiredReplicas: replicas,
      currentMetrics: statuses,
      lastScaleTime: time(now)
    })
    return { change: replicas - current, isFailed: false }
  })

  const look = Effect.fnUntraced(function* (hpa: HorizontalPodAutoscaler, now: number, before: Known | undefined) {
    const { namespace } = keyOf(hpa)
    const seen = looking(hpa, now)
    const target = yield* Effect.result(targets.read(namespace, hpa.spec.scaleTargetRef))
    if (target._tag === "Failure") {
      const { detail } = target.failure
      yield* warn(hpa, "FailedGetScale", detail)
      seen.say(
        "AbleToScale",
        false,
        "FailedGetScale",
        `the HPA controller was unable to get the target's current scale: ${detail}`
      )
      yield* put(seen, {})
      return { history: before?.history, selector: "", change: 0, isFailed: true }
    }
    const { selector, specReplicas } = target.success
    const history = before?.history ?? Pace.begin(specReplicas, now)
    known.set(pathOf(keyOf(hpa)), { version: versionOf(hpa), due: now, history, selector })
    seen.say("AbleToScale", true, "SucceededGetScale", "the HPA controller was able to get the target's current scale")
    const wish = yield* wished(seen, target.success, history)
    const { replicas, statuses } = wish
    const found = { currentReplicas: specReplicas, currentMetrics: statuses }
    const { name } = keyOf(hpa)
    if (replicas !== undefined) yield* Metrics.desired({ namespace, name }, replicas)
    if (replicas !== undefined && replicas !== specReplicas)
      return { history, selector, ...(yield* rescale(seen, target.success, wish, replicas, history)) }
    yield* put(seen, replicas === undefined ? found : { ...found, desiredReplicas: replicas })
    return { history, selector, change: 0, isFailed: replicas === undefined }
  })

  const reconcile = Effect.fn("HorizontalPodAutoscaler.reconcile")(function* (key: Key) {
    const hpa = hpas.get(key)
    if (hpa === undefined) {
      known.delete(pathOf(key))
      yield* Metrics.counted(known.size)
      return Controllers.done
    }
    const now = yield* Clock.currentTimeMillis
    const before = known.get(pathOf(key))
    const version = versionOf(hpa)
    // Its own writes of the status are no reason to read the metrics again.
    if (before !== undefined && before.version === version && now < before.due) return Controllers.again(before.due - now)
    const due = now + Duration.toMillis(interval)
    const { history, selector } = yield* Metrics.measured(look(hpa, now, before))
    yield* Metrics.counted(known.size)
    known.set(pathOf(key), { version, due, history, selector })
    return Controllers.again(interval)
  })

  const triggers = [Controllers.each(hpas)]
  yield* Controllers.run({ name: "horizontalpodautoscaler", triggers, concurrency: 5, reconcile })
})

export const plugin = Controllers.plugin("horizontal-pod-autoscaler", start)
