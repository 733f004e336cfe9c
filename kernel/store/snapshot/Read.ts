/** The bytes of a snapshot as what they say, checked on the way: each checksum, the order of its parts, and what they count to. */
import { Effect, Schema, Stream } from "effect"
import { names } from "../Log.ts"
import * as Format from "./Format.ts"
import * as Sealing from "./Sealing.ts"

const { damaged, kinds } = Format
export type Failure = Format.SnapshotDamaged | Sealing.BadKey

export type Part =
  | { readonly _tag: "Manifest"; readonly manifest: Format.Manifest }
  | { readonly _tag: "Entries"; readonly entries: ReadonlyArray<Format.Living> }

/** What there is to say of a snapshot, without its entries. */
export interface Summary {
  readonly bytes: number
  /** The id of the key that it was encrypted by. */
  readonly keyId: string | undefined
  /** Unknown of one that is encrypted, to who does not have the key. */
  readonly manifest: Format.Manifest | undefined
  /** Whether its entries were looked at, and not the checksums alone. */
  readonly isVerified: boolean
}

const decodeBegin = Schema.decodeUnknownSync(Format.Begin)
const decodeManifest = Schema.decodeUnknownSync(Format.Manifest)
const decodeEntries = Schema.decodeUnknownSync(Format.Entries)
const decodeEnd = Schema.decodeUnknownSync(Format.End)

const failureOf = (cause: unknown): Failure =>
  cause instanceof Format.SnapshotDamaged || cause instanceof Sealing.BadKey
    ? cause
    : damaged(cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : String(cause))

/** One snapshot as it is read, from its first frame to its last. */
class Reading {
  private readonly reader = new Format.Reader()
  private readonly key: Uint8Array | undefined
  /** Only checksums and the manifest. */
  private readonly isCursory: boolean
  private begin: Format.Begin | undefined
  private sealing: Sealing.Sealing | undefined
  private end: Format.End | undefined
  private readonly found = { objects: 0, events: 0, leases: 0, bytes: 0 }
  private readonly keys = new Set<string>()
  manifest: Format.Manifest | undefined
  bytes = 0

  constructor(key: Uint8Array | undefined, isCursory: boolean) {
    this.key = key
    this.isCursory = isCursory
  }

  get keyId() {
    return this.begin?.encryption?.keyId
  }

  async read(piece: Uint8Array): Promise<ReadonlyArray<Part>> {
    this.bytes += piece.length
    const parts: Array<Part> = []
    for (const frame of this.reader.read(piece)) parts.push(...(await this.part(frame)))
    return parts
  }

  finish() {
    this.reader.finish()
    if (this.manifest === undefined || this.isCursory) return
    const { bytes, ...counts } = this.found
    const all = names.reduce((sum, name) => sum + counts[name], 0)
    const odd = names.find((name) => counts[name] !== this.manifest?.logs[name].entries)
    if (odd !== undefined || all !== this.end?.entries || bytes !== this.end.bytes) {
      throw damaged(`it does not have as many entries as it says (${all} in all)`)
    }
  }

  private async part({ body, kind }: Format.Frame): Promise<ReadonlyArray<Part>> {
    if (this.begin === undefined) {
      if (kind !== kinds.begin) throw damaged("it has no beginning")
      this.begin = decodeBegin(Format.cbor.decode(body))
      this.sealing = Sealing.of(this.begin, body, this.key)
      return []
    }
    if (kind === kinds.sum) return []
    if (this.begin.encryption !== null && this.sealing === undefined) return []
    const content = this.sealing === undefined ? body : this.sealing.open(kind, body)
    if (kind === kinds.manifest && this.manifest === undefined) {
      this.manifest = decodeManifest(await Format.unpack(content))
      return [{ _tag: "Manifest", manifest: this.manifest }]
    }
    if (this.manifest === undefined || this.end !== undefined) throw damaged("its parts are not in their order")
    if (kind === kinds.end) this.end = decodeEnd(await Format.unpack(content))
    else if (kind !== kinds.entries) throw damaged("its parts are not in their order")
    else if (!this.isCursory) return [this.counted(decodeEntries(await Format.unpack(content)))]
    return []
  }

  private counted(entries: ReadonlyArray<Format.Living>): Part {
    for (const { bytes, key, log, seq } of entries) {
      this.found[log]++
      this.found.bytes += bytes.length
      if (seq > (this.manifest?.logs[log].seq ?? 0)) throw damaged(`${key} is newer than the snapshot`)
      const before = this.keys.size
      if (this.keys.add(`${log} ${key}`).size === before) throw damaged(`it has ${key} twice`)
    }
    return { _tag: "Entries", entries }
  }
}

/** What a snapshot has. It fails at its end if it is not whole: what was read until then is not to be trusted before. */
export const read = <E, R>(bytes: Stream.Stream<Uint8Array, E, R>, key?: Uint8Array): Stream.Stream<Part, E | Failure, R> =>
  Stream.suspend(() => {
    const reading = new Reading(key, false)
    const parts = bytes.pipe(
      Stream.mapEffect((piece) => Effect.tryPromise({ try: () => reading.read(piece), catch: failureOf })),
      Stream.flatMap(Stream.fromIterable)
    )
    const finish = Effect.try({
      try: () => {
        reading.finish()
        if (reading.manifest === undefined) throw new Sealing.BadKey({ reason: `it is needed: ${reading.keyId}` })
      },
      catch: failureOf
    })
    return Stream.concat(parts, Stream.fromEffectDrain(finish))
  })

/** Reads all of it and compares its checksums. `isDeep`: also decrypts, unpacks and counts its entries. */
export const verify = Effect.fn("Snapshot.verify")(function* <E, R>(
  bytes: Stream.Stream<Uint8Array, E, R>,
  { isDeep = false, key }: { readonly key?: Uint8Array | undefined; readonly isDeep?: boolean } = {}
) {
  const reading = new Reading(key, !isDeep)
  yield* Stream.runForEach(bytes, (piece) => Effect.tryPromise({ try: () => reading.read(piece), catch: failureOf }))
  yield* Effect.try({ try: () => reading.finish(), catch: failureOf })
  const { keyId, manifest } = reading
  const summary: Summary = { bytes: reading.bytes, keyId, manifest, isVerified: isDeep && manifest !== undefined }
  return summary
})
