/**
 * Reads CBOR as JSON: what clients send that were told to. Strings may be bytes, as client-go writes them; bytes that are meant as base64
 * say so by their tag. Whatever has no meaning in JSON is refused, and so are lengths that are not said at once.
 * Source: RFC 8949; KEP-4222.
 */
import { Result, type Schema } from "effect"

/** Thrown from deep inside, and caught by `read`, which alone is called from outside. */
class Unreadable extends Error {}
const refuse = (why: string): never => {
  throw new Unreadable(`cbor: ${why}`)
}

/** As upstream's reader has it. */
const deepest = 64

const [unsigned, negative, bytes, text, array, map, tag] = [0, 1, 2, 3, 4, 5, 6]
const [isFalse, isTrue, isNull, half, single, double] = [20, 21, 22, 25, 26, 27]
const [time, base64url, base64, hex, isCbor] = [0, 21, 22, 23, 55799]
const encodings = new Map<number, BufferEncoding>([
  [base64url, "base64url"],
  [base64, "base64"],
  [hex, "hex"]
])

const utf8 = new TextDecoder("utf-8", { fatal: true })
const textOf = (part: Uint8Array) => {
  try {
    return utf8.decode(part)
  } catch {
    return refuse("a text that is no UTF-8")
  }
}

const halfOf = (bits: number) => {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 0x1f, bits & 0x3ff]
  if (exponent === 0x1f) return Number.NaN
  return sign * (exponent === 0 ? 2 ** -24 * fraction : 2 ** (exponent - 25) * (1024 + fraction))
}

class Reader {
  #at = 0
  readonly #bytes: Buffer
  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get isDone() {
    return this.#at === this.#bytes.length
  }

  #take(length: number): Buffer {
    if (length > this.#bytes.length - this.#at) return refuse("it ends before it is whole")
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  /** What follows the first byte of an item: a number, a length, or a tag. */
  #count(info: number): number {
    if (info < 24) return info
    if (info === 24) return this.#take(1).readUInt8()
    if (info === 25) return this.#take(2).readUInt16BE()
    if (info === 26) return this.#take(4).readUInt32BE()
    return info === 27 ? Number(this.#take(8).readBigUInt64BE()) : refuse("a length that is not said at once")
  }

  #float(info: number): number {
    const value =
      info === half
        ? halfOf(this.#take(2).readUInt16BE())
        : info === single
          ? this.#take(4).readFloatBE()
          : this.#take(8).readDoubleBE()
    return Number.isFinite(value) ? value : refuse("a number that is not finite")
  }

  #simple(info: number): Schema.Json {
    if (info === isFalse || info === isTrue) return info === isTrue
    if (info === isNull) return null
    return info === half || info === single || info === double ? this.#float(info) : refuse("a value that JSON has not")
  }

  #tagged(number: number, depth: number): Schema.Json {
    if (number === isCbor) return this.item(depth)
    const encoding = encodings.get(number)
    if (encoding !== undefined) {
      const first = this.#take(1).readUInt8()
      return first >> 5 === bytes
        ? this.#take(this.#count(first & 0x1f)).toString(encoding)
        : refuse("a tag for bytes before something else")
    }
    const value = number === time ? this.item(depth) : refuse(`the tag ${number}`)
    return typeof value === "string" ? value : refuse("a time that is no text")
  }

  #map(size: number, depth: number): Schema.JsonObject {
    const fields = new Map<string, Schema.Json>()
    for (let left = size; left > 0; left--) {
      const key = this.item(depth)
      if (typeof key !== "string") return refuse("a key that is no text")
      if (fields.has(key)) return refuse(`the key ${JSON.stringify(key)} twice`)
      fields.set(key, this.item(depth))
    }
    return Object.fromEntries(fields)
  }

  item(depth = deepest): Schema.Json {
    if (depth === 0) return refuse(`exceeded max nested level ${deepest}`)
    const first = this.#take(1).readUInt8()
    const [major, info] = [first >> 5, first & 0x1f]
    if (major > tag) return this.#simple(info)
    const count = this.#count(info)
    switch (major) {
      case unsigned:
        return count
      case negative:
        return -1 - count
      case bytes:
      case text:
        return textOf(this.#take(count))
      case array: {
        const items: Array<Schema.Json> = []
        for (let left = count; left > 0; left--) items.push(this.item(depth - 1))
        return items
      }
      case map:
        return this.#map(count, depth - 1)
      default:
        return this.#tagged(count, depth - 1)
    }
  }
}

export const read = (input: Buffer): Result.Result<Schema.Json, string> =>
  Result.try({
    try: () => {
      const reader = new Reader(input)
      const value = reader.item()
      return reader.isDone ? value : refuse("more than one item")
    },
    catch: (error) => {
      if (error instanceof Unreadable) return error.message
      throw error
    }
  })
