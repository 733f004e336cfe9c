/** `pods/eviction`: deletes a Pod, if the disruption budgets of its namespace allow it now. What `kubectl drain` asks for. */
import { Clock, Effect, Option, Schema } from "effect"
import type { DeleteOptions } from "../../../kernel/client/Api.ts"
import { Client } from "../../../kernel/client/Client.ts"
import { BadRequest, Conflict, Invalid, StatusError } from "../../../kernel/client/Errors.ts"
import type { Action } from "../../../kernel/pipeline/Actions.ts"
import { elsewhere } from "../../../kernel/pipeline/Stages.ts"
import * as Causes from "../../../kernel/resource/Causes.ts"
import type { Key } from "../../../kernel/resource/Kind.ts"
import * as Selector from "../../../kernel/resource/Selector.ts"
import { Pod } from "../contracts/core/v1.ts"
import { PodDisruptionBudget } from "../contracts/policy/v1.ts"
import { time } from "../contracts/Time.ts"
import * as Budget from "./DisruptionBudget.ts"

const { Boolean: Bool, Int, NullOr, Struct, String: Text, optionalKey } = Schema
const maybe = <S extends Schema.Top>(schema: S) => optionalKey(NullOr(schema))

/** What is read of an eviction. Source: policy/v1 Eviction. */
const Body = Struct({
  metadata: maybe(Struct({ name: maybe(Text), namespace: maybe(Text) })),
  deleteOptions: maybe(
    Struct({
      gracePeriodSeconds: maybe(Int),
      preconditions: maybe(Struct({ uid: maybe(Text), resourceVersion: maybe(Text) })),
      dryRun: maybe(Schema.Array(Text)),
      propagationPolicy: maybe(Text),
      orphanDependents: maybe(Bool)
    })
  )
})
const decodeBody = Schema.decodeUnknownOption(Body)

const policies = ["Foreground", "Background", "Orphan"] as const

/** Which Pod is meant, and how it is to go. Fails with what is wrong with the request. */
const read = Effect.fnUntraced(function* (key: Key, body: Schema.JsonObject, isDry: boolean) {
  const eviction = decodeBody(body)
  if (Option.isNone(eviction)) return yield* new BadRequest({ detail: "the body is no Eviction" })
  const { deleteOptions, metadata } = eviction.value
  const { dryRun, gracePeriodSeconds, preconditions, propagationPolicy } = deleteOptions ?? {}
  if ((metadata?.namespace ?? key.namespace) !== key.namespace) return yield* elsewhere
  if (metadata?.name !== key.name)
    return yield* new BadRequest({ detail: "name in URL does not match name in Eviction object" })
  const policy = policies.find((word) => word === propagationPolicy)
  const causes = [
    ...(propagationPolicy && policy === undefined
      ? [Causes.notSupported("propagationPolicy", propagationPolicy, [...policies, "nil"])]
      : []),
    ...(dryRun?.some((word) => word !== "All") ? [Causes.notSupported("dryRun", dryRun, ["All"])] : [])
  ]
  if (causes.length > 0) {
    const about = { group: "meta.k8s.io", resource: "", namespace: "", name: "", kind: "DeleteOptions" }
    return yield* new Invalid({ ...about, causes })
  }
  const options: DeleteOptions = {
    dryRun: isDry || (dryRun ?? []).length > 0,
    ...(typeof gracePeriodSeconds === "number" && { gracePeriodSeconds }),
    ...(policy !== undefined && { propagationPolicy: policy }),
    ...(preconditions?.uid && { uid: preconditions.uid }),
    ...(preconditions?.resourceVersion && { resourceVersion: preconditions.resourceVersion })
  }
  return options
})

/** A Pod that serves nobody: it goes without asking. */
const isIdle = ({ metadata, status: { phase = "" } }: Pod) =>
  metadata.deletionTimestamp !== undefined || phase === "Pending" || phase === "Succeeded" || phase === "Failed"

/** Before anything is written: the Pod is the one that is meant. Upstream names the kind here, and not the resource. */
const meant = ({ metadata }: Pod, { resourceVersion, uid }: DeleteOptions) => {
  const failed = (detail: string) => new Conflict({ group: "", resource: "Pod", namespace: "", name: metadata.name, detail })
  const but = (field: string, asked: string, found: string) =>
    `the ${field} in the precondition (${asked}) does not match the ${field} in record (${found}).`
  if (uid !== undefined && uid !== metadata.uid)
    return failed(`${but("UID", uid, metadata.uid)} The object might have been deleted and then recreated`)
  return resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion
    ? failed(`${but("ResourceVersion", resourceVersion, metadata.resourceVersion)} The object might have been modified`)
    : undefined
}

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

/** How often others may write the Pod or its budget between our reading and our writing. */
const attempts = 20
const several = new StatusError({
  code: 500,
  reason: "",
  detail: "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
})

export const action = Effect.map(Client, (client): Action => {
  const budgetOf = Effect.fnUntraced(function* ({ metadata }: Pod) {
    const all = yield* client.list(PodDisruptionBudget, { namespace: metadata.namespace ?? "" })
    const [budget, another] = all.filter(({ spec }) => Selector.matcher(spec.selector)(metadata.labels))
    return another === undefined ? budget : yield* several
  })
  /** Takes one from the Pod's budget, and says so in the Pod. Gives what the Pod has to be still when it is deleted. */
  const spend = Effect.fn("Eviction.spend")(function* (key: Key, options: DeleteOptions) {
    const pod = yield* client.get(Pod, key)
    if (isIdle(pod)) return options
    const now = time(yield* Clock.currentTimeMillis)
    const budget = yield* budgetOf(pod)
    const verdict = budget === undefined ? "free" : Budget.judge(budget, pod)
    if (typeof verdict !== "string") return yield* verdict
    const obstacle = meant(pod, options)
    if (obstacle !== undefined) return yield* obstacle
    if (options.dryRun === true) return options
    if (budget !== undefined && verdict === "allowed")
      yield* client.update(PodDisruptionBudget, Budget.spent(budget, key.name, now), { subresource: "status" })
    yield* client.update(Pod, marked(pod, now), { subresource: "eviction" })
    // What was asked has been looked at, and we have changed its version ourselves.
    const { resourceVersion: _, ...rest } = options
    return { ...rest, uid: pod.metadata.uid }
  })
  return {
    storage: Pod.storage,
    subresource: "eviction",
    act: Effect.fn("Eviction.act")(function* ({ name, namespace }, body, { dryRun = false }) {
      const key = { namespace, name }
      const options = yield* read(key, body, dryRun)
      const isLost = (error: { readonly _tag: string }) =>
        error._tag === "Conflict" && !("resource" in error && error.resource === "Pod")
      const deletion = yield* Effect.retry(spend(key, options), { while: isLost, times: attempts })
      yield* client.delete(Pod, key, deletion)
      return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 }
    })
  }
})
