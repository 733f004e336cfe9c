/** The disruption controller: how many Pods of a budget may go, as Pods come, go and are evicted. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { Client } from "../../kernel/client/Client.ts"
import { controllerReference } from "../../kernel/resource/Kind.ts"
import * as DisruptionController from "../../plugins/controllers/disruption/Disruption.ts"
import { ReplicaSet } from "../../plugins/resources/contracts/apps/v1.ts"
import { Event, Pod } from "../../plugins/resources/contracts/core/v1.ts"
import { PodDisruptionBudget, type PodDisruptionBudgetSpec } from "../../plugins/resources/contracts/policy/v1.ts"
import { time } from "../../plugins/resources/contracts/Time.ts"
import { at, cluster, runs, when } from "./Cluster.ts"

const labels = { app: "web" }
const spec = { containers: [{ name: "c", image: "i" }] }
const budget = (rule: PodDisruptionBudgetSpec) => ({
  metadata: at("web"),
  spec: { selector: { matchLabels: labels }, ...rule }
})

/** Pods that run, and a ReplicaSet that wants as many. */
const pods = Effect.fnUntraced(function* (count: number) {
  const client = yield* Client
  const set = yield* client.create(ReplicaSet, {
    metadata: at("web"),
    spec: { replicas: count, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } }
  })
  const ownerReferences = [controllerReference(ReplicaSet, set)]
  for (let index = 0; index < count; index++) {
    yield* runs(yield* client.create(Pod, { metadata: { ...at(`web-${index}`), labels, ownerReferences }, spec }))
  }
})
const numbers = ({ status }: PodDisruptionBudget) => {
  const { currentHealthy, desiredHealthy, disruptionsAllowed, expectedPods } = status
  return `${currentHealthy} of ${expectedPods}, ${desiredHealthy} needed, ${disruptionsAllowed} may go`
}
const says = (expected: string) => when(PodDisruptionBudget, ([one]) => one !== undefined && numbers(one) === expected)
const story = (body: Effect.Effect<void, unknown, Client>) => Effect.provide(body, cluster(DisruptionController.plugin))

describe("Disruption", () => {
  it.effect("says how many may go, and takes evicted Pods to be going for two minutes", () =>
    story(
      Effect.gen(function* () {
        const client = yield* Client
        yield* client.create(PodDisruptionBudget, budget({ minAvailable: 2 }))
        yield* says("0 of 0, 2 needed, 0 may go")
        yield* when(Event, (all) => all.some(({ reason }) => reason === "NoPods"))
        yield* pods(3)
        const [first] = yield* says("3 of 3, 2 needed, 1 may go")
        const [condition] = first?.status.conditions ?? []
        assert.deepStrictEqual([condition?.status, condition?.reason], ["True", "SufficientPods"])

        const now = time(yield* Effect.clockWith((clock) => clock.currentTimeMillis))
        const before = yield* client.get(PodDisruptionBudget, at("web"))
        const status = { ...before.status, disruptionsAllowed: 0, disruptedPods: { "web-0": now } }
        yield* client.update(PodDisruptionBudget, { ...before, status }, { subresource: "status" })
        const [evicted] = yield* says("2 of 3, 2 needed, 0 may go")
        assert.strictEqual(evicted?.status.conditions?.[0]?.reason, "InsufficientPods")
        yield* TestClock.adjust("2 minutes")
        yield* TestClock.adjust("1 second")
        const [stayed] = yield* says("3 of 3, 2 needed, 1 may go")
        assert.isUndefined(stayed?.status.disruptedPods)

        yield* client.patch(PodDisruptionBudget, at("web"), "merge", { spec: { minAvailable: "100%" } })
        const [all] = yield* says("3 of 3, 3 needed, 0 may go")
        assert.strictEqual(all?.status.observedGeneration, 2)
      })
    )
  )

  it.effect("counts what should be there, and not only what is", () =>
    story(
      Effect.gen(function* () {
        const client = yield* Client
        yield* pods(4)
        yield* client.create(PodDisruptionBudget, budget({ maxUnavailable: "25%" }))
        yield* says("4 of 4, 3 needed, 1 may go")
        yield* client.delete(Pod, at("web-0"), { gracePeriodSeconds: 0 })
        yield* says("3 of 4, 3 needed, 0 may go")
        yield* client.patch(ReplicaSet, at("web"), "merge", { spec: { replicas: 3 } })
        yield* says("3 of 3, 2 needed, 1 may go")
      })
    )
  )

  it.effect("lets nobody go while it does not know how many there should be", () =>
    story(
      Effect.gen(function* () {
        const client = yield* Client
        yield* pods(2)
        yield* client.create(PodDisruptionBudget, budget({ maxUnavailable: 1 }))
        yield* says("2 of 2, 1 needed, 1 may go")
        yield* client.delete(ReplicaSet, at("web"))
        const [after] = yield* when(PodDisruptionBudget, ([one]) => one?.status.conditions?.[0]?.reason === "SyncFailed")
        assert.strictEqual(after?.status.disruptionsAllowed, 0)
        yield* when(Event, (all) => all.some(({ reason }) => reason === "CalculateExpectedPodCountFailed"))
      })
    )
  )
})
