import { Result, type Schema } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Apply from "../../kernel/resource/Apply.ts"
import * as Field from "../../kernel/resource/Field.ts"
import type { ManagedFieldsEntry } from "../../kernel/resource/Metadata.ts"
import { ObjectMetaDraft } from "../../kernel/resource/Metadata.ts"
import * as OwnedFields from "../../kernel/resource/OwnedFields.ts"
import * as Ownership from "../../kernel/resource/Ownership.ts"
import * as Shape from "../../kernel/resource/Shape.ts"
import * as Apps from "../../plugins/resources/contracts/apps/v1.ts"

type Object = Schema.JsonObject
const deployment = Shape.of(Apps.DeploymentSchema())
const base = { apiVersion: "apps/v1", time: "2026-01-01T00:00:00Z", shape: deployment }

const entriesOf = (object: Object) =>
  ((object["metadata"] as Object)["managedFields"] ?? []) as unknown as ReadonlyArray<ManagedFieldsEntry>
const ownersOf = (entries: ReadonlyArray<ManagedFieldsEntry>) =>
  Object.fromEntries(
    entries.map((entry) => [
      `${entry.manager} ${entry.operation}${entry.subresource === undefined ? "" : `/${entry.subresource}`}`,
      Ownership.paths(Result.getOrThrow(Ownership.fromJson(entry.fieldsV1)))
    ])
  )
const apply = (live: Object | undefined, applied: Object, manager: string, options: Partial<Apply.Apply> = {}) =>
  Apply.apply({ ...base, live, applied, manager, force: false, ...options })
const applied = (...args: Parameters<typeof apply>) => Result.getOrThrow(apply(...args))
const conflicts = (...args: Parameters<typeof apply>) => {
  const failure = Result.getOrThrow(Result.flip(apply(...args)))
  return failure._tag === "Conflicts" ? failure.conflicts : failure.detail
}
const written = (
  before: Object | undefined,
  after: Object,
  manager: string,
  options: Partial<Apply.Write> = {}
): Object => ({
  ...after,
  metadata: {
    ...(after["metadata"] as Object),
    managedFields: Apply.update({ ...base, before, after, manager, ...options }) as unknown as Schema.Json
  }
})

const web = {
  metadata: { name: "web", namespace: "default", labels: { app: "web" } },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "web", image: "nginx", ports: [{ containerPort: 80, protocol: "TCP" }] }] }
    }
  }
}
const spec = (more: Object) => ({ metadata: { name: "web" }, spec: more })
const container = (more: Object) => spec({ template: { spec: { containers: [more] } } })

