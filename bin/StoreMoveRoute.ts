/**
 * `POST /keelson/store/migrate?to=…`: moves the store of this server while it serves, and says at each step how far it is. Only the
 * process that owns the store has this path; it goes on whether or not who asked still listens.
 */
import { Cause, Clock, DateTime, Effect, Layer, Option, Queue, Schema, Stream } from "effect"
import { BadRequest } from "../kernel/client/Errors.ts"
import type * as Move from "../kernel/store/Move.ts"
import { Switch } from "../kernel/store/Switch.ts"
import { Routes, type RouteRequest } from "../plugins/apiserver/contracts/Routes.ts"
import type { Paths } from "./Paths.ts"
import { type Settings, Store as Word } from "./Settings.ts"
import * as Store from "./Store.ts"
import * as StoreRecord from "./StoreRecord.ts"

export const path = "/keelson/store/migrate"

/** A line of the answer. The last one has `done`, or `failed`. */
export const Progress = Schema.Struct({
  step: Schema.String,
  detail: Schema.String
})
const encode = Schema.encodeSync(Schema.fromJsonString(Progress))
const isStore = Schema.is(Word)

/** What each step means, for people. */
const words: { readonly [_ in Move.Step]: string } = {
  opened: "the other store is open",
  cleared: "it is empty, and marked as not finished",
  copied: "what lives is there",
  held: "writes wait",
  complete: "what has changed meanwhile is there",
  recorded: "the next start will use it",
  whole: "it is marked as finished",
  switched: "it is used",
  sealed: "the old one takes no writes any more"
}

/** Why it cannot be done, before anything is touched. */
const refusal = (
  { processes }: Settings,
  { controlPlanes: now = 1, place, store }: Store.At,
  to: string,
  planes: string
) => {
  if (place !== undefined) return "several servers have the store, each a replica: stop them all, and move it then"
  if (planes !== "1" && planes !== "3") return `controlPlanes=${planes}: expected 1 or 3`
  if (planes === "3" && to !== "jetstream") return `three servers of one machine keep it in replicas: --to jetstream`
  if (planes === "3" && processes > 1)
    return "three servers are a process each: start it again without --processes, and move it then"
  if (!isStore(to) || to === "memory") return `to=${to}: expected sqlite, jetstream or nats://host:port`
  if (to === store && Number(planes) === now) return `the store is ${to} already`
  if (store === "memory") return undefined
  if (processes > 1 && Store.external(store)) return "every process has the store itself: stop it, and move it then"
  return undefined
}

export interface Options {
  readonly settings: Settings
  readonly paths: Paths
  /** Where the store is by now. */
  readonly at: Store.At
}

const make = Effect.fnUntraced(function* ({ move }: Switch["Service"], { at, paths, settings }: Options) {
  const scope = yield* Effect.scope
  const file = StoreRecord.fileOf(paths)

  const moved = (target: StoreRecord.Target, force: boolean, say: (step: string, detail: string) => Effect.Effect<void>) =>
    Effect.gen(function* () {
      const { store: to } = target
      const began = yield* Clock.currentTimeMillis
      const time = DateTime.formatIso(yield* DateTime.now)
      const { entries, held } = yield* move({
        layer: Store.other(settings, paths, target),
        force,
        record: (id) => StoreRecord.write(file, { ...target, from: at.store, id, time }),
        onStep: (step, detail) => say(words[step], detail)
      })
      const before = at.store
      at.store = to
      at.controlPlanes = target.controlPlanes
      const millis = (yield* Clock.currentTimeMillis) - began
      yield* Effect.logInfo(`the store has moved from ${before} to ${to}: ${entries} entries in ${millis} ms`)
      yield* say("done", `${entries} entries in ${millis} ms; writes waited ${held} ms`)
    }).pipe(
      Effect.catchCause((cause) => {
        const error = Cause.squash(cause)
        const why = error instanceof Error ? error.message : String(error)
        return Effect.andThen(Effect.logError(`the store did not move to ${target.store}`, cause), say("failed", why))
      })
    )

  return Effect.fnUntraced(function* ({ method, query }: RouteRequest) {
    const to = query.get("to") ?? ""
    if (method !== "POST") return yield* new BadRequest({ detail: `expected POST ${path}?to=…` })
    const planes = query.get("controlPlanes") ?? "1"
    const why = refusal(settings, at, to, planes)
    if (why !== undefined) return yield* new BadRequest({ detail: why })
    const queue = yield* Queue.unbounded<Uint8Array, Cause.Done>()
    const say = (step: string, detail: string) =>
      Effect.asVoid(Queue.offer(queue, new TextEncoder().encode(`${encode({ step, detail })}\n`)))
    yield* Effect.forkIn(
      Effect.ensuring(
        moved({ store: to, controlPlanes: planes === "3" ? 3 : 1 }, query.get("force") === "true", say),
        Queue.end(queue)
      ),
      scope
    )
    return { code: 200, type: "application/x-ndjson", body: Stream.fromQueue(queue) }
  })
})

export const layer = (options: Options) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const routes = yield* Routes
      const found = yield* Effect.serviceOption(Switch)
      if (Option.isSome(found)) yield* routes.add({ prefix: path, handle: yield* make(found.value, options) })
    })
  )
