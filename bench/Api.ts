/**
 * `npm run bench`, the API beside kube-apiserver with etcd: Pods got, listed, created, patched, deleted and watched, over HTTP/2 and
 * HTTP/1.1, in JSON and protobuf, with TLS, certificates, RBAC and fairness, on stores that acknowledge what is on the disk: how many a second, how
 * long each takes, and how much processor time of the server. Arguments choose: `… bench/Api.ts get patch h2 json watch alone`.
 * The figures also go to dist/bench-api.json.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, FileSystem, Schema } from "effect"
import { fork } from "node:child_process"
import { join } from "node:path"
import * as Plan from "./api/Plan.ts"
import * as Report from "./api/Report.ts"
import * as Servers from "./api/Servers.ts"

const asked = process.argv.slice(2)
const chosen = <A extends string>(of: ReadonlyArray<A>) => {
  const some = of.filter((one) => asked.includes(one))
  return some.length > 0 ? some : of
}
const words = [...Plan.names, ...Plan.protocols, ...Plan.formats, "watch", "fill", "alone"]
const unknown = asked.filter((one) => !words.includes(one))
const isWhole = !asked.some((one) => one === "watch" || one === "fill" || Plan.names.some((name) => name === one))

const plan = {
  seconds: 1.5,
  protocols: chosen(Plan.protocols),
  formats: chosen(Plan.formats),
  operations: isWhole ? Plan.names : Plan.names.filter((name) => asked.includes(name)),
  watch: isWhole || asked.includes("watch"),
  fill: isWhole || asked.includes("fill")
}

/** The client's process ends with its answer. */
const client = (task: Plan.Task) =>
  Effect.callback<unknown, Error>((resume) => {
    const child = fork(join(import.meta.dirname, "api", "Client.ts"), [JSON.stringify(task)], {
      execArgv: ["--import", "tsx"]
    })
    child.on("message", (message) => resume(Effect.succeed(message)))
    child.on("exit", (code) => resume(Effect.fail(new Error(`the client ended with ${code}`))))
    return Effect.sync(() => child.kill())
  })

const measure = Effect.fnUntraced(function* ({ address, name, pids, ready }: Servers.Contestant) {
  yield* Console.log(`${name} was ready after ${ready.toFixed(0)} ms`)
  const message = yield* client({ ...plan, ...address, pids })
  const result = yield* Schema.decodeUnknownEffect(Plan.Result)(message)
  return { ...result, name, ready }
})

const program = Effect.gen(function* () {
  if (unknown.length > 0)
    return yield* Effect.fail(new Error(`there is no ${unknown.join(", ")}: expected some of ${words.join(", ")}`))
  const files = yield* FileSystem.FileSystem
  const directory = yield* files.makeTempDirectoryScoped({ prefix: "keelson-bench-api-" })
  // Twice: the first time V8 has compiled nothing yet, as after an installation.
  yield* Effect.scoped(Servers.keelson(join(directory, "first")))
  const ours = yield* Effect.scoped(Effect.flatMap(Servers.keelson(join(directory, "keelson")), measure))
  const theirs = asked.includes("alone")
    ? undefined
    : yield* Effect.scoped(
        Effect.gen(function* () {
          const server = yield* Servers.upstream(join(directory, "upstream"))
          if (typeof server !== "string") return yield* measure(server)
          yield* Console.log(`left out: ${server}`)
          return undefined
        })
      )
  yield* Console.log(`\n${Report.text(ours, theirs)}`)
  const file = join(import.meta.dirname, "..", "dist", "bench-api.json")
  yield* files.writeFileString(file, JSON.stringify({ ours, theirs }, null, 2))
})

NodeRuntime.runMain(Effect.scoped(program).pipe(Effect.provide(NodeServices.layer)))
