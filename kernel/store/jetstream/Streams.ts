/** The stream of a log: how it is made, what has to be true of it before it is trusted, and how it is closed and made anew. */
import { headers } from "@nats-io/transport-node"
import { Effect, Schedule, Schema } from "effect"
import { limit, type LogName } from "../Log.ts"
import { calls, codes, isSealed, type JetStream, NatsUnfit, type Replicas, starting, State } from "./JetStream.ts"
import { header } from "./Message.ts"
import { type Nats, unavailable } from "./Nats.ts"
import * as Subject from "./Subject.ts"
import * as Version from "./Version.ts"

const gibibyte = 1024 ** 3
/** Above it writes are refused, before the disk is full. The server keeps so much of its disk free for them. */
const bytes = { objects: 4 * gibibyte, events: gibibyte, leases: gibibyte / 4 }
export type Bytes = { readonly [log in LogName]: number }

/** What would lose or rewrite history if it were otherwise, and is therefore looked at in a stream that is there already. */
/** How many entries of one key a log keeps, the newest; JetStream drops those before them by itself. */
export const versions = 64

const vital = (subjects: Subject.Subjects, replicas: Replicas) => ({
  subjects: [subjects.all],
  retention: "limits",
  storage: "file",
  num_replicas: replicas,
  discard: "new",
  max_msgs: -1,
  max_age: 0,
  max_msgs_per_subject: versions,
  allow_rollup_hdrs: false,
  deny_purge: true,
  deny_delete: false
})
/** Of these the server says nothing when a stream is made. */
const implied = { sealed: false, persist_mode: "default" }

/** nats-server 2.15.2 cannot read its last block again after a full disk or a kill if it is compressed: all replicas stood still. */
const compression = "none"

/** From where on the server writes a batch to its disk once. */
const batchesSince = "2.15.0"

/** What a new stream is made with. */
const configOf = ({ hasBatches, log, most, replicas, subjects }: Opened) => ({
  ...vital(subjects, replicas),
  name: subjects.stream,
  max_bytes: most[log],
  duplicate_window: 1e9,
  compression,
  allow_direct: true,
  ...(hasBatches && { allow_atomic: true })
})

/** Replicated compare-and-swap was repaired late; so was the loss of whole streams after a kill. */
const floor = { 1: "2.10.23", 3: "2.12.3" } as const

const versionOf = ({ connection }: Nats) => connection.info?.version ?? "0"

const assertServer = Effect.fnUntraced(function* (nats: Nats, replicas: Replicas) {
  const { connection } = nats
  const version = versionOf(nats)
  const payload = connection.info?.max_payload ?? 0
  const unfit = (reason: string) => new NatsUnfit({ server: connection.getServer(), reason })
  const need = floor[replicas]
  if (Version.isBefore(version, need)) {
    return yield* unfit(`it is ${version}, and ${replicas} replica(s) need ${need} or newer (https://nats.io/download)`)
  }
  if (payload < limit + 65_536) {
    return yield* unfit(`it takes ${payload} bytes a message, and an object may have ${limit}: set max_payload to 4MB`)
  }
})

/** The log whose stream says where this one goes on, should nobody come to make it anew. */
const neighbour = { objects: "leases", events: "objects", leases: "objects" } as const

export interface Opened extends JetStream {
  readonly cluster: string
  readonly most: Bytes
}

const nextOf = ({ cluster, log, nats, replicas }: Opened) => {
  const other = neighbour[log]
  const subjects = Subject.make(cluster, other)
  const { find } = calls({ nats, log: other, replicas, subjects, hasBatches: false })
  const subject = subjects.meta(`next.${log}`)
  const isAbsent = (error: Effect.Error<ReturnType<typeof find>>) =>
    error._tag === "Refused" && error.code === codes.noStream
  return {
    found: find({ last: subject }).pipe(
      Effect.map((found) => Number(found?.text ?? 0)),
      Effect.catchIf(isAbsent, () => Effect.succeed(0))
    ),
    note: (seq: number) => nats.request(subject, `${seq}`)
  }
}

/** A stream that was taken away to be made anew goes on where it was to go on. */
const create = Effect.fnUntraced(function* (opened: Opened) {
  const next = yield* nextOf(opened).found
  const config = { ...configOf(opened), ...(next > 0 && { first_seq: next }) }
  return yield* opened.nats.api(`STREAM.CREATE.${opened.subjects.stream}`, config, State)
})

const update = ({ nats, subjects }: JetStream, { config }: State, change: { readonly [field: string]: Schema.Json }) =>
  nats.api(`STREAM.UPDATE.${subjects.stream}`, { ...config, ...change }, State)

