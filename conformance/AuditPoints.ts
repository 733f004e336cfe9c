/** The checks of the laws of `AuditPoints`: of any sink, with events of requests that nobody made. */
import { Effect } from "effect"
import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import type { WireObject } from "../kernel/client/Api.ts"
import { AuditPoints, most } from "../plugins/audit/contracts/AuditPoints.ts"
import * as Suite from "./Suite.ts"

const time = "2026-01-01T00:00:00.000000Z"

const event = (index: number): WireObject => ({
  kind: "Event",
  apiVersion: "audit.k8s.io/v1",
  level: "RequestResponse",
  auditID: randomUUID(),
  stage: "ResponseComplete",
  requestURI: `/api/v1/namespaces/laws/configmaps/laws-${index}`,
  verb: "delete",
  user: { username: "laws", groups: ["system:authenticated"] },
  sourceIPs: ["192.0.2.1"],
  userAgent: "laws",
  objectRef: { resource: "configmaps", namespace: "laws", name: `laws-${index}`, apiVersion: "v1" },
  responseStatus: { metadata: {}, status: "Success", code: 200 },
  responseObject: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success" },
  requestReceivedTimestamp: time,
  stageTimestamp: time,
  annotations: { "authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": "" }
})
const events = Array.from({ length: most }, (_, index) => event(index))

let turn = 0
const few = 10
const seen = new Set<unknown>()

export const suite = Suite.make(AuditPoints, {
  "describe/same": {
    holds: Effect.gen(function* () {
      const points = yield* AuditPoints
      assert.deepEqual(yield* points.describe(), yield* points.describe())
    }),
    saboteur: () => ({ describe: () => Effect.sync(() => ({ name: `p${turn++}` })) })
  },
  "write/many": {
    holds: Suite.inTime(Effect.flatMap(AuditPoints, (points) => points.write({ events }))),
    saboteur: () => ({ write: ({ events }) => (events.length > few ? Effect.die("too many") : Effect.void) })
  },
  "write/again": {
    holds: Effect.gen(function* () {
      const points = yield* AuditPoints
      const some = events.slice(0, few)
      yield* Suite.inTime(points.write({ events: some }))
      yield* Suite.inTime(points.write({ events: some }))
    }),
    saboteur: () => ({
      write: ({ events }) =>
        Effect.suspend(() => {
          const isKnown = events.some(({ auditID }) => seen.has(auditID))
          for (const { auditID } of events) seen.add(auditID)
          return isKnown ? Effect.die("again") : Effect.void
        })
    })
  },
  "write/none": {
    holds: Suite.inTime(Effect.flatMap(AuditPoints, (points) => points.write({ events: [] }))),
    saboteur: () => ({ write: ({ events }) => (events.length === 0 ? Effect.die("none") : Effect.void) })
  }
})