describe("update", () => {
  it("credits a create as upstream does", () => {
    expect(Apply.update({ ...base, after: web, manager: "kubectl-create" })).toEqual([
      {
        manager: "kubectl-create",
        operation: "Update",
        apiVersion: "apps/v1",
        time: "2026-01-01T00:00:00Z",
        fieldsType: "FieldsV1",
        fieldsV1: {
          "f:metadata": { "f:labels": { ".": {}, "f:app": {} } },
          "f:spec": {
            "f:replicas": {},
            "f:selector": {},
            "f:template": {
              "f:metadata": { "f:labels": { ".": {}, "f:app": {} } },
              "f:spec": {
                "f:containers": {
                  'k:{"name":"web"}': {
                    ".": {},
                    "f:image": {},
                    "f:name": {},
                    "f:ports": {
                      ".": {},
                      'k:{"containerPort":80,"protocol":"TCP"}': { ".": {}, "f:containerPort": {}, "f:protocol": {} }
                    }
                  }
                }
              }
            }
          }
        }
      }
    ])
  })

  it("gives a value to who changes it, and leaves the rest and its time", () => {
    const one = written(undefined, web, "a")
    const scaled = { ...one, spec: { ...web.spec, replicas: 5 } }
    const two = written(one, scaled, "b", { time: "2026-01-02T00:00:00Z" })
    expect(ownersOf(entriesOf(two))["b Update"]).toEqual([".spec.replicas"])
    expect(ownersOf(entriesOf(two))["a Update"]).not.toContain(".spec.replicas")
    expect(entriesOf(two).map(({ time }) => time)).toEqual(["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"])
    const same = written(two, two, "c", { time: "2026-01-03T00:00:00Z" })
    expect(entriesOf(same)).toEqual(entriesOf(two))
  })

  it("keeps the status apart, and forgets who owns nothing any more", () => {
    const one = written(undefined, { ...web, status: {} }, "a", { reset: ["status"] })
    const status = { ...one, status: { readyReplicas: 1 } }
    const two = written(one, status, "kubelet", { subresource: "status", reset: ["spec"] })
    expect(ownersOf(entriesOf(two))["kubelet Update/status"]).toEqual([".status.readyReplicas"])
    const three = written(two, { ...two, status: { readyReplicas: 2 } }, "other", { subresource: "status" })
    expect(Object.keys(ownersOf(entriesOf(three)))).toEqual(["a Update", "other Update/status"])
  })

  it("lets a writer replace the entries, and empty them", () => {
    const one = written(undefined, web, "a")
    const without = { ...web, metadata: { ...web.metadata } }
    expect(Apply.update({ ...base, before: one, after: without, manager: "b" })).toEqual(entriesOf(one))
    const emptied = { ...web, metadata: { ...web.metadata, managedFields: [{}] } }
    expect(Apply.update({ ...base, before: one, after: emptied, manager: "b" })).toEqual([])
    const { metadata: _, ...rest } = web
    expect(Apply.update({ ...base, before: web, after: { ...rest, metadata: {} }, manager: "b" })).toEqual([])
  })

  it("keeps at most ten updaters", () => {
    let object = written(undefined, web, "m0")
    for (let index = 1; index < 15; index++) {
      const labels = { ...((object["metadata"] as Object)["labels"] as Object), [`l${index}`]: "x" }
      const next = { ...object, metadata: { ...(object["metadata"] as Object), labels } }
      object = written(object, next, `m${index}`, { time: `2026-01-01T00:00:${10 + index}Z` })
    }
    expect(entriesOf(object)).toHaveLength(10)
    expect(ownersOf(entriesOf(object))["ancient-changes Update"]).toContain(".metadata.labels.l3")
  })
})

