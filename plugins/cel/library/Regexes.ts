/** Regular expressions as RE2 has them: they take time in proportion to the text, whatever pattern a user wrote. */
import { RE2JS } from "re2js"
import { fail, items, type Value } from "../Values.ts"
import { define, type Overload } from "./Function.ts"

const most = 1000
const compiled = new Map<string, RE2JS | string>()

/** The expression, or what is wrong with it. The last ones used are remembered. */
export const compileRegex = (pattern: string): RE2JS | string => {
  const before = compiled.get(pattern)
  if (before !== undefined) return before
  const regex = attempt(pattern)
  if (compiled.size >= most) compiled.clear()
  compiled.set(pattern, regex)
  return regex
}
const attempt = (pattern: string): RE2JS | string => {
  try {
    return RE2JS.compile(pattern)
  } catch (cause) {
    // The library throws for a pattern that is none.
    return cause instanceof Error ? cause.message : String(cause)
  }
}

const find = (text: string, pattern: string): Value => {
  const regex = compileRegex(pattern)
  if (typeof regex === "string") return fail(`Illegal regex: ${regex}`)
  const matcher = regex.matcher(text)
  return matcher.find() ? (matcher.group() ?? "") : ""
}
const findAll = (text: string, pattern: string, limit = -1n): Value => {
  const regex = compileRegex(pattern)
  if (typeof regex === "string") return fail(`Illegal regex: ${regex}`)
  const matcher = regex.matcher(text)
  const found: Array<Value> = []
  while ((limit < 0n || BigInt(found.length) < limit) && matcher.find()) found.push(matcher.group() ?? "")
  return items(found)
}

export const overloads: ReadonlyArray<Overload> = [
  define("string -> find(string): string", find),
  define("string -> findAll(string): list<string>", (text: string, pattern: string) => findAll(text, pattern)),
  define("string -> findAll(string, int): list<string>", (text: string, pattern: string, limit: bigint) =>
    findAll(text, pattern, limit)
  )
]
