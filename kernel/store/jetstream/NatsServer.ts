/**
 * A nats-server of our own, as a supervised child: alone on this machine, or one member of a cluster. It is configured for a log
 * that survives power cuts, lets in who has a key or this run's password, and ends with the scope.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, FileSystem, Layer, Schedule, type Scope } from "effect"
import { randomBytes } from "node:crypto"
import { freePort } from "../../FreePort.ts"
import type { Log } from "../Log.ts"
import type { NatsUnfit } from "./JetStream.ts"
import * as JetStreamLog from "./JetStreamLog.ts"
import * as Nats from "./Nats.ts"
import { servers } from "./NatsAdmin.ts"
import * as NatsBinary from "./NatsBinary.ts"
import { at, type Configuration, type Keys, type Member, type Passwords, text, users } from "./NatsConfiguration.ts"
import { asideOf, authorityOf, claim, putAside, type NatsServerMisplaced } from "./NatsDirectory.ts"
import { type NatsServerInUse, stopForgotten } from "./NatsForgotten.ts"
import { type Limits, limitsOf } from "./NatsLimits.ts"
import { isHealthy, NatsServerFailed, supervise } from "./NatsProcess.ts"

export { NatsServerFailed } from "./NatsProcess.ts"
export type { Keys, Passwords } from "./NatsConfiguration.ts"

export interface Options {
  /** Its data, configuration and log. */
  readonly directory: string
  /** In a cluster its own, and kept for ever: the others know its replicas by it. */
  readonly name?: string
  /** `host:port` for clients; loopback and a free port if absent. */
  readonly listen?: string
  /** `host:port` of /healthz and /varz, without authentication; loopback and a free port if absent. */
  readonly monitor?: string
  /** With them clients and servers know one another by certificate, and without by passwords. */
  readonly tls?: Keys
  /** Without `tls`; random ones of this run if absent. */
  readonly passwords?: Passwords
  /** Absent for a server on its own. */
  readonly cluster?: Member
  /** `host:port` where clients reach the others: who are asked before a damaged store of this one is made anew. */
  readonly others?: ReadonlyArray<string>
  /** The server's binary; without it one is looked for, see `NatsBinary`. */
  readonly binary?: string
  readonly limits?: Partial<Limits>
  /** How many servers are on this machine. */
  readonly sharers?: number
  /** What goes before the command, as `nsenter` with its arguments. */
  readonly wrap?: ReadonlyArray<string>
}

export interface Running {
  readonly name: string
  readonly directory: string
  readonly url: string
  readonly monitor: string
  /** For the driver: this server, or one of the others if they are known. */
  readonly log: JetStreamLog.Options
  /** The account of administration. */
  readonly admin: Nats.Options
  /** Of the process that is there now. */
  readonly pid: Effect.Effect<number>
  /** Done when it says that it is healthy: JetStream is there, and all that is replicated on it is current. */
  readonly ready: Effect.Effect<void>
  /** Hands over what it leads, ends, and is started again, of another binary if one is named. */
  readonly restart: (
    binary?: string
  ) => Effect.Effect<void, NatsServerFailed | NatsServerMisplaced | NatsBinary.NatsServerMissing>
  /** The same with an empty store, which the others fill again. Gives where the one before was put. */
  readonly empty: Effect.Effect<string, NatsServerFailed>
}

export const loopback = Effect.map(freePort, (port) => `127.0.0.1:${port}`)

const word = () => randomBytes(24).toString("hex")
export const newPasswords = (): Passwords => ({ client: word(), admin: word(), route: word() })

/** How a user comes in. */
export const accessOf = (
  servers: ReadonlyArray<string>,
  access: Configuration["access"],
  who: "client" | "admin"
): Nats.Options =>
  "keys" in access
    ? { servers: servers.map((server) => `tls://${server}`), tls: { ca: access.keys.ca, ...access.keys[who] } }
    : { servers: servers.map((server) => `nats://${server}`), user: users[who], password: access.passwords[who] }

const describe = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause))

export const write = Effect.fnUntraced(function* (configuration: Configuration) {
  const fs = yield* FileSystem.FileSystem
  const files = at(configuration.directory)
  const secret = Effect.fnUntraced(function* (file: string, content: string) {
    yield* fs.writeFileString(file, content, { mode: 0o600 })
    // The mode counts for new files only.
    yield* fs.chmod(file, 0o600)
  })
  yield* secret(files.config, text(configuration))
  if ("keys" in configuration.access) {
    const { ca, server } = configuration.access.keys
    yield* secret(files.ca, ca)
    yield* secret(files.cert, server.cert)
    yield* secret(files.key, server.key)
  }
  yield* fs.remove(files.log, { force: true })
  yield* fs.writeFileString(files.owner, `${process.pid}`)
})

/** Where it is, as whom, and how much of the machine is its own. */
const configure = Effect.fnUntraced(function* (options: Options) {
  const fs = yield* FileSystem.FileSystem
  const { cluster, directory, limits, name = "keelson", passwords = newPasswords(), sharers, tls } = options
  yield* fs.makeDirectory(at(directory).store, { recursive: true, mode: 0o700 })
  yield* fs.chmod(directory, 0o700)
  const configuration: Configuration = {
    directory,
    name,
    listen: options.listen ?? (yield* loopback),
    monitor: options.monitor ?? (yield* loopback),
    access: tls === undefined ? { passwords } : { keys: tls },
    limits: yield* limitsOf(directory, limits, sharers),
    ...(cluster === undefined ? {} : { cluster })
  }
  return configuration
})

