/** What is asked and done with the account of administration: how the servers are, and who is one of them. */
import { Effect, Schedule, Schema } from "effect"
import * as Nats from "./Nats.ts"

export class NatsServersUnwell extends Schema.TaggedError<NatsServersUnwell>()("NatsServersUnwell", {
  reason: Schema.String
}) {
  override get message() {
    return `the servers of the store are left as they are: ${this.reason}`
  }
}

export interface ServerState {
  readonly name: string
  readonly version: string
  /** Whether all that is replicated on it is current. */
  readonly isHealthy: boolean
  /** Why not. */
  readonly reason: string
}

const Answer = Schema.Struct({
  server: Schema.Struct({ name: Schema.String, ver: Schema.String }),
  data: Schema.optionalKey(Schema.Struct({ status: Schema.String, error: Schema.optionalKey(Schema.String) })),
  error: Schema.optionalKey(Schema.Struct({ description: Schema.optionalKey(Schema.String) }))
})
const decode = Schema.decodeUnknownEffect(Answer)

const stateOf = ({ data, error, server }: typeof Answer.Type): ServerState => ({
  name: server.name,
  version: server.ver,
  isHealthy: data?.status === "ok",
  reason: data?.error ?? error?.description ?? (data?.status === "ok" ? "" : (data?.status ?? "it does not say"))
})

/** How the servers are that answer within a second, by name. */
export const servers = Effect.fn("NatsAdmin.servers")(function* ({ connection }: Nats.Nats) {
  const answers = yield* Effect.tryPromise({
    try: async () => {
      const all: unknown[] = []
      const heard = await connection.requestMany("$SYS.REQ.SERVER.PING.HEALTHZ", "", { strategy: "timer", maxWait: 1000 })
      for await (const answer of heard) all.push(answer.json())
      return all
    },
    catch: (cause) => Nats.unavailable("no", cause)
  })
  const states = yield* Effect.mapError(
    Effect.forEach(answers, (answer) => Effect.map(decode(answer), stateOf)),
    (cause) => Nats.unavailable("no", cause)
  )
  return states.toSorted((one, other) => one.name.localeCompare(other.name))
})

/** Those of `names` that are not there, or not current. */
const unwell = (states: ReadonlyArray<ServerState>, names: ReadonlyArray<string>) =>
  names.flatMap((name) => {
    const state = states.find((one) => one.name === name)
    if (state === undefined) return [`${name} does not answer`]
    return state.isHealthy ? [] : [`${name}: ${state.reason}`]
  })

/** Fails unless all of them are current. */
export const assertCurrent = Effect.fnUntraced(function* (admin: Nats.Nats, names: ReadonlyArray<string>) {
  const wrong = unwell(yield* servers(admin), names)
  if (wrong.length > 0) return yield* new NatsServersUnwell({ reason: wrong.join("; ") })
})

/** Waits until all of them are; after five minutes it is said why not. */
export const awaitCurrent = (admin: Nats.Nats, names: ReadonlyArray<string>) => {
  const attempt = assertCurrent(admin, names)
  return attempt.pipe(
    Effect.retry(Schedule.spaced("250 millis")),
    Effect.timeoutOrElse({ duration: "5 minutes", orElse: () => attempt })
  )
}

const Peers = Schema.Struct({
  data: Schema.Struct({
    meta_cluster: Schema.optionalKey(
      Schema.Struct({
        leader: Schema.optionalKey(Schema.String),
        replicas: Schema.optionalKey(
          Schema.Array(Schema.Struct({ name: Schema.String, offline: Schema.optionalKey(Schema.Boolean) }))
        )
      })
    )
  })
})

/** Who is one of the servers, there or not: the majority of these has to be there. */
export const peers = Effect.fn("NatsAdmin.peers")(function* (admin: Nats.Nats) {
  const said = yield* admin.request("$SYS.REQ.SERVER.PING.JSZ", JSON.stringify({ leader_only: true }))
  const { data } = yield* Effect.mapError(Schema.decodeUnknownEffect(Peers)(said), (cause) => Nats.unavailable("no", cause))
  const { leader, replicas = [] } = data.meta_cluster ?? {}
  const others = replicas.map(({ name, offline }) => ({ name, isThere: offline !== true }))
  return leader === undefined ? others : [{ name: leader, isThere: true }, ...others]
})

const Removed = Schema.Struct({ success: Schema.Boolean })

/**
 * Makes a server that will not come back no server of the cluster: its replicas are made anew on another, if there is one. Never
 * done by itself, for what it alone had acknowledged would be gone; one that is there has to be stopped first.
 */
export const remove = Effect.fn("NatsAdmin.remove")(function* (admin: Nats.Nats, name: string) {
  const all = yield* peers(admin)
  const known = all.map((peer) => peer.name).join(", ")
  const unfit = (reason: string) => new NatsServersUnwell({ reason })
  if (!all.some((peer) => peer.name === name)) return yield* unfit(`${name} is none of ${known}`)
  if (unwell(yield* servers(admin), [name])[0] !== `${name} does not answer`) {
    return yield* unfit(`${name} is running: stop it first, and for good`)
  }
  yield* assertCurrent(
    admin,
    all.map((peer) => peer.name).filter((other) => other !== name)
  )
  yield* admin.api("SERVER.REMOVE", { peer: name }, Removed)
})
