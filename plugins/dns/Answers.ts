/** The cluster's answers, encoded: made at the first asking, kept until what they are made of changes. */
import { type Answer, decode } from "dns-packet"
import { Effect } from "effect"
import * as Wire from "./Wire.ts"
import * as Zone from "./Zone.ts"

export interface Answers {
  /** Absent: not the cluster's question. */
  readonly find: (query: Wire.Query) => Local | undefined
  /** Services or endpoints of this namespace, or the namespace itself, are not what they were; without one: anything. */
  readonly changed: (namespace?: string) => void
}
export interface Local {
  readonly encoded: Wire.Encoded
  /** A name elsewhere that the last answer leads to. */
  readonly alias?: string
}

const mostKept = 4096

interface Complete {
  readonly found: Zone.Found
  readonly alias?: string
}

/** Follows aliases as far as they stay in the zone, and once around a circle. */
const follow = (view: Zone.View, settings: Zone.Settings, name: string, type: string): Complete => {
  let found = Zone.lookup(view, settings, name, type)
  const { exists } = found
  const answers = [...found.answers]
  const seen = new Set([name])
  while (found.alias !== undefined) {
    const alias = found.alias.toLowerCase().replace(/\.$/, "")
    if (!Zone.contains(settings, alias)) return { found: { ...found, exists, answers }, alias }
    if (seen.size === seen.add(alias).size) break
    found = Zone.lookup(view, settings, alias, type)
    answers.push(...found.answers)
  }
  return { found: { ...found, exists, answers } }
}

export const make = (view: Zone.View, settings: Zone.Settings): Answers => {
  const kept = new Map<string, Map<string, Local>>()

  const encode = ({ alias, found }: Complete, asked: string): Local => {
    const bytes = (all: ReadonlyArray<Answer>) => all.map((one) => Wire.record(one, asked))
    const authorities = found.answers.length === 0 ? bytes([Zone.soa(settings)]) : []
    const encoded = {
      rcode: found.exists ? Wire.rcodes.noError : Wire.rcodes.nameError,
      authoritative: true,
      ordered: found.answers.some(({ type }) => type === "CNAME"),
      answers: bytes(found.answers),
      authorities,
      additionals: bytes(found.additionals)
    }
    return alias === undefined ? { encoded } : { encoded, alias }
  }

  const pointer = (name: string, type: string): Local | undefined => {
    const address = type === "PTR" ? Zone.reversed(name) : undefined
    const found = address === undefined ? undefined : Zone.pointers(view, settings, name, address)
    return found === undefined ? undefined : encode({ found }, name)
  }

  /** Of `web.default.svc.cluster.local`: `default`. Aliases are not kept: what they lead to is elsewhere. */
  const namespaceOf = (name: string) =>
    name
      .slice(0, -settings.domain.length - 1)
      .split(".")
      .at(-2) ?? ""

  const inZone = (name: string, type: string): Local => {
    const namespace = namespaceOf(name)
    const known = kept.get(namespace) ?? new Map<string, Local>()
    const key = `${type} ${name}`
    const found = known.get(key)
    if (found !== undefined) return found
    const complete = follow(view, settings, name, type)
    const made = encode(complete, name)
    const keeps = complete.found.exists && !complete.found.answers.some(({ type }) => type === "CNAME")
    if (keeps && known.size < mostKept) kept.set(namespace, known.set(key, made))
    return made
  }

  return {
    find: ({ name, type }) => {
      const word = Wire.types[type] ?? String(type)
      return Zone.contains(settings, name) ? inZone(name, word) : pointer(name, word)
    },
    changed: (namespace) => {
      if (namespace === undefined) kept.clear()
      else kept.delete(namespace)
    }
  }
}

/** What another server says of an alias, behind the alias. */
export const withAlias = ({ encoded }: Local, answer: Buffer, asked: string) =>
  Effect.try((): Wire.Encoded => {
    const { answers = [] } = decode(answer)
    const more = answers.filter(({ type }) => type !== "OPT").map((one) => Wire.record(one, asked))
    return { ...encoded, authoritative: false, answers: [...encoded.answers, ...more] }
  })
