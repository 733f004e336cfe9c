/** Webhooks against a real pipeline: whom they are asked about, what they are told, and what follows of what they say. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, type Schema } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import * as PipelineClient from "../../kernel/client/PipelineClient.ts"
import { Actions } from "../../kernel/pipeline/Actions.ts"
import { masters } from "../../kernel/pipeline/Attributes.ts"
import * as PipelineLayer from "../../kernel/pipeline/layer.ts"
import { type At, Pipeline } from "../../kernel/pipeline/Pipeline.ts"
import * as Policy from "../../kernel/pipeline/Policy.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { Kinds } from "../../kernel/resource/Kinds.ts"
import * as MemoryLog from "../../kernel/store/memory/MemoryLog.ts"
import * as Tables from "../../kernel/table/Tables.ts"
import * as Webhooks from "../../plugins/admission/webhooks/Webhooks.ts"
import { ServiceClient } from "../../plugins/apiserver/contracts/ServiceClient.ts"
import {
  MutatingWebhookConfiguration,
  type MutatingWebhookDraft,
  ValidatingWebhookConfiguration
} from "../../plugins/resources/contracts/admissionregistration/v1.ts"
import { Namespace } from "../../plugins/resources/contracts/core/v1.ts"
import * as Resources from "../../plugins/resources/Resources.ts"
import * as Backend from "./Backend.ts"

const user = { name: "jane", groups: [masters] }
const kernel = Layer.mergeAll(PipelineClient.layer(user)).pipe(
  Layer.provideMerge(PipelineLayer.layer),
  Layer.provideMerge(Tables.layer),
  Layer.provideMerge(MemoryLog.layer),
  Layer.provideMerge(Layer.mergeAll(Kinds.layer, Policy.layer, Actions.layer, Plugin.Host.layer))
)
const cluster = Webhooks.layer.pipe(
  Layer.provideMerge(ServiceClient.layer),
  Layer.provideMerge(Plugin.install(Resources.plugin)),
  Layer.provideMerge(kernel)
)

const where = Effect.fnUntraced(function* (group: string, version: string, plural: string, more: Partial<At> = {}) {
  const found = (yield* Kinds).find(group, version, plural)
  if (found === undefined) return assert.fail(`${plural} is not served`)
  return { user, ...found, namespace: "dev", name: "", subresource: "", ...more } satisfies At
})

const rule = (resources: ReadonlyArray<string>, more: object = {}) => ({
  apiGroups: ["*"],
  apiVersions: ["*"],
  operations: ["*"],
  resources,
  ...more
})
const hook = (backend: Backend.Backend, path: string, more: Partial<MutatingWebhookDraft> = {}): MutatingWebhookDraft => ({
  name: `${path}.example.com`,
  clientConfig: { url: `${backend.url}/${path}`, caBundle: backend.caBundle },
  admissionReviewVersions: ["v1"],
  sideEffects: "None",
  rules: [rule(["configmaps"])],
  ...more
})

const allow = ({ body }: Backend.Asked, more: Schema.JsonObject = {}) => ({
  ...{ apiVersion: body.apiVersion, kind: body.kind },
  response: { uid: body.request.uid, allowed: true, ...more }
})
const patch = (asked: Backend.Asked, ...steps: ReadonlyArray<Schema.JsonObject>) =>
  allow(asked, { patchType: "JSONPatch", patch: Buffer.from(JSON.stringify(steps)).toString("base64") })

const map = (name: string, data: object = {}) => ({ metadata: { name }, data: { ...data } })

const run = <A, E>(
  answer: (asked: Backend.Asked) => Backend.Reply,
  test: (backend: Backend.Backend) => Effect.Effect<A, E, Client | Pipeline | Kinds>
) =>
  Effect.gen(function* () {
    const backend = yield* Backend.start(answer)
    yield* Effect.gen(function* () {
      const client = yield* Client
      yield* client.create(Namespace, { metadata: { name: "dev", labels: { team: "a" } } })
      yield* test(backend)
    }).pipe(Effect.provide(cluster))
  }).pipe(Effect.scoped)

const register = Effect.fnUntraced(function* (type: "mutating" | "validating", ...webhooks: Array<MutatingWebhookDraft>) {
  const client = yield* Client
  const metadata = { generateName: `${type}-` }
  yield* type === "mutating"
    ? client.create(MutatingWebhookConfiguration, { metadata, webhooks })
    : client.create(ValidatingWebhookConfiguration, {
        metadata,
        webhooks: webhooks.map(({ reinvocationPolicy: _, ...webhook }) => webhook)
      })
})

const create = Effect.fnUntraced(function* (body: object, options: object = {}) {
  return yield* (yield* Pipeline).create(yield* where("", "v1", "configmaps"), { ...body }, options)
})
const refused = (...args: Parameters<typeof create>) => Effect.map(Effect.flip(create(...args)), ({ message }) => message)

describe("a validating webhook", () => {
  it.live("refuses in its own words, is told everything, and may warn", () =>
    run(
      (asked) =>
        asked.body.request.object?.data?.deny === undefined
          ? allow(asked, { warnings: ["careful"] })
          : allow(asked, {
              allowed: false,
              warnings: ["careful"],
              status: { message: "not this one", reason: "Odd", code: 418, details: { causes: [{ message: "x" }] } }
            }),
      (backend) =>
        Effect.gen(function* () {
          yield* register("validating", hook(backend, "check"))
          const made = yield* create(map("a"), { fieldManager: "me", dryRun: true })
          assert.deepStrictEqual(made.warnings, ["careful"])
          const { request } = backend.asked[0]?.body ?? {}
          const { object, uid, ...rest } = request
          assert.deepStrictEqual(rest, {
            kind: { group: "", version: "v1", kind: "ConfigMap" },
            resource: { group: "", version: "v1", resource: "configmaps" },
            requestKind: { group: "", version: "v1", kind: "ConfigMap" },
            requestResource: { group: "", version: "v1", resource: "configmaps" },
            name: "a",
            namespace: "dev",
            operation: "CREATE",
            userInfo: { username: "jane", groups: ["system:masters"] },
            oldObject: null,
            dryRun: true,
            options: { kind: "CreateOptions", apiVersion: "meta.k8s.io/v1", dryRun: ["All"], fieldManager: "me" }
          })
          assert.strictEqual(object.metadata.name, "a")
          assert.match(uid, /^[0-9a-f-]{36}$/)
          const error = yield* Effect.flip(create(map("b", { deny: "yes" })))
          assert.deepInclude(error, {
            _tag: "StatusError",
            code: 418,
            reason: "Odd",
            detail: 'admission webhook "check.example.com" denied the request: not this one',
            details: { causes: [{ message: "x" }] }
          })
        })
    )
  )

  it.live("is asked about deletions, subresources, and connections; never about configurations of webhooks", () =>
    run(
      (asked) => allow(asked, { allowed: false }),
      (backend) =>
        Effect.gen(function* () {
          yield* create(map("a"))
          yield* register(
            "validating",
            hook(backend, "all", { rules: [rule(["*/*"], { operations: ["DELETE", "CONNECT", "UPDATE"] })] }),
            hook(backend, "more")
          )
          const door = yield* Pipeline
          const no = 'admission webhook "all.example.com" denied the request without explanation'
          const config = yield* where("", "v1", "configmaps", { name: "a" })
          assert.strictEqual((yield* Effect.flip(door.delete(config))).message, no)
          const pod = yield* where("", "v1", "pods", { name: "p", subresource: "exec" })
          const options = { apiVersion: "v1", kind: "PodExecOptions", stdin: true }
          assert.strictEqual((yield* Effect.flip(door.connect(pod, "get", options))).message, no)
          const heard = backend.asked.map(({ body }) => body.request).filter(({ resource }) => resource.resource === "pods")
          assert.deepInclude(heard[0], {
            kind: { group: "", version: "v1", kind: "PodExecOptions" },
            subResource: "exec",
            operation: "CONNECT",
            object: options,
            options: null
          })
          const hooks = "validatingwebhookconfigurations"
          yield* door.deleteCollection(yield* where("admissionregistration.k8s.io", "v1", hooks, { namespace: "" }), {})
          yield* door.delete(config)
        })
    )
  )

  it.live("that cannot be asked is left out or refuses, as its failure policy says", () =>
    run(
      ({ path }) => (path.startsWith("/slow") ? undefined : path.startsWith("/odd") ? { response: { uid: "x" } } : 500),
      (backend) =>
        Effect.gen(function* () {
          const only = (label: string) => ({ objectSelector: { matchLabels: { ask: label } } })
          yield* register(
            "validating",
            hook(backend, "slow", { ...only("slow"), timeoutSeconds: 1 }),
            hook(backend, "broken", only("broken")),
            hook(backend, "odd", only("odd")),
            hook(backend, "open", { ...only("open"), failurePolicy: "Ignore" })
          )
          const labelled = (ask: string) => ({ metadata: { name: ask, labels: { ask } } })
          const failed = (name: string) => `Internal error occurred: failed calling webhook "${name}.example.com": `
          assert.strictEqual(
            yield* refused(labelled("slow")),
            `${failed("slow")}failed to call webhook: Post "${backend.url}/slow?timeout=1s": context deadline exceeded`
          )
          assert.strictEqual(
            yield* refused(labelled("broken")),
            `${failed("broken")}failed to call webhook: an error on the server ("unknown") has prevented the request from succeeding`
          )
          assert.match(
            yield* refused(labelled("odd")),
            /: received invalid webhook response: expected response.uid="[0-9a-f-]+", got "x"$/
          )
          yield* create(labelled("open"))
        })
    )
  )
})