describe("apply", () => {
  it("owns what it says, and no more", () => {
    const one = applied(
      undefined,
      spec({ replicas: 1, template: { spec: { containers: [{ name: "a", image: "x" }] } } }),
      "a"
    )
    expect(ownersOf(entriesOf(one))).toEqual({
      "a Apply": [
        ".spec.replicas",
        '.spec.template.spec.containers[name="a"]',
        '.spec.template.spec.containers[name="a"].image',
        '.spec.template.spec.containers[name="a"].name'
      ]
    })
  })

  it("conflicts with who has another value, and takes it by force", () => {
    const one = written(undefined, web, "kubectl")
    expect(conflicts(one, spec({ replicas: 5 }), "hpa")).toEqual([
      { field: ".spec.replicas", detail: 'conflict with "kubectl" using apps/v1' }
    ])
    const two = applied(one, spec({ replicas: 5 }), "hpa", { force: true })
    expect(two["spec"]).toMatchObject({ replicas: 5 })
    expect(ownersOf(entriesOf(two))["kubectl Update"]).not.toContain(".spec.replicas")
    expect(conflicts(two, container({ name: "web", image: "httpd" }), "x")).toEqual([
      { field: '.spec.template.spec.containers[name="web"].image', detail: 'conflict with "kubectl" using apps/v1' }
    ])
  })

  it("names the subresource of an updater, and no version of an applier", () => {
    const one = written(undefined, web, "a")
    const two = written(one, { ...one, status: { replicas: 1 } }, "k", { subresource: "status" })
    expect(conflicts(two, { metadata: {}, status: { replicas: 2 } }, "x", { subresource: "status" })).toEqual([
      { field: ".status.replicas", detail: 'conflict with "k" with subresource "status" using apps/v1' }
    ])
    const three = applied(undefined, spec({ replicas: 1 }), "a")
    expect(conflicts(three, spec({ replicas: 2 }), "b")).toEqual([{ field: ".spec.replicas", detail: 'conflict with "a"' }])
  })

  it("shares a field that has the same value, which then stays until both let go", () => {
    const one = applied(undefined, spec({ replicas: 1, paused: true }), "a")
    const two = applied(one, spec({ replicas: 1 }), "b")
    const three = applied(two, { metadata: { name: "web" } }, "a")
    expect(three["spec"]).toEqual({ replicas: 1 })
    const four = applied(three, { metadata: { name: "web" } }, "b")
    expect(four["spec"]).toBeUndefined()
    expect(entriesOf(four)).toEqual([])
  })

  it("removes items and fields it no longer applies, and leaves those of others", () => {
    const env = (...names: ReadonlyArray<string>) => names.map((name) => ({ name, value: "1" }))
    const one = applied(undefined, container({ name: "web", image: "nginx", env: env("A", "B") }), "a")
    const two = applied(one, container({ name: "web", env: env("C") }), "b")
    const three = applied(two, container({ name: "web", image: "nginx", env: env("B") }), "a")
    expect(three["spec"]).toEqual({
      template: { spec: { containers: [{ name: "web", image: "nginx", env: env("B", "C") }] } }
    })
    const four = applied(three, spec({}), "a")
    expect(four["spec"]).toEqual({ template: { spec: { containers: [{ name: "web", env: env("C") }] } } })
  })

  it("finds an item by keys that it leaves to their defaults", () => {
    const ports = (port: Object) => container({ name: "web", ports: [port] })
    const two = applied(written(undefined, web, "k"), ports({ containerPort: 80, name: "http" }), "a")
    expect(two["spec"]).toMatchObject({
      template: { spec: { containers: [{ ports: [{ containerPort: 80, protocol: "TCP", name: "http" }] }] } }
    })
  })

  it("keeps the order of what is applied, with others' items between", () => {
    const containers = (...names: ReadonlyArray<string>) =>
      spec({ template: { spec: { containers: names.map((name) => ({ name })) } } })
    const one = applied(undefined, containers("a", "b", "c"), "x")
    const two = applied(one, containers("s", "c", "b"), "y")
    const names = (object: Object) =>
      JSON.stringify(object["spec"])
        .match(/"name":"(\w)"/g)
        ?.map((it) => it.at(-2))
        .join("")
    expect(new Set(names(two))).toEqual(new Set("ascb"))
    expect(names(two)?.replace("a", "")).toBe("scb")
  })

  it("records an owner for what had none", () => {
    const two = applied({ ...web, metadata: { ...web.metadata, uid: "1" } }, spec({ paused: true }), "a")
    expect(Object.keys(ownersOf(entriesOf(two)))).toEqual(["a Apply", "before-first-apply Update"])
  })

  it("lets kubectl take over from its own client-side apply", () => {
    const annotation = "kubectl.kubernetes.io/last-applied-configuration"
    const given = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web" }, spec: { replicas: 3 } }
    const live = { ...web, metadata: { ...web.metadata, annotations: { [annotation]: JSON.stringify(given) } } }
    const one = written(undefined, live, "kubectl-client-side-apply")
    expect(conflicts(one, spec({ replicas: 5 }), "flux")).toHaveLength(1)
    const two = applied(one, { ...given, spec: { replicas: 5 } }, "kubectl")
    expect(two["spec"]).toMatchObject({ replicas: 5 })
    const text = ((two["metadata"] as Object)["annotations"] as Object)[annotation]
    expect(JSON.parse(String(text))).toEqual({ ...given, spec: { replicas: 5 } })
  })

  it("refuses managed fields and items applied twice", () => {
    expect(conflicts(undefined, { metadata: { managedFields: [] } }, "a")).toBe("metadata.managedFields must be nil")
    const twice = spec({ template: { spec: { containers: [{ name: "a" }, { name: "a" }] } } })
    expect(conflicts(undefined, { ...twice, kind: "Deployment" }, "a")).toBe(
      'failed to create typed patch object (/web; apps/v1, Kind=Deployment): .spec.template.spec.containers: duplicate entries for key [name="a"]'
    )
    const unknown = { ...spec({ nope: 1 }), kind: "Deployment" }
    expect(conflicts(undefined, unknown, "a")).toMatch(/: \.spec\.nope: field not declared in schema$/)
  })
})

