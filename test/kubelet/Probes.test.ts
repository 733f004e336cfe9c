/** Probes on virtual time: delays, periods, thresholds, and their order. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as MemoryPowers from "../../adapters/memory/MemoryPowers.ts"
import { CheckFailed } from "../../plugins/kubelet/probes/Check.ts"
import * as Prober from "../../plugins/kubelet/probes/Prober.ts"
import type { Container, Probe } from "../../plugins/resources/contracts/core/v1.ts"

const probe = (more: Partial<Probe> = {}): Probe => ({
  exec: { command: ["true"] },
  failureThreshold: 3,
  successThreshold: 1,
  periodSeconds: 10,
  timeoutSeconds: 1,
  ...more
})
const container = (more: Partial<Container>): Container => ({
  name: "main",
  resources: {},
  terminationMessagePath: "",
  terminationMessagePolicy: "File",
  ...more
})

/** What is reported in `seconds`: the second, the kind, the verdict. The container answers well from second `from` until `until`. */
const watch = (more: Partial<Container>, seconds: number, { from = 0, until = Number.POSITIVE_INFINITY } = {}) =>
  Effect.gen(function* () {
    const said: Array<string> = []
    const second = Effect.map(Clock.currentTimeMillis, (millis) => millis / 1000)
    const ask = () =>
      Effect.flatMap(second, (now) =>
        now >= from && now < until ? Effect.void : Effect.fail(new CheckFailed({ message: "no" }))
      )
    const target = { container: container(more), id: "id", address: "" }
    const report: Prober.Report = {
      unhealthy: () => Effect.void,
      verdict: (kind, ok) => Effect.map(second, (now) => void said.push(`${now} ${kind} ${ok}`))
    }
    yield* Effect.forkChild(Prober.run(target.container, { target, startedAt: 0, report, ask }))
    yield* TestClock.adjust(`${seconds} seconds`)
    return said
  }).pipe(Effect.provide(Layer.fresh(MemoryPowers.layer({ network: "runtime" }))))

describe("probes", () => {
  it.effect("are asked after their delay, every period", () =>
    Effect.gen(function* () {
      const said = yield* watch({ readinessProbe: probe({ initialDelaySeconds: 5 }) }, 26)
      assert.deepStrictEqual(said, ["5 Readiness true", "15 Readiness true", "25 Readiness true"])
    })
  )

  it.effect("fail only after their threshold", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* watch({ livenessProbe: probe() }, 31, { from: 1000 }), [
        "20 Liveness false",
        "30 Liveness false"
      ])
    })
  )

  it.effect("one good answer counts from the start again", () =>
    Effect.gen(function* () {
      const said = yield* watch({ readinessProbe: probe({ successThreshold: 2 }) }, 41, { from: 15 })
      assert.deepStrictEqual(said, ["30 Readiness true", "40 Readiness true"])
    })
  )

  it.effect("liveness waits until the startup probe has succeeded", () =>
    Effect.gen(function* () {
      const probes = { startupProbe: probe({ failureThreshold: 10 }), livenessProbe: probe({ periodSeconds: 5 }) }
      assert.deepStrictEqual(yield* watch(probes, 31, { from: 15 }), [
        "20 Startup true",
        "20 Liveness true",
        "25 Liveness true",
        "30 Liveness true"
      ])
    })
  )
})
