/**
 * Which rule of a server answers. nginx finds the path that says most by itself; the rules that a request of that path may have are
 * told apart by maps: one for each condition, and one that gives the first rule whose conditions all hold.
 */
import type { Condition, Match, Rule } from "../../../plugins/ingress/contracts/IngressProxy.ts"
import { block, headerVariable, isHeader, quoted, regexOf } from "./Text.ts"

/** A rule with the named location that carries it out. */
export interface Named {
  readonly rule: Rule
  readonly location: string
}

/** Maps, each once, by what they say. */
export class Maps {
  readonly lines: Array<string> = []
  private readonly known = new Map<string, string>()

  add(source: string, entries: ReadonlyArray<string>) {
    const text = JSON.stringify([source, entries])
    const known = this.known.get(text)
    if (known !== undefined) return known
    const name = `$keelson_${this.known.size}`
    this.known.set(text, name)
    this.lines.push(...block(`map ${source} ${name}`, ...entries))
    return name
  }
}

const whole = ({ type, value }: Condition) => (type === "Exact" ? regexOf(value) : `(?:${value})`)
const truth = (regex: string) => ["default 0;", `${quoted(`~${regex}`)} 1;`]

const header = (maps: Maps, one: Condition) =>
  isHeader(one.name) ? maps.add(headerVariable(one.name), truth(`^${whole(one)}$`)) : maps.add('""', ["default 0;"])

/** Nobody says whether a parameter comes encoded. */
const parameter = (maps: Maps, one: Condition) => {
  const [name, encoded] = [regexOf(one.name), regexOf(encodeURIComponent(one.value))]
  const value = one.type === "Exact" ? `(?:${regexOf(one.value)}|${encoded})` : whole(one)
  // The first of a name counts.
  return maps.add("$args", truth(`^(?:(?!${name}=)[^&]*&)*${name}=${value}(?:&|$)`))
}

const conditions = (maps: Maps, { headers, method, query }: Match): ReadonlyArray<string> => [
  ...(method === undefined ? [] : [maps.add("$request_method", truth(`^${regexOf(method)}$`))]),
  ...headers.map((one) => header(maps, one)),
  ...query.map((one) => parameter(maps, one))
]

/** The location of the first rule that a request has, as a value: a name, or the variable that has it. */
const choice = (maps: Maps, rules: ReadonlyArray<Named>): string => {
  const asked: Array<{ readonly all: ReadonlyArray<string>; readonly location: string }> = []
  let otherwise = "@keelson_none"
  for (const { location, rule } of rules) {
    const all = conditions(maps, rule.match)
    if (all.length === 0) {
      otherwise = location
      break
    }
    asked.push({ all, location })
  }
  if (asked.length === 0) return otherwise
  const source = quoted(asked.map(({ all }) => `${all.map((name) => `\${${name.slice(1)}}`).join("")}:`).join(""))
  const entries = asked.map(({ location }, index) => `${quoted(`~^(?:[01]*:){${index}}1+:`)} ${location};`)
  return maps.add(source, [`default ${otherwise};`, ...entries])
}

const decoded = (path: string) => {
  try {
    return decodeURIComponent(path)
  } catch {
    // A percent sign of its own is what it is.
    return path
  }
}
const elements = (path: string) => decoded(path).replace(/\/+$/, "")

/** Whether a rule has the path `at`, or all that begins so if `at` ends with a slash and stands for what is below it. */
const covers = ({ path: { type, value } }: Match, at: string, isBelow: boolean) => {
  if (type === "Exact") return !isBelow && decoded(value) === at
  const own = `${elements(value)}/`
  return `${at}/`.startsWith(own) && (!isBelow || at.startsWith(own))
}

/** The locations of a server: where a request goes by its path, and which rules it may have there. */
export const locations = (maps: Maps, rules: ReadonlyArray<Named>): ReadonlyArray<string> => {
  const places = new Map<string, { readonly at: string; readonly isBelow: boolean }>()
  const put = (at: string, isBelow: boolean) => places.set(`${isBelow ? "" : "= "}${quoted(at)}`, { at, isBelow })
  for (const { rule } of rules) {
    const { type, value } = rule.match.path
    if (type === "Exact") put(decoded(value), false)
    else {
      const own = elements(value)
      if (own !== "") put(own, false)
      put(`${own}/`, true)
    }
  }
  if (!places.has('"/"')) put("/", true)
  return [...places]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([name, { at, isBelow }]) => {
      const where = choice(
        maps,
        rules.filter(({ rule }) => covers(rule.match, at, isBelow))
      )
      return block(`location ${name}`, `error_page 418 = ${where};`, "return 418;")
    })
}
