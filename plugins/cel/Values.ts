/**
 * What expressions compute with. JSON's text, truth and null are themselves; an `int` is a bigint and a `double` a number, so that
 * they stay apart; lists and maps are interfaces, so that an object of the API is wrapped as it is read, and never copied.
 */
import type { Type } from "./Types.ts"

export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | Uint
  | Timestamp
  | Duration
  | List
  | Dict
  | Optional
  | TypeValue
  | Opaque
  | Failure

/** An error, which is a value until nobody absorbs it: `true || error` is true. */
export class Failure {
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}
export const fail = (message: string) => new Failure(message)
export const noOverload = new Failure("no such overload")

export class Uint {
  readonly value: bigint
  constructor(value: bigint) {
    this.value = value
  }
}

/** Nanoseconds since 1970. */
export class Timestamp {
  readonly nanos: bigint
  constructor(nanos: bigint) {
    this.nanos = nanos
  }
}
/** Nanoseconds. */
export class Duration {
  readonly nanos: bigint
  constructor(nanos: bigint) {
    this.nanos = nanos
  }
}

export class Optional {
  readonly value: Value | undefined
  constructor(value: Value | undefined) {
    this.value = value
  }
}
export const none = new Optional(undefined)

export class TypeValue {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

/** A value of a library, such as an address. */
export abstract class Opaque {
  abstract readonly type: Type
  abstract equals(other: Opaque): boolean
  /** What costs are counted by, where it is not 1. */
  get size(): number {
    return 1
  }
}

export abstract class List {
  abstract readonly size: number
  abstract at(index: number): Value
  /** A list of the API that is compared without order: a set, or a map by these keys. */
  get unordered(): ReadonlyArray<string> | undefined {
    return undefined
  }
  *[Symbol.iterator](): Generator<Value> {
    for (let index = 0; index < this.size; index++) yield this.at(index)
  }
}

/** Several lists may share one array, of which each sees its first items: so appending to a list again and again is cheap. */
export class Items extends List {
  private readonly shared: Array<Value>
  readonly size: number
  constructor(shared: Array<Value>, size = shared.length) {
    super()
    this.shared = shared
    this.size = size
  }
  at(index: number): Value {
    return this.shared[index] ?? null
  }
  append(others: Iterable<Value>): Items {
    const shared = this.shared.length === this.size ? this.shared : this.shared.slice(0, this.size)
    for (const other of others) shared.push(other)
    return new Items(shared)
  }
}
export const items = (values: Iterable<Value>): Items => new Items([...values])

export abstract class Dict {
  abstract readonly size: number
  abstract find(key: Value): Value | undefined
  abstract keys(): Iterable<Value>
  /** Whether `key in map`: what is found may be there for want of something better. */
  has(key: Value): boolean {
    return this.find(key) !== undefined
  }
  /** The name of its type, where it is an object. */
  get typeName(): string {
    return "map"
  }
}

interface Entry {
  readonly key: Value
  readonly value: Value
  readonly index: number
}

/** Equal keys have equal words: 1, 1u and 1.0 are the same key. */
export const keyOf = (key: Value): string | undefined => {
  if (typeof key === "string") return `s${key}`
  if (typeof key === "bigint") return `n${key}`
  if (typeof key === "boolean") return `b${key}`
  if (key instanceof Uint) return `n${key.value}`
  if (typeof key === "number" && Number.isInteger(key)) return `n${BigInt(key)}`
  return undefined
}

/** Shared between versions as `Items` is. */
export class Entries extends Dict {
  private readonly shared: Map<string, Entry>
  readonly size: number
  constructor(shared: Map<string, Entry> = new Map()) {
    super()
    this.shared = shared
    this.size = shared.size
  }
  find(key: Value): Value | undefined {
    const word = keyOf(key)
    const entry = word === undefined ? undefined : this.shared.get(word)
    return entry !== undefined && entry.index < this.size ? entry.value : undefined
  }
  *keys(): Generator<Value> {
    for (const { index, key } of this.shared.values()) {
      if (index >= this.size) return
      yield key
    }
  }
  insert(key: Value, value: Value): Entries | Failure {
    const word = keyOf(key)
    if (word === undefined) return fail("unsupported key type")
    if (this.find(key) !== undefined) return fail(`insert failed: key ${show(key)} already exists`)
    const shared =
      this.shared.size === this.size ? this.shared : new Map([...this.shared].filter(([, { index }]) => index < this.size))
    shared.set(word, { key, value, index: this.size })
    return new Entries(shared)
  }
}
export const entries = (pairs: Iterable<readonly [Value, Value]>): Entries => {
  const shared = new Map<string, Entry>()
  for (const [key, value] of pairs) {
    const word = keyOf(key)
    if (word !== undefined) shared.set(word, { key, value, index: shared.get(word)?.index ?? shared.size })
  }
  return new Entries(shared)
}

export const isInt64 = (value: bigint) => BigInt.asIntN(64, value) === value
export const isUint64 = (value: bigint) => BigInt.asUintN(64, value) === value

export const typeName = (value: Value): string => {
  if (value === null) return "null_type"
  switch (typeof value) {
    case "boolean":
      return "bool"
    case "bigint":
      return "int"
    case "number":
      return "double"
    case "string":
      return "string"
    default:
      return objectTypeName(value)
  }
}
const objectTypeName = (value: Exclude<Value, null | boolean | bigint | number | string>): string => {
  if (value instanceof Uint8Array) return "bytes"
  if (value instanceof Uint) return "uint"
  if (value instanceof Timestamp) return "google.protobuf.Timestamp"
  if (value instanceof Duration) return "google.protobuf.Duration"
  if (value instanceof List) return "list"
  if (value instanceof Dict) return value.typeName
  if (value instanceof Optional) return "optional_type"
  if (value instanceof TypeValue) return "type"
  if (value instanceof Opaque) return value.type.name
  return "error"
}

/** As messages show a key or an index. */
export const show = (value: Value): string => {
  if (value === null) return "null"
  if (value instanceof Uint) return `${value.value}`
  return typeof value === "object" ? typeName(value) : `${value}`
}

/** Characters are code points. */
export const length = (text: string): number => {
  let count = text.length
  for (let index = 0; index < text.length; index++)
    if (text.charCodeAt(index) >= 0xd800 && text.charCodeAt(index) < 0xdc00) count--
  return count
}

/** What costs are counted by. */
export const sizeOf = (value: Value): number => {
  if (typeof value === "string") return length(value)
  if (value instanceof Uint8Array) return value.length
  if (value instanceof List || value instanceof Dict || value instanceof Opaque) return value.size
  if (value instanceof Optional && value.value !== undefined) return sizeOf(value.value)
  return 1
}
