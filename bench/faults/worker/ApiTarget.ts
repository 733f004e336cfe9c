/**
 * A worker beside an API server: its clients' keys are ConfigMaps, what they write names the version it replaces, and what they
 * watch is resumed where it broke off, or listed anew after a 410.
 */
import { Effect, Result, Schema } from "effect"
import { readFileSync } from "node:fs"
import { Agent, request } from "node:https"
import type { IncomingMessage } from "node:http"
import { parse } from "yaml"
import type { Entry } from "../../../kernel/store/Log.ts"
import * as Envelope from "../../../kernel/table/Envelope.ts"
import type { Content, ReadAnswer, Seen, Target, Watcher, WriteAnswer } from "./Target.ts"

export const namespace = "soak"

const Kubeconfig = Schema.Struct({
  clusters: Schema.NonEmptyArray(
    Schema.Struct({ cluster: Schema.Struct({ server: Schema.String, "certificate-authority-data": Schema.String }) })
  ),
  users: Schema.NonEmptyArray(
    Schema.Struct({ user: Schema.Struct({ "client-certificate-data": Schema.String, "client-key-data": Schema.String }) })
  )
})

const Stored = Schema.Struct({
  metadata: Schema.Struct({ name: Schema.String, resourceVersion: Schema.String }),
  // What others put into the namespace has none of these.
  data: Schema.optionalKey(
    Schema.Struct({ value: Schema.optionalKey(Schema.String), writeId: Schema.optionalKey(Schema.String) })
  )
})
const isOurs = ({ data }: typeof Stored.Type) => data?.writeId !== undefined
const List = Schema.Struct({
  metadata: Schema.Struct({ resourceVersion: Schema.String }),
  items: Schema.Array(Stored)
})
const Event = Schema.fromJsonString(Schema.Struct({ type: Schema.String, object: Schema.Json }))
const Bookmark = Schema.Struct({ metadata: Schema.Struct({ resourceVersion: Schema.String }) })

const decodeStored = Schema.decodeUnknownOption(Stored)
const decodeList = Schema.decodeUnknownOption(List)

/** A delete has no write id of its own: it is known by what it deletes, which its client has written for that. */
export const deleteId = (key: string, prev: number) => `delete ${key} ${prev}`

const seenOf = ({ data, metadata }: typeof Stored.Type): Seen => ({
  seq: Number(metadata.resourceVersion),
  key: metadata.name,
  action: "put",
  writeId: data?.writeId ?? "",
  value: data?.value ?? ""
})

/** What an entry of the log says, if it is a ConfigMap of ours. */
export const entryOf = (entry: Entry, prefix: string): Seen | undefined => {
  const [, where, name = ""] = entry.key.split("/")
  if (where !== namespace || !name.startsWith(prefix)) return undefined
  const stored = decodeStored(Envelope.open(entry).object)
  if (stored._tag === "None" || !isOurs(stored.value)) return undefined
  const seen = seenOf(stored.value)
  return entry.op === "put" ? seen : { ...seen, action: "delete", writeId: deleteId(name, entry.prev) }
}

interface Answer {
  /** 0: the server cannot be reached; -1: the answer is lost. */
  readonly code: number
  readonly body: unknown
}

const json = (text: string): unknown =>
  Result.getOrElse(
    Result.try((): unknown => JSON.parse(text)),
    () => text
  )

