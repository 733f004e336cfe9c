/** The checks of the laws of `AuthorizationPoints`: of any plugin, with requests of somebody whom nobody knows. */
import { Effect } from "effect"
import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { type Attributes, AuthorizationPoints } from "../plugins/authorization/contracts/AuthorizationPoints.ts"
import * as Suite from "./Suite.ts"

type Points = AuthorizationPoints["Service"]

const stranger = { name: `laws-${randomBytes(12).toString("hex")}`, groups: ["system:authenticated"] }
const nothing = { user: stranger, group: "", version: "v1", resource: "", subresource: "", namespace: "", name: "" }
const requests: ReadonlyArray<Attributes> = [
  { ...nothing, verb: "get", resource: "pods", namespace: "default", name: "laws" },
  { ...nothing, verb: "create", resource: "pods", subresource: "exec", namespace: "default", name: "laws" },
  { ...nothing, verb: "delete", resource: "secrets", namespace: "kube-system", name: "laws" },
  { ...nothing, verb: "update", group: "apps", resource: "deployments", namespace: "default", name: "laws" },
  { ...nothing, verb: "list", resource: "nodes" },
  { ...nothing, verb: "get", version: "", path: "/metrics" }
]

const decisions = (points: Points) => Effect.forEach(requests, (request) => points.decide(request))

let turn = 0

export const suite = Suite.make(AuthorizationPoints, {
  "describe/same": {
    holds: Effect.gen(function* () {
      const points = yield* AuthorizationPoints
      const [first, second] = [yield* points.describe(), yield* points.describe()]
      assert.deepEqual(first, second)
      assert.ok(first.rules.length > 0, "it has no rule")
    }),
    saboteur: () => ({ describe: () => Effect.succeed({ name: "p", rules: [] }) })
  },
  "decide/same": {
    holds: Effect.gen(function* () {
      const points = yield* AuthorizationPoints
      assert.deepEqual(yield* decisions(points), yield* decisions(points))
    }),
    saboteur: () => ({
      decide: () => Effect.sync(() => ({ decision: "deny" as const, reason: `the ${turn++}th that asked` }))
    })
  },
  "decide/reason": {
    holds: Effect.gen(function* () {
      for (const { decision, reason = "" } of yield* decisions(yield* AuthorizationPoints))
        assert.ok(decision !== "deny" || reason !== "", "it denies without a word")
    }),
    saboteur: () => ({ decide: () => Effect.succeed({ decision: "deny" as const }) })
  },
  "decide/nobody": {
    holds: Effect.gen(function* () {
      const all = yield* decisions(yield* AuthorizationPoints)
      assert.ok(
        all.some(({ decision }) => decision !== "allow"),
        `${stranger.name} may do everything`
      )
    }),
    saboteur: () => ({ decide: () => Effect.succeed({ decision: "allow" as const }) })
  }
})
