/** What admission plugins are told of each way to write, and what they may do about it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Metric } from "effect"
import { Forbidden } from "../../kernel/client/Errors.ts"
import { type At, Pipeline } from "../../kernel/pipeline/Pipeline.ts"
import { type Admitted, Admissions } from "../../kernel/pipeline/Policy.ts"
import { Kinds } from "../../kernel/resource/Kinds.ts"
import { pipeline, user } from "./Pipeline.ts"

const where = Effect.fnUntraced(function* (group: string, plural: string, more: Partial<At>) {
  const found = (yield* Kinds).find(group, "v1", plural)
  if (found === undefined) return assert.fail(`${plural} is not served`)
  return { user, ...found, namespace: "default", name: "", subresource: "", ...more } satisfies At
})

const told = ({ attributes: { name, subresource }, object, old, operation, options }: Admitted) =>
  [
    operation,
    subresource,
    name,
    options?.["kind"],
    object === undefined ? "-" : (object["kind"] ?? "?"),
    old === undefined ? "-" : old["kind"]
  ].join(" ")

const map = (name: string, more: object = {}) => ({ metadata: { name }, ...more })

describe("admission", () => {
  it.effect("is told the operation, the options, and the object as the subresource has it", () =>
    Effect.gen(function* () {
      const heard: Array<string> = []
      yield* (yield* Admissions).add({
        name: "Ear",
        order: 1,
        mutate: (request) => Effect.sync(() => void heard.push(`mutate ${told(request)}`)),
        validate: (request) => Effect.sync(() => void heard.push(`validate ${told(request)}`))
      })
      const door = yield* Pipeline
      const one = yield* where("", "configmaps", { name: "a" })
      yield* door.create(yield* where("", "configmaps", {}), { metadata: { generateName: "b-" } })
      yield* door.patch(one, "apply", map("a"), { fieldManager: "m", force: true })
      yield* door.update(one, map("a", { data: { k: "v" } }), { dryRun: true })
      yield* door.patch(one, "merge", {})
      yield* door.delete(one, { uid: (yield* door.get(one)).object.metadata.uid })
      const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i" }] } }
      const spec = { selector: { matchLabels: { a: "b" } }, template }
      yield* door.create(yield* where("apps", "deployments", {}), { ...map("d"), spec })
      yield* door.patch(yield* where("apps", "deployments", { name: "d", subresource: "scale" }), "merge", {
        spec: { replicas: 4 }
      })
      yield* door.connect(yield* where("", "pods", { name: "p", subresource: "exec" }), "get", {
        apiVersion: "v1",
        kind: "PodExecOptions"
      })
      const generated = heard.splice(1, 1)[0] ?? ""
      assert.match(generated, /^validate CREATE {2}b-[a-z0-9]{5} CreateOptions ConfigMap -$/)
      assert.deepStrictEqual(heard, [
        "mutate CREATE   CreateOptions ConfigMap -",
        "mutate CREATE  a CreateOptions ConfigMap -",
        "validate CREATE  a CreateOptions ConfigMap -",
        "mutate UPDATE  a UpdateOptions ConfigMap ConfigMap",
        "validate UPDATE  a UpdateOptions ConfigMap ConfigMap",
        "mutate UPDATE  a UpdateOptions ConfigMap ConfigMap",
        "validate UPDATE  a UpdateOptions ConfigMap ConfigMap",
        "mutate DELETE  a DeleteOptions - ConfigMap",
        "validate DELETE  a DeleteOptions - ConfigMap",
        "mutate CREATE  d CreateOptions Deployment -",
        "validate CREATE  d CreateOptions Deployment -",
        "mutate UPDATE scale d UpdateOptions Scale Scale",
        "validate UPDATE scale d UpdateOptions Scale Scale",
        "mutate CONNECT exec p  PodExecOptions -",
        "validate CONNECT exec p  PodExecOptions -"
      ])
    }).pipe(Effect.scoped, Effect.provide(pipeline))
  )

  it.effect("goes a second round where asked, warns once, and takes what is wanted only at the end", () =>
    Effect.gen(function* () {
      const admissions = yield* Admissions
      const rounds: Array<string> = []
      const labelled = (object: Admitted["object"], label: string) => ({
        ...object,
        metadata: { ...Object(object?.["metadata"]), labels: { ...Object(object?.["metadata"]).labels, [label]: "yes" } }
      })
      yield* admissions.add({
        name: "First",
        order: 1,
        mutate: ({ object, round, warn }) =>
          Effect.sync(() => {
            warn("careful")
            rounds.push(`${round.isSecond} ${Object.keys(Object(object?.["metadata"]).labels ?? {}).join()}`)
            return undefined
          }),
        allocate: ({ object }) => Effect.sync(() => labelled(object, `for-${Object(object?.["metadata"]).name}`))
      })
      yield* admissions.add({
        name: "Second",
        order: 2,
        mutate: ({ object, round }) =>
          Effect.sync(() => {
            round.again()
            return labelled(object, "second")
          })
      })
      const door = yield* Pipeline
      const { row, warnings } = yield* door.create(yield* where("", "configmaps", {}), map("c"))
      assert.deepStrictEqual(rounds, ["false ", "true second"])
      assert.deepStrictEqual(warnings, ["careful"])
      assert.deepStrictEqual(row.object.metadata.labels, { second: "yes", "for-c": "yes" })
    }).pipe(Effect.scoped, Effect.provide(pipeline))
  )

  it.effect("may refuse a write that changes nothing", () =>
    Effect.gen(function* () {
      const door = yield* Pipeline
      const one = yield* where("", "configmaps", { name: "a" })
      yield* door.create(one, map("a"))
      yield* (yield* Admissions).add({
        name: "No",
        order: 1,
        validate: ({ operation }) =>
          operation === "UPDATE"
            ? Effect.fail(
                new Forbidden({ group: "", resource: "configmaps", namespace: "default", name: "a", detail: "no" })
              )
            : Effect.void
      })
      const refused = yield* Effect.flip(door.patch(one, "merge", {}))
      assert.strictEqual(refused.message, 'configmaps "a" is forbidden: no')
      const counted = (yield* Metric.snapshot)
        .filter(({ id }) => id.startsWith("apiserver_admission_"))
        .map(({ attributes, id }) => [id.split("_")[2], ...Object.values(attributes ?? {})].join(" "))
      const [create, update] = ["CREATE", "UPDATE"].map((one) => ["admit", "validate"].map((type) => `step ${type} ${one}`))
      assert.includeMembers(counted, [
        ...(create ?? []).map((one) => `${one} false`),
        `${update?.[0]} false`,
        `${update?.[1]} true`,
        "controller No validate UPDATE true"
      ])
    }).pipe(Effect.scoped, Effect.provide(pipeline))
  )
})
