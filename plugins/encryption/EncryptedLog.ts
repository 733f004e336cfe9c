/**
 * The log with encryption around it: the entries of chosen resources are encrypted when they are appended and decrypted when they are
 * followed. Who uses it sees the log as it is without. An entry that cannot be decrypted is told as one that says why: whoever reads
 * that object learns it, and all others are read as ever.
 */
import { Effect, Stream } from "effect"
import { type Entry, type Followed, type Log, type LogName, limit, TooLarge } from "../../kernel/store/Log.ts"
import { storageOf, unreadable } from "../../kernel/table/Envelope.ts"
import { type DataKeys, type Provider, unavailable } from "./DataKeys.ts"
import * as Sealed from "./Sealed.ts"

/** What is done with the resources that it covers. */
export interface Rule {
  /** By storage, such as `secrets` or `deployments.apps`. */
  readonly covers: (storage: string) => boolean
  /** Nobody: it is written as it is. */
  readonly writes: Provider | undefined
  /** Whether what is not encrypted may be read. */
  readonly plain: boolean
}

/** What belongs to the store itself is no object, and never encrypted. */
export const isReserved = (key: string) => key.startsWith("keelson/")

export const ruleFor = (rules: ReadonlyArray<Rule>) => {
  const found = new Map<string, Rule | undefined>()
  return (key: string): Rule | undefined => {
    if (isReserved(key)) return undefined
    const storage = storageOf(key)
    if (!found.has(storage))
      found.set(
        storage,
        rules.find(({ covers }) => covers(storage))
      )
    return found.get(storage)
  }
}

export interface Options {
  readonly dataKeys: DataKeys
  readonly rules: ReadonlyArray<Rule>
  /** Told of each reserved entry, before what comes after it is decrypted. */
  readonly reserved: (log: LogName, entry: Entry) => Effect.Effect<void>
}

/** Decrypts entries, as they are or as ones that say why not. */
export const opener = ({ dataKeys, rules }: Pick<Options, "dataKeys" | "rules">) => {
  const ruleOf = ruleFor(rules)
  const refused = (entry: Entry, reason: string): Entry => {
    dataKeys.metrics.transformed("from_storage", "bad")
    return { ...entry, bytes: unreadable(reason) }
  }
  const one = (log: LogName, entry: Entry): Entry => {
    const { bytes, key } = entry
    if (!Sealed.isSealed(bytes)) {
      if (ruleOf(key)?.plain !== false) return entry
      return refused(entry, "it is not encrypted, and identity is not among the providers of its resource")
    }
    const found = dataKeys.known(Sealed.headerOf(bytes))
    if (found === undefined || "reason" in found) return refused(entry, found?.reason ?? "its data key was not asked for")
    const plain = Sealed.open(found, log, key, bytes)
    if (plain === undefined) return refused(entry, "what is stored was changed, or belongs to another object")
    dataKeys.metrics.transformed("from_storage", "ok")
    return { ...entry, bytes: plain }
  }
  return (log: LogName, entries: ReadonlyArray<Entry>) =>
    Effect.suspend(() => {
      const unknown = new Set<string>()
      let isPlain = true
      for (const { bytes, key } of entries) {
        if (!Sealed.isSealed(bytes)) {
          if (ruleOf(key)?.plain === false) isPlain = false
          continue
        }
        isPlain = false
        const header = Sealed.headerOf(bytes)
        if (dataKeys.known(header) === undefined) unknown.add(header)
      }
      if (isPlain) return Effect.succeed(entries)
      const all = Effect.sync(() => entries.map((entry) => one(log, entry)))
      return unknown.size === 0 ? all : Effect.andThen(dataKeys.resolve(unknown), all)
    })
}

export const wrap = (inner: Log["Service"], options: Options): Log["Service"] => {
  const { dataKeys, reserved, rules } = options
  const ruleOf = ruleFor(rules)
  const open = opener(options)

  const told = Effect.fnUntraced(function* (log: LogName, event: Followed) {
    if (event._tag === "Began") return event
    for (const entry of event.entries) if (isReserved(entry.key)) yield* reserved(log, entry)
    const entries = yield* open(log, event.entries)
    return entries === event.entries ? event : { ...event, entries }
  })

  return {
    ...inner,
    append: (change) =>
      Effect.suspend(() => {
        const provider = ruleOf(change.key)?.writes
        if (provider === undefined) return inner.append(change)
        const writing = dataKeys.writing(provider)
        if (writing === undefined) return Effect.fail(unavailable(`${provider.name} has given no data key yet`))
        const { bytes, key, log } = change
        const room = limit - Sealed.overhead(writing.header)
        if (bytes.length > room) return Effect.fail(new TooLarge({ key, limit: room }))
        dataKeys.metrics.transformed("to_storage", "ok")
        return inner.append({ ...change, bytes: Sealed.seal(writing.header, writing.dataKey, log, key, bytes) })
      }),
    follow: (from) => Stream.mapEffect(inner.follow(from), (event) => told(from.log, event)),
    history: (of) => Stream.mapEffect(inner.history(of), (entries) => open(of.log, entries))
  }
}
