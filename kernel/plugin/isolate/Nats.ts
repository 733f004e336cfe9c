/**
 * A guest on another machine, over NATS: neither has to reach the other, both reach the same servers, where a certificate says who
 * is there and which subjects it may use. `SUBJECT.about` is a question about the module, `SUBJECT.open` asks for a guest under an id that
 * the host chose, and what both say goes over `SUBJECT.ID.guest` and `SUBJECT.ID.host`. Of several machines that serve one subject each guest is
 * at one, and a new one where one of them is left.
 */
import { connect, type ConnectionOptions, type Msg, type NatsConnection, nuid, RequestError } from "@nats-io/transport-node"
import { Effect, Stream } from "effect"
import type { Duplex } from "node:stream"
import { checkServerIdentity, type PeerCertificate } from "node:tls"
import * as NatsIdentity from "../../NatsIdentity.ts"
import * as Frames from "../Frames.ts"
import * as NatsPipe from "./NatsPipe.ts"
import * as Process from "./Process.ts"
import { IsolateFailed } from "./Protocol.ts"
import { join, limits, version } from "./Remote.ts"
import { Main, type Open, type RemoteNats, type Settings } from "./Settings.ts"

const patience = 10_000
const idForm = /^[A-Za-z0-9]{22}$/
const messageOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause))

/** A server that is gone leaves these without an answer: nobody waits long for what is a farewell. Milliseconds. */
const farewell = 1000
const brief = (done: Promise<void>) => {
  const late = new Promise<void>((resolve) => setTimeout(resolve, farewell).unref())
  return Effect.promise(() => Promise.race([done.catch(() => {}), late]))
}

/** NATS' client hands on to Node.js what it has no names for. */
const tlsOf = ({ ca, cert, key, nats, serverName }: RemoteNats) => ({
  ...{ ca, cert, key, minVersion: version },
  checkServerIdentity:
    serverName === undefined
      ? NatsIdentity.checking(nats.split(","))
      : (_: string, shown: PeerCertificate) => checkServerIdentity(serverName, shown)
})

const connected = (plugin: string, at: RemoteNats, options: ConnectionOptions) => {
  const { nats, subject } = at
  const asked: ConnectionOptions = {
    servers: nats.split(",").map((url) => url.trim()),
    // Those that were named, and none that they know of.
    ignoreClusterUpdates: true,
    name: `keelson plugin ${plugin}`,
    tls: tlsOf(at),
    // Answers come where nobody else may listen.
    inboxPrefix: `_INBOX.${subject}`,
    timeout: patience,
    pingInterval: 2000,
    maxPingOut: 2,
    ...options
  }
  const failed = (cause: unknown) => new IsolateFailed({ plugin, reason: `${nats} is not reached: ${messageOf(cause)}` })
  return Effect.acquireRelease(
    Effect.tryPromise({ try: () => connect(asked), catch: failed }),
    (connection) => brief(connection.close()),
    { interruptible: true }
  )
}

const asked = (plugin: string, { nats, subject }: RemoteNats, connection: NatsConnection, what: string, payload = "") =>
  Effect.tryPromise({
    try: () => connection.request(`${subject}.${what}`, payload, { timeout: patience }),
    catch: (cause) => {
      const isNobody = cause instanceof RequestError && cause.isNoResponders()
      const reason = isNobody ? `nobody serves ${subject} at ${nats}` : `${subject} at ${nats}: ${messageOf(cause)}`
      return new IsolateFailed({ plugin, reason })
    }
  })

/** A guest of its own, over a connection of its own. */
export const open = (at: RemoteNats): Open =>
  Effect.fnUntraced(function* ({ name }) {
    const connection = yield* connected(name, at, { reconnect: false })
    const id = nuid.next()
    const subjects = { mine: `${at.subject}.${id}.host`, theirs: `${at.subject}.${id}.guest` }
    const pipe = yield* Effect.acquireRelease(
      Effect.sync(() => NatsPipe.make(connection, subjects)),
      (pipe) => {
        pipe.destroy()
        return brief(connection.flush())
      }
    )
    // It has its error from the wire, once somebody listens.
    pipe.on("error", () => {})
    const gone = Effect.promise(() => connection.closed()).pipe(
      Effect.flatMap((cause) =>
        Effect.sync(() => pipe.destroy(cause instanceof Error ? cause : new Error(`the connection to ${at.nats} is lost`)))
      )
    )
    yield* Effect.forkScoped(gone)
    yield* asked(name, at, connection, "open", id)
    return Frames.wireOf(pipe, limits)
  })

/** What is said there of the module. */
export const about = (name: string, at: RemoteNats) =>
  Effect.gen(function* () {
    const connection = yield* connected(name, at, { reconnect: false })
    return (yield* asked(name, at, connection, "about")).string()
  }).pipe(Effect.scoped)

export interface Serving extends Pick<Settings, "name" | "module" | "grants" | "budgets">, RemoteNats {
  /** What is said of the module to who asks. */
  readonly about?: string
}

/** Serves one plugin's module to hosts elsewhere, for as long as the scope is open. Whoever else serves it shares its hosts. */
export const serve = Effect.fnUntraced(function* ({ about = "", module, ...serving }: Serving) {
  const { name, subject } = serving
  const main = yield* Main
  const run = Effect.runForkWith(yield* Effect.context())
  const log = (line: string) => run(Effect.annotateLogs(Effect.logInfo(line), { plugin: name }))
  const { args, env, file } = Process.mortal(Process.node(serving, main))
  const connection = yield* connected(name, serving, { maxReconnectAttempts: -1, reconnectTimeWait: 500 })
  const guests = new Set<Duplex>()
  const endAll = (why: string) => {
    for (const guest of guests) guest.destroy(new Error(why))
  }
  const begin = (id: string) => {
    const pipe = NatsPipe.make(connection, { mine: `${subject}.${id}.guest`, theirs: `${subject}.${id}.host` })
    guests.add(pipe)
    pipe.once("close", () => guests.delete(pipe))
    join(pipe, Process.spawned({ args, file, env: { ...env, KEELSON_MODULE: module.href } }, log))
  }
  let refused: Error | undefined
  const answer = (what: string, respond: (msg: Msg) => void) =>
    connection.subscribe(`${subject}.${what}`, {
      queue: "keelson",
      callback: (error, msg) => {
        if (error === null) return respond(msg)
        refused = error
        log(`${subject}.${what} is not served: ${error.message}`)
      }
    })
  yield* Effect.acquireRelease(
    Effect.sync(() => {
      answer("about", (msg) => msg.respond(about))
      answer("open", (msg) => {
        const id = msg.string()
        if (!idForm.test(id)) return
        begin(id)
        msg.respond()
      })
    }),
    () => {
      endAll("it is not served any more")
      return brief(connection.flush())
    }
  )
  // What was said meanwhile is lost: whoever was connected begins anew.
  const statuses = Stream.fromAsyncIterable(connection.status(), (cause) => cause)
  const follow = Stream.runForEach(statuses, ({ type }) =>
    Effect.sync(() => {
      if (type === "disconnect") endAll("the connection is lost")
    })
  )
  yield* Effect.forkScoped(Effect.ignore(follow))
  // By the answer to this all that was asked before is allowed, or not.
  yield* Effect.ignore(Effect.tryPromise(() => connection.flush()))
  if (refused !== undefined) return yield* new IsolateFailed({ plugin: name, reason: refused.message })
})
