/** A connection to NATS, and the calls of JetStream's API that the driver makes: few, and each decoded. */
import {
  credsAuthenticator,
  connect,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  nkeyAuthenticator,
  RequestError,
  type Status,
  type TlsOptions
} from "@nats-io/transport-node"
import { Clock, Effect, Schema, Stream } from "effect"
import * as NatsIdentity from "../../NatsIdentity.ts"
import { Unavailable } from "../../plugin/Contract.ts"

export interface Options {
  /** `nats://[user:password@]host:port`, one or more, also separated by commas. */
  readonly servers: string | ReadonlyArray<string>
  readonly user?: string
  readonly password?: string
  /** The text of a credentials file, instead of user and password. */
  readonly credentials?: string
  /** The seed of a user's key, instead of those. */
  readonly nkey?: string
  readonly tls?: TlsOptions
}

export class NatsUnreachable extends Schema.TaggedError<NatsUnreachable>()("NatsUnreachable", {
  servers: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `no NATS server answers at ${this.servers}: ${this.reason}`
  }
}

/** What JetStream itself answered. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", {
  code: Schema.Int,
  description: Schema.String
}) {}

export const unavailable = (applied: "no" | "unknown", cause: unknown) =>
  new Unavailable({ contract: "kernel/Log", applied, cause })

const Failure = Schema.Struct({
  error: Schema.Struct({
    err_code: Schema.optionalKey(Schema.Int),
    code: Schema.Int,
    description: Schema.optionalKey(Schema.String)
  })
})
const isFailure = Schema.is(Failure)

export interface Nats {
  readonly connection: NatsConnection
  /** Called whenever the connection was lost and made again. */
  readonly onReconnect: Set<() => void>
  /** A request of which the server says in its answer whether it did it. */
  readonly request: (
    subject: string,
    payload: Uint8Array | string,
    headers?: MsgHdrs,
    timeout?: number
  ) => Effect.Effect<unknown, Unavailable | Refused>
  /** A call of `$JS.API`. */
  readonly api: <A>(
    subject: string,
    body: Schema.Json,
    answer: Schema.Codec<A, Schema.Json>
  ) => Effect.Effect<A, Unavailable | Refused>
}

const list = (servers: Options["servers"]) =>
  (typeof servers === "string" ? servers.split(",") : servers).map((url) => url.trim())

/** Credentials may stand in the address. */
const userOf = (servers: ReadonlyArray<string>) => {
  const url = servers.map((server) => (server.includes("://") ? URL.parse(server) : null)).find((url) => url?.username)
  return url ? { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } : {}
}
const withoutUser = (server: string) => server.replace(/^(\w+:\/\/)?([^@/]*@)/, "$1")

const messageOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause))

/** Milliseconds without an answer after which another server may have one. Elections mostly take less. */
const silence = 6000

const nobody = (cause: unknown) => cause instanceof RequestError && cause.isNoResponders()

interface Write {
  readonly stream: string | undefined
  readonly lose: () => void
}
/** Of an entry, or a barrier; what else is asked is answered by others than the leader, or not repeated. */
const streamOf = (subject: string) => {
  const [, cluster, log] = /^k8s\.([^.]+)\.([^.]+)\.(?:o\.|m\.barrier$)/.exec(subject) ?? []
  return log === undefined ? undefined : `K8S_${cluster}_${log}`
}

/** A leader that steps down says nothing to those whose writes it had taken. Who repeats them at once waits no three seconds. */
const watchLeaders = Effect.fnUntraced(function* (connection: NatsConnection) {
  const writes = new Set<Write>()
  const elected = "$JS.EVENT.ADVISORY.STREAM.LEADER_ELECTED."
  yield* Effect.acquireRelease(
    Effect.sync(() =>
      connection.subscribe(`${elected}*`, {
        // Who may not know is told by the time that passes.
        callback: (error, msg) => {
          if (error !== null) return
          for (const { lose, stream } of [...writes]) if (msg.subject === elected + stream) lose()
        }
      })
    ),
    (subscription) => Effect.sync(() => connection.isClosed() || subscription.unsubscribe())
  )
  return writes
})

