/** Controllers from outside: the laws, what one does as its own user, and that of two servers one runs it, until the other leads. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer, Option, Schedule } from "effect"
import { join } from "node:path"
import * as ReconcilerSuite from "../../../conformance/Reconciler.ts"
import * as MemoryLog from "../../../kernel/store/memory/MemoryLog.ts"
import { Plugin } from "../../../plugins/packages/contracts/v1alpha1.ts"
import { ConfigMap, Namespace } from "../../../plugins/resources/contracts/core/v1.ts"
import { sabotage, verify } from "../../Verify.ts"
import { server } from "../Servers.ts"
import * as Asking from "./Asking.ts"
import { offered } from "./Offered.ts"

const suite = ReconcilerSuite.suite
verify("in-process", suite, offered(suite.contract, "controller-contact", "in-process"))
verify("worker", suite, offered(suite.contract, "controller-contact", "worker"))
sabotage(suite, offered(suite.contract, "controller-contact", "in-process"))

const soon = <E>(effect: Effect.Effect<boolean, E>, what: string) =>
  Effect.flatMap(effect, (holds) => (holds ? Effect.void : Effect.fail(new Error(what)))).pipe(
    Effect.retry({ schedule: Schedule.spaced("50 millis"), times: 1200 })
  )

const contacts = Effect.gen(function* () {
  const { client } = yield* Asking.make
  const at = { namespace: "sea", name: "contact" }
  const who = Effect.map(client.find(ConfigMap, at), (found) => Option.getOrUndefined(found)?.data?.["who"])
  const becomes = (wanted: string | undefined) =>
    soon(
      Effect.map(who, (is) => is === wanted),
      `it is not ${wanted}`
    )
  yield* client.create(Namespace, { metadata: { name: "sea", labels: { contact: "ada" } } })
  yield* Asking.load(client, "controller-contact")
  yield* becomes("ada")
  // What it owns is mended, and what it follows is followed.
  yield* client.patch(ConfigMap, at, "merge", { data: { who: "eve" } })
  yield* becomes("ada")
  yield* client.delete(ConfigMap, at)
  yield* becomes("ada")
  yield* client.patch(Namespace, { namespace: "", name: "sea" }, "merge", { metadata: { labels: { contact: "bob" } } })
  yield* becomes("bob")
  yield* client.patch(Namespace, { namespace: "", name: "sea" }, "merge", { metadata: { labels: { contact: null } } })
  yield* becomes(undefined)
})

const manifest = {
  name: "signs",
  version: "1.0.0",
  module: "plugin.ts",
  offers: [{ contract: "controllers/Reconciler", version: "^1.0.0" }],
  needs: [{ contract: "kernel/Api", version: "^1.0.0" }],
  permissions: {
    rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list", "watch", "patch"] }]
  }
}
/** Says on each ConfigMap that asks for it which of it was there. */
const signs = `
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import * as ControllerPlugin from "keelson/controllers/ControllerPlugin"
import { Client } from "keelson/kernel/client/Client"
import { ConfigMap } from "keelson/resources/core/v1"

const me = randomUUID()
export const plugin = ControllerPlugin.make({
  name: "signs",
  for: { group: "", version: "v1", resource: "configmaps" },
  reconcile: Effect.fnUntraced(function* (key) {
    const client = yield* Client
    const found = yield* client.find(ConfigMap, key)
    if (found._tag === "None" || found.value.metadata.labels?.["sign"] === undefined) return
    if (me in (found.value.data ?? {})) return
    yield* client.patch(ConfigMap, key, "merge", { data: { [me]: "was here" } })
  })
})
`

const oneOfTwo = Effect.gen(function* () {
  const files = yield* FileSystem.FileSystem
  const home = yield* files.makeTempDirectoryScoped({ prefix: "keelson-controllers-" })
  const directory = join(home, "signs")
  yield* files.makeDirectory(directory)
  yield* files.writeFileString(join(directory, "keelson.json"), JSON.stringify(manifest))
  yield* files.writeFileString(join(directory, "plugin.ts"), signs)
  const log = Layer.succeedContext(yield* Layer.build(MemoryLog.layer))
  const first = yield* server(home, "a", log)
  const { client, end } = yield* server(home, "b", log)
  yield* first.client.create(Plugin, { metadata: { name: "signs" }, spec: { source: { path: directory } } })
  const signed = Effect.fnUntraced(function* (name: string) {
    const key = { namespace: "default", name }
    yield* Effect.ignore(client.create(ConfigMap, { metadata: { ...key, labels: { sign: "please" } } }))
    yield* soon(
      Effect.map(client.get(ConfigMap, key), ({ data = {} }) => Object.keys(data).length > 0),
      `${name} is not signed`
    )
    return Object.keys((yield* client.get(ConfigMap, key)).data ?? {})
  })
  const before = yield* signed("one")
  assert.deepStrictEqual(yield* signed("two"), before)
  assert.strictEqual(before.length, 1)
  yield* first.end
  const after = yield* signed("three")
  assert.strictEqual(after.length, 1)
  assert.notDeepEqual(after, before)
  // The one that began anew looks at what there is; nobody else did meanwhile.
  yield* soon(
    Effect.map(
      client.get(ConfigMap, { namespace: "default", name: "two" }),
      ({ data = {} }) => Object.keys(data).length === 2
    ),
    "two is not looked at again"
  )
  yield* end
})

describe("controllers from outside", () => {
  it.live(
    "are told of what changes, and act as their own user",
    () => contacts.pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    120_000
  )
  it.live(
    "run in one of two servers, and in the other when that leads",
    () => oneOfTwo.pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    120_000
  )
})
