import { Result, type Schema } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Shape from "../../kernel/resource/Shape.ts"
import * as StrategicMerge from "../../kernel/resource/StrategicMerge.ts"
import * as Apps from "../../plugins/resources/contracts/apps/v1.ts"
import * as Core from "../../plugins/resources/contracts/core/v1.ts"

type Object = Schema.JsonObject
const pod = Shape.of(Core.PodSchema())
const patched = (original: Object, patch: Object, shape = pod) =>
  Result.getOrThrow(StrategicMerge.apply(shape, original, patch))
const refused = (original: Object, patch: Object) =>
  Result.getOrThrow(Result.flip(StrategicMerge.apply(pod, original, patch))).detail
const containers = (...names: ReadonlyArray<string>) => ({ spec: { containers: names.map((name) => ({ name })) } })

describe("strategic merge patch", () => {
  it.each<[string, Object, Object, Object]>([
    [
      "replaces scalars, removes nulls",
      { spec: { nodeName: "a", hostname: "h" } },
      { spec: { nodeName: "b", hostname: null } },
      { spec: { nodeName: "b" } }
    ],
    [
      "merges items by their key",
      {
        spec: {
          containers: [
            { name: "a", image: "1" },
            { name: "b", image: "1" }
          ]
        }
      },
      { spec: { containers: [{ name: "b", image: "2" }] } },
      {
        spec: {
          containers: [
            { name: "a", image: "1" },
            { name: "b", image: "2" }
          ]
        }
      }
    ],
    ["adds items", containers("a"), containers("b"), containers("b", "a")],
    ["deletes items", containers("a", "b"), { spec: { containers: [{ name: "a", $patch: "delete" }] } }, containers("b")],
    [
      "replaces lists",
      containers("a", "b"),
      { spec: { containers: [{ name: "c" }, { $patch: "replace" }] } },
      containers("c")
    ],
    [
      "replaces lists that do not merge",
      { spec: { tolerations: [{ key: "a" }] } },
      { spec: { tolerations: [{ key: "b" }] } },
      { spec: { tolerations: [{ key: "b" }] } }
    ],
    [
      "replaces maps",
      { metadata: { labels: { a: "1" } } },
      { metadata: { labels: { $patch: "replace", b: "2" } } },
      { metadata: { labels: { b: "2" } } }
    ],
    [
      "deletes maps",
      { metadata: { labels: { a: "1" } } },
      { metadata: { labels: { $patch: "delete" } } },
      { metadata: { labels: {} } }
    ],
    [
      "merges lists of scalars, each once",
      { metadata: { finalizers: ["a", "b"] } },
      { metadata: { finalizers: ["c", "a"] } },
      { metadata: { finalizers: ["c", "a", "b"] } }
    ],
    [
      "deletes scalars",
      { metadata: { finalizers: ["a", "b"] } },
      { metadata: { "$deleteFromPrimitiveList/finalizers": ["a"] } },
      { metadata: { finalizers: ["b"] } }
    ],
    [
      "sets the order",
      containers("a", "b", "c"),
      {
        spec: { "$setElementOrder/containers": [{ name: "c" }, { name: "a" }, { name: "d" }], containers: [{ name: "d" }] }
      },
      containers("b", "c", "a", "d")
    ],
    [
      "sets the order alone",
      containers("a", "b"),
      { spec: { "$setElementOrder/containers": [{ name: "b" }, { name: "a" }] } },
      containers("b", "a")
    ],
    [
      "retains keys",
      { spec: { volumes: [{ name: "v", emptyDir: {} }] } },
      { spec: { volumes: [{ name: "v", $retainKeys: ["name", "hostPath"], hostPath: { path: "/" } }] } },
      { spec: { volumes: [{ name: "v", hostPath: { path: "/" } }] } }
    ],
    ["drops nulls of what is new", {}, { spec: { nodeName: null, hostname: "h" } }, { spec: { hostname: "h" } }],
    [
      "keeps what the kind does not know",
      { apiVersion: "v1", kind: "Pod", x: { a: 1 } },
      { apiVersion: "v1", x: { b: 2 } },
      { apiVersion: "v1", kind: "Pod", x: { a: 1, b: 2 } }
    ]
  ])("%s", (_, original, patch, expected) => expect(patched(original, patch)).toEqual(expected))

  it("of kubectl rollout restart and set image", () => {
    const deployment = Shape.of(Apps.DeploymentSchema())
    const web = { spec: { template: { metadata: {}, spec: { containers: [{ name: "web", image: "a" }] } } } }
    const restart = { spec: { template: { metadata: { annotations: { at: "now" } } } } }
    const image = {
      spec: {
        template: { spec: { "$setElementOrder/containers": [{ name: "web" }], containers: [{ name: "web", image: "b" }] } }
      }
    }
    expect(patched(patched(web, restart, deployment), image, deployment)).toEqual({
      spec: { template: { metadata: { annotations: { at: "now" } }, spec: { containers: [{ name: "web", image: "b" }] } } }
    })
  })

  it("says what is wrong", () => {
    const there = { spec: { containers: [{ name: "c" }] } }
    expect(refused(there, { spec: { containers: [{ image: "a" }] } })).toBe(
      'map: {"image":"a"} does not contain declared merge key: name'
    )
    expect(refused(there, { spec: { $patch: "add" } })).toContain("unknown patch type")
    expect(refused(there, { spec: { $retainKeys: ["a"], nodeName: "b" } })).toContain("retainKeys")
    expect(refused(there, { spec: { containers: [{ name: "c", $patch: "merge" }] } })).toContain("cannot yet be specified")
    const order = { "$setElementOrder/containers": [{ name: "b" }], containers: [{ name: "a" }] }
    expect(refused({ spec: {} }, { spec: order })).toContain("doesn't match")
    expect(refused(there, { spec: order })).toContain("doesn't match")
  })

  it("takes what meets nothing as it stands, as kube-apiserver does", () => {
    const env = [{ name: "A", $patch: "delete" }, { name: "B" }]
    expect(patched({}, { spec: { containers: [{ name: "a", env, "$setElementOrder/env": [{ name: "B" }] }] } })).toEqual({
      spec: { containers: [{ name: "a", env: [{ name: "B" }], "$setElementOrder/env": [{ name: "B" }] }] }
    })
    expect(patched({ spec: {} }, { spec: { nodeSelector: { $patch: "replace", a: "b" } } })).toEqual({ spec: {} })
    expect(patched({ spec: { containers: [] } }, { spec: { containers: [{ name: "a", env }] } })).toEqual({
      spec: { containers: [{ name: "a", env }] }
    })
  })

  it("an empty patch is identity, and a patch twice is as once", () => {
    const name = fc.constantFrom("a", "b", "c")
    const list = fc.uniqueArray(fc.record({ name, image: fc.string() }, { requiredKeys: ["name"] }), {
      selector: (one) => one.name
    })
    const object = fc.record({
      metadata: fc.record({ labels: fc.dictionary(name, fc.string()), finalizers: fc.uniqueArray(name) }),
      spec: fc.record({ containers: list })
    })
    fc.assert(
      fc.property(object, object, (original, patch) => {
        expect(patched(original, {})).toEqual(original)
        expect(patched(original, original)).toEqual(original)
        const once = patched(original, patch)
        expect(patched(once, patch)).toEqual(once)
      })
    )
  })
})
