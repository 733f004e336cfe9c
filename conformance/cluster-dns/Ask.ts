/** Asks a DNS server as a resolver does, over UDP and TCP, each question by a socket of its own and once: who loses one is seen. */
import { type Answer, decode, encode, type Packet, RECURSION_DESIRED, type RecordType } from "dns-packet"
import { Effect, Schema } from "effect"
import { createSocket } from "node:dgram"
import { connect, isIPv6 } from "node:net"

export class NoAnswer extends Schema.TaggedError<NoAnswer>()("NoAnswer", { server: Schema.String, detail: Schema.String }) {
  override get message() {
    return `${this.server} does not answer: ${this.detail}`
  }
}

export type Transport = "udp" | "tcp"
const patience = "8 seconds"

/** `10.0.0.1:53` or `[fd00::1]:53`. */
export const endpoint = (server: string) => {
  const { host = server, port = "53" } = /^\[?(?<host>[^\]]+?)\]?:(?<port>\d+)$/.exec(server)?.groups ?? {}
  return { host, port: Number(port) }
}

const inTime = (server: string) =>
  Effect.timeoutOrElse({
    duration: patience,
    orElse: () => Effect.fail(new NoAnswer({ server, detail: `nothing came within ${patience}` }))
  })
const failure = (server: string) => (cause: unknown) =>
  new NoAnswer({ server, detail: cause instanceof Error ? cause.message : String(cause) })

export const udp = (server: string, message: Buffer) => {
  const { host, port } = endpoint(server)
  return Effect.acquireUseRelease(
    Effect.sync(() => createSocket(isIPv6(host) ? "udp6" : "udp4")),
    (socket) =>
      Effect.callback<Buffer, NoAnswer>((resume) => {
        const fail = (cause: unknown) => resume(Effect.fail(failure(server)(cause)))
        socket.on("error", fail)
        socket.on("message", (answer) => resume(Effect.succeed(answer)))
        socket.connect(port, host, () => socket.send(message, (error) => error !== null && fail(error)))
      }).pipe(inTime(server)),
    (socket) =>
      Effect.sync(() => {
        socket.removeAllListeners().on("error", () => undefined)
        socket.close()
      })
  )
}

export const framed = (message: Buffer) => {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(message.length)
  return Buffer.concat([length, message])
}

/** The whole messages in what has come so far, and what is left. */
export const unframed = (received: Buffer) => {
  const messages: Array<Buffer> = []
  let rest = received
  while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
    messages.push(rest.subarray(2, 2 + rest.readUInt16BE(0)))
    rest = rest.subarray(2 + rest.readUInt16BE(0))
  }
  return { messages, rest }
}

/** All in one go, as one connection brings them. */
export const tcp = (server: string, ...messages: ReadonlyArray<Buffer>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => connect(endpoint(server))),
    (socket) =>
      Effect.callback<ReadonlyArray<Buffer>, NoAnswer>((resume) => {
        const fail = (cause: unknown) => resume(Effect.fail(failure(server)(cause)))
        let received = Buffer.alloc(0)
        socket.on("error", fail)
        socket.on("close", () => fail("it closed the connection"))
        socket.on("data", (data) => {
          received = Buffer.concat([received, data])
          const answers = unframed(received).messages
          if (answers.length === messages.length) resume(Effect.succeed(answers))
        })
        socket.write(Buffer.concat(messages.map(framed)))
      }).pipe(inTime(server)),
    (socket) =>
      Effect.sync(() =>
        socket
          .removeAllListeners()
          .on("error", () => undefined)
          .destroy()
      )
  )

export interface Edns {
  readonly size: number
  readonly version?: number
}

/** A type that this library has no name for is written by its number. */
export const question = (
  name: string,
  type: RecordType | number,
  { edns, id = 4711 }: { edns?: Edns; id?: number } = {}
) => {
  const bytes = encode({
    type: "query",
    id,
    flags: RECURSION_DESIRED,
    questions: [{ name, type: typeof type === "number" ? "A" : type }],
    ...(edns !== undefined && {
      additionals: [
        {
          type: "OPT",
          name: ".",
          udpPayloadSize: edns.size,
          extendedRcode: 0,
          ednsVersion: edns.version ?? 0,
          flags: 0,
          flag_do: false,
          options: []
        }
      ]
    })
  })
  if (typeof type === "number") bytes.writeUInt16BE(type, 12 + name.length + 2)
  return bytes
}

const rcodes = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"]

export const rcodeOf = ({ additionals = [], flags = 0 }: Packet) => {
  const opt = additionals.find((one) => one.type === "OPT")
  const extended = opt?.type === "OPT" ? opt.extendedRcode : 0
  const code = (extended << 4) | (flags & 0xf)
  return code === 16 ? "BADVERS" : (rcodes[code] ?? String(code))
}

/** What stands in a record, in words; two records with the same words are the same but for their time. */
export const shown = (record: Answer): string => {
  if (!("data" in record)) return record.type
  const { data } = record
  if (typeof data === "string") return data.toLowerCase()
  if (Buffer.isBuffer(data) || Array.isArray(data)) return [data].flat().map(String).join(" ")
  if (record.type === "SRV") {
    const { port, target } = record.data
    return `${port} ${target.toLowerCase()}`
  }
  return JSON.stringify(data)
}

/** An answer, read. */
export const read = (bytes: Buffer) => {
  const packet = decode(bytes)
  const { additionals = [], answers = [], authorities = [] } = packet
  return {
    bytes,
    packet,
    rcode: rcodeOf(packet),
    answers,
    authorities,
    additionals,
    /** What the records of a type say, in order of the alphabet. */
    data: (type: RecordType) =>
      answers
        .filter((one) => one.type === type)
        .map(shown)
        .toSorted(),
    soa: authorities.find((one) => one.type === "SOA")
  }
}
export type Read = ReturnType<typeof read>
