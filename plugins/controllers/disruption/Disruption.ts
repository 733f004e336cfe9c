/** Keeps the status of PodDisruptionBudgets: how many of their Pods may go now. */
import { Clock, Effect, Result } from "effect"
import { same } from "../../../kernel/resource/JsonEqual.ts"
import { Client } from "../../../kernel/client/Client.ts"
import { controllerOf, type Key, keyOf, type Resource } from "../../../kernel/resource/Kind.ts"
import type { OwnerReference } from "../../../kernel/resource/Metadata.ts"
import * as Selector from "../../../kernel/resource/Selector.ts"
import { Deployment, ReplicaSet, StatefulSet } from "../../resources/contracts/apps/v1.ts"
import { Pod, type PodTemplateSpec, ReplicationController } from "../../resources/contracts/core/v1.ts"
import * as EventRecorder from "../../resources/contracts/EventRecorder.ts"
import { PodDisruptionBudget, type PodDisruptionBudgetStatus } from "../../resources/contracts/policy/v1.ts"
import * as Controllers from "../contracts/Controllers.ts"
import * as Budget from "./Budget.ts"

const start = Effect.gen(function* () {
  const client = yield* Client
  const record = yield* EventRecorder.make({ component: "controllermanager" })
  const budgets = yield* client.cache(PodDisruptionBudget, { indexes: Controllers.byNamespace })
  const pods = yield* client.cache(Pod, { indexes: Controllers.byNamespace })
  const deployments = yield* client.cache(Deployment, { indexes: {} })
  const replicaSets = yield* client.cache(ReplicaSet, { indexes: {} })
  const statefulSets = yield* client.cache(StatefulSet, { indexes: {} })
  const controllers = yield* client.cache(ReplicationController, { indexes: {} })

  const selects = ({ spec }: PodDisruptionBudget) => Selector.matcher(spec.selector)
  const tell = (object: PodDisruptionBudget, type: "Normal" | "Warning", reason: string, message: string) =>
    record({ kind: PodDisruptionBudget, object, type, reason, message })

  const lookUp = ({ kind, name }: OwnerReference, namespace: string) => {
    const key = { namespace, name }
    switch (kind) {
      case ReplicaSet.kind: {
        const set = replicaSets.get(key)
        const owner = set && controllerOf(set)
        return owner?.kind === Deployment.kind ? deployments.get({ namespace, name: owner.name }) : set
      }
      case StatefulSet.kind:
        return statefulSets.get(key)
      case ReplicationController.kind:
        return controllers.get(key)
      default:
        return undefined
    }
  }
  const find: Budget.Find = (pod) => {
    const owner = controllerOf(pod)
    if (owner === undefined) return Result.succeed(undefined)
    const found = lookUp(owner, keyOf(pod).namespace)
    return found === undefined
      ? Result.fail(`found no controllers for pod ${JSON.stringify(pod.metadata.name)}`)
      : Result.succeed({ uid: found.metadata.uid, replicas: found.spec.replicas })
  }

  const put = (budget: PodDisruptionBudget, status: PodDisruptionBudgetStatus) =>
    same(status, budget.status)
      ? Effect.void
      : client.update(PodDisruptionBudget, { ...budget, status }, { subresource: "status" })

  const reconcile = Effect.fn("Disruption.reconcile")(function* (key: Key) {
    const budget = budgets.get(key)
    if (budget === undefined) return Controllers.done
    const now = yield* Clock.currentTimeMillis
    const matches = selects(budget)
    const all = pods.by("namespace", key.namespace)
    const own = all.filter(({ metadata }) => matches(metadata.labels))
    if (own.length === 0) yield* tell(budget, "Normal", "NoPods", "No matching pods found")
    for (const object of Budget.stayed(budget, own, now)) {
      const message = `Pod was expected by PDB ${key.namespace}/${key.name} to be deleted but it wasn't`
      yield* record({ kind: Pod, object, type: "Warning", reason: "NotDeleted", message })
    }
    const counts = Budget.counts(budget, own, find)
    if (Result.isFailure(counts)) {
      const message = `Failed to calculate the number of expected pods: ${counts.failure}`
      yield* tell(budget, "Warning", "CalculateExpectedPodCountFailed", message)
      yield* put(budget, Budget.unknown(budget, counts.failure, now))
      return Controllers.done
    }
    const { recheckIn, status } = Budget.verdict(budget, own, counts.success, now)
    yield* put(budget, status)
    return Controllers.after(all.length, recheckIn === undefined ? Controllers.done : Controllers.again(recheckIn))
  })

  const choosing = (object: Resource, labels: Selector.Labels | undefined): ReadonlyArray<Key> =>
    budgets
      .by("namespace", keyOf(object).namespace)
      .filter((budget) => selects(budget)(labels))
      .map(keyOf)
  /** What it wants has changed, perhaps. */
  const ofWorkload = (workload: Resource & { readonly spec: { readonly template?: PodTemplateSpec } }) =>
    choosing(workload, workload.spec.template?.metadata.labels)
  const triggers = [
    Controllers.each(budgets),
    Controllers.on(pods, (pod) => choosing(pod, pod.metadata.labels)),
    Controllers.on(deployments, ofWorkload),
    Controllers.on(replicaSets, ofWorkload),
    Controllers.on(statefulSets, ofWorkload),
    Controllers.on(controllers, ofWorkload)
  ]
  yield* Controllers.run({ name: "disruption", triggers, reconcile })
})

export const plugin = Controllers.plugin("disruption", start)
