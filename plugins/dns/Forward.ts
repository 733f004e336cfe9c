/**
 * Asks other servers what is not the cluster's: one after another, with little patience, each question once for all who wait for
 * it, and not again while the answer holds.
 */
import { Clock, Deferred, Effect, Exit, Schema, type Scope } from "effect"
import { createSocket } from "node:dgram"
import { connect, isIPv6 } from "node:net"
import { type Query, records } from "./Wire.ts"

export class NoAnswer extends Schema.TaggedError<NoAnswer>()("NoAnswer", { server: Schema.String, detail: Schema.String }) {}

export type Transport = "udp" | "tcp"

/** An attempt; a stub resolver gives up after five seconds. */
const patience = "1500 millis"
const remembered = 8192
/** However long an answer says that it holds. In seconds. */
const mostSeconds = 30

const failed = (server: string) => (cause: unknown) =>
  new NoAnswer({ server, detail: cause instanceof Error ? cause.message : String(cause) })

/** `10.0.0.1`, `10.0.0.1:5353` or `[fd00::1]:53`. */
export const endpoint = (server: string): { readonly host: string; readonly port: number } => {
  const { host = server, port = "53" } =
    /^\[?(?<host>[^\]]+?)\]?:(?<port>\d+)$/.exec(isIPv6(server) ? "" : server)?.groups ?? {}
  return { host, port: Number(port) }
}

const sameQuestion = (answer: Buffer, id: number, { question }: Query) =>
  answer.length >= 12 + question.length &&
  answer.readUInt16BE(0) === id &&
  answer.toString("latin1", 12, 12 + question.length).toLowerCase() === question.toString("latin1").toLowerCase()

/** By a socket of its own, hence a port of its own: who wants to forge the answer has to guess it. */
const byUdp = (server: string, message: Buffer, id: number, query: Query) =>
  Effect.callback<Buffer, NoAnswer>((resume) => {
    const { host, port } = endpoint(server)
    const socket = createSocket(isIPv6(host) ? "udp6" : "udp4")
    const fail = (cause: unknown) => resume(Effect.fail(failed(server)(cause)))
    socket.on("error", fail)
    socket.on("message", (answer) => {
      if (sameQuestion(answer, id, query)) resume(Effect.succeed(answer))
    })
    // Connected, so that a refusal is heard, and nobody else.
    socket.connect(port, host, () => socket.send(message, (error) => error !== null && fail(error)))
    return Effect.sync(() => {
      socket.removeAllListeners().on("error", () => undefined)
      socket.close()
    })
  })

const byTcp = (server: string, message: Buffer, id: number, query: Query) =>
  Effect.callback<Buffer, NoAnswer>((resume) => {
    const { host, port } = endpoint(server)
    const socket = connect({ host, port })
    const fail = (cause: unknown) => resume(Effect.fail(failed(server)(cause)))
    let received = Buffer.alloc(0)
    socket.on("error", fail)
    socket.on("close", () => fail("it closed the connection"))
    socket.on("data", (data) => {
      received = Buffer.concat([received, data])
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return
      const answer = received.subarray(2, 2 + received.readUInt16BE(0))
      if (sameQuestion(answer, id, query)) resume(Effect.succeed(answer))
      else fail("it answered another question")
    })
    const length = Buffer.alloc(2)
    length.writeUInt16BE(message.length)
    socket.write(Buffer.concat([length, message]))
    return Effect.sync(() =>
      socket
        .removeAllListeners()
        .on("error", () => undefined)
        .destroy()
    )
  })

interface Kept {
  readonly answer: Buffer
  readonly since: number
  readonly seconds: number
}

const opt = 41
const soa = 6
const serverFailure = 2

/** How long an answer holds; zero if it is none to keep. */
const lifetime = (answer: Buffer): number => {
  const rcode = answer.readUInt16BE(2) & 0xf
  if (rcode === serverFailure || (answer.readUInt16BE(2) & 0x0200) !== 0) return 0
  let least = mostSeconds
  let any = false
  for (const { end, ttl, type } of records(answer)) {
    if (type === opt) continue
    any = true
    // That there is nothing holds as long as the zone's SOA says at its end (RFC 2308).
    least = Math.min(least, ttl, type === soa && end >= 4 ? answer.readUInt32BE(end - 4) : ttl)
  }
  return any ? least : 0
}

