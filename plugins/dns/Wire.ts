/**
 * Messages of DNS as bytes: what a server must know of a question, and answers put together from records that are encoded once.
 * Source: RFC 1035 (4.1), RFC 6891 (EDNS).
 */
import { type Answer, encode } from "dns-packet"

export const rcodes = {
  noError: 0,
  formatError: 1,
  serverFailure: 2,
  nameError: 3,
  notImplemented: 4,
  refused: 5,
  badVersion: 16
} as const

export interface Query {
  readonly id: number
  readonly opcode: number
  readonly recursionDesired: boolean
  /** In lower case, without the dot at the end. */
  readonly name: string
  readonly type: number
  readonly class: number
  /** The question as it was asked, which its answer repeats. */
  readonly question: Buffer
  /** The bytes that the asker takes in a datagram; absent: it knows no EDNS, and takes 512. */
  readonly edns?: { readonly size: number; readonly dnssec: boolean; readonly version: number }
}

export const types: { readonly [type: number]: string } = {
  1: "A",
  2: "NS",
  5: "CNAME",
  6: "SOA",
  12: "PTR",
  16: "TXT",
  28: "AAAA",
  33: "SRV",
  255: "ANY"
}
const opt = 41
const headerBytes = 12
const pointerBits = 0xc0

/** The end of a name; -1 if it is none. */
const skipName = (message: Buffer, from: number): number => {
  for (let at = from; at < message.length; ) {
    const length = message.readUInt8(at)
    if (length === 0) return at + 1
    if ((length & pointerBits) === pointerBits) return at + 2 <= message.length ? at + 2 : -1
    if ((length & pointerBits) !== 0) return -1
    at += length + 1
  }
  return -1
}

const readName = (message: Buffer, end: number): string => {
  const labels: Array<string> = []
  for (let at = headerBytes; at < end - 1; ) {
    const length = message.readUInt8(at)
    labels.push(message.toString("latin1", at + 1, at + 1 + length))
    at += length + 1
  }
  return labels.join(".").toLowerCase()
}

export interface Record {
  readonly type: number
  readonly class: number
  readonly ttl: number
  /** Where its TTL stands, and where its data. */
  readonly ttlAt: number
  readonly dataAt: number
  readonly end: number
}

/** The records behind the questions; what does not parse ends them. */
export function* records(message: Buffer): Generator<Record> {
  let at = headerBytes
  for (let left = message.readUInt16BE(4); left > 0; left--) {
    at = skipName(message, at) + 4
    if (at < headerBytes) return
  }
  const count = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10)
  for (let left = count; left > 0; left--) {
    const name = skipName(message, at)
    if (name < 0 || name + 10 > message.length) return
    const end = name + 10 + message.readUInt16BE(name + 8)
    if (end > message.length) return
    yield {
      type: message.readUInt16BE(name),
      class: message.readUInt16BE(name + 2),
      ttl: message.readUInt32BE(name + 4),
      ttlAt: name + 4,
      dataAt: name + 10,
      end
    }
    at = end
  }
}

const ednsOf = (message: Buffer) => {
  if (message.readUInt16BE(10) === 0) return undefined
  for (const { class: size, ttl, type } of records(message)) {
    if (type === opt) return { size: Math.max(512, size), dnssec: (ttl & 0x8000) !== 0, version: (ttl >>> 16) & 0xff }
  }
  return undefined
}

/** Absent: no question, or not exactly one. */
export const parse = (message: Buffer): Query | undefined => {
  if (message.length < headerBytes) return undefined
  const flags = message.readUInt16BE(2)
  const end = skipName(message, headerBytes)
  const isQuestion = (flags & 0x8000) === 0 && message.readUInt16BE(4) === 1
  if (!isQuestion || end < 0 || end + 4 > message.length || end - headerBytes > 255) return undefined
  const edns = ednsOf(message)
  return {
    id: message.readUInt16BE(0),
    opcode: (flags >> 11) & 0xf,
    recursionDesired: (flags & 0x0100) !== 0,
    name: readName(message, end),
    type: message.readUInt16BE(end),
    class: message.readUInt16BE(end + 2),
    question: message.subarray(headerBytes, end + 4),
    ...(edns !== undefined && { edns })
  }
}

