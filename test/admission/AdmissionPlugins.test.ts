/** Admission plugins behind their contract: the laws, what they change and refuse in each isolate, and what follows when they do not answer. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Suite from "../../conformance/AdmissionPoints.ts"
import { Api } from "../../kernel/client/Api.ts"
import { Client } from "../../kernel/client/Client.ts"
import { Admissions } from "../../kernel/pipeline/Policy.ts"
import * as Isolate from "../../kernel/plugin/Isolate.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import type { Kinds } from "../../kernel/resource/Kinds.ts"
import { AdmissionPoints } from "../../plugins/admission/contracts/AdmissionPoints.ts"
import * as Bridge from "../../plugins/admission/isolated/Bridge.ts"
import { ConfigMap, Pod } from "../../plugins/resources/contracts/core/v1.ts"
import { kernel } from "../resources/Kernel.ts"
import { sabotage, verify } from "../Verify.ts"

const module = new URL("../../examples/admission-team/plugin.ts", import.meta.url)
const levels = ["in-process", "worker", "process"] as const

const team = (isolation: (typeof levels)[number]) =>
  Isolate.run({ name: "team", module, options: { label: "team" }, offers: [AdmissionPoints], needs: [Api], isolation })

const at = (isolation: (typeof levels)[number]) =>
  Layer.provideMerge(Plugin.install(team(isolation)), Layer.merge(kernel, Plugin.Host.layer))

/** As the attachment does it, which is given a slot's handle. */
const joined = (
  fallback: "Fail" | "Ignore",
  change: (honest: AdmissionPoints["Service"]) => Partial<AdmissionPoints["Service"]> = () => ({})
) =>
  Effect.gen(function* () {
    const honest = yield* AdmissionPoints
    const points = { ...honest, ...change(honest) }
    const admissions = yield* Admissions
    const kinds = yield* Effect.context<Kinds>()
    yield* admissions.add(
      Bridge.make(points, yield* points.describe(), { fallback, callTimeoutMillis: 10_000, isOnTrial: () => false }, kinds)
    )
    return yield* Client
  })

const pod = (name: string, labels: Record<string, string>) => ({
  metadata: { name, namespace: "default", labels },
  spec: { containers: [{ name: "c", image: "i" }] }
})

verify("in this process", Suite.suite, at("in-process"))
verify("in a thread", Suite.suite, at("worker"))
sabotage(Suite.suite, at("in-process"))

describe.each(levels)("an admission plugin, %s", (isolation) => {
  it.live("changes what its rules name, refuses what it will not have, and sees nothing else", () =>
    Effect.gen(function* () {
      const client = yield* joined("Fail")
      const made = yield* client.create(Pod, pod("a", { team: "blue" }))
      assert.deepStrictEqual(made.metadata.labels, { team: "blue", "asked-by": "tester" })
      const { metadata, spec } = pod("", { team: "blue" })
      const { name: _, ...nameless } = metadata
      const named = yield* client.create(Pod, { metadata: { ...nameless, generateName: "web-" }, spec })
      assert.match(named.metadata.name, /^web-.{5}$/)
      const refused = yield* Effect.flip(client.create(Pod, pod("b", {})))
      assert.strictEqual(refused.message, 'pods "b" is forbidden: it has no label team')
      const map = yield* client.create(ConfigMap, { metadata: { name: "a", namespace: "default" } })
      assert.isUndefined(map.metadata.labels)
    }).pipe(Effect.provide(at(isolation)), Effect.scoped)
  )
})

describe("an admission plugin that does not answer", () => {
  const broken = (): Partial<AdmissionPoints["Service"]> => ({ validate: () => Effect.die("no") })
  const defects = (honest: AdmissionPoints["Service"]) =>
    Plugin.make({
      name: "broken",
      offers: [AdmissionPoints],
      layer: Layer.succeed(AdmissionPoints, { ...honest, ...broken() })
    })

  it.live.each([
    [
      "Fail",
      "Internal error occurred: the admission plugin admission-team did not answer: admission/AdmissionPoints is unavailable: no"
    ],
    ["Ignore", "made"]
  ] as const)("%s: %s", ([fallback, outcome]) =>
    Effect.gen(function* () {
      const honest = yield* AdmissionPoints
      const host = yield* Plugin.Host
      const slot = yield* host.start(defects(honest))
      const client = yield* Effect.provide(joined(fallback), slot)
      const said = yield* client
        .create(Pod, pod("c", {}))
        .pipe(Effect.match({ onSuccess: () => "made", onFailure: ({ message }) => message }))
      assert.strictEqual(said, outcome)
    }).pipe(
      Effect.provide(Layer.provideMerge(team("in-process").layer, Layer.merge(kernel, Plugin.Host.layer))),
      Effect.scoped
    )
  )
})
