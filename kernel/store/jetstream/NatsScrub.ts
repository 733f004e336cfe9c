/**
 * Whether the replicas of a log are whole and equal. Every message of every replica is read and compared; what one lacks and
 * others have is asked for once more, for compaction takes messages from one server a moment before another.
 */
import { Effect, Schema } from "effect"
import { type LogName, names } from "../Log.ts"
import type { Nats } from "./Nats.ts"
import { type Place, type Replica, read, type Told } from "./NatsReplica.ts"
import * as Subject from "./Subject.ts"

/** What is wrong with a message on a server. */
export interface Fault {
  readonly log: LogName
  readonly seq: number
  readonly key: string | undefined
  /** Of the replica that has it wrong. Empty where there is one server only. */
  readonly server: string
  readonly what: "missing" | "damaged" | "different"
}
/** A message that no server has as it was written. */
export type Lost = Pick<Fault, "log" | "seq" | "key">

export interface Report {
  readonly servers: ReadonlyArray<string>
  /** Compared, over all logs. */
  readonly messages: number
  readonly faults: ReadonlyArray<Fault>
  readonly lost: ReadonlyArray<Lost>
}

const mostCommon = (digests: ReadonlyArray<string>) => {
  const counts = new Map<string, number>()
  for (const digest of digests) counts.set(digest, (counts.get(digest) ?? 0) + 1)
  const [first, second] = [...counts].toSorted(([, one], [, other]) => other - one)
  // Two that differ, one each: nobody knows which is right.
  return first !== undefined && first[1] !== second?.[1] ? first[0] : undefined
}

/** What is wrong with one message, given what each server has of it. */
const judge = (log: LogName, seq: number, has: ReadonlyArray<readonly [server: string, told: Told | undefined]>) => {
  const sound = has.flatMap(([, told]) => (told?.isSound === true ? [told] : []))
  const right = mostCommon(sound.map(({ digest }) => digest))
  const key = has.find(([, told]) => told?.key !== undefined)?.[1]?.key
  const faults = has.flatMap(([server, told]): ReadonlyArray<Fault> => {
    if (told === undefined) return [{ log, seq, key, server, what: "missing" }]
    if (!told.isSound) return [{ log, seq, key, server, what: "damaged" }]
    return told.digest === right ? [] : [{ log, seq, key, server, what: "different" }]
  })
  return { faults, lost: right === undefined ? [{ log, seq, key }] : [] }
}

/** Pure: what the replicas say of one another. */
export const compare = (log: LogName, replicas: ReadonlyArray<Replica>) => {
  const seqs = new Set(replicas.flatMap(({ messages }) => [...messages.keys()]))
  const verdicts = [...seqs]
    .toSorted((one, other) => one - other)
    .map((seq) =>
      judge(
        log,
        seq,
        replicas.map(({ messages, server }) => [server, messages.get(seq)])
      )
    )
  return {
    messages: seqs.size,
    faults: verdicts.flatMap(({ faults }) => faults),
    lost: verdicts.flatMap(({ lost }) => lost)
  }
}

const About = Schema.Struct({
  state: Schema.Struct({ first_seq: Schema.Int, last_seq: Schema.Int }),
  cluster: Schema.optionalKey(
    Schema.Struct({
      leader: Schema.optionalKey(Schema.String),
      replicas: Schema.optionalKey(Schema.Array(Schema.Struct({ name: Schema.String })))
    })
  )
})

/** Where a log is, and on which servers. */
export const placeOf = Effect.fnUntraced(function* (nats: Nats, cluster: string, log: LogName) {
  const subjects = Subject.make(cluster, log)
  const { cluster: group, state } = yield* nats.api(`STREAM.INFO.${subjects.stream}`, null, About)
  // A server on its own names itself too.
  const others = (group?.replicas ?? []).map(({ name }) => name)
  const servers = others.length === 0 || group?.leader === undefined ? others : [group.leader, ...others]
  const place: Place = { nats, log, subjects }
  return { place, state, leader: group?.leader, servers: servers.toSorted() }
})