export const make = Effect.fnUntraced(function* ({ credentials, nkey, password, servers, tls, user }: Options) {
  const all = list(servers)
  const shown = all.map(withoutUser)
  /** NATS' client hands on to Node.js what it has no names for. */
  const identity = { checkServerIdentity: NatsIdentity.checking(shown) }
  const connection = yield* Effect.acquireRelease(
    Effect.tryPromise({
      try: () =>
        connect({
          servers: shown,
          name: "keelson",
          ...userOf(all),
          ...(user === undefined ? {} : { user, pass: password ?? "" }),
          ...(credentials === undefined ? {} : { authenticator: credsAuthenticator(new TextEncoder().encode(credentials)) }),
          ...(nkey === undefined ? {} : { authenticator: nkeyAuthenticator(new TextEncoder().encode(nkey)) }),
          ...(tls === undefined ? {} : { tls: { ...tls, ...identity } }),
          timeout: 5000,
          maxReconnectAttempts: -1,
          reconnectTimeWait: 100,
          reconnectJitter: 50,
          // Who names servers in an order wants the first of them.
          noRandomize: true,
          // A connection over a link that is down is noticed in three times that.
          pingInterval: 2000,
          maxPingOut: 2
        }),
      catch: (cause) => new NatsUnreachable({ servers: shown.join(", "), reason: messageOf(cause) })
    }),
    (connection) => Effect.promise(() => connection.close())
  )

  const onReconnect = new Set<() => void>()
  const writes = yield* watchLeaders(connection)
  const onStatus = ({ type }: Status) => {
    if (type === "disconnect") return Effect.logWarning(`the connection to NATS at ${shown.join(", ")} is lost`)
    if (type !== "reconnect") return Effect.void
    for (const listener of [...onReconnect]) listener()
    return Effect.logInfo(`connected to NATS at ${connection.getServer()} again`)
  }
  const statuses = Stream.fromAsyncIterable(connection.status(), (cause) => cause)
  yield* Effect.forkScoped(Stream.runForEach(statuses, onStatus))

  /** When the first request of late was not answered. */
  let silent: number | undefined
  const onAnswer = Effect.sync(() => {
    silent = undefined
  })
  /** A server that cannot reach the others still keeps its connections: after a while without an answer another one is tried. */
  const onSilence = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    silent ??= now
    if (all.length === 1 || now - silent < silence || connection.isClosed()) return
    silent = now
    yield* Effect.logWarning(`the NATS server ${connection.getServer()} answers nothing: another one is tried`)
    yield* Effect.ignore(Effect.tryPromise(() => connection.reconnect()))
  })

  const request: Nats["request"] = (subject, payload, headers, timeout = 3000) =>
    Effect.callback<Msg, Unavailable>((resume) => {
      const write = { stream: streamOf(subject), lose: () => lose("another server leads now") }
      const end = (exit: Effect.Effect<Msg, Unavailable>) => {
        onReconnect.delete(lost)
        writes.delete(write)
        resume(exit)
      }
      // What was under way then is not answered any more.
      const lose = (reason: string) => end(Effect.fail(unavailable("unknown", reason)))
      const lost = () => lose("the connection was lost")
      // Without responders nobody has it; whatever else was lost may have been the answer.
      const failed = (cause: unknown) => end(Effect.fail(unavailable(nobody(cause) ? "no" : "unknown", cause)))
      onReconnect.add(lost)
      if (write.stream !== undefined) writes.add(write)
      connection
        .request(subject, payload, { timeout, ...(headers && { headers }) })
        .then((msg) => end(Effect.succeed(msg)), failed)
    }).pipe(
      Effect.tap(onAnswer),
      Effect.tapError(() => onSilence),
      Effect.flatMap((answer) =>
        Effect.try({
          try: (): unknown => answer.json(),
          catch: (cause) => unavailable("unknown", cause)
        })
      ),
      Effect.flatMap((answer) =>
        isFailure(answer)
          ? Effect.fail(
              new Refused({ code: answer.error.err_code ?? answer.error.code, description: answer.error.description ?? "" })
            )
          : Effect.succeed(answer)
      )
    )

  const api: Nats["api"] = (subject, body, answer) =>
    request(`$JS.API.${subject}`, body === null ? "" : JSON.stringify(body)).pipe(
      Effect.flatMap(Schema.decodeUnknownEffect(answer)),
      Effect.catchTag("SchemaError", (cause) => Effect.fail(unavailable("unknown", cause)))
    )

  const nats: Nats = { connection, onReconnect, request, api }
  return nats
})
