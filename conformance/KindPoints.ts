/** The checks of the laws of `KindPoints`: of any plugin, with its own definitions, and objects that are hardly anything. */
import { Effect } from "effect"
import assert from "node:assert/strict"
import { KindPoints } from "../plugins/custom-resources/contracts/KindPoints.ts"
import * as Suite from "./Suite.ts"

const object = { apiVersion: "laws.example/v1", kind: "Law", metadata: { name: "laws", namespace: "default" }, spec: {} }

const definitions = Effect.gen(function* () {
  const { definitions } = yield* (yield* KindPoints).describe()
  return definitions.map((definition) => {
    const spec = Object(definition["spec"])
    return { definition, group: String(spec.group), resource: String(Object(spec.names).plural) }
  })
})

let turn = 0

export const suite = Suite.make(KindPoints, {
  "describe/same": {
    holds: Effect.gen(function* () {
      const points = yield* KindPoints
      const [first, second] = [yield* points.describe(), yield* points.describe()]
      assert.deepEqual(first, second)
      assert.ok(first.definitions.length > 0, "it has no kind")
    }),
    saboteur: () => ({ describe: () => Effect.succeed({ name: "p", definitions: [] }) })
  },
  "describe/definitions": {
    holds: Effect.map(definitions, (all) => {
      for (const { definition, group, resource } of all) {
        assert.equal(definition["kind"], "CustomResourceDefinition")
        assert.equal(Object(definition["metadata"]).name, `${resource}.${group}`)
      }
    }),
    saboteur: () => ({ describe: () => Effect.succeed({ name: "p", definitions: [{ kind: "Pod" }] }) })
  },
  "validate/same": {
    holds: Effect.gen(function* () {
      const points = yield* KindPoints
      for (const { group, resource } of yield* definitions) {
        const asked = { group, resource, object }
        assert.deepEqual(yield* points.validate(asked), yield* points.validate(asked))
      }
    }),
    saboteur: () => ({ validate: () => Effect.sync(() => ({ mistakes: [{ field: "spec", message: `${turn++}` }] })) })
  },
  "validate/others": {
    holds: Effect.gen(function* () {
      const points = yield* KindPoints
      const { mistakes } = yield* points.validate({ group: "laws.example", resource: "laws", object })
      assert.deepEqual(mistakes, [])
    }),
    saboteur: () => ({ validate: () => Effect.succeed({ mistakes: [{ field: "spec", message: "no" }] }) })
  }
})
