/** Policies against a real pipeline: whom they are about, what they refuse, warn of and change. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Metric, Result, type Schema } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import * as PipelineClient from "../../kernel/client/PipelineClient.ts"
import { Actions } from "../../kernel/pipeline/Actions.ts"
import { masters } from "../../kernel/pipeline/Attributes.ts"
import * as PipelineLayer from "../../kernel/pipeline/layer.ts"
import type { Pipeline } from "../../kernel/pipeline/Pipeline.ts"
import * as Policy from "../../kernel/pipeline/Policy.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { Kinds } from "../../kernel/resource/Kinds.ts"
import * as MemoryLog from "../../kernel/store/memory/MemoryLog.ts"
import * as Tables from "../../kernel/table/Tables.ts"
import * as Policies from "../../plugins/admission/policies/Policies.ts"
import {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  type MutatingAdmissionPolicySpecDraft,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  type ValidatingAdmissionPolicyBindingSpecDraft,
  type ValidatingAdmissionPolicySpecDraft
} from "../../plugins/resources/contracts/admissionregistration/v1.ts"
import { ConfigMap, Namespace } from "../../plugins/resources/contracts/core/v1.ts"
import * as Resources from "../../plugins/resources/Resources.ts"

const user = { name: "jane", groups: [masters] }
const kernel = PipelineClient.layer(user).pipe(
  Layer.provideMerge(PipelineLayer.layer),
  Layer.provideMerge(Tables.layer),
  Layer.provideMerge(MemoryLog.layer),
  Layer.provideMerge(Layer.mergeAll(Kinds.layer, Policy.layer, Actions.layer, Plugin.Host.layer))
)
const cluster = Policies.layer.pipe(Layer.provideMerge(Plugin.install(Resources.plugin)), Layer.provideMerge(kernel))

const matchConstraints = {
  resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: ["configmaps"] }]
}

const validating = Effect.fnUntraced(function* (
  spec: ValidatingAdmissionPolicySpecDraft,
  binding: Partial<ValidatingAdmissionPolicyBindingSpecDraft> = {}
) {
  const client = yield* Client
  const metadata = { name: "policy" }
  yield* client.create(ValidatingAdmissionPolicy, { metadata, spec: { matchConstraints, ...spec } })
  yield* client.create(ValidatingAdmissionPolicyBinding, {
    metadata: { name: "binding" },
    spec: { policyName: "policy", validationActions: ["Deny"], ...binding }
  })
})
const mutating = Effect.fnUntraced(function* (name: string, spec: MutatingAdmissionPolicySpecDraft) {
  const client = yield* Client
  yield* client.create(MutatingAdmissionPolicy, {
    metadata: { name },
    spec: { matchConstraints, reinvocationPolicy: "Never", ...spec }
  })
  yield* client.create(MutatingAdmissionPolicyBinding, { metadata: { name }, spec: { policyName: name } })
})

const create = Effect.fnUntraced(function* (name: string, data: { readonly [key: string]: string } = {}, namespace = "dev") {
  const result = yield* Effect.result((yield* Client).create(ConfigMap, { metadata: { name, namespace }, data }))
  return Result.isSuccess(result) ? result.success : result.failure.message
})

const run = <A, E>(test: Effect.Effect<A, E, Client | Pipeline | Kinds>) =>
  Effect.gen(function* () {
    const client = yield* Client
    yield* client.create(Namespace, { metadata: { name: "dev", labels: { team: "a" } } })
    yield* client.create(Namespace, { metadata: { name: "other" } })
    yield* test
  }).pipe(Effect.provide(cluster))

const denied = (why: string, name = "x") =>
  `configmaps "${name}" is forbidden: ValidatingAdmissionPolicy 'policy' with binding 'binding' denied request: ${why}`

const counted = (name: string) =>
  Effect.map(Metric.snapshot, (all) =>
    all.filter(({ id }) => id === `apiserver_${name}_admission_policy_check_total`).map(({ attributes }) => attributes)
  )

describe("a validating policy", () => {
  it.effect("refuses with the message of its expression", () =>
    run(
      Effect.gen(function* () {
        yield* validating({
          variables: [{ name: "count", expression: "object.?data.orValue({}).size()" }],
          validations: [{ expression: "variables.count < 2", messageExpression: "'not ' + string(variables.count)" }]
        })
        assert.isObject(yield* create("ok", { a: "1" }))
        assert.strictEqual(yield* create("x", { a: "1", b: "2" }), denied("not 2"))
        const about = { policy: "policy", policy_binding: "binding" }
        const unmet = { ...about, error_type: "invalid_error", enforcement_action: "deny" }
        assert.deepStrictEqual(yield* counted("validating"), [unmet])
      })
    )
  )
  it.effect("is only about what its conditions, selectors and bindings mean", () =>
    run(
      Effect.gen(function* () {
        yield* validating(
          {
            matchConditions: [{ name: "no-skip", expression: "!object.metadata.name.startsWith('skip')" }],
            validations: [{ expression: "false" }]
          },
          { matchResources: { namespaceSelector: { matchLabels: { team: "a" } } } }
        )
        assert.strictEqual(yield* create("x"), denied("failed expression: false"))
        assert.isObject(yield* create("skip-me"))
        assert.isObject(yield* create("x", {}, "other"))
      })
    )
  )
  it.effect("takes parameters, and may refuse what has none", () =>
    run(
      Effect.gen(function* () {
        yield* create("limits", { most: "3" }, "other")
        const paramRef = { name: "limits", namespace: "other", parameterNotFoundAction: "Deny" }
        yield* validating(
          {
            paramKind: { apiVersion: "v1", kind: "ConfigMap" },
            matchConditions: [{ name: "dev", expression: "request.namespace == 'dev'" }],
            validations: [{ expression: "object.data.size() <= int(params.data.most)", message: "too many" }]
          },
          { paramRef }
        )
        assert.isObject(yield* create("ok", { a: "1" }))
        assert.strictEqual(yield* create("x", { a: "", b: "", c: "", d: "" }), denied("too many"))
        yield* (yield* Client).delete(ConfigMap, { namespace: "other", name: "limits" })
        const why = "failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction"
        assert.strictEqual(yield* create("x", { a: "1" }), denied(why))
      })
    )
  )
  it.effect("sees the namespace, the writer and what the writer may do", () =>
    run(
      Effect.gen(function* () {
        const expression =
          "namespaceObject.metadata.labels.team == 'a' && request.userInfo.username == 'jane' && authorizer.requestResource.check('delete').allowed()"
        yield* validating({ validations: [{ expression }] })
        assert.isObject(yield* create("ok"))
      })
    )
  )
  it.effect("that fails is left out if it says so", () =>
    run(
      Effect.gen(function* () {
        yield* validating({ failurePolicy: "Ignore", validations: [{ expression: "object.nothing.here == 1" }] })
        assert.isObject(yield* create("ok"))
      })
    )
  )
  it.effect("that fails refuses otherwise", () =>
    run(
      Effect.gen(function* () {
        yield* validating({ validations: [{ expression: "object.nothing == 1" }] })
        assert.strictEqual(
          yield* create("x"),
          denied("expression 'object.nothing == 1' resulted in error: no such key: nothing")
        )
      })
    )
  )
  it.effect("with mistakes is refused itself", () =>
    run(
      Effect.gen(function* () {
        const refused = yield* Effect.flip(validating({ validations: [{ expression: "object.a +" }] }))
        assert.match(
          refused.message,
          /spec\.validations\[0\]\.expression: Invalid value: "object\.a \+": compilation failed: ERROR/
        )
      })
    )
  )
})

describe("a mutating policy", () => {
  const apply = (expression: string) => ({ patchType: "ApplyConfiguration", applyConfiguration: { expression } })
  const patch = (expression: string) => ({ patchType: "JSONPatch", jsonPatch: { expression } })
  const dataOf = (made: ConfigMap | string) => (typeof made === "string" ? made : made.data)

  it.effect("merges configurations and applies patches, one after another", () =>
    run(
      Effect.gen(function* () {
        yield* mutating("a", {
          mutations: [
            apply("Object{data: {'by': request.userInfo.username}}"),
            patch("[JSONPatch{op: 'add', path: '/data/' + jsonpatch.escapeKey('k'), value: object.data.by + '!'}]")
          ]
        })
        assert.deepStrictEqual(dataOf(yield* create("x", { a: "1" })), { a: "1", by: "jane", k: "jane!" })
        assert.deepStrictEqual(yield* counted("mutating"), [{ policy: "a", policy_binding: "a", error_type: "no_error" }])
      })
    )
  )
  it.effect("is asked again when another has changed what it saw, if it wants", () =>
    run(
      Effect.gen(function* () {
        const seen = apply("Object{data: {'seen': string(object.data.size())}}")
        yield* mutating("a", { reinvocationPolicy: "IfNeeded", mutations: [seen] })
        yield* mutating("b", { mutations: [apply("Object{data: {'b': 'here'}}")] })
        assert.deepStrictEqual(dataOf(yield* create("x", { a: "1" })), { a: "1", b: "here", seen: "3" })
      })
    )
  )
  it.effect("may not replace as a whole what others fill", () =>
    run(
      Effect.gen(function* () {
        yield* mutating("a", { mutations: [apply("Object{metadata: Object.metadata{ownerReferences: Object.spec{}}}")] })
        const refused = dataOf(yield* create("x", { a: "1" }))
        assert.match(String(refused), /policy 'a' with binding 'a' denied request: type mismatch/)
      })
    )
  )
  it.effect("whose test fails changes nothing", () =>
    run(
      Effect.gen(function* () {
        const test = "JSONPatch{op: 'test', path: '/data/a', value: 'no'}"
        yield* mutating("a", { mutations: [patch(`[${test}, JSONPatch{op: 'add', path: '/data/b', value: 'x'}]`)] })
        assert.deepStrictEqual(dataOf(yield* create("x", { a: "1" })), { a: "1" } satisfies Schema.JsonObject)
      })
    )
  )
})
