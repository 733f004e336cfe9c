/** `fieldPath` of a rule: `.spec.foo` or `.spec['a.b']`, of fields that the schema has. */
import type { Schema } from "effect"
import { isObject } from "../Declared.ts"

const escapes: { readonly [letter: string]: string } = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "'": "'",
  "\\": "\\"
}
const part = /\.([^.[\]]+)|\['((?:[^'\\]|\\.)*)'\]/y

/** As paths are shown, `spec.foo` or `spec[key]`; nothing if it is none. */
export const normalize = (path: string, schema: Schema.JsonObject): string | undefined => {
  let at: Schema.Json | undefined = schema
  let shown = ""
  part.lastIndex = 0
  while (part.lastIndex < path.length) {
    const [, plain, quoted = ""] = part.exec(path) ?? [undefined, undefined, undefined]
    if (part.lastIndex === 0 || !isObject(at)) return undefined
    const name: string | undefined = plain ?? unquote(quoted)
    if (name === undefined) return undefined
    const { additionalProperties, properties }: Schema.JsonObject = at
    if (isObject(properties)) {
      if (!Object.hasOwn(properties, name)) return undefined
      at = properties[name]
      shown += shown === "" ? name : `.${name}`
    } else if (isObject(additionalProperties)) {
      at = additionalProperties
      shown += `[${name}]`
    } else return undefined
  }
  return shown === "" ? undefined : shown
}

const unquote = (text: string): string | undefined => {
  let isValid = true
  const plain = text.replaceAll(/\\(.)/g, (_, letter: string) => {
    const found = escapes[letter]
    if (found === undefined) isValid = false
    return found ?? ""
  })
  return isValid ? plain : undefined
}