const readAll = (place: Place, servers: ReadonlyArray<string>, from: number, to: number) =>
  Effect.forEach(servers.length === 0 ? [undefined] : servers, (server) => read(place, server, from, to))

const Deleted = Schema.Struct({
  state: Schema.Struct({ last_seq: Schema.Int, deleted: Schema.optionalKey(Schema.Array(Schema.Int)) })
})

/**
 * A server on its own leaves out what it cannot read, and there is no other to ask. But it knows what was deleted: what is neither
 * there nor deleted is lost.
 */
const scrubAlone = Effect.fnUntraced(function* (
  { log, nats, subjects }: Place,
  { messages }: Replica,
  from: number,
  to: number
) {
  const about = yield* nats.api(`STREAM.INFO.${subjects.stream}`, { deleted_details: true }, Deleted)
  const deleted = new Set(about.state.deleted)
  const lost: Array<Lost> = []
  for (let seq = from; seq <= to; seq++) {
    if (!messages.has(seq) && !deleted.has(seq)) lost.push({ log, seq, key: undefined })
  }
  const faults = lost.map((one): Fault => ({ ...one, server: "", what: "missing" }))
  return { faults, lost }
})

const scrubLog = Effect.fnUntraced(function* (nats: Nats, cluster: string, log: LogName) {
  const { place, servers, state } = yield* placeOf(nats, cluster, log)
  const { first_seq, last_seq } = state
  if (servers.length === 0 && last_seq > 0) {
    const replica = yield* read(place, undefined, first_seq, last_seq)
    const own = compare(log, [replica])
    const gone = yield* scrubAlone(place, replica, first_seq, last_seq)
    return { servers, messages: own.messages, faults: [...own.faults, ...gone.faults], lost: [...own.lost, ...gone.lost] }
  }
  const first = compare(log, last_seq === 0 ? [] : yield* readAll(place, servers, first_seq, last_seq))
  const seqs = first.faults.map(({ seq }) => seq)
  if (seqs.length === 0) return { servers, ...first }
  // In order: the lowest and the highest.
  const again = compare(log, yield* readAll(place, servers, seqs[0] ?? 0, seqs.at(-1) ?? 0))
  const isStill = ({ seq }: Lost) => seqs.includes(seq)
  return { servers, messages: first.messages, faults: again.faults.filter(isStill), lost: again.lost.filter(isStill) }
})

/** Reads everything of every server, one after another. `nats` is a connection of the logs' own account. */
export const scrub = Effect.fn("NatsScrub.scrub")(function* (nats: Nats, cluster = "keelson") {
  const logs = yield* Effect.forEach(names, (log) => scrubLog(nats, cluster, log))
  const report: Report = {
    servers: [...new Set(logs.flatMap(({ servers }) => servers))],
    messages: logs.reduce((sum, { messages }) => sum + messages, 0),
    faults: logs.flatMap(({ faults }) => faults),
    lost: logs.flatMap(({ lost }) => lost)
  }
  return report
})

const listed = (all: ReadonlyArray<Lost>, most = 5) => {
  const some = all.slice(0, most).map(({ key, log, seq }) => `${log} ${seq}${key === undefined ? "" : ` (${key})`}`)
  return all.length > most ? `${some.join(", ")} and ${all.length - most} more` : some.join(", ")
}

/** For people; nothing where nothing is wrong. */
export const describe = ({ faults, lost }: Report): string | undefined => {
  const servers = [...new Set(faults.map(({ server }) => server))]
  const each = servers.map((server) => {
    const own = faults.filter((fault) => fault.server === server)
    return `${server === "" ? "the server" : server} has ${own.length} entries wrong: ${listed(own)}`
  })
  const gone = lost.length === 0 ? [] : [`no server has as they were written, and only a snapshot can: ${listed(lost)}`]
  return each.length + gone.length === 0 ? undefined : [...each, ...gone].join("; ")
}
