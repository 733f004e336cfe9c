/** An API server as a child, on SQLite in a folder of its own, open to everybody, and what it tells of itself. */
import { Effect, Schedule, Schema } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs"
import { request } from "node:https"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { freePort } from "../../kernel/FreePort.ts"

export class ServerFailed extends Schema.TaggedError<ServerFailed>()("ServerFailed", { message: Schema.String }) {}

const Figures = Schema.Struct({
  /** Of the event loop since it was last asked, in milliseconds. */
  longest: Schema.Finite,
  p99: Schema.Finite,
  heapUsed: Schema.Finite,
  rss: Schema.Finite
})
export type Figures = typeof Figures.Type
const decode = Schema.decodeUnknownEffect(Figures)

const root = join(import.meta.dirname, "../..")
const program = (directory: string, port: number) => [
  ...["--expose-gc", "--enable-source-maps", "--import", "tsx", "--import", join(import.meta.dirname, "Monitor.mjs")],
  ...[join(root, "bin/KubeApiserver.ts"), `--cert-dir=${directory}`, `--secure-port=${port}`, "--bind-address=127.0.0.1"],
  ...["--authorization-mode=AlwaysAllow", "--disable-admission-plugins=ServiceAccount"]
]

const isReady = (port: number) =>
  Effect.callback<boolean>((resume) => {
    const call = request({ host: "127.0.0.1", port, path: "/readyz", rejectUnauthorized: false, agent: false }, (answer) => {
      answer.resume()
      resume(Effect.succeed(answer.statusCode === 200))
    })
    call.on("error", () => resume(Effect.succeed(false))).end()
  })

/** Ended, and its folder removed, with the scope. */
export const start = Effect.fnUntraced(function* () {
  const port = yield* freePort
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "keelson-soak-"))),
    (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
  )
  const logFile = join(directory, "server.log")
  const log = openSync(logFile, "a")
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, program(directory, port), { cwd: root, stdio: ["ignore", log, log, "ipc"], detached: true })
    ),
    (child) =>
      Effect.promise(async () => {
        if (child.exitCode !== null || child.signalCode !== null) return
        child.kill("SIGKILL")
        await once(child, "exit")
      })
  )
  const said = () => readFileSync(logFile, "utf8")
  const isAlive = () => child.exitCode === null && child.signalCode === null
  const failed = (what: string) => new ServerFailed({ message: `${what}:\n${said().slice(-3000)}` })
  yield* Effect.suspend(() => (isAlive() ? isReady(port) : Effect.fail(failed("the server ended")))).pipe(
    Effect.repeat({ schedule: Schedule.spaced("100 millis"), until: (is) => is }),
    Effect.timeoutOrElse({ duration: "60 seconds", orElse: () => Effect.fail(failed("the server did not come up")) })
  )
  /** `collect`: after everything has been let go that nobody needs. */
  const figures = Effect.fnUntraced(function* (collect: boolean) {
    if (!isAlive()) return yield* failed("the server ended")
    const answered = Effect.callback<unknown>((resume) => {
      child.once("message", (message) => resume(Effect.succeed(message)))
      child.send(collect ? "collect" : "tell")
    })
    return yield* Effect.orDie(Effect.flatMap(answered, decode))
  })
  return { port, isAlive, figures, said }
})