/** Why the stream would not keep its laws, or nothing. */
const flawOf = ({ config }: State, subjects: Subject.Subjects, replicas: Replicas) => {
  for (const [field, value] of Object.entries({ ...vital(subjects, replicas), ...implied })) {
    const unset = field === "persist_mode" ? "default" : typeof value === "boolean" ? false : null
    const found = JSON.stringify(config[field] ?? unset)
    if (found !== JSON.stringify(value)) {
      return `${field} of its stream ${subjects.stream} is ${found}, and has to be ${JSON.stringify(value)}`
    }
  }
  return undefined
}

/** Several servers that were started together have to choose who leads them first; one has nobody to wait for. */
const election = Schedule.spaced("250 millis").pipe(Schedule.upTo({ duration: "30 seconds" }))
const isElecting = (error: Effect.Error<JetStream["info"]>) => error._tag !== "Refused" || starting.has(error.code)

/** The stream of a log: made if it is not there, else compared with what it has to be. */
export const open = Effect.fnUntraced(function* (
  nats: Nats,
  cluster: string,
  log: LogName,
  replicas: Replicas,
  most: Bytes = bytes
) {
  yield* assertServer(nats, replicas)
  const version = versionOf(nats)
  const subjects = Subject.make(cluster, log)
  const hasBatches = !Version.isBefore(version, batchesSince)
  const opened: Opened = { ...calls({ nats, log, subjects, replicas, hasBatches }), cluster, most }
  const unfit = (reason: string) => new NatsUnfit({ server: nats.connection.getServer(), reason })
  const state = yield* opened.info.pipe(
    Effect.catchIf(
      (error) => error._tag === "Refused" && error.code === codes.noStream,
      () => create(opened)
    ),
    Effect.retry({ while: (error) => replicas > 1 && isElecting(error), schedule: election }),
    Effect.mapError((error) =>
      error._tag === "Refused"
        ? unfit(`${subjects.stream}: ${error.description} (${error.code})`)
        : unfit(`JetStream does not answer (${String(error.cause)}); is it enabled for this account?`)
    )
  )
  const sealed = isSealed(state, subjects)
  const flaw = flawOf(
    sealed ? { ...state, config: { ...state.config, subjects: [subjects.all] } } : state,
    subjects,
    replicas
  )
  if (flaw !== undefined) return yield* unfit(flaw)
  // Of the time of an older server, or of an older version of us.
  const isOutdated = (hasBatches && state.config["allow_atomic"] !== true) || state.config["compression"] !== compression
  if (isOutdated) yield* update(opened, state, { compression, ...(hasBatches && { allow_atomic: true }) })
  return opened
})

const patience = { schedule: Schedule.spaced("100 millis"), times: 50 }

/**
 * The stream stops listening to entries, so that whoever sends one learns that nobody took it. What is on its way then comes
 * before the fence; should a leader that has not heard of it take one after, it is done again.
 */
export const seal = (opened: Opened) =>
  Effect.gen(function* () {
    const { fence, find, info, subjects } = opened
    const before = yield* info
    if (!isSealed(before, subjects)) yield* update(opened, before, { subjects: [subjects.metas] })
    const seq = yield* fence
    const late = yield* find({ next: subjects.objects, after: seq })
    if (late !== undefined || !isSealed(yield* info, subjects)) return yield* unavailable("unknown", "it is being sealed")
  }).pipe(Effect.retry(patience))

/**
 * The stream is made anew, and goes on beyond `after` and beyond all it had. Where it goes on is noted first: between its end and
 * its beginning there is nothing, and whoever finds nothing would begin with 1.
 */
export const remake = Effect.fnUntraced(function* (opened: Opened, after: number) {
  const { info, nats, subjects } = opened
  const { state } = yield* info
  const next = Math.max(after, state.last_seq) + 1
  yield* nextOf(opened).note(next)
  yield* nats.api(`STREAM.DELETE.${subjects.stream}`, null, Schema.Json)
  yield* create(opened).pipe(
    Effect.catchIf(
      // Another server has found nothing, and made it.
      (error) => error._tag === "Refused" && error.code === codes.nameInUse,
      () => info
    ),
    Effect.retry(patience)
  )
})

/** Who comes first says who the log is. */
export const nameEpoch = ({ nats, subjects }: JetStream, name: string) =>
  Effect.suspend(() => {
    const first = headers()
    first.set(header.expected, "0")
    return nats.request(subjects.meta("epoch"), name, first)
  }).pipe(
    Effect.catchIf(
      (error) => error._tag === "Refused" && error.code === codes.conflict,
      () => Effect.void
    ),
    // Of several servers, that of the client may not have heard yet that the stream is there.
    Effect.retry({ ...patience, while: (error) => error._tag === "Unavailable" })
  )
