/** Saboteurs of a DNS server: one stands before an honest server, asks it, and tells something else. */
import { type Answer, decode, encode, type Packet, type RecordType } from "dns-packet"
import { Effect, Exit, Option, Scope } from "effect"
import { createSocket } from "node:dgram"
import { createServer, type Server } from "node:net"
import type { ClusterDns } from "../../plugins/dns/contracts/ClusterDns.ts"
import { framed, tcp, type Transport, udp, unframed } from "./Ask.ts"

type Service = ClusterDns["Service"]

/** What is told instead of an answer. */
export type Lie = (answer: Packet, asked: Packet, transport: Transport) => Packet

const read = (bytes: Buffer): Packet => {
  try {
    return decode(bytes)
  } catch {
    return {}
  }
}

const portOf = (server: Server) => {
  const address = server.address()
  return typeof address === "object" ? (address?.port ?? 0) : 0
}

/** Until the scope of the check closes; the check has one. */
const listen = (server: string, lie: Lie, scope: Scope.Scope) =>
  Effect.gen(function* () {
    const ask = async (bytes: Buffer, transport: Transport, send: (answer: Buffer) => void) => {
      const answer = transport === "udp" ? udp(server, bytes) : Effect.map(tcp(server, bytes), ([first]) => first ?? bytes)
      const honest = await Effect.runPromiseExit(answer)
      if (Exit.isSuccess(honest)) send(encode(lie(read(honest.value), read(bytes), transport)))
    }
    const socket = createSocket("udp4", (bytes, { address, port }) => {
      void ask(bytes, "udp", (answer) => socket.send(answer, port, address, () => undefined))
    })
    const streams = createServer((connection) => {
      let received = Buffer.alloc(0)
      connection.on("error", () => connection.destroy())
      connection.on("data", (data) => {
        const { messages, rest } = unframed(Buffer.concat([received, data]))
        received = Buffer.from(rest)
        for (const bytes of messages) void ask(bytes, "tcp", (answer) => connection.write(framed(answer)))
      })
    })
    yield* Scope.addFinalizer(
      scope,
      Effect.sync(() => {
        socket.removeAllListeners("message").close()
        streams.close()
      })
    )
    // Of the two, ports for connections are rarely free by chance.
    yield* Effect.callback<void>((resume) => void streams.listen(0, "127.0.0.1", () => resume(Effect.void)))
    const port = portOf(streams)
    yield* Effect.callback<void>((resume) => void socket.bind(port, "127.0.0.1", () => resume(Effect.void)))
    return `127.0.0.1:${port}`
  })

export const telling =
  (lie: Lie) =>
  (honest: Service): Partial<Service> => ({
    describe: () =>
      Effect.gen(function* () {
        const about = yield* honest.describe()
        const scope = yield* Effect.serviceOption(Scope.Scope)
        const [server = ""] = about.addresses
        if (Option.isNone(scope)) return about
        return { ...about, addresses: [yield* listen(server, lie, scope.value)] }
      })
  })

const asks = (asked: Packet, type?: RecordType) => asked.questions?.some((one) => type === undefined || one.type === type)

/** Another answer to questions of this type, or to all. */
export const answers = (change: (answers: ReadonlyArray<Answer>) => ReadonlyArray<Answer>, type?: RecordType) =>
  telling((answer, asked) => (asks(asked, type) ? { ...answer, answers: [...change(answer.answers ?? [])] } : answer))

export const authorities = (change: (records: ReadonlyArray<Answer>) => ReadonlyArray<Answer>) =>
  telling((answer) => ({ ...answer, authorities: [...change(answer.authorities ?? [])] }))

export const rcode = (from: number, to: number) =>
  telling((answer) => {
    const flags = answer.flags ?? 0
    return (flags & 0xf) === from ? { ...answer, flags: (flags & ~0xf) | to } : answer
  })

/** About names that begin so. */
export const about = (start: string, change: (answer: Packet) => Packet) =>
  telling((answer, asked) => (asked.questions?.[0]?.name.toLowerCase().startsWith(start) ? change(answer) : answer))

export const none = (): ReadonlyArray<Answer> => []
