/** What bodies are made of, and how one gets around in them. */
import type { Schema } from "effect"

export type Json = Schema.Json
export type JsonObject = { readonly [key: string]: Json }

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)
export const isList = (value: Json | undefined): value is ReadonlyArray<Json> => Array.isArray(value)
export const fields = (value: Json | undefined): JsonObject => (isObject(value) ? value : {})
export const items = (value: Json | undefined): ReadonlyArray<Json> => (isList(value) ? value : [])
export const textOf = (value: Json | undefined) => (typeof value === "string" ? value : "")

/** Names of fields, and numbers of items. */
export type Path = ReadonlyArray<string | number>

export const at = (value: Json | undefined, path: Path): Json | undefined =>
  path.reduce<Json | undefined>(
    (inside, step) => (typeof step === "number" ? items(inside)[step] : fields(inside)[step]),
    value
  )

/** Another value there; absent: nothing. What is missing on the way is made. */
export const set = (value: Json | undefined, [step, ...rest]: Path, to: Json | undefined): Json => {
  if (step === undefined) return to ?? null
  if (typeof step === "number") {
    const list = [...items(value)]
    const isGone = rest.length === 0 && to === undefined
    list.splice(step, 1, ...(isGone ? [] : [set(list[step], rest, to)]))
    return list
  }
  const { [step]: before, ...others } = fields(value)
  return rest.length === 0 && to === undefined ? others : { ...fields(value), [step]: set(before, rest, to) }
}

/** The same for equal values, whichever order their fields have. */
export const canonical = (value: Json): string =>
  JSON.stringify(value, (_, inside: Json) =>
    isObject(inside) ? Object.fromEntries(Object.entries(inside).toSorted(([a], [b]) => (a < b ? -1 : 1))) : inside
  )
