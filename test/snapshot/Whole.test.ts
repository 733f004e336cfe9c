/**
 * A whole server: saved, destroyed, restored into another store, moved to another one while it is written to, killed, started again. Every
 * object stays equal, and the bytes of a Secret are neither in the store's files nor in the snapshot.
 */
import { assert, it } from "@effect/vitest"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Fiber, FileSystem, Schema } from "effect"
import { execFileSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { request } from "node:https"
import * as Program from "./Program.ts"
import { left } from "../Left.ts"
import * as RawNats from "../store/RawNats.ts"

const [other, last] = ["jetstream", "sqlite"] as const

const files = Effect.provide(FileSystem.FileSystem, NodeServices.layer)
const secret = `correct horse ${randomBytes(9).toString("base64url")}`
/** Not those that somebody renews by the clock. */
const kinds = [
  "/api/v1/namespaces",
  "/api/v1/secrets",
  "/api/v1/configmaps",
  "/api/v1/serviceaccounts",
  "/api/v1/services",
  "/apis/rbac.authorization.k8s.io/v1/clusterroles",
  "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
]
const List = Schema.fromJsonString(
  Schema.Struct({
    metadata: Schema.Struct({ resourceVersion: Schema.String }),
    items: Schema.Array(Schema.Struct({ metadata: Schema.Record(Schema.String, Schema.Json) }).pipe(Schema.annotate({})))
  })
)
const Item = Schema.Struct({ metadata: Schema.Struct({ resourceVersion: Schema.String }) })
const Event = Schema.fromJsonString(
  Schema.Struct({ type: Schema.String, object: Schema.Record(Schema.String, Schema.Json) })
)

type Server = Effect.Success<ReturnType<typeof Program.make>>

/** All objects without their revisions, as text by kind. */
const state = ({ ask }: Server) =>
  Effect.map(
    Effect.forEach(kinds, (path) => ask("GET", path)),
    (answers) => answers.map(({ text }) => text.replaceAll(/"resourceVersion":"\d+",?/g, ""))
  )
const revision = ({ ask }: Server) =>
  Effect.flatMap(ask("GET", "/api/v1/configmaps"), ({ text }) =>
    Effect.map(Schema.decodeEffect(List)(text), ({ metadata }) => Number(metadata.resourceVersion))
  )

/** Changes one object 50 times a second until it is told to stop. */
const writer = Effect.fnUntraced(function* ({ ask }: Server) {
  const path = "/api/v1/namespaces/default/configmaps/written"
  const told = { stop: false, count: 0, codes: new Set<number>(), longest: 0, last: 0, back: 0 }
  const loop = Effect.gen(function* () {
    let before = Date.now()
    while (!told.stop) {
      const { code, text } = yield* ask("PATCH", path, { data: { n: `${++told.count}` } }, "application/merge-patch+json")
      told.codes.add(code)
      const now = Date.now()
      told.longest = Math.max(told.longest, now - before)
      before = now
      const { metadata } = yield* Schema.decodeEffect(Schema.fromJsonString(Item))(text)
      if (Number(metadata.resourceVersion) <= told.last) told.back++
      told.last = Number(metadata.resourceVersion)
      yield* Effect.sleep(20)
    }
  })
  return { told, fiber: yield* Effect.forkScoped(loop) }
})

/** What one watch is told, and how it ends. */
const watched = ({ agentOf }: Server, from: number) =>
  Effect.flatMap(agentOf, ({ agent, server }) =>
    Effect.callback<ReadonlyArray<string>, Error>((resume) => {
      const types: Array<string> = []
      const url = new URL(`/api/v1/namespaces/default/configmaps?watch=1&resourceVersion=${from}`, server)
      const call = request(url, { agent }, (response) => {
        let text = ""
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk
          const lines = text.split("\n")
          text = lines.pop() ?? ""
          for (const line of lines) {
            const { object, type } = Schema.decodeSync(Event)(line)
            types.push(type === "ERROR" ? `${type} ${String(object["code"])}` : type)
          }
        })
        response.on("end", () => resume(Effect.succeed(types)))
      })
      call.on("error", (error) => resume(Effect.fail(error)))
      call.end()
      return Effect.sync(() => call.destroy())
    })
  )

/** How many files below a folder have these bytes. */
const found = (folder: string, word: string) => {
  try {
    return execFileSync("grep", ["-rlaF", word, folder], { encoding: "utf8" }).split("\n").filter(Boolean)
  } catch {
    // That is how it says that there are none.
    return []
  }
}

