/** The audit log: which rule a request is under, the events of a story as upstream's API server tells them, the file, the webhook, a plugin. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, FileSystem, Layer, Schedule } from "effect"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { stringify } from "yaml"
import * as AuditSuite from "../../../conformance/AuditPoints.ts"
import { freePort } from "../../../kernel/FreePort.ts"
import * as ControlPlane from "../../../bin/ControlPlane.ts"
import * as Keys from "../../../bin/Keys.ts"
import * as Paths from "../../../bin/Paths.ts"
import * as Ready from "../../../bin/Ready.ts"
import * as Server from "../../../bin/Server.ts"
import * as Settings from "../../../bin/Settings.ts"
import { Client } from "../../../kernel/client/Client.ts"
import * as MemoryLog from "../../../kernel/store/memory/MemoryLog.ts"
import type { Event } from "../../../plugins/audit/contracts/Auditor.ts"
import * as LogFile from "../../../plugins/audit/LogFile.ts"
import * as PolicyFile from "../../../plugins/audit/PolicyFile.ts"
import { ConfigMap, Namespace } from "../../../plugins/resources/contracts/core/v1.ts"
import { sabotage, verify } from "../../Verify.ts"
import * as Asking from "./Asking.ts"
import { offered } from "./Offered.ts"

const suite = AuditSuite.suite
verify("in-process", suite, offered(suite.contract, "audit-deletions", "in-process"))
verify("worker", suite, offered(suite.contract, "audit-deletions", "worker"))
sabotage(suite, offered(suite.contract, "audit-deletions", "in-process"))

const policy = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  rules: [
    { level: "None", users: ["system:apiserver"] },
    { level: "Metadata", resources: [{ group: "", resources: ["secrets"] }] },
    {
      level: "RequestResponse",
      resources: [{ group: "", resources: ["configmaps"] }],
      omitManagedFields: true,
      omitStages: ["RequestReceived"]
    },
    { level: "None", nonResourceURLs: ["/*"] },
    { level: "None", verbs: ["get", "list", "watch"] },
    { level: "Metadata" }
  ]
}

/** A control plane with an audit log, and a server that events are posted to. */
const audited = Effect.gen(function* () {
  const files = yield* FileSystem.FileSystem
  const home = yield* files.makeTempDirectoryScoped({ prefix: "keelson-audit-" })
  const posted: Array<Event> = []
  const server = createServer((request, response) => {
    let text = ""
    request.on("data", (chunk: Buffer) => (text += chunk.toString()))
    request.on("end", () => {
      const { items, kind } = Object(JSON.parse(text))
      assert.strictEqual(kind, "EventList")
      posted.push(...items)
      response.end()
    })
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () => Effect.sync(() => void server.close())
  )
  const { port }: AddressInfo = Object(server.address())
  yield* files.writeFileString(join(home, "policy.yaml"), stringify(policy))
  const webhook = {
    clusters: [{ name: "c", cluster: { server: `http://127.0.0.1:${port}/` } }],
    contexts: [{ name: "c", context: { cluster: "c" } }],
    "current-context": "c"
  }
  yield* files.writeFileString(join(home, "webhook.yaml"), stringify(webhook))
  const settings: Settings.Settings = {
    ...Settings.defaults(),
    dataDir: join(home, "data"),
    nodeName: "n1",
    nodeIp: "127.0.0.1",
    apiPort: yield* freePort,
    store: "memory",
    auditPolicyFile: join(home, "policy.yaml"),
    auditLogPath: join(home, "audit.log"),
    auditWebhookConfigFile: join(home, "webhook.yaml"),
    auditWebhookBatchMaxWait: "100ms"
  }
  const paths = Paths.make(settings.dataDir, settings.nodeName)
  const keys = yield* Keys.openServer(settings, paths)
  const options = yield* Server.optionsOf(settings, paths)
  yield* Layer.build(ControlPlane.alone({ ...options, scheduler: false, log: MemoryLog.layer }))
  const client = yield* Effect.provide(Client, yield* Layer.build(Ready.client(settings, keys)))
  const events = (): ReadonlyArray<Event> =>
    readFileSync(settings.auditLogPath, "utf8")
      .split("\n")
      .flatMap((line) => (line === "" ? [] : [Object(JSON.parse(line))]))
  return { client, events, posted }
})

const key = { namespace: "default", name: "a" }
const field = (event: Event, name: string): Record<string, unknown> => Object(event[name])

const story = Effect.gen(function* () {
  const { client, events, posted } = yield* audited
  const created = yield* client.create(ConfigMap, { metadata: key, data: { x: "y" } })
  yield* Effect.flip(client.create(ConfigMap, { metadata: key }))
  yield* client.patch(ConfigMap, key, "merge", { data: { z: "1" } })
  yield* client.delete(ConfigMap, key)
  const mine = events().filter(
    (event) => Object(event["objectRef"]).resource === "configmaps" && Object(event["user"]).username === "kubernetes-admin"
  )
  assert.deepStrictEqual(
    mine.map((event) => [event["verb"], event["stage"], event["level"], field(event, "responseStatus")["code"]]),
    [
      ["create", "ResponseComplete", "RequestResponse", 201],
      ["create", "ResponseComplete", "RequestResponse", 409],
      ["patch", "ResponseComplete", "RequestResponse", 200],
      ["delete", "ResponseComplete", "RequestResponse", 200]
    ]
  )
  const [first, second, third, fourth] = mine
  if (first === undefined || second === undefined || third === undefined || fourth === undefined) return
  assert.deepStrictEqual(Object.keys(first), [
    "kind",
    "apiVersion",
    "level",
    "auditID",
    "stage",
    "requestURI",
    "verb",
    "user",
    "sourceIPs",
    "userAgent",
    "objectRef",
    "responseStatus",
    "requestObject",
    "responseObject",
    "requestReceivedTimestamp",
    "stageTimestamp",
    "annotations"
  ])
  assert.deepStrictEqual(first["objectRef"], {
    resource: "configmaps",
    namespace: "default",
    name: "a",
    apiVersion: "v1"
  })
  assert.deepStrictEqual(first["annotations"], {
    "authorization.k8s.io/decision": "allow",
    "authorization.k8s.io/reason": ""
  })
  const { managedFields: _, ...metadata } = created.metadata
  assert.deepStrictEqual(Object(first["responseObject"]).metadata, { ...metadata })
  assert.deepStrictEqual(second["responseStatus"], {
    metadata: {},
    status: "Failure",
    message: 'configmaps "a" already exists',
    reason: "AlreadyExists",
    details: { name: "a", kind: "configmaps" },
    code: 409
  })
  assert.deepStrictEqual(third["requestObject"], { data: { z: "1" } })
  assert.strictEqual(field(fourth, "responseStatus")["status"], "Success")
  // The same events, later and elsewhere.
  const known = () => new Set(posted.map((event) => `${String(event["auditID"])} ${String(event["stage"])}`))
  yield* Effect.suspend(() =>
    events().every((event) => known().has(`${String(event["auditID"])} ${String(event["stage"])}`))
      ? Effect.void
      : Effect.fail(new Error("the webhook does not get what the file has"))
  ).pipe(Effect.retry({ schedule: Schedule.spaced("100 millis"), times: 300 }))
})

const watches = Effect.gen(function* () {
  const cluster = yield* Asking.make
  const { ask, client } = cluster
  assert.isUndefined((yield* ask({ path: "/version" })).headers["audit-id"])
  yield* Asking.load(client, "audit-deletions")
  yield* client.create(Namespace, { metadata: { name: "told" } })
  yield* client.create(ConfigMap, { metadata: { namespace: "told", name: "a" } })
  yield* Asking.until(
    "it tells who deletes",
    Effect.andThen(
      ask({ method: "DELETE", path: "/api/v1/namespaces/told/configmaps/a" }),
      ask({ path: "/api/v1/namespaces/told" })
    ),
    ({ body }) => Object(Object(body["metadata"]).annotations)["last-deletion"] === "configmaps/a by kubernetes-admin"
  )
})

describe("the audit log", () => {
  it.live(
    "tells of requests as its policy wants it, in a file and to a server",
    () => story.pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    120_000
  )

  it.live(
    "is told to a plugin, which wants no file",
    () => watches.pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    120_000
  )

  it.live("puts a file aside when it is large, and keeps as many as were wanted", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const home = yield* files.makeTempDirectoryScoped({ prefix: "keelson-audit-" })
      const path = join(home, "audit.log")
      const lost: Array<number> = []
      const options = { path, format: "json", maxSize: 1, maxBackup: 2, maxAge: 0, compress: false } as const
      const write = yield* LogFile.make({ ...options, lost: (count) => lost.push(count) })
      const event: Event = { text: "x".repeat(600 * 1024) }
      for (let index = 0; index < 6; index++) {
        write([event])
        const before = yield* Clock.currentTimeMillis
        // Their names are times.
        while ((yield* Clock.currentTimeMillis) === before) yield* Effect.yieldNow
      }
      const all = readdirSync(home)
      assert.strictEqual(all.length, 3)
      assert.strictEqual(all.filter((name) => /^audit-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}\.log$/.test(name)).length, 2)
      assert.deepStrictEqual(lost, [])
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.effect.each([
    ["rules: []", "policy: loaded illegal policy with 0 rules"],
    ["rules: [{level: Everything}]", /^policy: rules\.0\.level: /],
    ["rules: [{level: None, nonResourceURLs: [a]}]", /must begin with a '\/' character$/]
  ] as const)("refuses a policy: %s", ([rules, words]) =>
    Effect.gen(function* () {
      const text = `apiVersion: audit.k8s.io/v1\nkind: Policy\n${rules}\n`
      const { message } = yield* Effect.flip(PolicyFile.read(text, "policy"))
      if (typeof words === "string") assert.strictEqual(message, words)
      else assert.match(message, words)
    })
  )
})