/** A kind with every sort of list and map. */
const Thing = Field.define("test.v1.Thing", () =>
  Field.struct({
    metadata: Field.defaulted(ObjectMetaDraft(), {}),
    spec: Field.optional(
      Field.struct({
        count: Field.optional(Field.Int32),
        text: Field.optional(Field.Text),
        map: Field.optional(Field.map(Field.Text)),
        whole: Field.optional(Field.map(Field.Text, { atomic: true })),
        set: Field.optional(Field.list(Field.Text, { list: "set" })),
        row: Field.optional(Field.list(Field.Int32)),
        items: Field.optional(
          Field.list(
            Field.struct({
              name: Field.Text,
              kind: Field.defaulted(Field.Text, "x"),
              value: Field.optional(Field.Int32),
              inner: Field.optional(Field.struct({ a: Field.optional(Field.Bool) }))
            }),
            { list: "map", keys: ["name", "kind"] }
          )
        )
      })
    )
  })
)
const shape = Shape.of(Thing())
const small = fc.integer({ min: 0, max: 3 })
const word = fc.constantFrom("a", "b", "c")
const option = { requiredKeys: [] }
const specs = fc.record(
  {
    count: small,
    text: word,
    map: fc.dictionary(word, word),
    whole: fc.dictionary(word, word),
    set: fc.uniqueArray(word),
    row: fc.array(small),
    items: fc.uniqueArray(
      fc.record(
        { name: word, kind: fc.constantFrom("x", "y"), value: small, inner: fc.record({ a: fc.boolean() }, option) },
        { requiredKeys: ["name"] }
      ),
      { selector: ({ kind = "x", name }) => `${name}/${kind}` }
    )
  },
  option
)
const things = fc.record(
  { metadata: fc.constant({ name: "t" }), spec: specs },
  { requiredKeys: ["metadata"] }
) as fc.Arbitrary<Object>
const fields = (object: Object) => {
  const { metadata: _, ...rest } = object
  return OwnedFields.of(shape, rest)
}
const ofThing = (live: Object | undefined, object: Object, manager: string) =>
  Result.getOrThrow(apply(live, object, manager, { shape, apiVersion: "test/v1", force: true }))
const owned = (object: Object, manager: string) => {
  const entry = entriesOf(object).find((one) => one.manager === manager)
  return entry === undefined ? Ownership.empty : Result.getOrThrow(Ownership.fromJson(entry.fieldsV1))
}
/** Whether the spec itself is owned depends on what is in it, and so do fields that the kind names. */
const isIn = (a: Ownership.FieldSet, b: Ownership.FieldSet) => {
  const named = Ownership.union(OwnedFields.withNamed(shape, b), Ownership.of(["f:spec"]))
  return Ownership.isEmpty(Ownership.difference(a, named))
}

