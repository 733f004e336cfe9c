/**
 * One nats-server that several processes of a machine share, each with logs in an account of its own. It is nobody's child, so that
 * it outlives whoever started it. Those who share it call these one at a time: see to that with a lock.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { nkeys } from "@nats-io/transport-node"
import { Effect, FileSystem, Schedule, Schema } from "effect"
import { spawn } from "node:child_process"
import { type LogName, names } from "../Log.ts"
import { codes } from "./JetStream.ts"
import * as Nats from "./Nats.ts"
import * as NatsBinary from "./NatsBinary.ts"
import { accountOf, at, type Configuration, text } from "./NatsConfiguration.ts"
import { claim } from "./NatsDirectory.ts"
import { parentOf, pidIn } from "./NatsForgotten.ts"
import { complaints, isHealthy, NatsServerFailed } from "./NatsProcess.ts"
import { write } from "./NatsServer.ts"
import * as Subject from "./Subject.ts"

/** Of a user: what the server is told, and what its holder comes in with. */
export const newKey = () => {
  const pair = nkeys.createUser()
  return { key: pair.getPublicKey(), seed: new TextDecoder().decode(pair.getSeed()) }
}

/** The number of the process, if it is there. */
export const running = Effect.fnUntraced(function* (directory: string) {
  const { config, pid } = at(directory)
  const found = yield* pidIn(pid)
  return (yield* parentOf(found, config)) === undefined ? undefined : found
})

const decodeVarz = Schema.decodeUnknownEffect(Schema.Struct({ config_load_time: Schema.String }))
/** When it has read its configuration. */
const loaded = ({ monitor }: Configuration) =>
  Effect.tryPromise(() =>
    fetch(`http://${monitor}/varz`, { signal: AbortSignal.timeout(2000) }).then((answer) => answer.json())
  ).pipe(
    Effect.flatMap(decodeVarz),
    Effect.map(({ config_load_time }) => config_load_time)
  )

const failed = (directory: string, reason: string) => new NatsServerFailed({ directory, reason })
const often = Schedule.spaced("10 millis")

/** Fails with what the server complains of if it does not hold soon. */
const soon = <A, E, R>({ directory }: Configuration, what: string, effect: Effect.Effect<A, E, R>) =>
  effect.pipe(
    Effect.retry(often),
    Effect.timeoutOrElse({
      duration: "30 seconds",
      orElse: () => Effect.flatMap(complaints(at(directory).log), (lines) => failed(directory, `${what}: ${lines}`))
    }),
    Effect.mapError((error) => (error instanceof NatsServerFailed ? error : failed(directory, what)))
  )

const begin = Effect.fnUntraced(function* (configuration: Configuration, given: string | undefined) {
  const { directory, limits, monitor, name } = configuration
  const fs = yield* FileSystem.FileSystem
  const binary = yield* NatsBinary.find(given)
  yield* fs.makeDirectory(at(directory).store, { recursive: true, mode: 0o700 })
  yield* claim(directory, { name, version: yield* NatsBinary.versionOf(binary) })
  yield* write(configuration)
  yield* Effect.try({
    try: () => {
      const env = { ...process.env, GOMEMLIMIT: `${limits.memory}` }
      const child = spawn(binary, ["--config", at(directory).config], { detached: true, stdio: "ignore", env })
      // That there is no process is seen by waiting for it.
      child.on("error", () => undefined)
      child.unref()
    },
    catch: (cause) => failed(directory, String(cause))
  })
  yield* soon(configuration, "it is not ready after 30 seconds", isHealthy(`http://${monitor}`))
})

/** It reads its configuration again: who is a tenant now comes in, and who is none any more is put out. */
const reload = Effect.fnUntraced(function* (configuration: Configuration, pid: number) {
  const { directory } = configuration
  const fs = yield* FileSystem.FileSystem
  const before = yield* soon(configuration, "it does not answer", loaded(configuration))
  yield* fs.writeFileString(at(directory).config, text(configuration), { mode: 0o600 })
  yield* Effect.sync(() => process.kill(pid, "SIGHUP")).pipe(Effect.ignoreCause)
  const read = Effect.filterOrFail(loaded(configuration), (time) => time !== before)
  yield* soon(configuration, "it has not read its configuration again", read)
})

/** It is there, with this configuration. `known`: whether it has read it before. */
export const ensure = Effect.fn("NatsShared.ensure")(
  function* (configuration: Configuration, known: boolean, binary?: string) {
    const pid = yield* running(configuration.directory)
    if (pid === undefined) yield* begin(configuration, binary)
    else if (!known) yield* reload(configuration, pid)
  },
  (effect, { directory }) => Effect.catchTag(effect, "PlatformError", ({ message }) => failed(directory, message)),
  Effect.provide(NodeServices.layer)
)

/** It ends, if it is there. */
export const stop = Effect.fn("NatsShared.stop")(function* (directory: string) {
  const pid = yield* running(directory)
  if (pid === undefined) return
  const tell = (signal: NodeJS.Signals) => Effect.sync(() => process.kill(pid, signal)).pipe(Effect.ignoreCause)
  const gone = Effect.repeat(running(directory), { until: (found) => found === undefined, schedule: often })
  yield* tell("SIGTERM")
  const ended = yield* Effect.timeoutOption(gone, "15 seconds")
  if (ended._tag === "None") yield* tell("SIGKILL")
}, Effect.provide(NodeServices.layer))

/** What lies on the disk of one who is no tenant any more. */
export const forget = Effect.fn("NatsShared.forget")(
  function* (directory: string, name: string) {
    const fs = yield* FileSystem.FileSystem
    yield* fs.remove(`${at(directory).store}/jetstream/${accountOf(name)}`, { recursive: true, force: true })
  },
  (effect, directory) => Effect.catchTag(effect, "PlatformError", ({ message }) => failed(directory, message)),
  Effect.provide(NodeServices.layer)
)

/** The logs of a tenant are no more. */
export const removeLogs = Effect.fn("NatsShared.removeLogs")(function* (options: Nats.Options, cluster: string) {
  const nats = yield* Nats.make(options)
  const remove = (log: LogName) =>
    nats.api(`STREAM.DELETE.${Subject.make(cluster, log).stream}`, null, Schema.Json).pipe(
      Effect.catchIf(
        (error) => error._tag === "Refused" && error.code === codes.noStream,
        () => Effect.void
      )
    )
  yield* Effect.forEach(names, remove, { discard: true })
}, Effect.scoped)
