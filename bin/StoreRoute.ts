/**
 * `/keelson/store`: a look into the logs, for administrators. `objects/<resource>/[<namespace>/]<name>` is what is kept of one object,
 * its history too, and removes one that cannot be read; `feed` is what happens from now on, a line of JSON each.
 */
import { randomUUID } from "node:crypto"
import { Effect, Option, Result, Schema, Stream } from "effect"
import { BadRequest, NotFound } from "../kernel/client/Errors.ts"
import { Kinds } from "../kernel/resource/Kinds.ts"
import { type Entry, Log, LogName, names } from "../kernel/store/Log.ts"
import * as Times from "../kernel/store/Times.ts"
import { keyOf, open, reasonOf, storageOf, Unreadable, unreadable } from "../kernel/table/Envelope.ts"
import { Routes, type RouteRequest } from "../plugins/apiserver/contracts/Routes.ts"
import { Encryption } from "../plugins/encryption/Encryption.ts"
import * as Sealed from "../plugins/encryption/Sealed.ts"
import * as Administrators from "./Administrators.ts"

export const path = { objects: "/keelson/store/objects", feed: "/keelson/store/feed" } as const

export const Told = Schema.Struct({
  log: LogName,
  revision: Schema.Int,
  op: Schema.Literals(["put", "delete"]),
  key: Schema.String,
  /** The revision that it replaced. */
  prev: Schema.Int,
  writeId: Schema.String,
  /** By then it was there, as far as times are known. */
  by: Schema.optionalKey(Schema.String),
  /** As it is stored: how many bytes, and the provider and key that they are encrypted with. */
  bytes: Schema.Int,
  encrypted: Schema.optionalKey(Schema.String),
  object: Schema.optionalKey(Schema.Json),
  /** Why there is no object. */
  unreadable: Schema.optionalKey(Schema.String)
})
export type Told = typeof Told.Type
/** From the oldest entry that is kept to the newest. */
export const Kept = Schema.Struct({ key: Schema.String, compacted: Schema.Int, entries: Schema.Array(Told) })
const encodeKept = Schema.encodeSync(Schema.fromJsonString(Kept))
const encodeLine = Schema.encodeSync(Schema.fromJsonString(Told))
const decodeLog = Schema.decodeUnknownOption(LogName)

/** What the bytes say, if they say something. */
const contents = (entry: Entry): Pick<Told, "object" | "unreadable"> => {
  if (entry.bytes.length === 0) return {}
  const read = Result.try({ try: () => open(entry).wire, catch: (error) => error })
  if (Result.isSuccess(read)) return { object: read.success }
  const { failure } = read
  return { unreadable: failure instanceof Unreadable ? failure.reason : "it is no object" }
}

const encryptedBy = (stored: Uint8Array) => {
  const about = Sealed.isSealed(stored) ? Sealed.about(Sealed.headerOf(stored)) : undefined
  return about && `${about.provider} ${about.keyId}`
}

/** `stored`: the bytes that really lie there. */
const told = (log: LogName, entry: Entry, stored: Uint8Array, by?: string): Told => {
  const encrypted = encryptedBy(stored)
  const { key, op, prev, seq, writeId } = entry
  return {
    log,
    revision: seq,
    op,
    key,
    prev,
    writeId,
    ...(by !== undefined && { by }),
    bytes: stored.length,
    ...(encrypted !== undefined && { encrypted }),
    ...contents(entry)
  }
}

/** By plural, singular or short name, as kubectl knows them; with the group behind it where it is needed: `deployments.apps`. */
const kindOf = (kinds: Kinds["Service"], word: string) =>
  kinds.byStorage(word)?.kind ??
  kinds
    .all()
    .map(({ kind }) => kind)
    .find(({ plural, shortNames, singular }) => [plural, singular, ...shortNames].includes(word))

const unknown = (detail: string) => new BadRequest({ detail })