class Api {
  private readonly agent: Agent
  private readonly server: URL
  constructor(kubeconfig: string) {
    const { clusters, users } = Schema.decodeUnknownSync(Kubeconfig)(parse(readFileSync(kubeconfig, "utf8")))
    const text = (base64: string) => Buffer.from(base64, "base64").toString()
    this.server = new URL(clusters[0].cluster.server)
    this.agent = new Agent({
      keepAlive: true,
      ca: text(clusters[0].cluster["certificate-authority-data"]),
      cert: text(users[0].user["client-certificate-data"]),
      key: text(users[0].user["client-key-data"])
    })
  }
  open(
    method: string,
    path: string,
    body: unknown,
    onAnswer: (answer: IncomingMessage) => void,
    onLost: (code: 0 | -1) => void
  ) {
    const text = body === undefined ? "" : JSON.stringify(body)
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(text) }
    const call = request(new URL(path, this.server), { agent: this.agent, method, headers })
    call.on("response", onAnswer)
    call.on("error", (error) => onLost("code" in error && error.code === "ECONNREFUSED" ? 0 : -1))
    call.end(text)
    return call
  }
  readonly ask = (method: string, path: string, body?: unknown) =>
    Effect.callback<Answer>((resume) => {
      const end = (answer: Answer) => {
        clearTimeout(late)
        resume(Effect.succeed(answer))
      }
      const onAnswer = (answer: IncomingMessage) => {
        let text = ""
        answer.setEncoding("utf8").on("data", (part: string) => {
          text += part
        })
        answer.on("end", () => end({ code: answer.statusCode ?? -1, body: json(text) }))
        answer.on("error", () => end({ code: -1, body: "the answer broke off" }))
      }
      const call = this.open(method, path, body, onAnswer, (code) => end({ code, body: "the connection was lost" }))
      const late = setTimeout(() => call.destroy(new Error("no answer within 30 seconds")), 30_000)
    })
}

const why = ({ body, code }: Answer) => `${code}: ${JSON.stringify(body).slice(0, 200)}`

/** What the status of an answer says of a write. 504 says that it does not know, and so does whoever is cut off. */
const outcomeOf = (answer: Answer): WriteAnswer => {
  const { body, code } = answer
  if (code === 200 || code === 201) {
    const stored = decodeStored(body)
    return stored._tag === "Some" ? { _tag: "Written", seq: seenOf(stored.value).seq } : { _tag: "Written" }
  }
  if (code === 409 || code === 404) return { _tag: "Conflicted" }
  return { _tag: code === 0 || code === 429 || code === 503 ? "Failed" : "Unknown", why: why(answer) }
}

const path = `/api/v1/namespaces/${namespace}/configmaps`
const filler = "x".repeat(20_000)

export interface Options {
  readonly kubeconfig: string
}

export const make = Effect.fn("ApiTarget.make")(function* ({ kubeconfig }: Options) {
  const api = new Api(kubeconfig)
  const known = new Map<string, Seen>()
  const learn = (seen: Seen) => {
    if (seen.seq > (known.get(seen.key)?.seq ?? 0)) known.set(seen.key, seen)
  }
  const made = api.ask("POST", "/api/v1/namespaces", { metadata: { name: namespace } })
  const isThere = Effect.map(made, ({ code }) => code === 201 || code === 409)
  yield* Effect.repeat(
    Effect.tap(isThere, (is) => (is ? Effect.void : Effect.sleep("500 millis"))),
    { until: Boolean }
  )

  const send = ({ action, key, prev, value, writeId }: Content & { readonly prev: number | undefined }) => {
    const version = `${prev ?? ""}`
    if (action === "delete") {
      return api.ask("DELETE", `${path}/${key}`, { preconditions: { resourceVersion: version } })
    }
    const size = Number(/ (\d+)$/.exec(value)?.[1] ?? 0)
    const data = { value, writeId, filler: filler.slice(0, size) }
    return prev === undefined
      ? api.ask("POST", path, { metadata: { name: key }, data })
      : api.ask("PUT", `${path}/${key}`, { metadata: { name: key, resourceVersion: version }, data })
  }
  const write: Target["write"] = (content) =>
    Effect.map(send(content), (answer) => {
      const outcome = outcomeOf(answer)
      if (outcome._tag !== "Written") return outcome
      if (content.action === "delete") return { _tag: "Written" }
      if (outcome.seq !== undefined) learn({ ...content, seq: outcome.seq })
      return outcome
    })

  const read = (key: string, consistent: boolean): Effect.Effect<ReadAnswer> => {
    const version = consistent ? "" : "&resourceVersion=0"
    return Effect.map(api.ask("GET", `${path}?fieldSelector=metadata.name%3D${key}${version}`), (answer) => {
      const list = answer.code === 200 ? decodeList(answer.body) : undefined
      if (list?._tag !== "Some") return { _tag: "Failed", why: why(answer) }
      const at = Number(list.value.metadata.resourceVersion)
      const found = list.value.items.map(seenOf).at(0)
      if (found === undefined) return { _tag: "Found", seq: 0, at, writeId: "", value: "" }
      return { _tag: "Found", seq: found.seq, at, writeId: found.writeId, value: found.value }
    })
  }

  const target: Target = {
    write,
    read,
    known: (key) => known.get(key),
    watch: (watcher) => follow(api, watcher, learn),
    // The control plane does it by itself.
    compact: Effect.never,
    prevOf: (last) => (last?.action === "put" ? last.seq : undefined),
    deletes: deleteId
  }
  return target
})