/** As it would come now: for this asker, and older by the time that it was kept. */
const aged = ({ answer, since }: Kept, query: Query, now: number): Buffer => {
  const copy = Buffer.from(answer)
  const seconds = Math.floor((now - since) / 1000)
  for (const { ttl, ttlAt, type } of records(copy)) {
    if (type !== opt) copy.writeUInt32BE(Math.max(0, ttl - seconds), ttlAt)
  }
  return addressed(copy, query)
}

/** With the asker's id, and his spelling of the question. */
const addressed = (answer: Buffer, { id, question }: Query): Buffer => {
  const copy = Buffer.from(answer)
  copy.writeUInt16BE(id, 0)
  question.copy(copy, 12)
  return copy
}

export interface Options {
  /** Who is asked now, in this order. */
  readonly servers: () => ReadonlyArray<string>
  /** A number that nobody can guess. */
  readonly randomId: () => number
}

export const make = ({ randomId, servers }: Options) => {
  const kept = new Map<string, Kept>()
  const waiting = new Map<string, Deferred.Deferred<Buffer, NoAnswer>>()
  /** Servers that did not answer are asked last, until they do. */
  const silent = new Set<string>()

  const one = (server: string, bytes: Buffer, query: Query, transport: Transport) => {
    const id = randomId()
    const message = Buffer.from(bytes)
    message.writeUInt16BE(id, 0)
    return (transport === "udp" ? byUdp : byTcp)(server, message, id, query).pipe(
      Effect.timeoutOrElse({
        duration: patience,
        orElse: () => Effect.fail(new NoAnswer({ server, detail: "it does not answer" }))
      }),
      Effect.tap(() => Effect.sync(() => silent.delete(server))),
      Effect.tapError(() => Effect.sync(() => silent.add(server)))
    )
  }

  const any = (bytes: Buffer, query: Query, transport: Transport) => {
    const all = servers()
    const ordered = [...all.filter((server) => !silent.has(server)), ...all.filter((server) => silent.has(server))]
    const attempts = ordered.map((server) => one(server, bytes, query, transport))
    const none = Effect.fail(new NoAnswer({ server: "", detail: "there is no server to ask" }))
    const [first = none, ...others] = attempts.slice(0, 3)
    return others.reduce((before, next) => Effect.catch(before, () => next), first)
  }

  const fetch = Effect.fnUntraced(function* (key: string, bytes: Buffer, query: Query, transport: Transport) {
    const answer = yield* any(bytes, query, transport)
    const seconds = lifetime(answer)
    if (seconds > 0) {
      const [oldest] = kept.keys()
      if (kept.size >= remembered && oldest !== undefined) kept.delete(oldest)
      kept.delete(key)
      kept.set(key, { answer, seconds, since: yield* Clock.currentTimeMillis })
    }
    return answer
  })

  return {
    /** `bytes` is the whole message that asks. The question goes on for others when this asker is gone. */
    ask: Effect.fnUntraced(function* (bytes: Buffer, query: Query, transport: Transport, scope: Scope.Scope) {
      const { class: kind, edns, name, recursionDesired, type } = query
      const key = [name, type, kind, recursionDesired, edns?.size, edns?.dnssec, transport].join(" ")
      const now = yield* Clock.currentTimeMillis
      const found = kept.get(key)
      if (found !== undefined && now < found.since + found.seconds * 1000) return aged(found, query, now)
      const asked = waiting.get(key)
      if (asked !== undefined) return addressed(yield* Deferred.await(asked), query)
      const deferred = Deferred.makeUnsafe<Buffer, NoAnswer>()
      waiting.set(key, deferred)
      yield* fetch(key, bytes, query, transport).pipe(
        Effect.onExit((exit) =>
          Effect.sync(() => {
            waiting.delete(key)
            Deferred.doneUnsafe(deferred, Exit.isSuccess(exit) ? Effect.succeed(exit.value) : Effect.failCause(exit.cause))
          })
        ),
        Effect.forkIn(scope)
      )
      return addressed(yield* Deferred.await(deferred), query)
    })
  }
}
export type Forward = ReturnType<typeof make>
