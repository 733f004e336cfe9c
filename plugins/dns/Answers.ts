/** The cluster's answers, encoded: made at the first asking, kept until what they are made of changes. */
import { type Answer, decode } from "dns-packet"
import { Effect } from "effect"
import type { Ground } from "./Messages.ts"
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
  /** For how long it is so. Absent: it is not to be kept. */
  readonly ground?: Ground
  /** A name elsewhere that the last answer leads to. */
  readonly alias?: string
}

/** What was found on what is known of a namespace. */
interface Known extends Ground {
  readonly found: Map<string, Local>
}

/** Of answers and of namespaces together: who asks for ever other names shall not fill the memory. */
const mostKept = 16_384

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

/** By namespace; reverse names may lead anywhere, and change with everything. */
const grounds = () => {
  const all = new Map<string, Known>()
  const everywhere = ""
  let count = 0
  const end = (name: string) => {
    const known = all.get(name)
    if (known === undefined) return
    known.isTrue = false
    count -= known.found.size
    all.delete(name)
  }
  const endAll = () => [...all.keys()].forEach(end)
  return {
    everywhere,
    of: (namespace: string): Known => {
      if (count + all.size >= mostKept) endAll()
      const found = all.get(namespace)
      if (found !== undefined) return found
      const known = { isTrue: true, found: new Map() }
      all.set(namespace, known)
      return known
    },
    keep: (known: Known, key: string, local: Local) => {
      known.found.set(key, local)
      count++
    },
    changed: (namespace: string | undefined) => {
      if (namespace === undefined) return endAll()
      end(namespace)
      end(everywhere)
    }
  }
}

export const make = (view: Zone.View, settings: Zone.Settings): Answers => {
  const known = grounds()

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

  const keeping = (namespace: string, name: string, type: string, make: () => Local): Local => {
    const ground = known.of(namespace)
    const key = `${type} ${name}`
    const before = ground.found.get(key)
    if (before !== undefined) return before
    const made = make()
    // What an alias leads to is elsewhere, and changes with that.
    if (made.encoded.ordered) return made
    const local = { ...made, ground }
    known.keep(ground, key, local)
    return local
  }

  const pointer = (name: string, type: string): Local | undefined => {
    const address = type === "PTR" ? Zone.reversed(name) : undefined
    const found = address === undefined ? undefined : Zone.pointers(view, settings, name, address)
    return found && keeping(known.everywhere, name, type, () => encode({ found }, name))
  }

  /** Of `web.default.svc.cluster.local`: `default`. */
  const namespaceOf = (name: string) =>
    name
      .slice(0, -settings.domain.length - 1)
      .split(".")
      .at(-2) ?? ""

  return {
    find: ({ name, type }) => {
      const word = Wire.types[type] ?? String(type)
      if (!Zone.contains(settings, name)) return pointer(name, word)
      return keeping(namespaceOf(name), name, word, () => encode(follow(view, settings, name, word), name))
    },
    changed: known.changed
  }
}

/** What another server says of an alias, behind the alias. */
export const withAlias = ({ encoded }: Local, answer: Buffer, asked: string) =>
  Effect.try((): Wire.Encoded => {
    const { answers = [] } = decode(answer)
    const more = answers.filter(({ type }) => type !== "OPT").map((one) => Wire.record(one, asked))
    return { ...encoded, authoritative: false, answers: [...encoded.answers, ...more] }
  })
