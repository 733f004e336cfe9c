/** How a HorizontalPodAutoscaler reckons, as tables, and that it scales what it names by what metrics.k8s.io says. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Result } from "effect"
import { Aggregated } from "../../kernel/client/Aggregated.ts"
import { Client } from "../../kernel/client/Client.ts"
import { NotFound } from "../../kernel/client/Errors.ts"
import * as Autoscaler from "../../plugins/controllers/horizontal-pod-autoscaler/HorizontalPodAutoscaler.ts"
import * as Pace from "../../plugins/controllers/horizontal-pod-autoscaler/Pace.ts"
import { duration } from "../../plugins/controllers/horizontal-pod-autoscaler/Sources.ts"
import * as Usage from "../../plugins/controllers/horizontal-pod-autoscaler/Usage.ts"
import { ReplicaSet } from "../../plugins/resources/contracts/apps/v1.ts"
import { HorizontalPodAutoscaler } from "../../plugins/resources/contracts/autoscaling/v2.ts"
import { Pod } from "../../plugins/resources/contracts/core/v1.ts"
import { kernelWith } from "../resources/Kernel.ts"
import { at, runs, when } from "./Cluster.ts"
import { podOf } from "./Pods.ts"

const requests = { resources: { requests: { cpu: "100m", memory: "100m" } } }
const container = { name: "c", image: "i", ...requests }
const ready = "2025-06-01T00:01:00Z"
const running = (name: string) => podOf({ name, phase: "Running", ready, spec: { containers: [container] } })

describe("how many Pods a metric asks for", () => {
  const tolerances = { up: 0.1, down: 0.1 }
  const sample = (value: number) => ({ value, at: 0, window: 0 })
  /** `undefined`: a Pod of which nothing is known; a text: one in that phase. */
  const asked = (usage: ReadonlyArray<number | string | undefined>): Usage.Asked => {
    const pods = usage.map((one, index) =>
      typeof one === "string"
        ? podOf({ name: `p${index}`, phase: one, spec: { containers: [container] } })
        : running(`p${index}`)
    )
    const samples = new Map(
      usage.flatMap((one, index) => (typeof one === "number" ? [[`p${index}`, sample(one)] as const] : []))
    )
    return { current: usage.length, pods, samples, resource: "memory", tolerances, now: 1e15 }
  }
  const byUtilization = (usage: ReadonlyArray<number | string | undefined>, target: number) =>
    Result.map(Usage.byUtilization(asked(usage), target, ""), ({ replicas, utilization = 0 }) => [replicas, utilization])
  const table: ReadonlyArray<
    readonly [what: string, usage: ReadonlyArray<number | string | undefined>, expected: ReadonlyArray<number>]
  > = [
    ["in proportion", [200, 200, 200], [8, 200]],
    ["nothing within the tolerance", [85, 85], [2, 85]],
    ["fewer", [10, 10, 10, 10, 10], [1, 10]],
    ["one of which nothing is known counts as idle when more would be wanted", [200, 200, undefined], [5, 200]],
    ["and as busy when fewer would be", [10, 10, undefined], [2, 10]],
    ["one that is pending holds back", [200, 200, "Pending"], [5, 200]],
    ["one that failed counts not at all", [200, 200, "Failed"], [5, 200]],
    ["what turns with what is unknown stays", [90, undefined], [2, 90]]
  ]
  for (const [what, usage, expected] of table) {
    it(what, () => assert.deepStrictEqual(Result.getOrThrow(byUtilization(usage, 80)), expected))
  }
  it("nothing can be said without a request, or without a metric", () => {
    const bare = { ...asked([10]), pods: [podOf({ name: "p0", phase: "Running", ready })] }
    assert.deepStrictEqual(
      Usage.byUtilization({ ...bare, resource: "cpu" }, 80, ""),
      Result.fail("missing request for cpu in container c of Pod p0")
    )
    assert.deepStrictEqual(
      Usage.byAmount(asked(["Pending"]), 80),
      Result.fail("did not receive metrics for targeted pods (pods might be unready)")
    )
  })
  it("a total is shared out", () => {
    assert.deepStrictEqual(Usage.byShare(2, tolerances, 300_000, 30_000), { replicas: 10, usage: 150_000 })
    assert.deepStrictEqual(Usage.byTotal({ ...asked([1, 1]), tolerances }, 300, 100), { replicas: 6, usage: 300 })
    assert.deepStrictEqual(Usage.byTotal({ ...asked([]), tolerances }, 250, 100), { replicas: 3, usage: 250 })
  })
  it("amounts and durations are written as elsewhere", () => {
    assert.strictEqual(Usage.quantity(67_108_864_000, "BinarySI"), "64Mi")
    assert.strictEqual(Usage.quantity(150_000), "150")
    assert.strictEqual(duration("1m30.5s"), 90_500)
  })
})

