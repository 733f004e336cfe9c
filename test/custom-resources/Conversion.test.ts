/** Versions of a custom kind that a webhook converts: what is selected by their fields, and what admission webhooks are shown. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import * as PipelineClient from "../../kernel/client/PipelineClient.ts"
import { masters } from "../../kernel/pipeline/Attributes.ts"
import { type At, Pipeline, type WatchSink } from "../../kernel/pipeline/Pipeline.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { Kinds } from "../../kernel/resource/Kinds.ts"
import * as Webhooks from "../../plugins/admission/webhooks/Webhooks.ts"
import { ServiceClient } from "../../plugins/apiserver/contracts/ServiceClient.ts"
import * as CustomResources from "../../plugins/custom-resources/CustomResources.ts"
import * as Establishing from "../../plugins/custom-resources/Establishing.ts"
import { ValidatingWebhookConfiguration } from "../../plugins/resources/contracts/admissionregistration/v1.ts"
import { CustomResourceDefinition } from "../../plugins/resources/contracts/apiextensions/v1.ts"
import * as Backend from "../admission/Backend.ts"
import { kernel } from "../resources/Kernel.ts"

const user = { name: "tester", groups: [masters] }
const cluster = Layer.mergeAll(
  Plugin.install(CustomResources.plugin),
  Plugin.install(Establishing.plugin),
  Webhooks.layer
).pipe(
  Layer.provideMerge(ServiceClient.layer),
  Layer.provideMerge(PipelineClient.layer(user)),
  Layer.provideMerge(Layer.mergeAll(kernel, Plugin.Host.layer))
)

const group = "test.example.com"
const v1 = `${group}/v1`

// v1 has `hostPort`, v2 has `host` and `port`.
const converted = (desired: string, { host, hostPort, port, ...rest }: Backend.Asked["body"]) => {
  if (desired === v1) return { ...rest, apiVersion: desired, hostPort: `${host}:${port}` }
  const [first = "", second = ""] = String(hostPort).split(":")
  return { ...rest, apiVersion: desired, host: first, port: second }
}
const answer = ({ body, path }: Backend.Asked): Backend.Reply => {
  const { apiVersion, kind, request } = body
  if (path.startsWith("/admit")) return { apiVersion, kind, response: { uid: request.uid, allowed: true } }
  const convertedObjects = request.objects.map((object: Backend.Asked["body"]) =>
    converted(request.desiredAPIVersion, object)
  )
  return { apiVersion, kind, response: { uid: request.uid, result: { status: "Success" }, convertedObjects } }
}

const version = (name: string, storage: boolean, ...fields: ReadonlyArray<string>) => ({
  name,
  served: true,
  storage,
  schema: {
    openAPIV3Schema: {
      type: "object",
      properties: Object.fromEntries(fields.map((field) => [field, { type: "string" }]))
    }
  },
  selectableFields: fields.map((field) => ({ jsonPath: `.${field}` }))
})

const define = Effect.fnUntraced(function* ({ caBundle, url }: Backend.Backend) {
  yield* (yield* Client).create(CustomResourceDefinition, {
    metadata: { name: `hosts.${group}` },
    spec: {
      group,
      scope: "Namespaced",
      names: { plural: "hosts", kind: "Host" },
      versions: [version("v1", true, "hostPort"), version("v2", false, "host", "port")],
      conversion: {
        strategy: "Webhook",
        webhook: { clientConfig: { url: `${url}/convert`, caBundle }, conversionReviewVersions: ["v1"] }
      }
    }
  })
})

const served = Effect.fnUntraced(function* (version: string) {
  const found = (yield* Kinds).find(group, version, "hosts")
  return found === undefined ? yield* Effect.fail("not served yet") : found
})
const hosts = Effect.fnUntraced(function* (version: string, name = "") {
  const found = yield* served(version).pipe(Effect.retry(Schedule.spaced("20 millis")), Effect.timeout("30 seconds"))
  return { user, ...found, namespace: "default", name, subresource: "" } satisfies At
})
const create = Effect.fnUntraced(function* (name: string, host: string, port: string) {
  const pipeline = yield* Pipeline
  const body = { apiVersion: `${group}/v2`, kind: "Host", metadata: { name }, host, port }
  return yield* pipeline.create(yield* hosts("v2"), body)
})

const run = <A, E>(test: (backend: Backend.Backend) => Effect.Effect<A, E, Client | Kinds | Pipeline>) =>
  Effect.gen(function* () {
    const backend = yield* Backend.start(answer)
    yield* Effect.andThen(define(backend), test(backend)).pipe(Effect.provide(cluster))
  }).pipe(Effect.scoped)

/** What a watch has told so far. */
const told = () => {
  const events: Array<string> = []
  const sink: WatchSink = {
    events: (some) => events.push(...some.map(({ row, type }) => `${type} ${row.name}`)),
    bookmark: () => events.push("BOOKMARK"),
    failed: ({ message }) => events.push(message)
  }
  return { events, sink }
}
const become = (events: ReadonlyArray<string>, expected: ReadonlyArray<string>) =>
  Effect.suspend(() => (events.length < expected.length ? Effect.fail("not all is told yet") : Effect.void)).pipe(
    Effect.retry(Schedule.spaced("20 millis")),
    Effect.timeout("30 seconds"),
    Effect.andThen(Effect.sync(() => expect(events).toEqual(expected)))
  )