describe("a webhook with match conditions", () => {
  it.live("is asked only where they hold; one that fails refuses, unless it may be left out", () =>
    run(
      (asked) => allow(asked, { allowed: false }),
      (backend) =>
        Effect.gen(function* () {
          const when = (expression: string) => ({ matchConditions: [{ name: "c", expression }] })
          yield* register(
            "validating",
            hook(backend, "named", when("object.metadata.name == 'a' && request.operation == 'CREATE'")),
            hook(backend, "open", { ...when("object.data.missing == 'x'"), failurePolicy: "Ignore" })
          )
          assert.match(yield* refused(map("a")), /^admission webhook "named.example.com" denied the request/)
          yield* create(map("b"))
          yield* register("validating", hook(backend, "closed", when("object.data.missing == 'x'")))
          assert.match(yield* refused(map("c")), /^configmaps "c" is forbidden: .*no such key: data$/)
        })
    )
  )
})

describe("a mutating webhook", () => {
  it.live("changes what the next one sees, and is asked again if it wants to", () =>
    run(
      (asked) => {
        const { data = {} } = asked.body.request.object
        const stage = asked.path.split("?")[0]?.slice(1) ?? ""
        if (stage === "second") return patch(asked, { op: "add", path: "/data/second", value: "yes" })
        const seen = Object.keys(data).toSorted().join("-")
        return patch(asked, { op: "add", path: `/data/${stage}-saw-${seen}`, value: "" })
      },
      (backend) =>
        Effect.gen(function* () {
          yield* register(
            "mutating",
            hook(backend, "first", { reinvocationPolicy: "IfNeeded" }),
            hook(backend, "never"),
            hook(backend, "second", { namespaceSelector: { matchLabels: { team: "a" } } }),
            hook(backend, "other", { namespaceSelector: { matchLabels: { team: "b" } } })
          )
          const { row } = yield* create(map("a", { k: "" }))
          assert.deepStrictEqual(
            backend.asked.map(({ path }) => path.split("?")[0]),
            ["/first", "/never", "/second", "/first"]
          )
          assert.deepStrictEqual(Object.keys(Object(row.wire["data"])).toSorted(), [
            "first-saw-first-saw-k-k-never-saw-first-saw-k-k-second",
            "first-saw-k",
            "k",
            "never-saw-first-saw-k-k",
            "second"
          ])
        })
    )
  )

  it.live("sees the version that its rules name, and what it adds gets its defaults", () =>
    run(
      (asked) =>
        patch(asked, { op: "add", path: "/spec/metrics", value: [] }, { op: "add", path: "/spec/maxReplicas", value: 7 }),
      (backend) =>
        Effect.gen(function* () {
          yield* register(
            "mutating",
            hook(backend, "hpa", {
              rules: [rule(["horizontalpodautoscalers"], { apiGroups: ["autoscaling"], apiVersions: ["v1"] })]
            })
          )
          const spec = { maxReplicas: 3, scaleTargetRef: { kind: "Deployment", name: "d", apiVersion: "apps/v1" } }
          const at = yield* where("autoscaling", "v2", "horizontalpodautoscalers")
          const { row } = yield* (yield* Pipeline).create(at, { metadata: { name: "a" }, spec })
          const { request } = backend.asked[0]?.body ?? {}
          assert.deepStrictEqual(
            [request.kind.version, request.requestKind.version, request.object.apiVersion],
            ["v1", "v2", "autoscaling/v1"]
          )
          assert.strictEqual(Object(row.wire["spec"]).maxReplicas, 7)
        })
    )
  )

  it.live("that patches what it may not is an error of the server", () =>
    run(
      (asked) => patch(asked, { op: "remove", path: "/spec/nothing" }),
      (backend) =>
        Effect.gen(function* () {
          yield* create(map("there"))
          yield* register("mutating", hook(backend, "bad"))
          assert.match(yield* refused(map("a")), /^Internal error occurred: /)
          const gone = yield* Effect.flip((yield* Pipeline).delete(yield* where("", "v1", "configmaps", { name: "there" })))
          assert.strictEqual(
            gone.message,
            'Internal error occurred: admission webhook "bad.example.com" attempted to modify the object, which is not supported for this operation'
          )
        })
    )
  )
})
