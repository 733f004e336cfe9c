/**
 * What the bytes of a snapshot are: frames, each with its kind, its length and a checksum. The first is readable for everybody and
 * says whether the others are encrypted; then come the manifest, the entries, the end, and a checksum over all before it. Plain
 * synchronous code, but for compression, which has threads of its own.
 */
import { Encoder } from "cbor-x"
import { Schema } from "effect"
import { createHash, type Hash } from "node:crypto"
import { crc32, zstdCompress, zstdDecompress } from "node:zlib"
import { promisify } from "node:util"
import { Bytes } from "../../plugin/Contract.ts"
import { LogName } from "../Log.ts"
import type { Sealing } from "./Sealing.ts"

/** Where a file that is a snapshot begins, and in which version of this layout. */
const magic = Buffer.from("KEELSON SNAPSHOT 1\n")

export const kinds = { begin: 1, manifest: 2, entries: 3, end: 4, sum: 5 } as const
export type Kind = (typeof kinds)[keyof typeof kinds]

export const Begin = Schema.Struct({
  /** By what it is encrypted, if it is. The key id tells a wrong key from a damaged snapshot. */
  encryption: Schema.NullOr(Schema.Struct({ cipher: Schema.Literal("AES-256-GCM"), salt: Bytes, keyId: Schema.String }))
})
export type Begin = typeof Begin.Type

const Of = Schema.Struct({ epoch: Schema.String, seq: Schema.Int, entries: Schema.Int })
export const Manifest = Schema.Struct({
  /** The pin of the cluster's authority: who restores can see whose it is. */
  cluster: Schema.String,
  /** Of the program that made it. */
  version: Schema.String,
  /** What the log was kept in. */
  store: Schema.String,
  /** When, as an RFC 3339 time. */
  time: Schema.String,
  /** The snapshot is all that lived in each log at its seq. */
  logs: Schema.Struct({ objects: Of, events: Of, leases: Of })
})
export type Manifest = typeof Manifest.Type

/** What lived, as it is in the log: bytes that are encrypted there stay so. */
export const Living = Schema.Struct({
  log: LogName,
  key: Schema.String,
  seq: Schema.Int,
  writeId: Schema.String,
  bytes: Bytes
})
export type Living = typeof Living.Type
export const Entries = Schema.Array(Living)

export const End = Schema.Struct({ entries: Schema.Int, bytes: Schema.Int })
export type End = typeof End.Type

export class SnapshotDamaged extends Schema.TaggedError<SnapshotDamaged>()("SnapshotDamaged", { reason: Schema.String }) {
  override get message() {
    return `the snapshot cannot be used: ${this.reason}`
  }
}
export const damaged = (reason: string) => new SnapshotDamaged({ reason })

export const cbor = new Encoder({ useRecords: false, mapsAsObjects: true, tagUint8Array: false, copyBuffers: true })

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)
/** What one frame's entries may have, so that neither side needs more memory than a few of them. An entry is not divided. */
export const batchBytes = 256 * 1024
const largest = { frame: 16 * 1024 * 1024, inflated: 32 * 1024 * 1024 }

export const pack = async (value: unknown): Promise<Uint8Array> => compress(cbor.encode(value))
export const unpack = async (bytes: Uint8Array): Promise<unknown> => {
  try {
    return cbor.decode(await decompress(bytes, { maxOutputLength: largest.inflated }))
  } catch (cause) {
    throw damaged(`a frame cannot be unpacked (${cause instanceof Error ? cause.message : String(cause)})`)
  }
}

const headSize = 9

/** Frames in order, and what has been written so far. */
export class Writer {
  private readonly hash: Hash = createHash("sha256")
  private isFirst = true
  private readonly sealing: Sealing | undefined

  constructor(sealing: Sealing | undefined) {
    this.sealing = sealing
  }

  frame(kind: Kind, content: Uint8Array): Uint8Array {
    const clear = this.sealing === undefined || kind === kinds.begin || kind === kinds.sum
    const body = clear ? content : this.sealing.seal(kind, content)
    const head = Buffer.alloc(headSize)
    head.writeUInt8(kind)
    head.writeUInt32BE(body.length, 1)
    head.writeUInt32BE(crc32(body, crc32(head.subarray(0, 5))), 5)
    const bytes = Buffer.concat(this.isFirst ? [magic, head, body] : [head, body])
    this.isFirst = false
    this.hash.update(bytes)
    return bytes
  }

  sum(): Uint8Array {
    return this.frame(kinds.sum, this.hash.copy().digest())
  }
}

export interface Frame {
  readonly kind: Kind
  readonly body: Uint8Array
}

/** The frames that each piece of what is read completes, their checksums compared. */
export class Reader {
  private pieces: Array<Uint8Array> = []
  private length = 0
  private readonly hash = createHash("sha256")
  private begun = false
  private count = 0
  private isWhole = false

  /** What is cut off is no snapshot. */
  finish() {
    if (!this.isWhole) throw damaged(this.begun ? `it is cut off after ${this.count} frames` : "it is not one")
  }

  *read(piece: Uint8Array): Generator<Frame> {
    this.pieces.push(piece)
    this.length += piece.length
    if (!this.begun && !this.begin()) return
    for (let frame = this.next(); frame !== undefined; frame = this.next()) yield frame
  }

  private begin() {
    if (this.length < magic.length) return false
    const found = this.take(magic.length)
    if (!magic.equals(found)) throw damaged("it is not one, or one of a later version")
    this.hash.update(found)
    this.begun = true
    return true
  }

  private next(): Frame | undefined {
    if (this.isWhole && this.length > 0) throw damaged("something follows its end")
    if (this.length < headSize) return undefined
    const head = this.peek(headSize)
    const size = head.readUInt32BE(1)
    if (size > largest.frame) throw damaged(`its frame ${this.count + 1} says that it has ${size} bytes`)
    if (this.length < headSize + size) return undefined
    this.take(headSize)
    const body = this.take(size)
    this.count++
    if (crc32(body, crc32(head.subarray(0, 5))) !== head.readUInt32BE(5)) {
      throw damaged(`the checksum of its frame ${this.count} is wrong`)
    }
    const kind = Object.values(kinds).find((kind) => kind === head[0])
    if (kind === undefined) throw damaged(`its frame ${this.count} is of no known kind`)
    if (kind === kinds.sum) this.compare(body)
    else this.hash.update(head).update(body)
    return { kind, body }
  }

  private compare(sum: Uint8Array) {
    if (!this.hash.digest().equals(sum)) throw damaged("the checksum over the whole is wrong")
    this.isWhole = true
  }

  /** The first bytes, in one piece. */
  private peek(size: number): Buffer {
    const [first] = this.pieces
    if (first === undefined || first.length < size) this.pieces = [Buffer.concat(this.pieces)]
    const whole = this.pieces[0] ?? new Uint8Array()
    return Buffer.from(whole.buffer, whole.byteOffset, size)
  }

  private take(size: number): Buffer {
    const taken = this.peek(size)
    const rest = this.pieces[0]?.subarray(size) ?? new Uint8Array()
    this.pieces = rest.length === 0 ? this.pieces.slice(1) : [rest, ...this.pieces.slice(1)]
    this.length -= size
    return taken
  }
}
