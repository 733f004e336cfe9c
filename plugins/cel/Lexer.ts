/** The words of an expression. Places are counted in code points. Source: the language definition of CEL, "Syntax". */
import type { Issue } from "./Issues.ts"

export type TokenKind =
  | "identifier"
  | "escaped"
  | "int"
  | "uint"
  | "double"
  | "string"
  | "bytes"
  | "keyword"
  | "operator"
  | "end"

export interface Token {
  readonly kind: TokenKind
  readonly text: string
  readonly at: number
}

const blank = /(?:[\t \r\n\f]|\/\/[^\n]*)+/y
const numbers: ReadonlyArray<readonly [TokenKind, RegExp]> = [
  ["double", /(?:[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?)/y],
  ["uint", /(?:0x[0-9a-fA-F]+|[0-9]+)[uU]/y],
  ["int", /(?:0x[0-9a-fA-F]+|[0-9]+)/y]
]
const escape = String.raw`\\(?:[abfnrtv"'\\?\u0060]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2})`
const texts = new RegExp(
  [
    String.raw`[rR]"""[\s\S]*?"""`,
    String.raw`[rR]'''[\s\S]*?'''`,
    String.raw`"""(?:${escape}|[^\\])*?"""`,
    String.raw`'''(?:${escape}|[^\\])*?'''`,
    String.raw`[rR]"[^"\n\r]*"`,
    String.raw`[rR]'[^'\n\r]*'`,
    String.raw`"(?:${escape}|[^\\"\n\r])*"`,
    String.raw`'(?:${escape}|[^\\'\n\r])*'`
  ]
    .map((one) => `[bB]?(?:${one})`)
    .join("|"),
  "y"
)
const identifier = /[A-Za-z_][A-Za-z0-9_]*/y
const escaped = /`[A-Za-z0-9_.\-/ ]+`/y
const operator = /==|!=|<=|>=|&&|\|\||[[\]{}().,\-!?:+*/%<>]/y
const keywords = new Set(["in", "true", "false", "null"])

const read = (pattern: RegExp, source: string, from: number) => {
  pattern.lastIndex = from
  return pattern.exec(source)?.[0]
}

const next = (source: string, from: number): readonly [TokenKind, string] | undefined => {
  for (const [kind, pattern] of numbers) {
    const text = read(pattern, source, from)
    if (text !== undefined) return [kind, text]
  }
  const text = read(texts, source, from)
  if (text !== undefined) return [/^[bB]/.test(text) ? "bytes" : "string", text]
  const name = read(identifier, source, from)
  if (name !== undefined) return [keywords.has(name) ? "keyword" : "identifier", name]
  const quoted = read(escaped, source, from)
  if (quoted !== undefined) return ["escaped", quoted]
  const sign = read(operator, source, from)
  return sign === undefined ? undefined : ["operator", sign]
}

/** What cannot be read is left out, and told. */
export const lex = (source: string): { readonly tokens: ReadonlyArray<Token>; readonly issues: ReadonlyArray<Issue> } => {
  const tokens: Array<Token> = []
  const issues: Array<Issue> = []
  // `at` follows `from`, which counts UTF-16 units.
  let from = 0
  let at = 0
  const step = (text: string) => {
    from += text.length
    at += [...text].length
  }
  while (from < source.length) {
    const skipped = read(blank, source, from)
    if (skipped !== undefined) {
      step(skipped)
      continue
    }
    const found = next(source, from)
    if (found === undefined) {
      const bad = unreadable(source, from)
      issues.push({ at, message: `Syntax error: token recognition error at: '${shown(bad)}'` })
      step(bad)
      continue
    }
    tokens.push({ kind: found[0], text: found[1], at })
    step(found[1])
  }
  tokens.push({ kind: "end", text: "<EOF>", at })
  return { tokens, issues }
}

const begun = new RegExp(`(['"])(?:${escape}|(?!\\1)[^\\\\\\n\\r])*(?:\\\\?[\\s\\S])?`, "y")
/** A text with what spoils it; anything else is one character. */
const unreadable = (source: string, from: number) =>
  read(begun, source, from) ?? String.fromCodePoint(source.codePointAt(from) ?? 0)
const shown = (text: string) => text.replaceAll("\n", "\\n").replaceAll("\r", "\\r").replaceAll("\t", "\\t")

const simple: { readonly [letter: string]: string } = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v"
}

/** What a literal of text or bytes stands for. In text, `\x41` is a character; in bytes, a byte. */
export const unquote = (literal: string): { readonly text: string; readonly bytes: Uint8Array } | undefined => {
  const [, isBytes = "", raw = "", quoted = ""] = /^([bB]?)([rR]?)([\s\S]*)$/.exec(literal) ?? []
  const quote = /^("""|''')/.test(quoted) ? 3 : 1
  const inner = quoted.slice(quote, -quote).replaceAll("\r\n", "\n").replaceAll("\r", "\n")
  if (raw !== "") return { text: inner, bytes: Buffer.from(inner) }
  const parts: Array<Uint8Array> = []
  let text = ""
  let isValid = true
  for (const [, code, plain] of inner.matchAll(
    /\\([xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2}|[\s\S])|([^\\]+)/g
  )) {
    if (plain !== undefined) {
      text += plain
      parts.push(Buffer.from(plain))
      continue
    }
    const unit = unescape(code ?? "")
    if (unit === undefined) return undefined
    if (typeof unit === "string") {
      text += unit
      parts.push(Buffer.from(unit))
    } else if (isBytes !== "" && unit.isByte) {
      parts.push(Uint8Array.of(unit.point))
    } else {
      if (unit.point > 0x10ffff || (unit.point >= 0xd800 && unit.point < 0xe000)) isValid = false
      const point = isValid ? String.fromCodePoint(unit.point) : ""
      text += point
      parts.push(Buffer.from(point))
    }
  }
  return isValid ? { text, bytes: Buffer.concat(parts) } : undefined
}

const unescape = (code: string): string | { readonly point: number; readonly isByte: boolean } | undefined => {
  if (/^[xX]./.test(code)) return { point: Number.parseInt(code.slice(1), 16), isByte: true }
  if (/^[uU]./.test(code)) return { point: Number.parseInt(code.slice(1), 16), isByte: false }
  if (/^[0-7]{3}$/.test(code)) return { point: Number.parseInt(code, 8), isByte: true }
  return simple[code] ?? code
}
