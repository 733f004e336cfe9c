/** The messages of the built-in kinds, read from their generated table, each at its first use. */
import { messages, packages } from "./generated/Messages.ts"

export interface Field {
  readonly id: number
  /** Its name in JSON. Empty: the message's own fields stand in the place of it. */
  readonly name: string
  readonly many: "one" | "list" | "map"
  /** `string`, `int32`, …; a name of `Scalars.ts`; or a message. */
  readonly type: string
  /** When it is empty it was meant to be so. All others are left out then, as Go's JSON does. */
  readonly kept: boolean
}
export interface Message {
  readonly name: string
  readonly fields: ReadonlyMap<number, Field>
}

let lines: ReadonlyMap<string, string> | undefined
const read = new Map<string, Message>()

/** By name, such as `core.v1.Pod`. */
export const find = (name: string): Message | undefined => {
  const before = read.get(name)
  if (before !== undefined) return before
  lines ??= new Map(messages.split("\n").map((line) => [/^\S*/.exec(line)?.[0] ?? "", line]))
  const line = lines.get(name)
  if (line === undefined) return undefined
  const message: Message = {
    name,
    fields: new Map(
      line
        .split(" ")
        .slice(1)
        .map((field) => parse(field, name))
    )
  }
  read.set(name, message)
  return message
}

const syntax = /^(?<id>\d+):(?<name>[^:]*):(?<many>\[\]|\{\})?(?<type>[\w.]+)(?<kept>!)?$/
const parse = (text: string, within: string): [number, Field] => {
  const { id, kept, many, name = "", type = "" } = syntax.exec(text)?.groups ?? {}
  const full = type.startsWith(".") ? within.slice(0, within.lastIndexOf(".")) + type : type
  const field: Field = {
    id: Number(id),
    name,
    many: many === "[]" ? "list" : many === "{}" ? "map" : "one",
    type: full,
    kept: kept !== undefined
  }
  return [field.id, field]
}

/** Kinds such as DeleteOptions belong to every group. */
export const ofKind = (apiVersion: string, kind: string): Message | undefined => {
  const name = Object.hasOwn(packages, apiVersion) ? packages[apiVersion] : undefined
  return (name === undefined ? undefined : find(`${name}.${kind}`)) ?? find(`meta.v1.${kind}`)
}