/** The state that a watcher knows: to tell what a DELETED event replaces. */
type Objects = Map<string, number>

const listed = Effect.fnUntraced(function* (api: Api, watcher: Watcher, objects: Objects, learn: (seen: Seen) => void) {
  for (;;) {
    const { body, code } = yield* api.ask("GET", `${path}?resourceVersion=0`)
    const list = code === 200 ? decodeList(body) : undefined
    if (list?._tag === "Some") {
      watcher.began("")
      objects.clear()
      const all = list.value.items.filter(isOurs).map(seenOf)
      for (const seen of all.toSorted((one, other) => one.seq - other.seq)) {
        objects.set(seen.key, seen.seq)
        learn(seen)
        watcher.saw(seen)
      }
      const at = Number(list.value.metadata.resourceVersion)
      watcher.upTo(at)
      return at
    }
    yield* Effect.sleep("200 millis")
  }
})

/** One connection's worth of a watch: where it got to, and whether history is gone. */
const session = (api: Api, watcher: Watcher, objects: Objects, from: number, learn: (seen: Seen) => void) =>
  Effect.callback<{ readonly at: number; readonly isGone: boolean }>((resume) => {
    let at = from
    let isGone = false
    let isTold = false
    let rest = ""
    const end = () => resume(Effect.succeed({ at, isGone }))
    const onEvent = (line: string) => {
      const { object, type } = Schema.decodeUnknownSync(Event)(line)
      if (type === "ERROR") {
        isGone = Schema.is(Schema.Struct({ code: Schema.Literal(410) }))(object)
        return
      }
      if (!isTold) watcher.resumed(from)
      isTold = true
      at = Number(Schema.decodeUnknownSync(Bookmark)(object).metadata.resourceVersion)
      const stored = decodeStored(object)
      if (type !== "BOOKMARK" && stored._tag === "Some" && isOurs(stored.value)) {
        const seen = seenOf(stored.value)
        const deleted = { action: "delete" as const, writeId: deleteId(seen.key, objects.get(seen.key) ?? 0) }
        const told = type === "DELETED" ? { ...seen, ...deleted } : seen
        if (type === "DELETED") objects.delete(seen.key)
        else objects.set(seen.key, seen.seq)
        learn(told)
        watcher.saw(told)
      }
      watcher.upTo(at)
    }
    const onAnswer = (answer: IncomingMessage) => {
      isGone = answer.statusCode === 410
      answer.setEncoding("utf8").on("data", (part: string) => {
        const lines = (rest + part).split("\n")
        rest = lines.pop() ?? ""
        if (answer.statusCode === 200) for (const line of lines) onEvent(line)
      })
      answer.on("end", end)
      answer.on("error", end)
    }
    const query = `watch=1&allowWatchBookmarks=true&timeoutSeconds=60&resourceVersion=${from}`
    const call = api.open("GET", `${path}?${query}`, undefined, onAnswer, end)
    return Effect.sync(() => call.destroy())
  })

const follow = Effect.fnUntraced(function* (api: Api, watcher: Watcher, learn: (seen: Seen) => void) {
  const objects: Objects = new Map()
  let at = yield* listed(api, watcher, objects, learn)
  for (;;) {
    const ended = yield* session(api, watcher, objects, at, learn)
    at = ended.at
    if (ended.isGone) {
      watcher.gone()
      at = yield* listed(api, watcher, objects, learn)
    } else yield* Effect.sleep("200 millis")
  }
})
