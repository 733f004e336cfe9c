/**
 * What encrypted bytes are in the store: a mark, a header that says by which key the data key can be had, and the bytes under a key
 * of their own, which is derived from the data key for each write (HKDF, as upstream's KMS v2). Where an entry belongs is bound to
 * it as associated data, so that its bytes prove nothing anywhere else. Plain synchronous code: it is on the way of every write.
 *
 *     mark (8) | length of the header (2) | header | salt (32) | nonce (12) | tag (16) | ciphertext
 */
import { Result, Schema } from "effect"
import { createCipheriv, createDecipheriv, createHmac, createSecretKey, type KeyObject, randomBytes } from "node:crypto"
import { Encrypted } from "./contracts/KeyManagement.ts"

/** No CBOR envelope begins with it: those are maps. */
const mark = Buffer.from("kl:enc:1", "latin1")
const sizes = { salt: 32, nonce: 12, tag: 16, length: 2 }
const fixed = sizes.salt + sizes.nonce + sizes.tag

/** Which provider decrypts the data key, and what it is given for that. */
const About = Schema.Struct({ provider: Schema.String, ...Encrypted.fields })
export type About = typeof About.Type
const Header = Schema.fromJsonString(
  Schema.Struct({
    provider: Schema.String,
    keyId: Schema.String,
    dataKey: Schema.Uint8ArrayFromBase64,
    annotations: Schema.Record(Schema.String, Schema.Uint8ArrayFromBase64)
  })
)
const encodeHeader = Schema.encodeSync(Header)
const decodeHeader = Schema.decodeUnknownResult(Header)

/** The same for all that one data key encrypts: made once, and compared as text. */
export const header = ({ annotations, ciphertext, keyId, provider }: About): string =>
  encodeHeader({ provider, keyId, dataKey: ciphertext, annotations })

/** `undefined`: nobody of us has written it. */
export const about = (header: string): About | undefined =>
  Result.getOrUndefined(
    Result.map(decodeHeader(header), ({ dataKey, ...rest }): About => ({ ...rest, ciphertext: dataKey }))
  )

/** How many bytes are added to what is encrypted. */
export const overhead = (header: string) => mark.length + sizes.length + Buffer.byteLength(header) + fixed

export const isSealed = (bytes: Uint8Array) => {
  if (bytes.length < mark.length + sizes.length + fixed) return false
  for (let index = 0; index < mark.length; index++) if (bytes[index] !== mark[index]) return false
  return true
}

const bufferOf = ({ buffer, byteLength, byteOffset }: Uint8Array) => Buffer.from(buffer, byteOffset, byteLength)

/** Of bytes that are sealed. */
export const headerOf = (bytes: Uint8Array): string => {
  const buffer = bufferOf(bytes)
  const start = mark.length + sizes.length
  return buffer.toString("utf8", start, start + buffer.readUInt16BE(mark.length))
}

/** The one block of HKDF-Expand with SHA-256 that makes 32 bytes (RFC 5869); the data key is random, so that there is nothing to extract. */
const derived = (dataKey: KeyObject, salt: Uint8Array) =>
  createSecretKey(createHmac("sha256", dataKey).update(salt).update(one).digest())
const one = Uint8Array.of(1)
/** As it is used. With bytes in a key's place Node.js takes three to five times as long. */
export const dataKeyOf = (bytes: Uint8Array): KeyObject => createSecretKey(bytes)

/** The place of an entry. */
const placeOf = (log: string, key: string) => Buffer.from(`${log}/${key}`)

export const seal = (header: string, dataKey: KeyObject, log: string, key: string, plain: Uint8Array): Uint8Array => {
  const length = Buffer.byteLength(header)
  const whole = Buffer.allocUnsafeSlow(overhead(header) + plain.length)
  mark.copy(whole)
  whole.writeUInt16BE(length, mark.length)
  let at = mark.length + sizes.length
  at += whole.write(header, at, "utf8")
  const random = randomBytes(sizes.salt + sizes.nonce)
  random.copy(whole, at)
  at += random.length
  const cipher = createCipheriv(
    "aes-256-gcm",
    derived(dataKey, random.subarray(0, sizes.salt)),
    random.subarray(sizes.salt),
    {
      authTagLength: sizes.tag
    }
  )
  cipher.setAAD(placeOf(log, key))
  cipher.update(plain).copy(whole, at + sizes.tag)
  // A stream cipher holds nothing back until the end.
  cipher.final()
  cipher.getAuthTag().copy(whole, at)
  return new Uint8Array(whole.buffer, whole.byteOffset, whole.length)
}

/** `undefined`: it was changed, or does not belong here. */
export const open = (dataKey: KeyObject, log: string, key: string, sealed: Uint8Array): Uint8Array | undefined => {
  const whole = bufferOf(sealed)
  let at = mark.length + sizes.length + whole.readUInt16BE(mark.length)
  if (whole.length < at + fixed) return undefined
  const take = (count: number) => whole.subarray(at, (at += count))
  const salt = take(sizes.salt)
  const decipher = createDecipheriv("aes-256-gcm", derived(dataKey, salt), take(sizes.nonce), { authTagLength: sizes.tag })
  decipher.setAAD(placeOf(log, key))
  decipher.setAuthTag(take(sizes.tag))
  const plain = decipher.update(whole.subarray(at))
  try {
    decipher.final()
  } catch {
    // The tag does not fit: that is the answer.
    return undefined
  }
  return new Uint8Array(plain.buffer, plain.byteOffset, plain.length)
}