describe("how fast it goes", () => {
  const step = { current: 8, desired: 1, minReplicas: 1, maxReplicas: 10, now: 1_000_000 }
  const reasons = ({ able, limited }: Pace.Paced) => [able.count, able.reason, limited.count, limited.reason]
  it("without a behaviour: what was recommended lately, twice as many at most", () => {
    const history = Pace.begin(8, step.now - 1000)
    assert.deepStrictEqual(reasons(Pace.pace(step, undefined, history)), [8, "ScaleDownStabilized", 8, "DesiredWithinRange"])
    const later = { ...step, now: step.now + 301_000 }
    assert.deepStrictEqual(reasons(Pace.pace(later, undefined, history)), [1, "ReadyForNewScale", 1, "DesiredWithinRange"])
    const up = { ...step, current: 3, desired: 9, now: step.now + 1_000_000 }
    assert.deepStrictEqual(reasons(Pace.pace(up, undefined, history)), [9, "ReadyForNewScale", 6, "ScaleUpLimit"])
    assert.deepStrictEqual(reasons(Pace.pace({ ...up, current: 8, desired: 40 }, undefined, history)), [
      40,
      "ReadyForNewScale",
      10,
      "TooManyReplicas"
    ])
  })
  it("within a period no further than its policies allow", () => {
    const policies = [{ type: "Pods", value: 2, periodSeconds: 60 }]
    const behavior = { scaleDown: { stabilizationWindowSeconds: 0, policies }, scaleUp: { selectPolicy: "Disabled" } }
    const history = Pace.begin(8, step.now - 1000)
    assert.deepStrictEqual(reasons(Pace.pace(step, behavior, history)), [1, "ReadyForNewScale", 6, "ScaleDownLimit"])
    Pace.scaled(history, behavior, -2, step.now)
    const next = { ...step, current: 6, now: step.now + 15_000 }
    assert.deepStrictEqual(reasons(Pace.pace(next, behavior, history)), [1, "ReadyForNewScale", 6, "ScaleDownLimit"])
    assert.deepStrictEqual(reasons(Pace.pace({ ...next, now: step.now + 61_000 }, behavior, history)), [
      1,
      "ReadyForNewScale",
      4,
      "ScaleDownLimit"
    ])
    assert.deepStrictEqual(reasons(Pace.pace({ ...step, desired: 10 }, behavior, Pace.begin(8, step.now))), [
      10,
      "ReadyForNewScale",
      8,
      "ScaleUpLimit"
    ])
  })
})

/** metrics.k8s.io, as a server behind an APIService would answer: every Pod uses that many thousandths of a processor. */
const metrics = (pods: ReadonlyArray<string>, cpu: string) =>
  Layer.effectDiscard(
    Effect.flatMap(Aggregated, (aggregated) =>
      aggregated.add((group) => {
        if (group !== "metrics.k8s.io") return undefined
        const items = pods.map((name) => ({
          metadata: { name },
          timestamp: "2100-01-01T00:00:00Z",
          window: "30s",
          containers: [{ name: "c", usage: { cpu } }]
        }))
        return {
          ask: ({ name, namespace, resource }) =>
            resource === "pods"
              ? Effect.succeed({ kind: "PodMetricsList", apiVersion: "metrics.k8s.io/v1beta1", metadata: {}, items })
              : Effect.fail(new NotFound({ group, namespace, resource, name }))
        }
      })
    )
  )

describe("HorizontalPodAutoscaler", () => {
  it.live("scales what it names, and says why", () =>
    Effect.gen(function* () {
      const client = yield* Client
      const labels = { app: "web" }
      for (const name of ["w1", "w2"]) {
        const pod = yield* runs(
          yield* client.create(Pod, { metadata: { ...at(name), labels }, spec: { containers: [container] } })
        )
        const status = { ...pod.status, startTime: "2025-06-01T00:00:00Z" }
        yield* client.update(Pod, { ...pod, status }, { subresource: "status" })
      }
      yield* client.create(ReplicaSet, {
        metadata: at("web"),
        spec: {
          replicas: 2,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers: [container] } }
        }
      })
      const scaleTargetRef = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web" }
      yield* client.create(HorizontalPodAutoscaler, { metadata: at("web"), spec: { scaleTargetRef, maxReplicas: 10 } })
      yield* client.create(HorizontalPodAutoscaler, {
        metadata: at("none"),
        spec: { scaleTargetRef: { ...scaleTargetRef, name: "none" }, maxReplicas: 10 }
      })
      const [set] = yield* when(ReplicaSet, ([set]) => set?.spec.replicas === 4)
      assert.strictEqual(set?.metadata.generation, 2)
      const said = yield* when(
        HorizontalPodAutoscaler,
        (all) => all.length === 2 && all.every(({ status }) => (status.conditions?.length ?? 0) > 0)
      )
      const [none, web] = said.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
      assert.deepStrictEqual(web?.status.currentMetrics, [
        { type: "Resource", resource: { name: "cpu", current: { averageValue: "200m", averageUtilization: 200 } } }
      ])
      const conditions = (web?.status.conditions ?? []).map(({ reason, status, type }) => `${type} ${status} ${reason}`)
      assert.deepStrictEqual(conditions, [
        "AbleToScale True SucceededRescale",
        "ScalingActive True ValidMetricFound",
        "ScalingLimited True ScaleUpLimit"
      ])
      assert.deepStrictEqual([web?.status.currentReplicas, web?.status.desiredReplicas], [2, 4])
      assert.strictEqual(
        none?.status.conditions?.[0]?.message,
        `the HPA controller was unable to get the target's current scale: replicasets.apps "none" not found`
      )
    }).pipe(
      Effect.provide(
        Layer.merge(Autoscaler.plugin.layer, metrics(["w1", "w2"], "200m")).pipe(
          Layer.provideMerge(kernelWith(Aggregated.layer))
        )
      )
    )
  )
})
