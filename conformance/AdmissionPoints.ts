/** The checks of the laws of `AdmissionPoints`: of any plugin, with a Pod, a ConfigMap and a Deployment such as somebody might write. */
import { Effect } from "effect"
import assert from "node:assert/strict"
import type { WireObject } from "../kernel/client/Api.ts"
import { AdmissionPoints, Refused, type Request } from "../plugins/admission/contracts/AdmissionPoints.ts"
import * as Suite from "./Suite.ts"

type Points = AdmissionPoints["Service"]

const template = { containers: [{ name: "c", image: "busybox:1" }] }
const labels = { app: "laws" }
const objects: ReadonlyArray<WireObject> = [
  { apiVersion: "v1", kind: "Pod", metadata: { name: "laws", namespace: "default", labels }, spec: template },
  { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "laws", namespace: "default" }, data: { a: "b" } },
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "laws", namespace: "default" },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: template } }
  }
]
const plurals: { readonly [kind: string]: string } = { Pod: "pods", ConfigMap: "configmaps", Deployment: "deployments" }

const requestOf = (object: WireObject): Request => {
  const [version = "", group = ""] = String(object["apiVersion"]).split("/").reverse()
  const kind = String(object["kind"])
  const about = { group, version, kind, resource: plurals[kind] ?? "", subresource: "", namespace: "default", name: "laws" }
  return { ...about, user: { name: "laws", groups: ["system:authenticated"] }, operation: "CREATE", dryRun: true, object }
}

/** What it makes of a write; a write that it refuses it need not change. */
const changed = (points: Points, request: Request) =>
  points.mutate(request).pipe(
    Effect.map(({ object }) => object ?? request.object),
    Effect.catchTag("Refused", () => Effect.succeed(request.object))
  )

const each = (check: (points: Points, request: Request) => Effect.Effect<void, unknown>) =>
  Effect.flatMap(AdmissionPoints, (points) =>
    Effect.forEach(objects, (object) => check(points, requestOf(object)), { discard: true })
  )

const identity = (object: WireObject | undefined) => {
  const { name, namespace }: { readonly name?: unknown; readonly namespace?: unknown } = Object(object?.["metadata"])
  return [object?.["apiVersion"], object?.["kind"], name, namespace]
}

let turn = 0
const renamed = (object: WireObject | undefined): WireObject => ({ ...object, metadata: { name: `laws-${turn++}` } })

export const suite = Suite.make(AdmissionPoints, {
  "describe/same": {
    holds: Effect.gen(function* () {
      const points = yield* AdmissionPoints
      const [first, second] = [yield* points.describe(), yield* points.describe()]
      assert.deepEqual(first, second)
      assert.ok(first.rules.length > 0, "it has no rule")
      assert.ok(first.points.length > 0, "it has no point")
    }),
    saboteur: () => ({ describe: () => Effect.succeed({ name: "p", rules: [], points: [] }) })
  },
  "mutate/again": {
    holds: each(
      Effect.fnUntraced(function* (points, request) {
        const once = yield* changed(points, request)
        if (once === undefined) return
        assert.deepEqual(yield* changed(points, { ...request, object: once }), once)
      })
    ),
    saboteur: () => ({ mutate: ({ object }) => Effect.sync(() => ({ object: { ...object, data: { turn: turn++ } } })) })
  },
  "mutate/own": {
    holds: each(
      Effect.fnUntraced(function* (points, request) {
        assert.deepEqual(identity(yield* changed(points, request)), identity(request.object))
      })
    ),
    saboteur: () => ({ mutate: ({ object }) => Effect.sync(() => ({ object: renamed(object) })) })
  },
  "validate/same": {
    holds: each(
      Effect.fnUntraced(function* (points, request) {
        const [first, second] = [yield* Effect.exit(points.validate(request)), yield* Effect.exit(points.validate(request))]
        assert.deepEqual(first, second)
      })
    ),
    saboteur: () => ({
      validate: () =>
        Effect.suspend(() => (turn++ % 2 === 0 ? Effect.succeed({}) : Effect.fail(new Refused({ message: "no" }))))
    })
  }
})
