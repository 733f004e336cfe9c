/** Failures as the upstream API server words them, and back: each Status was taken from kube-apiserver 1.36. */
import { assert, it } from "@effect/vitest"
import type { WireObject } from "../../kernel/client/Api.ts"
import { fromStatus, toStatus } from "../../kernel/client/Status.ts"
import { Unavailable } from "../../kernel/plugin/Contract.ts"

const status = (code: number, reason: string, message: string, details?: WireObject): WireObject => ({
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Failure",
  message,
  reason,
  ...(details !== undefined && { details }),
  code
})
const conflict = "the object has been modified; please apply your changes to the latest version and try again"
const cause = (reason: string, field: string, message: string) => ({ reason, message, field })

const upstream: Readonly<Record<string, WireObject>> = {
  NotFound: status(404, "NotFound", 'deployments.apps "x" not found', { name: "x", group: "apps", kind: "deployments" }),
  "NotFound, of the path": status(404, "NotFound", "the server could not find the requested resource", {}),
  AlreadyExists: status(409, "AlreadyExists", 'configmaps "a" already exists', { name: "a", kind: "configmaps" }),
  Conflict: status(409, "Conflict", `Operation cannot be fulfilled on configmaps "a": ${conflict}`, {
    name: "a",
    kind: "configmaps"
  }),
  ApplyConflict: status(409, "Conflict", 'Apply failed with 1 conflict: conflict with "node" using v1: .data.a', {
    causes: [cause("FieldManagerConflict", ".data.a", 'conflict with "node" using v1')]
  }),
  "Invalid, one": status(422, "Invalid", 'Pod "x" is invalid: spec.containers: Required value', {
    name: "x",
    kind: "Pod",
    causes: [cause("FieldValueRequired", "spec.containers", "Required value")]
  }),
  "Invalid, two": status(
    422,
    "Invalid",
    'Deployment.apps "x" is invalid: [a: Required value, b: Invalid value: -1: too small]',
    {
      name: "x",
      group: "apps",
      kind: "Deployment",
      causes: [
        cause("FieldValueRequired", "a", "Required value"),
        cause("FieldValueInvalid", "b", "Invalid value: -1: too small")
      ]
    }
  ),
  BadRequest: status(400, "BadRequest", "unable to parse requirement: found '=', expected: identifier"),
  Unauthorized: status(401, "Unauthorized", "Unauthorized"),
  Forbidden: status(403, "Forbidden", 'pods "x" is forbidden: no service account', { name: "x", kind: "pods" }),
  "Forbidden, a collection": status(403, "Forbidden", "pods is forbidden: not you", { kind: "pods" }),
  MethodNotAllowed: status(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {}),
  Expired: status(410, "Expired", "too old resource version: 1 (7)"),
  TooLargeResourceVersion: status(504, "Timeout", "Timeout: Too large resource version: 99, current: 7", {
    causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
    retryAfterSeconds: 1
  }),
  TooManyRequests: status(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.", {
    retryAfterSeconds: 10
  }),
  RequestTooLarge: status(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728"),
  UnsupportedMediaType: status(
    415,
    "UnsupportedMediaType",
    "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml"
  )
}

const nothing = { group: "", resource: "", namespace: "", name: "" }
for (const [name, given] of Object.entries(upstream)) {
  it(`${name} is read and worded again as it was`, () => {
    const error = fromStatus(given, nothing)
    assert.strictEqual(error._tag, name.split(",")[0])
    assert.deepStrictEqual(toStatus(error), given)
  })
}

it("conflicts of several owners are grouped by owner", () => {
  const causes = [
    cause("FieldManagerConflict", ".a", 'conflict with "x" using v1'),
    cause("FieldManagerConflict", ".b", 'conflict with "w" using v1')
  ]
  const error = fromStatus(status(409, "Conflict", "", { causes }), nothing)
  assert.strictEqual(
    toStatus(error).message,
    'Apply failed with 2 conflicts: conflicts with "w" using v1:\n- .b\nconflicts with "x" using v1:\n- .a'
  )
})

it("what no API server has said is unavailable, or what its code means", () => {
  assert.deepInclude(fromStatus("<html>bad gateway</html>", nothing, 502), { _tag: "Unavailable", applied: "unknown" })
  assert.strictEqual(fromStatus("Unauthorized", nothing, 401)._tag, "Unauthorized")
  assert.strictEqual(
    fromStatus({ kind: "Status", code: 500, reason: "InternalError", message: "etcd" }, nothing)._tag,
    "Unavailable"
  )
})

it("a write that was not done may be sent again, and one of which it is not known has to be looked for", () => {
  const lost = (applied: "no" | "unknown") => toStatus(new Unavailable({ contract: "kernel/Log", applied, cause: "away" }))
  assert.deepInclude(lost("no"), { code: 503, reason: "ServiceUnavailable" })
  assert.strictEqual(lost("no").details?.retryAfterSeconds, 1)
  assert.deepInclude(lost("unknown"), { code: 504, reason: "Timeout" })
  assert.isUndefined(lost("unknown").details?.retryAfterSeconds)
  for (const applied of ["no", "unknown"] as const) {
    assert.deepInclude(fromStatus(lost(applied), nothing), { _tag: "Unavailable", applied })
  }
})
