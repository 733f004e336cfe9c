/**
 * `npm run bench`, control planes that one machine hosts: how long one needs until its API is ready, and what of the machine each takes
 * while nothing happens: alone in its process, and ten together in one. Beside kube-apiserver with an etcd, without scheduler and
 * controllers.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, FileSystem, Schedule } from "effect"
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { get } from "node:https"
import { join } from "node:path"
import * as Servers from "./api/Servers.ts"
import { freePort } from "../kernel/FreePort.ts"

const isReady = (port: number) =>
  Effect.callback<void, Error>((resume) => {
    const asked = get({ port, host: "127.0.0.1", path: "/readyz", rejectUnauthorized: false, agent: false }, (answer) => {
      answer.resume()
      resume(answer.statusCode === 200 ? Effect.void : Effect.fail(new Error(`${answer.statusCode}`)))
    })
    asked.on("error", (error) => resume(Effect.fail(error)))
  })

/** MiB that a process has, and its part of what it shares. Source: proc(5). */
const memoryOf = (pid: number) =>
  Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0) / 1024
/** Hundredths of a second of a processor. */
const ticksOf = (pid: number) => {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
  const [, , , , , , , , , , , user = "0", system = "0"] = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return Number(user) + Number(system)
}

/** After a while in which nothing was asked of them. */
const idle = Effect.fnUntraced(function* (pids: ReadonlyArray<number>) {
  const ticks = () => pids.reduce((sum, pid) => sum + ticksOf(pid), 0)
  yield* Effect.sleep("20 seconds")
  const before = ticks()
  yield* Effect.sleep("20 seconds")
  return { memory: pids.reduce((sum, pid) => sum + memoryOf(pid), 0), cpu: (ticks() - before) / 20 }
})

const said = (
  name: string,
  count: number,
  ready: number,
  { cpu, memory }: { readonly memory: number; readonly cpu: number }
) =>
  Console.log(
    `${name}: ready after ${Math.round(ready)} ms; idle, each: ${(memory / count).toFixed(1)} MiB, ${(cpu / count).toFixed(2)} % of a processor`
  )

const natsOf = (directory: string) =>
  Number(readFileSync(join(directory, "hosted", "store", "nats-server.pid"), "utf8").trim())

/** So many in one process, started at once. The server of the store counts. */
const hosted = Effect.fnUntraced(function* (directory: string, count: number) {
  const names = Array.from({ length: count }, (_, at) => `t${at + 1}`)
  const start = Effect.fnUntraced(function* (name: string) {
    const port = yield* freePort
    const { args, env, program } = Servers.bundled(
      ...["server", "--data-dir", directory, "--name", name, "--node-ip", "127.0.0.1", "--node-name", "bench"],
      ...(count === 1 ? ["--api-port", `${port}`] : [])
    )
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(program, args, { env, stdio: "ignore" })),
      (child) =>
        Effect.callback<void>((resume) => {
          child.once("exit", () => resume(Effect.void))
          child.kill("SIGTERM")
        })
    )
    return { pid: child.pid ?? 0, port }
  })
  const began = performance.now()
  const { pid, port } = yield* start(names.join(","))
  const portOf = (name: string) =>
    Effect.flatMap(FileSystem.FileSystem, (fs) =>
      Effect.map(fs.readFileString(join(directory, "hosted", "control-planes", name, "hosted.json")), (text) =>
        Number(/"apiPort":(\d+)/.exec(text)?.[1] ?? port)
      )
    )
  yield* Effect.forEach(names, (name) => Effect.retry(Effect.flatMap(portOf(name), isReady), Schedule.spaced("10 millis")), {
    concurrency: "unbounded",
    discard: true
  })
  const took = performance.now() - began
  const label = count === 1 ? "keelson server --name, alone" : `keelson server --name, ${count} in one process`
  yield* said(label, count, took, yield* idle([pid, natsOf(directory)]))
}, Effect.scoped)

const program = Effect.gen(function* () {
  const files = yield* FileSystem.FileSystem
  const directory = yield* files.makeTempDirectoryScoped({ prefix: "keelson-bench-hosted-" })
  process.env["NODE_COMPILE_CACHE"] = join(directory, "v8")
  yield* hosted(join(directory, "one"), 1)
  yield* Console.log("again, with what V8 has compiled:")
  yield* hosted(join(directory, "once-more"), 1)
  yield* hosted(join(directory, "ten"), 10)
  const theirs = yield* Effect.scoped(
    Effect.gen(function* () {
      const found = yield* Servers.upstream(join(directory, "upstream"))
      if (typeof found === "string") return found
      yield* said(found.name, 1, found.ready, yield* idle(found.pids))
      return ""
    })
  )
  if (theirs !== "") yield* Console.log(theirs)
})

NodeRuntime.runMain(Effect.provide(Effect.scoped(program), NodeServices.layer))