/** A record's bytes; where it is about the name that is asked for, the name is a pointer to the question. */
export const record = (answer: Answer, asked: string): Buffer => {
  const bytes = encode({ type: "response", answers: [answer] }).subarray(headerBytes)
  if (answer.name.toLowerCase() !== asked) return bytes
  return Buffer.concat([Buffer.from([pointerBits, headerBytes]), bytes.subarray(skipName(bytes, 0))])
}

/** An answer but for whom it is for. */
export interface Encoded {
  readonly rcode: number
  readonly authoritative: boolean
  /** An alias stands before what it leads to: their order is not to be turned. */
  readonly ordered: boolean
  readonly answers: ReadonlyArray<Buffer>
  readonly authorities: ReadonlyArray<Buffer>
  readonly additionals: ReadonlyArray<Buffer>
}

/** What this server takes in a datagram itself: no fragments on any path. */
const ownSize = 1232
const ednsRecord = ({ dnssec }: { readonly dnssec: boolean }, rcode: number) => {
  const bytes = Buffer.alloc(11)
  bytes.writeUInt16BE(opt, 1)
  bytes.writeUInt16BE(ownSize, 3)
  // A code has twelve bits: the header has room for the last four.
  bytes.writeUInt8(rcode >> 4, 5)
  bytes.writeUInt16BE(dnssec ? 0x8000 : 0, 7)
  return bytes
}

/** As many as fit, from the one at `turn` on and around, so that the first is not always the same. */
const fitting = (all: ReadonlyArray<Buffer>, room: number, turn = 0) => {
  const taken: Array<Buffer> = []
  let used = 0
  for (let index = 0; index < all.length; index++) {
    const bytes = all[(index + turn) % all.length]
    if (bytes === undefined || used + bytes.length > room) break
    taken.push(bytes)
    used += bytes.length
  }
  return { taken, used }
}

/** The whole message, in at most `limit` bytes. Answers that do not fit are left out, and it says so. `turn`: who comes first. */
export const message = (
  query: Query,
  { additionals, answers, authoritative, authorities, ordered, rcode }: Encoded,
  limit: number,
  turn = 0
): Buffer => {
  const edns = query.edns === undefined ? [] : [ednsRecord(query.edns, rcode)]
  const room = limit - headerBytes - query.question.length - (edns[0]?.length ?? 0)
  const answer = fitting(answers, room, ordered ? 0 : turn)
  const whole = answer.taken.length === answers.length
  const authority = whole ? fitting(authorities, room - answer.used) : { taken: [], used: 0 }
  const more = whole ? fitting(additionals, room - answer.used - authority.used) : { taken: [] }
  const header = Buffer.alloc(headerBytes)
  header.writeUInt16BE(query.id, 0)
  const flags =
    0x8080 | (authoritative ? 0x0400 : 0) | (whole ? 0 : 0x0200) | (query.recursionDesired ? 0x0100 : 0) | (rcode & 0xf)
  header.writeUInt16BE(flags, 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(answer.taken.length, 6)
  header.writeUInt16BE(authority.taken.length, 8)
  header.writeUInt16BE(more.taken.length + edns.length, 10)
  return Buffer.concat([header, query.question, ...answer.taken, ...authority.taken, ...more.taken, ...edns])
}

export const failure = (query: Query, rcode: number) =>
  message(query, { rcode, authoritative: false, ordered: true, answers: [], authorities: [], additionals: [] }, 512)

/** To what cannot be read, as far as its header goes; absent where even that is missing, or it is an answer itself. */
export const formatError = (bytes: Buffer): Buffer | undefined => {
  if (bytes.length < headerBytes || (bytes.readUInt8(2) & 0x80) !== 0) return undefined
  const header = Buffer.alloc(headerBytes)
  header.writeUInt16BE(bytes.readUInt16BE(0), 0)
  header.writeUInt16BE(0x8000 | rcodes.formatError, 2)
  return header
}

/** What fits into a datagram for this asker. */
export const datagram = ({ edns }: Query) => Math.min(edns?.size ?? 512, ownSize)
export const segment = 65_535
