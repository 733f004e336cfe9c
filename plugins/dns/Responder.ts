/** From a question's bytes to the answer's: the cluster's own at once, all else by asking further. */
import { encode, RECURSION_DESIRED } from "dns-packet"
import { Effect, type Scope } from "effect"
import * as Answers from "./Answers.ts"
import type { Forward, Transport } from "./Forward.ts"
import * as Wire from "./Wire.ts"

/** Bytes now, or when they are there; absent: no answer is due. */
export type Reply = { readonly now?: Buffer; readonly later?: Effect.Effect<Buffer> }
export type Responder = (bytes: Buffer, transport: Transport) => Reply

const internet = 1

export const make = (
  answers: Answers.Answers,
  forward: Forward,
  scope: Scope.Scope,
  seen: (rcode: number) => void
): Responder => {
  let turn = 0
  const counted = (answer: Buffer) => {
    seen(answer.readUInt16BE(2) & 0xf)
    return answer
  }
  const put = (query: Wire.Query, encoded: Wire.Encoded, transport: Transport) => {
    const limit = transport === "udp" ? Wire.datagram(query) : Wire.segment
    return counted(Wire.message(query, encoded, limit, turn++))
  }

  const elsewhere = (bytes: Buffer, query: Wire.Query, transport: Transport) =>
    forward.ask(bytes, query, transport, scope).pipe(
      Effect.tapError((error) => Effect.logDebug(`${query.name} is not answered`, error.server, error.detail)),
      Effect.orElseSucceed(() => Wire.failure(query, Wire.rcodes.serverFailure)),
      Effect.map(counted)
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
    if (asked === undefined || (type !== "A" && type !== "AAAA"))
      return Effect.sync(() => put(query, local.encoded, transport))
    return forward.ask(bytes, asked, transport, scope).pipe(
      Effect.flatMap((answer) => Answers.withAlias(local, answer, query.name)),
      Effect.orElseSucceed(() => local.encoded),
      Effect.map((encoded) =>
        counted(Wire.message(query, encoded, transport === "udp" ? Wire.datagram(query) : Wire.segment))
      )
    )
  }

  return (bytes, transport) => {
    const query = Wire.parse(bytes)
    if (query === undefined) {
      const now = Wire.formatError(bytes)
      return now === undefined ? {} : { now: counted(now) }
    }
    if (query.opcode !== 0) return { now: counted(Wire.failure(query, Wire.rcodes.notImplemented)) }
    if (query.class !== internet) return { now: counted(Wire.failure(query, Wire.rcodes.refused)) }
    const local = answers.find(query)
    if (local === undefined) return { later: elsewhere(bytes, query, transport) }
    return local.alias === undefined
      ? { now: put(query, local.encoded, transport) }
      : { later: alias(query, local, local.alias, transport) }
  }
}