const make = Effect.gen(function* () {
  const log = yield* Log
  const kinds = yield* Kinds
  const encryption = yield* Encryption
  const stored = encryption?.stored ?? log

  const find = Effect.fnUntraced(function* (asked: string) {
    const [word = "", ...rest] = asked.split("/").filter((part) => part !== "")
    const kind = kindOf(kinds, word)
    if (kind === undefined) return yield* unknown(`there is no resource ${JSON.stringify(word)}`)
    const names = yield* Effect.try({
      try: () => rest.map(decodeURIComponent),
      catch: () => unknown("the path has a broken escape")
    })
    const [first, second] = kind.namespaced ? names : ["", names[0]]
    const expected = kind.namespaced ? `/${kind.storage}/<namespace>/<name>` : `/${kind.storage}/<name>`
    if (first === undefined || second === undefined || names.length !== (kind.namespaced ? 2 : 1)) {
      return yield* unknown(`expected ${expected}`)
    }
    return { kind, namespace: first, name: second }
  })

  const object = Effect.fnUntraced(function* ({ path: asked }: RouteRequest) {
    const { kind, name, namespace } = yield* find(asked.slice(path.objects.length))
    const [key, of] = [keyOf(kind.storage, namespace, name), kind.log]
    const all = (service: Log["Service"]) =>
      Effect.map(Stream.runCollect(service.history({ log: of, after: 0, key })), (entries) => entries.flat())
    const raw = new Map((yield* all(stored)).map((entry) => [entry.seq, entry.bytes]))
    const entries = yield* all(log)
    if (entries.length === 0) return yield* new NotFound({ group: "", resource: kind.plural, namespace, name })
    const marks = yield* Times.marks(log)
    const by = (seq: number) => {
      const mark = marks.find(({ revisions }) => revisions[of] >= seq)
      return mark && new Date(mark.time).toISOString()
    }
    const { compacted } = yield* log.status({ log: of })
    const body = encodeKept({
      key,
      compacted,
      entries: entries.map((entry) => told(of, entry, raw.get(entry.seq) ?? entry.bytes, by(entry.seq)))
    })
    return { code: 200, type: "application/json", body }
  })

  /** The API cannot delete what it cannot read. */
  const remove = Effect.fnUntraced(function* ({ path: asked }: RouteRequest) {
    const { kind, name, namespace } = yield* find(asked.slice(path.objects.length))
    const [key, of] = [keyOf(kind.storage, namespace, name), kind.log]
    const kept = yield* Stream.runCollect(log.history({ log: of, after: 0, key }))
    const last = kept.flat().at(-1)
    if (last === undefined || last.op === "delete") {
      return yield* new NotFound({ group: "", resource: kind.plural, namespace, name })
    }
    const reason = reasonOf(last.bytes)
    if (reason === undefined) return yield* unknown(`${key} can be read: delete it with kubectl`)
    const gone = { log: of, key, op: "delete", bytes: unreadable(reason), prev: last.seq, writeId: randomUUID() } as const
    yield* log.append(gone).pipe(
      Effect.catchTags({
        Conflict: () => Effect.fail(unknown(`${key} was changed meanwhile`)),
        TooLarge: Effect.die
      })
    )
    return { code: 200, type: "application/json", body: JSON.stringify({ key, removed: last.seq }) }
  })

  /** What happens from now on. The bytes as they are stored are not told apart here: that would be a second follower. */
  const feed = Effect.fnUntraced(function* ({ query }: RouteRequest) {
    const wanted = query.getAll("log").filter((name) => name !== "")
    const logs: Array<LogName> = []
    for (const name of wanted.length === 0 ? names : wanted) {
      const known = Option.getOrUndefined(decodeLog(name))
      if (known === undefined) return yield* unknown(`there is no log ${JSON.stringify(name)}: expected ${names.join(", ")}`)
      logs.push(known)
    }
    const word = query.get("resource") ?? ""
    const kind = word === "" ? undefined : kindOf(kinds, word)
    if (word !== "" && kind === undefined) return yield* unknown(`there is no resource ${JSON.stringify(word)}`)
    const namespace = query.get("namespace") ?? ""
    const isAsked = ({ key }: Entry) =>
      (kind === undefined || storageOf(key) === kind.storage) && (namespace === "" || key.split("/")[1] === namespace)
    const from = Effect.fnUntraced(function* (name: LogName) {
      const { epoch, last } = yield* log.status({ log: name })
      const follow = log.follow({ log: name, since: { epoch, seq: last } })
      return Stream.flatMap(follow, (event) =>
        Stream.fromIterable(
          event._tag === "Began"
            ? []
            : event.entries.flatMap((entry) => (isAsked(entry) && entry.seq > last ? [told(name, entry, entry.bytes)] : []))
        )
      )
    })
    const streams = yield* Effect.forEach(logs, from)
    const body = Stream.mergeAll(streams, { concurrency: "unbounded" }).pipe(
      Stream.map((one) => `${encodeLine(one)}\n`),
      Stream.encodeText
    )
    return { code: 200, type: "application/x-ndjson", body }
  })
  return { object, remove, feed }
})

export const add = Effect.gen(function* () {
  const { feed, object, remove } = yield* make
  const routes = yield* Routes
  const guarded = yield* Administrators.only
  const only = (expected: string) => Effect.fail(unknown(`expected ${expected}`))
  yield* routes.add(
    guarded({
      prefix: path.objects,
      handle: (request) => {
        if (request.method === "DELETE") return remove(request)
        return request.method === "GET" ? object(request) : only("GET or DELETE")
      }
    })
  )
  yield* routes.add(
    guarded({
      prefix: path.feed,
      isLong: true,
      handle: (request) => (request.method === "GET" ? feed(request) : only("GET"))
    })
  )
})
