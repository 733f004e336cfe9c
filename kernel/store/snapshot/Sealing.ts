/**
 * Encryption of a snapshot: each frame by AES-256-GCM under a key of this snapshot alone, with its number as nonce, so that frames
 * can be neither changed nor moved, left out or brought from another snapshot. The key file is not used for anything else.
 */
import { Effect, FileSystem, Schema } from "effect"
import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from "node:crypto"
import { type Begin, damaged, type Kind } from "./Format.ts"

export class BadKey extends Schema.TaggedError<BadKey>()("BadKey", { reason: Schema.String }) {
  override get message() {
    return `the key of the snapshot: ${this.reason}`
  }
}

const cipher = "aes-256-gcm"
const tagSize = 16

/** Tells keys apart without saying anything of them. */
const idOf = (key: Uint8Array) => createHmac("sha256", key).update("keelson snapshot key id").digest("hex").slice(0, 16)

/** 32 bytes, as they are or in base64 or hexadecimal digits. */
const decoded = (file: Buffer): Uint8Array | undefined => {
  const text = file.toString("latin1").trim()
  const all = [file, Buffer.from(text, "base64"), /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, "hex") : Buffer.alloc(0)]
  return all.findLast(({ length }) => length === 32)
}

export const readKey = Effect.fnUntraced(function* (file: string) {
  const files = yield* FileSystem.FileSystem
  const content = yield* Effect.mapError(files.readFile(file), ({ message }) => new BadKey({ reason: message }))
  const key = decoded(Buffer.from(content))
  if (key !== undefined) return key
  return yield* new BadKey({ reason: `${file} has to have 32 random bytes, such as by: openssl rand -base64 32` })
})

const derive = (key: Uint8Array, salt: Uint8Array) => new Uint8Array(hkdfSync("sha256", key, salt, "keelson snapshot", 32))

/** One snapshot's frames, in their order. */
export class Sealing {
  private count = 0n
  private readonly key: Uint8Array
  /** What every frame is bound to besides its own kind: the beginning that it belongs to. */
  private readonly bound: Uint8Array

  constructor(key: Uint8Array, salt: Uint8Array, begin: Uint8Array) {
    this.key = derive(key, salt)
    this.bound = createHash("sha256").update(begin).digest()
  }

  private next() {
    const nonce = Buffer.alloc(12)
    nonce.writeBigUInt64BE(this.count++, 4)
    return nonce
  }

  private with(kind: Kind) {
    return Buffer.concat([this.bound, Buffer.from([kind])])
  }

  seal(kind: Kind, content: Uint8Array): Uint8Array {
    const sealing = createCipheriv(cipher, this.key, this.next()).setAAD(this.with(kind))
    return Buffer.concat([sealing.update(content), sealing.final(), sealing.getAuthTag()])
  }

  open(kind: Kind, body: Uint8Array): Uint8Array {
    const content = body.subarray(0, -tagSize)
    const opening = createDecipheriv(cipher, this.key, this.next(), { authTagLength: tagSize })
    opening.setAAD(this.with(kind))
    try {
      opening.setAuthTag(body.subarray(-tagSize))
      return Buffer.concat([opening.update(content), opening.final()])
    } catch {
      // All that the cipher says is that it is not what was sealed.
      throw damaged(`its encrypted frame ${this.count} was changed, or stands in another place than it was written at`)
    }
  }
}

/** What a new snapshot's beginning says of its encryption. */
export const fresh = (key: Uint8Array | undefined): Begin => ({
  encryption: key === undefined ? null : { cipher: "AES-256-GCM", salt: new Uint8Array(randomBytes(32)), keyId: idOf(key) }
})

/** For reading: absent where nothing is encrypted, or nobody has the key. */
export const of = ({ encryption }: Begin, begin: Uint8Array, key: Uint8Array | undefined) => {
  if (encryption === null || key === undefined) return undefined
  if (encryption.keyId === idOf(key)) return new Sealing(key, encryption.salt, begin)
  throw new BadKey({ reason: `it was encrypted by the key ${encryption.keyId}, and this one is ${idOf(key)}` })
}
