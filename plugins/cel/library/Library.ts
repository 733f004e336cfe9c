/** All functions, by name, in the order in which overloads are tried; and the names of types. */
import * as Type from "../Types.ts"
import { TypeValue, type Value } from "../Values.ts"
import { overloads as arithmetic } from "./Arithmetic.ts"
import { overloads as authorizer } from "./Authorizer.ts"
import { overloads as conversions } from "./Conversions.ts"
import { overloads as formats } from "./Formats.ts"
import { define, type Overload } from "./Function.ts"
import { overloads as lists } from "./Lists.ts"
import { overloads as networks } from "./Networks.ts"
import { overloads as optionals } from "./Optionals.ts"
import { overloads as quantities } from "./Quantities.ts"
import { overloads as regexes } from "./Regexes.ts"
import { overloads as semvers } from "./Semvers.ts"
import { overloads as texts } from "./Texts.ts"
import { overloads as times } from "./Times.ts"
import { overloads as urls } from "./Urls.ts"

export type Functions = ReadonlyMap<string, ReadonlyArray<Overload>>

const byName = (overloads: ReadonlyArray<Overload>): Functions => {
  const functions = new Map<string, Array<Overload>>()
  for (const overload of overloads) {
    const named = functions.get(overload.name)
    if (named === undefined) functions.set(overload.name, [overload])
    else named.push(overload)
  }
  return functions
}

const core: ReadonlyArray<Overload> = [
  ...arithmetic,
  ...conversions,
  ...texts,
  ...times,
  ...lists,
  ...optionals,
  ...regexes,
  ...quantities,
  ...semvers,
  ...networks,
  ...urls,
  ...formats,
  ...authorizer
]
export const standard: Functions = byName(core)

/** With what patches need: a key as it stands in a JSON Pointer. */
export const mutation: Functions = byName([
  ...core,
  define("jsonpatch.escapeKey(string): string", (key: string) => key.replaceAll("~", "~0").replaceAll("/", "~1"))
])

interface TypeName {
  readonly type: Type.Type
  readonly value: Value
}
const named = (name: string, type: Type.Type): readonly [string, TypeName] => [
  name,
  { type: Type.type(type), value: new TypeValue(name) }
]
export const types: ReadonlyMap<string, TypeName> = new Map([
  named("bool", Type.bool),
  named("int", Type.int),
  named("uint", Type.uint),
  named("double", Type.double),
  named("string", Type.string),
  named("bytes", Type.bytes),
  named("null_type", Type.nothing),
  named("list", Type.list(Type.dyn)),
  named("map", Type.map(Type.dyn, Type.dyn)),
  named("type", Type.type()),
  named("optional_type", Type.optional(Type.dyn)),
  named("google.protobuf.Timestamp", Type.timestamp),
  named("google.protobuf.Duration", Type.duration),
  named("net.IP", Type.opaque("net.IP")),
  named("net.CIDR", Type.opaque("net.CIDR")),
  named("kubernetes.Quantity", Type.struct("kubernetes.Quantity")),
  named("kubernetes.Semver", Type.struct("kubernetes.Semver")),
  named("kubernetes.URL", Type.struct("kubernetes.URL"))
])
