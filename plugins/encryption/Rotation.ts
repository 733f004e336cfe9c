/**
 * What is stored, by the keys that it is encrypted with; and how it comes under the key of today: every object that is not is written
 * again as it is, by the compare-and-swap of any write. Works on the log beneath the encryption.
 */
import { Effect, Stream } from "effect"
import { randomUUID } from "node:crypto"
import { type Entry, type Log, type LogName, names } from "../../kernel/store/Log.ts"
import { reasonOf, storageOf } from "../../kernel/table/Envelope.ts"
import type { DataKeys } from "./DataKeys.ts"
import { isReserved, opener, type Rule, ruleFor } from "./EncryptedLog.ts"
import * as Sealed from "./Sealed.ts"

/** With what an entry is encrypted; two empty strings if it is not. */
export interface Used {
  readonly provider: string
  readonly keyId: string
}
const plain: Used = { provider: "", keyId: "" }

/** How much of a resource is encrypted with one key. */
export interface Count extends Used {
  readonly resource: string
  readonly objects: number
  /** Versions that were replaced or deleted, and are not yet forgotten. */
  readonly history: number
}

const reader = () => {
  const found = new Map<string, Used>()
  return ({ bytes }: Entry): Used => {
    if (!Sealed.isSealed(bytes)) return plain
    const header = Sealed.headerOf(bytes)
    const used = found.get(header) ?? Sealed.about(header) ?? { provider: "unknown", keyId: "" }
    found.set(header, used)
    return used
  }
}

/** Of the resources that a rule covers, and of whatever else is encrypted. */
export const counts = Effect.fn("Rotation.counts")(function* (log: Log["Service"], rules: ReadonlyArray<Rule>) {
  const ruleOf = ruleFor(rules)
  const usedBy = reader()
  const all = new Map<string, { -readonly [K in keyof Count]: Count[K] }>()
  const count = (key: string, { keyId, provider }: Used, field: "objects" | "history", by: number) => {
    const resource = storageOf(key)
    const id = JSON.stringify([resource, provider, keyId])
    const found = all.get(id) ?? { resource, provider, keyId, objects: 0, history: 0 }
    found[field] += by
    all.set(id, found)
  }
  for (const name of names) {
    const living = new Map<string, Used>()
    const onEntry = (entry: Entry) => {
      if (isReserved(entry.key) || (ruleOf(entry.key) === undefined && !Sealed.isSealed(entry.bytes))) return
      const before = living.get(entry.key)
      if (before !== undefined) {
        count(entry.key, before, "objects", -1)
        count(entry.key, before, "history", 1)
        living.delete(entry.key)
      }
      const used = usedBy(entry)
      count(entry.key, used, entry.op === "put" ? "objects" : "history", 1)
      if (entry.op === "put") living.set(entry.key, used)
    }
    yield* Stream.runForEach(log.history({ log: name, after: 0 }), (entries) => Effect.sync(() => entries.forEach(onEntry)))
  }
  return [...all.values()].toSorted((a, b) =>
    a.resource + a.provider + a.keyId < b.resource + b.provider + b.keyId ? -1 : 1
  )
})

/** Objects that are stored otherwise than they would be written now. */
const outdated = Effect.fnUntraced(function* (log: Log["Service"], name: LogName, { dataKeys, rules }: Site) {
  const ruleOf = ruleFor(rules)
  const usedBy = reader()
  const found = new Map<string, Entry>()
  const onEntry = (entry: Entry) => {
    found.delete(entry.key)
    if (entry.op === "delete" || isReserved(entry.key)) return
    const provider = ruleOf(entry.key)?.writes
    const used = usedBy(entry)
    const writing = provider && dataKeys.writing(provider)
    if (used.provider === (provider?.name ?? "") && used.keyId === (writing?.keyId ?? "")) return
    found.set(entry.key, entry)
  }
  // What lives, as a follower begins: reading the history too would take long where there is much of it.
  const until = yield* log.barrier({ log: name })
  yield* log.follow({ log: name }).pipe(
    Stream.takeUntil((event) => event._tag === "Entries" && event.upTo >= until),
    Stream.runForEach((event) =>
      Effect.sync(() => {
        if (event._tag === "Began") found.clear()
        else event.entries.forEach(onEntry)
      })
    )
  )
  return [...found.values()]
})

interface Site {
  readonly dataKeys: DataKeys
  readonly rules: ReadonlyArray<Rule>
}

export interface Rewritten {
  readonly objects: number
  /** Those that stay as they are: they cannot be decrypted, or are too large to be encrypted. */
  readonly left: ReadonlyArray<string>
}

/** What another writer is faster with is read again: it may have been one that does not know the new key yet. */
const passes = 5

/** `log`: the one beneath; `wrapped`: the one around it, which encrypts. */
export const rewrite = Effect.fn("Rotation.rewrite")(function* (log: Log["Service"], wrapped: Log["Service"], site: Site) {
  const open = opener(site)
  const left = new Set<string>()
  let objects = 0
  for (const name of names) {
    for (let pass = 0; pass < passes; pass++) {
      const found = (yield* outdated(log, name, site)).filter(({ key }) => !left.has(key))
      if (found.length === 0) break
      for (const stored of found) {
        const [entry] = yield* open(name, [stored])
        if (entry === undefined || reasonOf(entry.bytes) !== undefined) {
          left.add(stored.key)
          continue
        }
        const { bytes, key, seq } = entry
        const write = wrapped.append({ log: name, key, op: "put", bytes, prev: seq, writeId: randomUUID() })
        const isWritten = yield* write.pipe(
          Effect.as(true),
          Effect.catchTag("Conflict", () => Effect.succeed(false)),
          Effect.catchTag("TooLarge", () =>
            Effect.sync(() => {
              left.add(key)
              return false
            })
          )
        )
        if (isWritten) objects++
      }
    }
  }
  return { objects, left: [...left] } satisfies Rewritten
})
