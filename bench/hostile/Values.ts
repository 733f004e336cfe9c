/** Values that programs stumble over, and how a sound object is bent with one of them. */
import type { Random } from "../../conformance/kubernetes-api/Random.ts"

const nested = (depth: number, open: string, close: string, inner: string) =>
  open.repeat(depth) + inner + close.repeat(depth)

/** Keys that are something else already in JavaScript. */
export const keys = [
  ...["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf", "then", "length", "toJSON"],
  ...["", ".", "..", "/", "~", "$patch", "$setElementOrder/containers", "\u0000", "ключ", "🚢", "a".repeat(4096)]
]

/** Texts of JSON, some of them none: numbers beyond every type, nests, names of what is there already, text that is no text. */
const hostile = (random: Random): string =>
  random.pick([
    () => random.pick(["1e400", "-1e400", "1e-400", "-0", "9007199254740993", "18446744073709551616", "0.1", "2147483648"]),
    () => random.pick(["NaN", "Infinity", "undefined", "0x10", "01", "'a'", "1_000", ".5", "+1", "--1", "tru"]),
    () => random.pick(["null", "true", "{}", "[]", '""', "0", "-1", "[null]", "[[]]", "[{}]", '{"":""}']),
    () =>
      JSON.stringify(random.pick(["__proto__", "constructor", "\u0000", "\ud800", "a\nb", "../../etc", "%00", "$x", "x"])),
    () => JSON.stringify("x".repeat(1 << random.int(17))),
    () => `{${JSON.stringify(random.some(keys))}:${random.pick(['"x"', '{"a":1}', "null", '{"polluted":"yes"}'])}}`,
    () => nested(1 + random.int(random.chance(0.02) ? 100_000 : 2000), "[", "]", ""),
    () => nested(1 + random.int(random.chance(0.02) ? 50_000 : 1500), '{"a":', "}", "1"),
    () => `[${Array.from({ length: random.int(3000) }, () => "{}").join(",")}]`,
    () => JSON.stringify(random.pick(["1Ei", "-5", "1e99999999", "1.0000000000000001n", "9".repeat(5000), "0x1", "1 Gi"])),
    () =>
      JSON.stringify(
        random.pick(["a && ".repeat(3000), "(".repeat(20_000), "self.all(x, self.all(y, x))", "1/0", "[".repeat(9000)])
      ),
    () => JSON.stringify(random.pick(["(a+)+$", "a{99999}", "[", "(?=x)", "\\", "*".repeat(5000)])),
    () =>
      JSON.stringify(
        random.pick(["2026-13-45T99:99:99Z", "0000-00-00T00:00:00Z", "+999999-01-01T00:00:00Z", "@daily", "* * * * * *"])
      )
  ])()

/** A place in an object, as the mark that stands there while it is written as text. */
const mark = "\u0001hostile\u0001"
const place = (random: Random, value: unknown, depth = 0): unknown => {
  if (depth > 0 && random.chance(0.15)) return mark
  if (Array.isArray(value)) {
    const at = random.int(value.length)
    return value.map((one, index) => (index === at ? place(random, one, depth + 1) : one))
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value)
    const at = random.int(entries.length)
    return Object.fromEntries(entries.map(([key, one], index) => [key, index === at ? place(random, one, depth + 1) : one]))
  }
  return mark
}

/** The text of an object with one value in it that does not belong there. */
export const bent = (random: Random, object: object): string =>
  JSON.stringify(place(random, object)).replace(JSON.stringify(mark), () => hostile(random))

/** With a key more: one that is there already, or that everything has. */
const widened = (random: Random, text: string): string => {
  const places = [...text.matchAll(/\{"/g)]
  const at = random.some(places)?.index ?? 0
  return `${text.slice(0, at + 1)}${JSON.stringify(random.some(keys))}:${hostile(random)},${text.slice(at + 1)}`
}

/** Bytes that are wrong: cut off, turned over, or no UTF-8. */
export const spoiled = (random: Random, bytes: Buffer): Buffer => {
  if (bytes.length === 0 || random.chance(0.3)) return bytes.subarray(0, random.int(bytes.length + 1))
  const copy = Buffer.from(bytes)
  const wrong = [0x00, 0xc0, 0xff, 0xed, 0xfe, 0x80, 0x22, 0x5c, 0x7b, 0x7d]
  for (let times = 1 + random.int(4); times > 0; times--) copy[random.int(copy.length)] = random.some(wrong) ?? 0
  return copy
}

export const bytes = (random: Random, length: number): Buffer => Buffer.from(Array.from({ length }, () => random.int(256)))

/** A body of JSON that is wrong in one way or several. */
export const body = (random: Random, object: object): Buffer => {
  let text = bent(random, object)
  while (random.chance(0.3)) text = widened(random, text)
  return random.chance(0.2) ? spoiled(random, Buffer.from(text)) : Buffer.from(text)
}

export const any = hostile