describe("laws of ownership", () => {
  it("what one applies, one owns, and applying again changes nothing", () =>
    fc.assert(
      fc.property(things, things, (live, object) => {
        const once = ofThing(ofThing(undefined, live, "other"), object, "me")
        expect(Ownership.equals(owned(once, "me"), fields(object))).toBe(true)
        expect(ofThing(once, object, "me")).toEqual(once)
      })
    ))

  it("two appliers together have the union; what one lets go is as if it had never been", () =>
    fc.assert(
      fc.property(things, things, (a, b) => {
        const both = ofThing(ofThing(undefined, a, "a"), b, "b")
        expect(isIn(fields(b), fields(both))).toBe(true)
        expect(isIn(Ownership.union(owned(both, "a"), owned(both, "b")), fields(both))).toBe(true)
        const alone = ofThing(both, { metadata: { name: "t" } }, "a")
        expect(isIn(fields(b), fields(alone))).toBe(true)
        expect(Ownership.isEmpty(owned(alone, "a"))).toBe(true)
        const nothing = ofThing(alone, { metadata: { name: "t" } }, "b")
        expect(isIn(fields(nothing), Ownership.difference(fields(both), Ownership.union(fields(a), fields(b))))).toBe(true)
      })
    ))

  it("an update takes what it changes and nothing else, and every field of the result has an owner", () =>
    fc.assert(
      fc.property(things, things, (before, after) => {
        const write = { shape, apiVersion: "test/v1", time: base.time }
        const put = (old: Object | undefined, object: Object, manager: string) => written(old, object, manager, write)
        const one = put(undefined, { ...before, metadata: { name: "t", labels: { l: "1" } } }, "a")
        const two = put(one, { ...after, metadata: one["metadata"] ?? {} }, "b")
        const { added, modified, removed } = OwnedFields.compare(
          shape,
          { ...before, metadata: {} },
          { ...after, metadata: {} }
        )
        const changed = Ownership.union(added, modified)
        const kept = Ownership.difference(Ownership.difference(owned(one, "a"), changed), removed)
        expect(isIn(kept, owned(two, "a"))).toBe(true)
        expect(isIn(owned(two, "b"), Ownership.union(changed, Ownership.of(["f:spec"])))).toBe(true)
        expect(isIn(fields(after), Ownership.union(owned(two, "a"), owned(two, "b")))).toBe(true)
      })
    ))

  it("sets: union, difference and JSON", () =>
    fc.assert(
      fc.property(things, things, (a, b) => {
        const [x, y] = [fields(a), fields(b)]
        expect(Ownership.equals(Result.getOrThrow(Ownership.fromJson(structuredClone(Ownership.toJson(x)))), x)).toBe(true)
        expect(isIn(x, Ownership.union(x, y)) && isIn(y, Ownership.union(x, y))).toBe(true)
        expect(Ownership.equals(Ownership.union(Ownership.intersection(x, y), Ownership.difference(x, y)), x)).toBe(true)
        expect(OwnedFields.remove(shape, a, Ownership.empty)).toBe(a)
      })
    ))
})

describe("what nobody has described", () => {
  const open: Shape.Shape = {
    type: "object",
    atomic: false,
    preserveUnknown: true,
    fields: new Map([["metadata", { shape: Shape.of(ObjectMetaDraft()), required: false, default: {} }]])
  }
  const custom = { shape: open, apiVersion: "x/v1" }

  it("is owned field by field, and its lists as one", () => {
    const one = applied(undefined, { metadata: {}, spec: { a: { b: 1, c: [1] }, d: "x" } }, "a", custom)
    const two = applied(one, { metadata: {}, spec: { a: { e: 2 } } }, "b", custom)
    expect(two["spec"]).toEqual({ a: { b: 1, c: [1], e: 2 }, d: "x" })
    expect(conflicts(two, { metadata: {}, spec: { a: { c: [2] } } }, "b", custom)).toEqual([
      { field: ".spec.a.c", detail: 'conflict with "a"' }
    ])
    const three = applied(two, { metadata: {}, spec: { d: "x" } }, "a", custom)
    expect(three["spec"]).toEqual({ a: { e: 2 }, d: "x" })
  })
})
