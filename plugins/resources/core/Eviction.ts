/** `pods/eviction`: deletes a Pod, if the disruption budgets of its namespace allow it now. What `kubectl drain` asks for. */
import { Clock, Effect, Option, Schema } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { BadRequest, TooManyRequests } from "../../../kernel/client/Errors.ts"
import type { Action } from "../../../kernel/pipeline/Actions.ts"
import * as Selector from "../../../kernel/resource/Selector.ts"
import { Pod } from "../contracts/core/v1.ts"
import { PodDisruptionBudget } from "../contracts/policy/v1.ts"
import { time } from "../contracts/Time.ts"

const { Boolean: Bool, Int, Struct, String: Text, optionalKey } = Schema

/** What is read of an eviction. Source: policy/v1 Eviction. */
const Body = Struct({
  metadata: optionalKey(Struct({ name: optionalKey(Text) })),
  deleteOptions: optionalKey(
    Struct({
      gracePeriodSeconds: optionalKey(Int),
      preconditions: optionalKey(Struct({ uid: optionalKey(Text), resourceVersion: optionalKey(Text) })),
      dryRun: optionalKey(Schema.Array(Text)),
      orphanDependents: optionalKey(Bool)
    })
  )
})
const decodeBody = Schema.decodeUnknownOption(Body)

/** A Pod that serves nobody: it goes without asking. */
const isIdle = ({ metadata, status: { phase = "" } }: Pod) =>
  metadata.deletionTimestamp !== undefined || phase === "Pending" || phase === "Succeeded" || phase === "Failed"

const isReady = ({ status }: Pod) =>
  status.conditions?.some(({ status, type }) => type === "Ready" && status === "True") === true

const refused = "Cannot evict pod as it would violate the pod's disruption budget."

/** What a budget says to one more Pod that goes: `free` if that one is not counted by it anyway. */
const judge = ({ metadata, spec, status }: PodDisruptionBudget, pod: Pod): "allowed" | "free" | TooManyRequests => {
  const isHealthyEnough = status.currentHealthy >= status.desiredHealthy && status.desiredHealthy > 0
  if (!isReady(pod) && (spec.unhealthyPodEvictionPolicy === "AlwaysAllow" || isHealthyEnough)) return "free"
  const no = (why: string, retryAfterSeconds: number) =>
    new TooManyRequests({ detail: `${refused} ${why}`, retryAfterSeconds })
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0))
    return no(`The disruption budget ${metadata.name} is still being processed by the server.`, 10)
  if (status.disruptionsAllowed > 0) return "allowed"
  const { currentHealthy, desiredHealthy } = status
  return no(
    `The disruption budget ${metadata.name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`,
    0
  )
}

/** The budget with one disruption less, in which this Pod is one that will be missing. */
const spent = (budget: PodDisruptionBudget, pod: string, now: string): PodDisruptionBudget => ({
  ...budget,
  status: {
    ...budget.status,
    disruptionsAllowed: budget.status.disruptionsAllowed - 1,
    disruptedPods: { ...budget.status.disruptedPods, [pod]: now }
  }
})

const marked = (pod: Pod, now: string): Pod => {
  const condition = {
    type: "DisruptionTarget",
    status: "True",
    reason: "EvictionByEvictionAPI",
    message: "Eviction API: evicting",
    lastTransitionTime: now
  }
  const others = (pod.status.conditions ?? []).filter(({ type }) => type !== condition.type)
  return { ...pod, status: { ...pod.status, conditions: [...others, condition] } }
}

const attempts = 8
const several = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."

export const action = Effect.map(Client, (client): Action => {
  /** Takes one from the Pod's budget, and says so in the Pod. */
  const spend = Effect.fn("Eviction.spend")(function* (
    key: { readonly namespace: string; readonly name: string },
    dryRun: boolean
  ) {
    const pod = yield* client.get(Pod, key)
    if (isIdle(pod)) return
    const all = yield* client.list(PodDisruptionBudget, { namespace: key.namespace })
    const budgets = all.filter(({ spec }) => Selector.matcher(spec.selector)(pod.metadata.labels))
    const [budget] = budgets
    if (budgets.length > 1) return yield* new BadRequest({ detail: several })
    const now = time(yield* Clock.currentTimeMillis)
    const verdict = budget === undefined ? "free" : judge(budget, pod)
    if (typeof verdict !== "string") return yield* verdict
    if (dryRun) return
    if (budget !== undefined && verdict === "allowed")
      yield* client.update(PodDisruptionBudget, spent(budget, key.name, now), { subresource: "status" })
    yield* client.update(Pod, marked(pod, now), { subresource: "status" })
  })
  return {
    storage: Pod.storage,
    subresource: "eviction",
    act: Effect.fn("Eviction.act")(function* ({ name, namespace }, body, options) {
      const eviction = decodeBody(body)
      if (Option.isNone(eviction)) return yield* new BadRequest({ detail: "the body is no Eviction" })
      const { deleteOptions = {}, metadata } = eviction.value
      if (metadata?.name !== undefined && metadata.name !== name)
        return yield* new BadRequest({ detail: "name in URL does not match name in Eviction object" })
      const { dryRun = [], gracePeriodSeconds, preconditions = {} } = deleteOptions
      const isDry = options.dryRun === true || dryRun.length > 0
      const key = { namespace, name }
      yield* Effect.retry(spend(key, isDry), { while: ({ _tag }) => _tag === "Conflict", times: attempts })
      yield* client.delete(Pod, key, {
        ...preconditions,
        ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
        dryRun: isDry
      })
      return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 }
    })
  }
})
