/** Random changes of an object along its schema: a field more, one less, a value that is wrong. */
import { resolved } from "./Description.ts"
import { at, fields, isObject, items, type Json, type JsonObject, type Path, set, textOf } from "./Json.ts"
import type { Random } from "./Random.ts"

export interface Described {
  readonly schema: JsonObject
  readonly document: JsonObject
}

export interface Mutation {
  /** `wrong type at spec.replicas` */
  readonly name: string
  readonly object: JsonObject
}

/** What `metadata` holds is not the kinds' own matter, and `status` is reset where it is not meant. */
const isOwn = (path: Path) =>
  path[0] !== "apiVersion" && path[0] !== "kind" && path[0] !== "status" && path[0] !== "metadata"

const schemaAt = ({ document, schema }: Described, path: Path): JsonObject =>
  path.reduce<JsonObject>(
    (inside, step) => {
      const next =
        typeof step === "number" ? inside["items"] : (fields(inside["properties"])[step] ?? inside["additionalProperties"])
      return resolved(document, next)
    },
    resolved(document, schema)
  )

/** All places in a value. */
const places = (value: Json | undefined, path: Path = []): ReadonlyArray<Path> => [
  path,
  ...(Array.isArray(value) ? value.flatMap((item, index) => places(item, [...path, index])) : []),
  ...(isObject(value) ? Object.entries(value).flatMap(([name, inside]) => places(inside, [...path, name])) : [])
]

/** Values that names of fields suggest, right ones and wrong ones. */
const suggested: ReadonlyArray<readonly [RegExp, ReadonlyArray<Json>]> = [
  [/image$/i, ["nginx", "registry.example/a/b:1", " nginx", ""]],
  [/policy$/i, ["Always", "IfNotPresent", "Never", "Retain", "Delete", "Cluster", "Local", "Sometimes"]],
  [/protocol$/i, ["TCP", "UDP", "SCTP", "tcp", "HTTP"]],
  [/path$/i, ["/a", "a/b", "../x", "/", ""]],
  [/port$/i, [80, 8080, 0, -1, 65536]],
  [/IP$|address$/i, ["10.1.2.3", "::1", "300.1.1.1", "host", "127.0.0.1", "169.254.1.1"]],
  [/cidr$/i, ["10.0.0.0/8", "fd00::/64", "10.0.0.1/8", "x"]],
  [/name$/i, ["a", "a-b", "A_B", "a.b", "-a", "a".repeat(64), ""]],
  [/key$/i, ["a", "example.com/a", "/a", "a b", ""]],
  [/operator$/i, ["In", "NotIn", "Exists", "DoesNotExist", "Equal", "Near"]],
  [/effect$/i, ["NoSchedule", "NoExecute", "Maybe"]],
  [/type$/i, ["Recreate", "RollingUpdate", "ClusterIP", "NodePort", "Opaque", "Unknown", ""]],
  [/schedule$/i, ["* * * * *", "@daily", "x", "60 * * * *", "TZ=UTC * * * * *"]],
  [/timezone$/i, ["Europe/Berlin", "Nowhere/City", ""]],
  [/seconds$/i, [0, 1, -1, 30, 3_000_000_000]]
]

const quantities = ["1", "100m", "1Gi", "0", "-1", "1.5", "x", "1e3", "0.0001", "1Ki"]

