/**
 * Functions of text: the standard ones, and cel-go's extension `strings` in its second version. Places in a text are counted in
 * code points.
 */
import { fail, items, type List, type Value } from "../Values.ts"
import { formatText } from "./Formatting.ts"
import { define, type Overload } from "./Function.ts"
import { compileRegex } from "./Regexes.ts"

const outOfRange = (index: bigint) => fail(`index out of range: ${index}`)
const pointsOf = (text: string) => [...text]

const charAt = (text: string, index: bigint): Value => {
  const points = pointsOf(text)
  if (index < 0n || index > BigInt(points.length)) return outOfRange(index)
  return points[Number(index)] ?? ""
}

/** From code points to UTF-16 units and back; the same for most texts. */
const unitsOf = (text: string, points: number) => pointsOf(text).slice(0, points).join("").length
const pointsUntil = (text: string, units: number) => BigInt(pointsOf(text.slice(0, units)).length)

const indexOf = (text: string, part: string, from: bigint): Value => {
  const size = pointsOf(text).length
  if (part === "") return from
  if (from < 0n || from > BigInt(size)) return outOfRange(from)
  const found = text.indexOf(part, unitsOf(text, Number(from)))
  return found === -1 ? -1n : pointsUntil(text, found)
}
const lastIndexOf = (text: string, part: string, from?: bigint): Value => {
  const size = BigInt(pointsOf(text).length)
  if (part === "") return from ?? size
  const start = from ?? size - 1n
  if (from !== undefined && (from < 0n || from > size)) return outOfRange(from)
  if (start < 0n) return -1n
  const found = text.lastIndexOf(part, unitsOf(text, Number(start)))
  return found === -1 ? -1n : pointsUntil(text, found)
}

const replace = (text: string, from: string, to: string, count: bigint): Value => {
  const parts = from === "" ? ["", ...pointsOf(text), ""] : text.split(from)
  const most = count < BigInt(parts.length - 1) ? Number(count) : parts.length - 1
  return (
    parts
      .slice(0, most)
      .map((part) => part + to)
      .join("") + parts.slice(most).join(from)
  )
}
const replaceAll = (text: string, from: string, to: string): Value =>
  from === ""
    ? to +
      pointsOf(text)
        .map((point) => point + to)
        .join("")
    : text.split(from).join(to)

const split = (text: string, by: string, count?: bigint): Value => {
  const parts = by === "" ? pointsOf(text) : text.split(by)
  if (count === undefined || count < 0n) return items(parts)
  if (count === 0n) return items([])
  const most = Number(count < BigInt(parts.length) ? count : BigInt(parts.length))
  return items([...parts.slice(0, most - 1), parts.slice(most - 1).join(by)])
}

const substring = (text: string, from: bigint, to?: bigint): Value => {
  const points = pointsOf(text)
  const size = BigInt(points.length)
  if (to !== undefined && from > to) return fail(`invalid substring range. start: ${from}, end: ${to}`)
  if (from < 0n || from > size) return outOfRange(from)
  if (to !== undefined && (to < 0n || to > size)) return outOfRange(to)
  return points.slice(Number(from), to === undefined ? undefined : Number(to)).join("")
}

const join = (list: List, by: string): Value => {
  const parts: Array<string> = []
  for (const item of list) {
    if (typeof item !== "string") return fail(`join: invalid input: ${String(item)}`)
    parts.push(item)
  }
  return parts.join(by)
}

const escapes = new Map([
  ["\x07", "\\a"],
  ["\b", "\\b"],
  ["\f", "\\f"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
  ["\v", "\\v"],
  ["\\", "\\\\"],
  ['"', '\\"']
])
export const quote = (text: string) =>
  `"${pointsOf(text)
    .map((point) => escapes.get(point) ?? point)
    .join("")}"`

const matches = (text: string, pattern: string): Value => {
  const regex = compileRegex(pattern)
  return typeof regex === "string" ? fail(regex) : regex.matcher(text).find()
}

export const overloads: ReadonlyArray<Overload> = [
  define("string -> contains(string): bool", (text: string, part: string) => text.includes(part), "contains_string"),
  define("string -> endsWith(string): bool", (text: string, end: string) => text.endsWith(end), "ends_with_string"),
  define(
    "string -> startsWith(string): bool",
    (text: string, start: string) => text.startsWith(start),
    "starts_with_string"
  ),
  define("matches(string, string): bool", matches, "matches_string"),
  define("string -> matches(string): bool", matches, "matches_string"),
  define("string -> charAt(int): string", charAt),
  define("string -> indexOf(string): int", (text: string, part: string) => indexOf(text, part, 0n)),
  define("string -> indexOf(string, int): int", indexOf),
  define("string -> lastIndexOf(string): int", (text: string, part: string) => lastIndexOf(text, part)),
  define("string -> lastIndexOf(string, int): int", (text: string, part: string, from: bigint) =>
    lastIndexOf(text, part, from)
  ),
  define("string -> lowerAscii(): string", (text: string) => text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())),
  define("string -> upperAscii(): string", (text: string) => text.replaceAll(/[a-z]/g, (letter) => letter.toUpperCase())),
  define("string -> replace(string, string): string", replaceAll),
  define("string -> replace(string, string, int): string", (text: string, from: string, to: string, count: bigint) =>
    count < 0n ? replaceAll(text, from, to) : replace(text, from, to, count)
  ),
  define("string -> split(string): list<string>", (text: string, by: string) => split(text, by)),
  define("string -> split(string, int): list<string>", (text: string, by: string, count: bigint) => split(text, by, count)),
  define("string -> substring(int): string", (text: string, from: bigint) => substring(text, from)),
  define("string -> substring(int, int): string", (text: string, from: bigint, to: bigint) => substring(text, from, to)),
  define("string -> trim(): string", (text: string) => text.replace(/^[\s\u0085]+|[\s\u0085]+$/gu, "")),
  define("string -> format(list<dyn>): string", formatText, "string_format"),
  define("strings.quote(string): string", quote, "strings_quote"),
  define("list<string> -> join(): string", (list: List) => join(list, "")),
  define("list<string> -> join(string): string", join)
]