const runningOf = (
  { access, cluster, directory, listen, monitor, name }: Configuration,
  others: ReadonlyArray<string>,
  how: Pick<Running, "pid" | "restart" | "empty">
): Running => {
  const url = `http://${monitor}`
  const all = [listen, ...others]
  return {
    name,
    directory,
    url: `${"keys" in access ? "tls" : "nats"}://${listen}`,
    monitor: url,
    log: {
      ...accessOf(all, access, "client"),
      monitor: url,
      cluster: "keelson",
      replicas: cluster === undefined ? 1 : 3
    },
    admin: accessOf(all, access, "admin"),
    ready: isHealthy(url).pipe(Effect.retry(Schedule.spaced("250 millis")), Effect.asVoid, Effect.orDie),
    ...how
  }
}

/**
 * A server that cannot start because of its own files starts with none, if it has others that are all current: they have what it
 * had acknowledged.
 */
const mend = ({ access, directory, name }: Configuration, others: ReadonlyArray<string>, reason: string) =>
  Effect.gen(function* () {
    if (others.length < 2) return false
    const admin = yield* Nats.make(accessOf(others, access, "admin"))
    const states = (yield* servers(admin)).filter((state) => state.name !== name)
    const current = states.filter(({ isHealthy }) => isHealthy).length
    if (current < others.length) {
      yield* Effect.logError(`the store of ${name} is damaged, and stays while not all others are current: ${reason}`)
      return false
    }
    const aside = yield* asideOf(directory)
    yield* putAside(directory, aside)
    yield* Effect.logError(`the store of ${name} is damaged, is put into ${aside}, and made anew from the others: ${reason}`)
    return true
  }).pipe(
    Effect.scoped,
    Effect.catch((error) =>
      Effect.as(
        Effect.logError(`the store of ${name} is damaged (${reason}), and is not made anew: ${error.message}`),
        false
      )
    )
  )

/** Starts a server. A member listens then, and is `ready` when the others are there too; on its own it is ready. */
export const start: (
  options: Options
) => Effect.Effect<
  Running,
  NatsBinary.NatsServerMissing | NatsServerFailed | NatsServerInUse | NatsServerMisplaced,
  Scope.Scope | NodeServices.NodeServices
> = Effect.fn("NatsServer.start")(
  function* (options) {
    const { cluster, directory, others = [], tls, wrap = [] } = options
    const services = yield* Effect.context<NodeServices.NodeServices>()
    const binary = yield* NatsBinary.find(options.binary)
    const configuration = yield* configure(options)
    const claimFor = Effect.fnUntraced(function* (file: string) {
      yield* claim(directory, {
        name: configuration.name,
        version: yield* NatsBinary.versionOf(file),
        ...(cluster === undefined ? {} : { cluster: cluster.name }),
        ...(tls === undefined ? {} : { authority: authorityOf(tls.ca) })
      })
    })
    const failed = (cause: unknown) => new NatsServerFailed({ directory, reason: describe(cause) })
    yield* stopForgotten({ directory, ...at(directory) })
    yield* claimFor(binary)
    yield* write(configuration)
    const { pid, restart } = yield* supervise({
      directory,
      binary,
      monitor: `http://${configuration.monitor}`,
      memory: configuration.limits.memory,
      isMember: cluster !== undefined,
      wrap,
      mend: (reason) => Effect.provideContext(mend(configuration, others, reason), services)
    })
    const restartAs = (file?: string) =>
      Effect.gen(function* () {
        const found = file === undefined ? undefined : yield* NatsBinary.find(file)
        if (found !== undefined) yield* claimFor(found)
        yield* restart(found)
      }).pipe(
        Effect.catchTag("PlatformError", failed),
        Effect.provideContext(services),
        Effect.withSpan("NatsServer.restart")
      )
    const empty = Effect.gen(function* () {
      const aside = yield* asideOf(directory)
      yield* restart(undefined, Effect.orDie(putAside(directory, aside)).pipe(Effect.provideContext(services)))
      return aside
    }).pipe(Effect.provideContext(services))
    return runningOf(configuration, others, { pid, restart: restartAs, empty })
  },
  (effect, { directory }) =>
    Effect.catchIf(
      effect,
      (error) => typeof error === "string" || !("_tag" in error) || error._tag === "PlatformError",
      (error) => Effect.fail(new NatsServerFailed({ directory, reason: describe(error) }))
    )
)

/** The log on a server of its own. */
export const layer = (
  options: Options
): Layer.Layer<
  Log,
  NatsBinary.NatsServerMissing | NatsServerFailed | NatsServerInUse | NatsServerMisplaced | Nats.NatsUnreachable | NatsUnfit
> => Layer.provide(Layer.unwrap(Effect.map(start(options), ({ log }) => JetStreamLog.layer(log))), NodeServices.layer)
