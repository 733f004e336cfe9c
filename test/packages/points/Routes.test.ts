/** Paths of plugins from outside: the laws, who may ask, answers that go on, and paths that are not theirs. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, FileSystem } from "effect"
import { request } from "node:https"
import { join } from "node:path"
import * as RouteSuite from "../../../conformance/RoutePoints.ts"
import { Plugin } from "../../../plugins/packages/contracts/v1alpha1.ts"
import { Pod } from "../../../plugins/resources/contracts/core/v1.ts"
import { sabotage, verify } from "../../Verify.ts"
import * as Asking from "./Asking.ts"
import { offered } from "./Offered.ts"

const suite = RouteSuite.suite
verify("in-process", suite, offered(suite.contract, "routes-pods", "in-process"))
verify("worker", suite, offered(suite.contract, "routes-pods", "worker"))
sabotage(suite, offered(suite.contract, "routes-pods", "in-process"))

/** What has come when `holds` is satisfied with it; then the client goes. */
const heard = ({ api }: Asking.Asking, path: string, holds: (text: string) => boolean) =>
  Effect.callback<string, Error>((resume) => {
    const { ca, cert, key, server } = api
    const asked = request(`${server}${path}`, { ca, cert, key, agent: false }, (answer) => {
      let text = ""
      answer.on("data", (chunk: Buffer) => {
        text += chunk.toString()
        if (holds(text)) resume(Effect.succeed(text))
      })
      answer.on("end", () => resume(Effect.fail(new Error(`it ended with ${text}`))))
      answer.on("error", (error) => resume(Effect.fail(error)))
    })
    asked.on("error", (error) => resume(Effect.fail(error)))
    asked.end()
    return Effect.sync(() => asked.destroy())
  }).pipe(Effect.timeout("30 seconds"))

const written = Effect.fnUntraced(function* (name: string, prefix: string) {
  const files = yield* FileSystem.FileSystem
  const home = yield* files.makeTempDirectoryScoped({ prefix: "keelson-routes-" })
  const offers = [{ contract: "apiserver/RoutePoints", version: "^1.0.0" }]
  const code = `
import { Effect } from "effect"
import * as RoutesPlugin from "keelson/apiserver/RoutesPlugin"
const handle = ({ body, method, path, query, user }) =>
  Effect.succeed(RoutesPlugin.json({ method, path, query, user: user.name, body: new TextDecoder().decode(body) }, 418))
export const plugin = RoutesPlugin.make({ name: "${name}", routes: { "${prefix}": handle } })
`
  yield* files.writeFileString(
    join(home, "keelson.json"),
    JSON.stringify({ name, version: "1.0.0", module: "plugin.ts", offers })
  )
  yield* files.writeFileString(join(home, "plugin.ts"), code)
  return home
})

const story = Effect.gen(function* () {
  const cluster = yield* Asking.make
  const { ask, client } = cluster
  const path = "/plugins/routes-pods"
  yield* Asking.load(client, "routes-pods")
  const first = yield* Asking.until("the page", ask({ path }), ({ code }) => code === 200)
  assert.match(String(first.headers["content-type"]), /^text\/plain/)
  const refused = yield* ask({ path, isAnonymous: true })
  assert.strictEqual(refused.code, 403)
  assert.match(refused.text, /cannot get path/)
  assert.strictEqual((yield* ask({ path: `${path}/nothing` })).code, 404)
  assert.strictEqual((yield* ask({ path: "/plugins/other" })).code, 404)
  // It goes on while things change, and ends with its reader.
  const changes = yield* Effect.forkScoped(heard(cluster, `${path}/watch`, (text) => text.includes("none yet 1")))
  yield* client.create(Pod, {
    metadata: { namespace: "default", name: "a" },
    spec: { containers: [{ name: "c", image: "i" }], schedulerName: "nobody" }
  })
  yield* Fiber.join(changes)

  yield* Asking.load(client, "things", { directory: yield* written("things", "/apis/things.example/v1") })
  const thing = { method: "POST", path: "/apis/things.example/v1/namespaces/default/things?a=b", body: { x: 1 } }
  const { body } = yield* Asking.until("the API of a plugin", ask(thing), ({ code }) => code === 418)
  assert.deepStrictEqual(body, {
    method: "POST",
    path: "/apis/things.example/v1/namespaces/default/things",
    query: "a=b",
    user: "kubernetes-admin",
    body: '{"x":1}'
  })
  const unasked = yield* ask({ ...thing, isAnonymous: true })
  assert.match(String(unasked.body["message"]), /cannot create resource "things" in API group "things.example"/)

  const greedy = yield* written("greedy", "/apis/apps/v1")
  yield* client.create(Plugin, { metadata: { name: "greedy" }, spec: { source: { path: greedy } } })
  const why = "greedy wants to serve /apis/apps/v1: apps/v1 is served already"
  const status = ask({ path: "/apis/plugins.keelson.io/v1alpha1/plugins/greedy" })
  yield* Asking.until("refused", status, ({ text }) => text.includes(why))
})

describe("paths of plugins", () => {
  it.live(
    "are served to whoever may ask for them",
    () => story.pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    120_000
  )
})
