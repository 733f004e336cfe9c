/** From a question's bytes to the answer's: the cluster's own at once, all else by asking further. */
import { encode, RECURSION_DESIRED } from "dns-packet"
import { Effect } from "effect"
import * as Answers from "./Answers.ts"
import type { Forward, Transport } from "./Forward.ts"
import * as Messages from "./Messages.ts"
import * as Metrics from "./Metrics.ts"
import * as Wire from "./Wire.ts"

/** Bytes now, or when they are there; absent: no answer is due. */
export type Reply = { readonly now?: Buffer; readonly later?: Effect.Effect<Buffer> }
export type Responder = (bytes: Buffer, transport: Transport) => Reply

const internet = 1
/** In how many orders an answer is kept. */
const orders = 8

const rcodeOf = (answer: Buffer) => answer.readUInt16BE(2) & 0xf

export interface Needs {
  readonly answers: Answers.Answers
  readonly forward: Forward
  readonly metrics: Metrics.Metrics
  readonly domain: string
}

export const make = ({ answers, domain, forward, metrics }: Needs): Responder => {
  const messages = Messages.make()

  const counter = (query: Wire.Query | undefined, transport: Transport, zone: string, rcode: number) => {
    const type = query === undefined ? "other" : (Wire.types[query.type] ?? "other")
    const requests = metrics.of("coredns_dns_requests_total", { zone, proto: transport, type })
    const responses = metrics.of("coredns_dns_responses_total", { zone, rcode: Metrics.rcodes[rcode] ?? String(rcode) })
    return () => {
      requests.value++
      responses.value++
    }
  }
  const counted = (query: Wire.Query | undefined, transport: Transport, answer: Buffer, zone = ".") => {
    counter(query, transport, zone, rcodeOf(answer))()
    return answer
  }
  const limitOf = (query: Wire.Query, transport: Transport) => (transport === "udp" ? Wire.datagram(query) : Wire.segment)

  const own = (bytes: Buffer, query: Wire.Query, { encoded, ground }: Answers.Local, transport: Transport) => {
    const limit = limitOf(query, transport)
    const turns = encoded.ordered ? 1 : Math.max(1, Math.min(orders, encoded.answers.length))
    const versions = Array.from({ length: turns }, (_, turn) => Wire.message(query, encoded, limit, turn))
    const [first = Wire.failure(query, Wire.rcodes.serverFailure)] = versions
    const count = counter(query, transport, `${domain}.`, encoded.rcode)
    count()
    if (ground !== undefined) messages.keep(bytes, transport, { ground, versions, counted: count })
    return first
  }

  const elsewhere = (bytes: Buffer, query: Wire.Query, transport: Transport) =>
    forward.ask(bytes, query, transport).pipe(
      Effect.tapError((error) => Effect.logDebug(`${query.name} is not answered`, error.server, error.detail)),
      Effect.orElseSucceed(() => Wire.failure(query, Wire.rcodes.serverFailure)),
      Effect.map((answer) => counted(query, transport, answer))
    )

  /** The alias and what it leads to; if that cannot be had, the alias. */
  const alias = (query: Wire.Query, local: Answers.Local, name: string, transport: Transport) => {
    const type = Wire.types[query.type]
    const bytes = encode({
      type: "query",
      flags: RECURSION_DESIRED,
      questions: [{ name, type: type === "AAAA" ? "AAAA" : "A" }]
    })
    const asked = Wire.parse(bytes)
    const isFollowed = asked !== undefined && (type === "A" || type === "AAAA")
    const followed = isFollowed
      ? Effect.orElseSucceed(
          Effect.flatMap(forward.ask(bytes, asked, transport), (answer) => Answers.withAlias(local, answer, query.name)),
          () => local.encoded
        )
      : Effect.succeed(local.encoded)
    return Effect.map(followed, (encoded) =>
      counted(query, transport, Wire.message(query, encoded, limitOf(query, transport)), `${domain}.`)
    )
  }

  const refused = (query: Wire.Query) => {
    if (query.opcode !== 0) return Wire.rcodes.notImplemented
    if (query.class !== internet) return Wire.rcodes.refused
    return (query.edns?.version ?? 0) === 0 ? undefined : Wire.rcodes.badVersion
  }

  return (bytes, transport) => {
    const kept = messages.find(bytes, transport)
    if (kept !== undefined) return { now: kept }
    const query = Wire.parse(bytes)
    if (query === undefined) {
      const now = Wire.formatError(bytes)
      return now === undefined ? {} : { now: counted(query, transport, now) }
    }
    const rcode = refused(query)
    if (rcode !== undefined) return { now: counted(query, transport, Wire.failure(query, rcode)) }
    const local = answers.find(query)
    if (local === undefined) {
      const known = forward.kept(query, transport)
      if (known !== undefined) return { now: counted(query, transport, known) }
      return { later: elsewhere(bytes, query, transport) }
    }
    if (local.alias !== undefined) return { later: alias(query, local, local.alias, transport) }
    return { now: own(bytes, query, local, transport) }
  }
}
