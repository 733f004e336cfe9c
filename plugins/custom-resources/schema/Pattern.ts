/** Patterns as Go reads them, in JavaScript's words. Source: the syntax of RE2. */
import { Result } from "effect"

const classes: { readonly [name: string]: string } = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  ascii: "\\x00-\\x7F",
  blank: "\\t ",
  cntrl: "\\x00-\\x1F\\x7F",
  digit: "0-9",
  graph: "!-~",
  lower: "a-z",
  print: " -~",
  punct: "!-\\/:-@[-`{-~",
  space: "\\t\\n\\v\\f\\r ",
  upper: "A-Z",
  word: "0-9A-Za-z_",
  xdigit: "0-9A-Fa-f"
}

/** `\z` and `\A` are the ends of the text, `(?P<name>…)` is a group, and what needs no backslash may have one. */
const translated = (source: string) =>
  source
    .replaceAll(/\[:(\^?)([a-z]+):\]/g, (whole, not: string, name: string) =>
      not === "" ? (classes[name] ?? whole) : whole
    )
    .replaceAll(/\\([\s\S])/g, (whole, letter: string) => {
      if (letter === "A") return "^"
      if (letter === "z") return "$"
      return /[-_:;<>=@#%&!~`'",\s]/.test(letter) ? (letter === "-" ? "\\-" : letter) : whole
    })
    .replaceAll("(?P<", "(?<")

const flagged = (source: string): readonly [source: string, flags: string] => {
  const [lead, flags = ""] = /^\(\?([ims]+)\)/.exec(source) ?? []
  return lead === undefined ? [source, ""] : [source.slice(lead.length), flags]
}

export const compile = (text: string): Result.Result<RegExp, string> => {
  const [source, flags] = flagged(text)
  const attempt = (text: string, more: string) =>
    Result.try({ try: () => new RegExp(text, flags + more), catch: (error) => String(error) })
  return attempt(translated(source), "u").pipe(
    Result.orElse(() => attempt(source, "u")),
    Result.orElse(() => attempt(translated(source), ""))
  )
}
