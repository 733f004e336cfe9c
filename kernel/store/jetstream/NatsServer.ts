/**
 * A nats-server as a supervised child: configured for a log that survives power cuts, reachable from this machine only and with
 * a password of this run, started again when it dies, and ended with the scope.
 */
import { NodeServices } from "@effect/platform-node"
import { Effect, FileSystem, Layer, type PlatformError, Result, Schedule, Schema, type Scope } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import { randomBytes } from "node:crypto"
import { createServer } from "node:net"
import type { Log } from "../Log.ts"
import type { NatsUnfit } from "./JetStream.ts"
import * as JetStreamLog from "./JetStreamLog.ts"
import type { NatsUnreachable } from "./Nats.ts"
import * as NatsBinary from "./NatsBinary.ts"
import { type NatsServerInUse, stopForgotten } from "./NatsForgotten.ts"

export interface Options {
  /** Its data, configuration and log. */
  readonly directory: string
  /** Of its loopback listener; a free one if absent. */
  readonly port?: number
  /** The server's binary; without it one is looked for, see `NatsBinary`. */
  readonly binary?: string
  readonly cluster?: string
}

export class NatsServerFailed extends Schema.TaggedError<NatsServerFailed>()("NatsServerFailed", {
  directory: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `the nats-server of ${this.directory} could not be started: ${this.reason}`
  }
}

/** Files of a server's directory. */
const at = (directory: string) => ({
  config: `${directory}/nats-server.conf`,
  log: `${directory}/nats-server.log`,
  pid: `${directory}/nats-server.pid`,
  owner: `${directory}/owner.pid`,
  store: `${directory}/data`
})

const freePort = Effect.callback<number, Error>((resume) => {
  const server = createServer()
  server.on("error", (error) => resume(Effect.fail(error)))
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() =>
      resume(
        typeof address === "object" && address ? Effect.succeed(address.port) : Effect.fail(new Error("no port is free"))
      )
    )
  })
})

interface Access {
  readonly port: number
  readonly monitor: number
  readonly user: string
  readonly password: string
}

/** JSON's strings are strings of its configuration too. */
const configurationOf = (directory: string, { monitor, password, port, user }: Access) => `server_name: keelson
listen: "127.0.0.1:${port}"
http: "127.0.0.1:${monitor}"
pid_file: ${JSON.stringify(at(directory).pid)}
log_file: ${JSON.stringify(at(directory).log)}
logfile_size_limit: 10MB
logfile_max_num: 3
max_payload: 4MB
authorization { user: ${JSON.stringify(user)}, password: ${JSON.stringify(password)} }
jetstream { store_dir: ${JSON.stringify(at(directory).store)}, sync_interval: always }
`

/** Not part of our process group: Ctrl-C reaches us, and we end it when all that use it have ended. */
const command = (binary: string, directory: string) =>
  ChildProcess.make(binary, ["--config", at(directory).config], {
    env: { GOMEMLIMIT: "768MiB" },
    extendEnv: true,
    detached: true,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
    killSignal: "SIGTERM",
    forceKillAfter: "15 seconds"
  })

const isReady = (monitor: number) =>
  Effect.tryPromise(() => fetch(`http://127.0.0.1:${monitor}/healthz`, { signal: AbortSignal.timeout(2000) })).pipe(
    Effect.filterOrFail(({ ok }) => ok)
  )

const lastLines = (log: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const text = yield* Effect.orElseSucceed(fs.readFileString(log), () => "")
    const bad = text
      .trim()
      .split("\n")
      .filter((line) => /\[(ERR|FTL)\]/.test(line))
    return bad.slice(-3).join("; ") || "it says nothing in its log"
  })

/** Starts it for ever. Done when it is ready for the first time. */
const supervise = Effect.fnUntraced(function* (binary: string, directory: string, { monitor }: Access) {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const once = Effect.flatMap(spawner.spawn(command(binary, directory)), ({ exitCode }) => Effect.result(exitCode))
  const failed = (reason: string) => new NatsServerFailed({ directory, reason })
  const first = yield* spawner.spawn(command(binary, directory))
  yield* isReady(monitor).pipe(
    Effect.retry(Schedule.spaced("25 millis")),
    Effect.timeoutOrElse({ duration: "60 seconds", orElse: () => Effect.fail("it is not ready after 60 seconds") }),
    Effect.raceFirst(Effect.andThen(Effect.result(first.exitCode), Effect.fail("it ended at once"))),
    Effect.catch((why) => Effect.flatMap(lastLines(at(directory).log), (lines) => failed(`${String(why)}: ${lines}`)))
  )
  const died = (how: Result.Result<number, PlatformError.PlatformError>) =>
    Effect.logError(
      `nats-server has ended (${Result.isSuccess(how) ? `exit code ${how.success}` : how.failure.message}) and is started again`
    )
  const again = Effect.scoped(once).pipe(
    Effect.tapError((error) => Effect.logError("nats-server cannot be started", error)),
    Effect.result,
    Effect.flatMap((how) => (Result.isSuccess(how) ? died(how.success) : Effect.void)),
    Effect.repeat(Schedule.spaced("500 millis"))
  )
  yield* Effect.result(first.exitCode).pipe(Effect.flatMap(died), Effect.andThen(again), Effect.forkScoped)
})

/** Starts a server; it ends with the scope. */
export const start: (
  options: Options
) => Effect.Effect<
  JetStreamLog.Options,
  NatsBinary.NatsServerMissing | NatsServerFailed | NatsServerInUse,
  Scope.Scope | NodeServices.NodeServices
> = Effect.fnUntraced(function* ({ binary, cluster = "keelson", directory, port }) {
  const fs = yield* FileSystem.FileSystem
  const found = yield* NatsBinary.find(binary)
  const access = yield* Effect.gen(function* () {
    yield* fs.makeDirectory(at(directory).store, { recursive: true, mode: 0o700 })
    yield* fs.chmod(directory, 0o700)
    const [own, monitor] = [port ?? (yield* freePort), yield* freePort]
    return { port: own, monitor, user: "keelson", password: randomBytes(24).toString("hex") }
  }).pipe(Effect.mapError(({ message }) => new NatsServerFailed({ directory, reason: message })))
  yield* stopForgotten({ directory, ...at(directory) })
  yield* fs.writeFileString(at(directory).config, configurationOf(directory, access), { mode: 0o600 }).pipe(
    Effect.andThen(fs.remove(at(directory).log, { force: true })),
    Effect.andThen(fs.writeFileString(at(directory).owner, `${process.pid}`)),
    Effect.mapError(({ message }) => new NatsServerFailed({ directory, reason: message }))
  )
  yield* supervise(found, directory, access).pipe(
    Effect.catchTag("PlatformError", ({ message }) => new NatsServerFailed({ directory, reason: message }))
  )
  return {
    servers: `nats://127.0.0.1:${access.port}`,
    user: access.user,
    password: access.password,
    monitor: `http://127.0.0.1:${access.monitor}`,
    cluster
  }
})

/** The log on a server of its own. */
export const layer = (
  options: Options
): Layer.Layer<Log, NatsBinary.NatsServerMissing | NatsServerFailed | NatsServerInUse | NatsUnreachable | NatsUnfit> =>
  Layer.provide(Layer.unwrap(Effect.map(start(options), JetStreamLog.layer)), NodeServices.layer)