describe("versions that a webhook converts", () => {
  it.live("are selected by the fields that they have, in lists and watches", () =>
    run(() =>
      Effect.gen(function* () {
        const pipeline = yield* Pipeline
        yield* create("a", "one", "80")
        yield* create("b", "one", "8080")
        yield* create("c", "two", "80")
        const found = Effect.fnUntraced(function* (version: string, fieldSelector: string) {
          const { rows } = yield* pipeline.list(yield* hosts(version), { fieldSelector })
          return rows.map(({ name }) => name)
        })
        expect(yield* found("v2", "host=one")).toEqual(["a", "b"])
        expect(yield* found("v2", "host=one,port=80")).toEqual(["a"])
        expect(yield* found("v2", "host!=one")).toEqual(["c"])
        expect(yield* found("v1", "hostPort=one:8080")).toEqual(["b"])

        const [second, first] = [told(), told()]
        const options = { sendInitialEvents: true, bookmarks: true }
        const at = { v1: yield* hosts("v1"), v2: yield* hosts("v2") }
        yield* pipeline.watch(at.v2, { ...options, fieldSelector: "host=one" }, second.sink)
        yield* pipeline.watch(at.v1, { ...options, fieldSelector: "hostPort=one:80" }, first.sink)
        yield* create("d", "one", "9")
        yield* create("e", "two", "9")
        yield* pipeline.patch(yield* hosts("v2", "b"), "merge", { host: "two" })
        yield* pipeline.delete(yield* hosts("v1", "a"))
        yield* become(second.events, ["ADDED a", "ADDED b", "BOOKMARK", "ADDED d", "DELETED b", "DELETED a"])
        yield* become(first.events, ["ADDED a", "BOOKMARK", "DELETED a"])
      }).pipe(Effect.scoped)
    )
  )

  it.live("are shown to admission webhooks as these want them", () =>
    run(({ asked, caBundle, url }) =>
      Effect.gen(function* () {
        const pipeline = yield* Pipeline
        yield* (yield* Client).create(ValidatingWebhookConfiguration, {
          metadata: { name: "hosts" },
          webhooks: ["a", "b"].map((name) => ({
            name: `${name}.example.com`,
            clientConfig: { url: `${url}/admit`, caBundle },
            admissionReviewVersions: ["v1"],
            sideEffects: "None",
            rules: [{ apiGroups: [group], apiVersions: ["v2"], operations: ["CREATE", "DELETE"], resources: ["hosts"] }]
          }))
        })
        yield* pipeline.create(yield* hosts("v1"), {
          apiVersion: v1,
          kind: "Host",
          metadata: { name: "a" },
          hostPort: "x:1"
        })
        yield* pipeline.delete(yield* hosts("v1", "a"))
        const [created, , deleted] = asked.filter(({ path }) => path.startsWith("/admit")).map(({ body }) => body.request)
        expect(created).toMatchObject({
          kind: { group, version: "v2", kind: "Host" },
          requestKind: { group, version: "v1", kind: "Host" },
          object: { apiVersion: `${group}/v2`, kind: "Host", host: "x", port: "1" }
        })
        expect(created.object).not.toHaveProperty("hostPort")
        expect(deleted).toMatchObject({ object: null, oldObject: { apiVersion: `${group}/v2`, host: "x", port: "1" } })
      })
    )
  )
})