/** A value of the schema's type; often one that is also right. */
const value = (random: Random, described: Described, schema: JsonObject, name: string, depth = 0): Json => {
  const { document } = described
  const inside = resolved(document, schema)
  const fit = suggested.find(([pattern]) => pattern.test(name))?.[1] ?? []
  const type = textOf(inside["type"])
  if (inside["x-kubernetes-int-or-string"] === true || textOf(inside["format"]) === "int-or-string")
    return random.pick([1, "25%", "http", -1, "150%", "x y"])
  if (inside["oneOf"] !== undefined) return random.pick(["1", "100m", 1, "x"])
  const enumerated = items(inside["enum"])
  if (enumerated.length > 0 && random.chance(0.8)) return random.some(enumerated) ?? "x"
  if (type === "boolean") return random.chance(0.5)
  if (type === "integer" || type === "number") {
    const numbers = fit.filter((one) => typeof one === "number")
    return random.some(numbers) ?? random.pick([0, 1, 2, 5, -1, 100, 2147483647])
  }
  if (type === "string") {
    if (inside["format"] === "date-time") return random.pick(["2030-01-02T03:04:05Z", "2030-01-02", "x"])
    if (inside["format"] === "byte") return random.pick(["YQ==", "!", ""])
    const texts = fit.filter((one) => typeof one === "string")
    return random.some(texts) ?? random.pick(["a", "some-text", "A", ""])
  }
  if (depth > 3) return type === "array" ? [] : {}
  if (type === "array") return [value(random, described, fields(inside["items"]), name.replace(/s$/, ""), depth + 1)]
  const { additionalProperties } = inside
  if (additionalProperties !== undefined) {
    const isQuantity = textOf(fields(additionalProperties)["$ref"]).endsWith("Quantity")
    const key = isQuantity ? random.pick(["cpu", "memory", "example.com/gpu", "x"]) : random.pick(["a", "b.c/d", "_", "A B"])
    const one = isQuantity
      ? random.pick(["1", "100m", "1Gi", "x", "-1"])
      : value(random, described, fields(additionalProperties), key, depth + 1)
    return { [key]: one }
  }
  if (textOf(inside["$ref"]).endsWith("Quantity")) return random.some(quantities) ?? "1"
  const required = items(inside["required"]).map(textOf)
  const optional = Object.keys(fields(inside["properties"])).filter((one) => !required.includes(one))
  const chosen = random.shuffled(optional).slice(0, random.int(3))
  const properties = fields(inside["properties"])
  return Object.fromEntries(
    [...required, ...chosen].map((one) => [one, value(random, described, fields(properties[one]), one, depth + 1)])
  )
}

const shown = (path: Path) => path.map((step) => (typeof step === "number" ? "*" : step)).join(".")

/** A field that is not there yet. */
const added = (random: Random, described: Described, object: JsonObject): Mutation | undefined => {
  const parents = places(object).filter((path) => path.length === 0 || isOwn(path))
  for (const parent of random.shuffled(parents)) {
    const schema = schemaAt(described, parent)
    const before = at(object, parent)
    const missing = Object.entries(fields(schema["properties"])).filter(([name]) => {
      const isThere = fields(before)[name] !== undefined
      return isObject(before) && !isThere && isOwn([...parent, name])
    })
    const [name, inside] = random.some(missing) ?? []
    if (name === undefined) continue
    const path = [...parent, name]
    return {
      name: `add ${shown(path)}`,
      object: fields(set(object, path, value(random, described, fields(inside), name)))
    }
  }
  return undefined
}

const wrongs: ReadonlyArray<Json> = ["x", 7, true, null, [], {}, ["x"], { x: "y" }, -1, 1.5, "", "x".repeat(300), 9e20]

const own = (object: JsonObject) => places(object).filter((path) => path.length > 0 && isOwn(path))

const changes: ReadonlyArray<(random: Random, described: Described, object: JsonObject) => Mutation | undefined> = [
  added,
  added,
  added,
  (random, _, object) => {
    const path = random.some(own(object))
    return path && { name: `drop ${shown(path)}`, object: fields(set(object, path, undefined)) }
  },
  (random, _, object) => {
    const path = random.some(own(object))
    const to = random.some(wrongs) ?? null
    return (
      path && { name: `wrong ${shown(path)} = ${JSON.stringify(to).slice(0, 20)}`, object: fields(set(object, path, to)) }
    )
  },
  (random, described, object) => {
    const path = random.some(own(object).filter((one) => !isObject(at(object, one)) && !Array.isArray(at(object, one))))
    if (path === undefined) return undefined
    const name = path.findLast((step) => typeof step === "string") ?? ""
    const to = value(random, described, schemaAt(described, path), String(name))
    return { name: `change ${shown(path)}`, object: fields(set(object, path, to)) }
  },
  (random, _, object) => {
    const path = random.some(places(object).filter((one) => isObject(at(object, one))))
    return path && { name: `unknown in ${shown(path)}`, object: fields(set(object, [...path, "unknownField"], 1)) }
  },
  (random, _, object) => {
    const path = random.some(own(object).filter((one) => Array.isArray(at(object, one))))
    if (path === undefined) return undefined
    const list = items(at(object, path))
    return { name: `twice ${shown(path)}`, object: fields(set(object, path, [...list, ...list])) }
  }
]

export const mutated = (random: Random, described: Described, object: JsonObject): Mutation => {
  const change = random.some(changes)
  return change?.(random, described, object) ?? added(random, described, object) ?? { name: "same", object }
}
