/** `format.dns1123Label().validate(name)`: the names, labels and other texts that Kubernetes has rules for. */
import * as Names from "../../../kernel/resource/Names.ts"
import * as Type from "../Types.ts"
import { Failure, items, none, Opaque, Optional, type Value } from "../Values.ts"
import { declare, define, type Overload } from "./Function.ts"
import { parseDate, parseTimestamp } from "./Times.ts"
import { parseUrl } from "./Urls.ts"

const type = declare("format", Type.struct("kubernetes.NamedFormat"))

export class Format extends Opaque {
  readonly type = type
  readonly name: string
  readonly rule: Names.Rule
  /** How long the pattern is that costs are counted by. */
  readonly length: number
  constructor(name: string, rule: Names.Rule, length: number) {
    super()
    this.name = name
    this.rule = rule
    this.length = length
  }
  equals(other: Opaque) {
    return other instanceof Format && other.name === this.name
  }
}

/** What may be completed by more characters may end with a dash. */
const prefix =
  (rule: Names.Rule): Names.Rule =>
  (value) =>
    rule(value.endsWith("-") && value.length > 1 ? `${value.slice(0, -1)}a` : value)
const unless =
  (message: string, holds: (value: string) => boolean): Names.Rule =>
  (value) =>
    holds(value) ? [] : [message]

const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/
const isUrl: Names.Rule = (value) => {
  const url = parseUrl(value)
  return url instanceof Failure ? [url.message] : []
}

const formats: ReadonlyArray<readonly [string, Format]> = [
  ["dns1123Label", new Format("DNS1123Label", Names.dns1123Label, 30)],
  ["dns1123Subdomain", new Format("DNS1123Subdomain", Names.dns1123Subdomain, 60)],
  ["dns1035Label", new Format("DNS1035Label", Names.dns1035Label, 30)],
  ["qualifiedName", new Format("QualifiedName", Names.labelKey, 60)],
  ["dns1123LabelPrefix", new Format("DNS1123LabelPrefix", prefix(Names.dns1123Label), 30)],
  ["dns1123SubdomainPrefix", new Format("DNS1123SubdomainPrefix", prefix(Names.dns1123Subdomain), 60)],
  ["dns1035LabelPrefix", new Format("DNS1035LabelPrefix", prefix(Names.dns1035Label), 30)],
  ["labelValue", new Format("LabelValue", Names.labelValue, 40)],
  ["uri", new Format("URI", isUrl, 1103)],
  [
    "uuid",
    new Format(
      "uuid",
      unless("does not match the UUID format", (value) => uuid.test(value)),
      70
    )
  ],
  [
    "byte",
    new Format(
      "byte",
      unless("invalid base64", (value) => base64.test(value)),
      80
    )
  ],
  [
    "date",
    new Format(
      "date",
      unless("invalid date", (value) => parseDate(value) !== undefined),
      140
    )
  ],
  [
    "datetime",
    new Format(
      "datetime",
      unless("invalid datetime", (value) => parseTimestamp(value) !== undefined),
      140
    )
  ]
]
const byName = new Map(formats)

const validate = ({ rule }: Format, text: string): Value => {
  const problems = rule(text)
  return problems.length === 0 ? none : new Optional(items(problems))
}

export const overloads: ReadonlyArray<Overload> = [
  ...formats.map(([name, format]) => define(`format.${name}(): format`, () => format)),
  define("format -> validate(string): optional<list<string>>", validate),
  define("format.named(string): optional<format>", (name: string) => {
    const format = byName.get(name)
    return format === undefined ? none : new Optional(format)
  })
]
