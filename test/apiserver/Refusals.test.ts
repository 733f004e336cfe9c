/** What a client is told that asks for something wrong: code, reason and words are those of the upstream API server. */
import { describe, expect, it } from "@effect/vitest"
import { Context, Effect } from "effect"
import { Forbidden } from "../../kernel/client/Errors.ts"
import { Admissions } from "../../kernel/pipeline/Policy.ts"
import { type Asking, start } from "./Cluster.ts"

const configMaps = "/api/v1/namespaces/default/configmaps"
const scale = "/apis/apps/v1/namespaces/default/deployments/web/scale"
const merge = (body: unknown): Asking => ({ method: "PATCH", type: "application/merge-patch+json", body })
const steps = (...body: ReadonlyArray<unknown>): Asking => ({ method: "PATCH", type: "application/json-patch+json", body })
const put = (body: unknown): Asking => ({ method: "PUT", body })
const remove = (body: unknown): Asking => ({ method: "DELETE", body })

const inapplicable = "the server rejected our request due to an error in our request"
const otherName = "the name of the object (b) does not match the name on the URL (a)"
const otherNamespace = "the namespace of the provided object does not match the namespace sent on the request"
const noName = "the name of the object (a based on URL) was undeterminable: name must be provided"

/** Path, request, code, and the message or its beginning. */
const cases: ReadonlyArray<readonly [string, Asking, number, string]> = [
  ["/a", merge({ metadata: { name: "b" } }), 400, otherName],
  ["/a", merge({ metadata: { namespace: "b" } }), 400, otherNamespace],
  ["/a", merge({ metadata: { name: null } }), 400, noName],
  ["/a", steps({ op: "replace", path: "/metadata/name", value: "b" }), 400, otherName],
  ["/a", steps({ op: "replace", path: "/metadata/namespace", value: "b" }), 400, otherNamespace],
  [
    "/a",
    merge({ metadata: { uid: "b" } }),
    422,
    'ConfigMap "a" is invalid: metadata.uid: Invalid value: "b": field is immutable'
  ],
  ["/a", merge({ kind: "Pod" }), 422, 'ConfigMap "a" is invalid: patch: Invalid value: '],
  ["/a", merge({ data: 7 }), 422, 'ConfigMap "a" is invalid: patch: Invalid value: '],
  ["/a", steps({ op: "foo", path: "/data/x", value: "b" }), 422, inapplicable],
  ["/a", steps({ op: "remove", path: "/data/z" }), 422, inapplicable],
  ["/a", steps({ op: "add", path: "/none/z", value: "1" }), 422, inapplicable],
  ["/a", steps({ op: "test", path: "/data/x", value: "2" }), 422, inapplicable],
  ["/a", steps({ op: "move", from: "/data/q", path: "/data/x" }), 422, inapplicable],
  ["/a", steps(1), 400, "error decoding patch: "],
  ["/a", { ...steps(), body: { op: "add" } }, 400, "error decoding patch: "],
  ["/a", put({ metadata: { name: "b" } }), 400, otherName],
  ["/a", put({ metadata: { name: "a", namespace: "b" } }), 400, otherNamespace],
  ["/a", put({ data: {} }), 400, noName],
  [
    "/a",
    put({ metadata: { name: "a", resourceVersion: "abc" } }),
    400,
    'resourceVersion: Invalid value: "abc": strconv.ParseUint'
  ],
  [
    "/a",
    remove({ propagationPolicy: "Foo" }),
    422,
    'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value'
  ],
  ["/a", remove({ kind: "Pod", apiVersion: "v1" }), 400, 'no kind "Pod"'],
  ["/a", remove({ gracePeriodSeconds: "x" }), 400, ""],
  [
    "/a",
    remove({ preconditions: { uid: "x" } }),
    409,
    'Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition (x) does not match'
  ],
  [
    "/a",
    remove({ preconditions: { resourceVersion: "1" } }),
    409,
    'Operation cannot be fulfilled on ConfigMap "a": the ResourceVersion'
  ],
  ["?resourceVersion=abc", {}, 400, 'resourceVersion: Invalid value: "abc": strconv.ParseUint'],
  ["?continue=abc", {}, 400, "invalid continue token: continue key is not valid: "],
  ["?limit=x", {}, 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
  ["?resourceVersion=1&resourceVersionMatch=Foo", {}, 422, 'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch']
]

const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "a", image: "b" }] } }
const negative = 'Scale.autoscaling "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0'

describe("a refusal", () => {
  it.live("or the deletion of many comes with what admission had to say, each thing once", () =>
    Effect.gen(function* () {
      const { admin, services } = yield* start()
      for (const name of ["a", "b"]) yield* admin.ask(configMaps, { method: "POST", body: { metadata: { name } } })
      yield* Context.get(services, Admissions).add({
        name: "Loud",
        order: 1,
        validate: ({ warn }) => Effect.sync(() => warn("beware"))
      })
      const answer = yield* admin.ask(configMaps, { method: "DELETE" })
      expect([answer.code, answer.headers["warning"]]).toEqual([200, '299 - "beware"'])
    }).pipe(Effect.scoped)
  )

  it.live("comes with what admission had to say, in whatever script", () =>
    Effect.gen(function* () {
      const { admin, services } = yield* start()
      const refuse = new Forbidden({ group: "", resource: "configmaps", namespace: "default", name: "a", detail: "no" })
      yield* Context.get(services, Admissions).add({
        name: "Loud",
        order: 1,
        mutate: ({ warn }) =>
          Effect.as(
            Effect.sync(() => warn('beware of "é"')),
            undefined
          ),
        validate: () => Effect.fail(refuse)
      })
      const answer = yield* admin.ask(configMaps, { method: "POST", body: { metadata: { name: "a" } } })
      expect(answer.json.message).toBe('configmaps "a" is forbidden: no')
      const warning = Buffer.from(String(answer.headers["warning"]), "latin1").toString()
      expect(warning).toBe(String.raw`299 - "beware of \"é\""`)
    }).pipe(Effect.scoped)
  )

  it.live("says what is wrong in the words that clients know", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { admin } = yield* start()
        yield* admin.ask(configMaps, { method: "POST", body: { metadata: { name: "a" }, data: { x: "1" } } })
        for (const [path, asking, code, message] of cases) {
          const { json } = yield* admin.ask(`${configMaps}${path}`, asking)
          expect([path, asking.body, json.code, json.message]).toEqual([
            path,
            asking.body,
            code,
            expect.stringContaining(message)
          ])
        }
        expect((yield* admin.ask(`${configMaps}/a`)).json.data).toEqual({ x: "1" })
      })
    )
  )

  it.live("of a scale names the Scale", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { admin } = yield* start()
        yield* admin.ask("/apis/apps/v1/namespaces/default/deployments", {
          method: "POST",
          body: { metadata: { name: "web" }, spec: { selector: { matchLabels: { a: "b" } }, template } }
        })
        const patched = yield* admin.ask(scale, merge({ spec: { replicas: -1 } }))
        expect(patched.json).toMatchObject({
          code: 422,
          message: negative,
          details: { group: "autoscaling", kind: "Scale" }
        })
        expect((yield* admin.ask(scale, put({ metadata: { name: "web" }, spec: { replicas: -1 } }))).json.message).toBe(
          negative
        )
        expect((yield* admin.ask(scale, put({ metadata: { name: "b" }, spec: { replicas: 1 } }))).code).toBe(400)
        expect((yield* admin.ask(scale, put({ metadata: { name: "web" }, spec: { replicas: 2 } }))).code).toBe(200)
      })
    )
  )
})