it.live.skipIf(RawNats.lacks.length > 0)(
  `saved, destroyed, restored into another store, moved to another while it is written to, and killed${left(RawNats.lacks)}`,
  () =>
    Effect.gen(function* () {
      const fs = yield* files
      const folder = yield* fs.makeTempDirectoryScoped({ prefix: "keelson-whole-" })
      // A server that is killed leaves its store's running.
      yield* Effect.addFinalizer(() =>
        Effect.ignore(
          Effect.flatMap(fs.readFileString(`${folder}/new/store/jetstream/nats-server.pid`), (pid) =>
            Effect.try(() => process.kill(Number(pid), "SIGKILL"))
          )
        )
      )
      yield* fs.writeFileString(`${folder}/key`, randomBytes(32).toString("base64"))
      const old = yield* Program.make(`${folder}/old`)
      const first = yield* old.start("--snapshot-every", "1h", "--snapshot-to", `${folder}/kept`)
      const made = yield* old.ask("POST", "/api/v1/namespaces/default/secrets", {
        metadata: { name: "hidden" },
        stringData: { password: secret }
      })
      assert.strictEqual(made.code, 201)
      for (let at = 0; at < 30; at++) {
        const name = at === 0 ? "written" : `map-${at}`
        yield* old.ask("POST", "/api/v1/namespaces/default/configmaps", {
          metadata: { name },
          data: { at: "x".repeat(at * 50) }
        })
      }
      yield* old.ask("DELETE", "/api/v1/namespaces/default/configmaps/map-7")

      // Saved: from the server that runs, encrypted.
      const snapshot = `${folder}/one.snapshot`
      const said = yield* old.run("snapshot", "save", ...old.flags, "--key-file", `${folder}/key`, snapshot)
      assert.match(said, /every entry was unpacked and counted/)
      const before = yield* state(old)
      const reached = yield* revision(old)
      const kept = yield* fs.readDirectory(`${folder}/kept`)
      assert.match(kept.join(), /^scheduled-\d{8}T\d{6}Z\.snapshot$/)
      const { text: metrics } = yield* old.ask("GET", "/metrics")
      assert.match(metrics, /keelson_snapshot_failures_total[^\n]* 0\n/)
      assert.match(metrics, /keelson_snapshot_last_success_timestamp_seconds[^\n]* \d{10}/)
      yield* first.kill
      for (const word of [secret, Buffer.from(secret).toString("base64")]) assert.deepStrictEqual(found(folder, word), [])
      // What is stopped can be saved too, and has the same.
      const again = yield* old.run("snapshot", "save", ...old.flags, `${folder}/two.snapshot`)
      assert.match(again, /no server answers: reading SQLite/)

      // Destroyed, but for its keys; restored into another store.
      yield* fs.makeDirectory(`${folder}/new`)
      yield* fs.rename(`${folder}/old/pki`, `${folder}/new/pki`)
      yield* fs.remove(`${folder}/old`, { recursive: true })
      const fresh = yield* Program.make(`${folder}/new`)
      const into = ["snapshot", "restore", ...fresh.flags, "--store", other, snapshot]
      yield* fresh.run(...into, "--key-file", `${folder}/key`)
      const second = yield* fresh.start("--store", other)
      assert.deepStrictEqual(yield* state(fresh), before)
      const now = yield* revision(fresh)
      assert.isAbove(now, reached + 1_000_000)
      const stale = yield* fresh.ask("GET", `/api/v1/configmaps?watch=1&resourceVersion=${reached}`)
      assert.match(`${stale.code} ${stale.text}`, /410/)

      // Moved while it is written to.
      const { fiber, told } = yield* writer(fresh)
      const watching = yield* Effect.forkScoped(watched(fresh, now))
      yield* Effect.sleep(500)
      const moved = yield* fresh.run("store", "migrate", ...fresh.flags, "--store", other, "--to", last)
      assert.match(moved, /done: \d+ entries in \d+ ms; writes waited \d+ ms/)
      yield* Effect.sleep(500)
      told.stop = true
      yield* Fiber.join(fiber)
      assert.deepStrictEqual([...told.codes], [200])
      assert.strictEqual(told.back, 0)
      assert.isBelow(told.longest, 5000)
      assert.isAbove(told.last, now + 1_000_000)
      const types = yield* Fiber.join(watching)
      assert.deepStrictEqual(
        types.filter((type) => type !== "MODIFIED"),
        ["ERROR 410"]
      )
      const after = yield* state(fresh)
      yield* second.kill

      // The next start begins with the store that it was moved to, whatever it is told.
      const third = yield* fresh.start("--store", other)
      assert.deepStrictEqual(yield* state(fresh), after)
      assert.include(after.join(), `"n":"${told.count}"`)
      yield* third.kill
      for (const word of [secret, Buffer.from(secret).toString("base64")]) assert.deepStrictEqual(found(folder, word), [])
    }).pipe(Effect.scoped),
  300_000
)
