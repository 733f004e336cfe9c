/**
 * The way of a store's content into another one: first what lives, while it goes on being written; then what has changed meanwhile,
 * until that is little; then the rest, while nobody writes. Until the last step the old store is the one that counts.
 */
import { Clock, Effect, Schema, Stream } from "effect"
import { randomUUID } from "node:crypto"
import * as Copy from "./Copy.ts"
import { type Entry, type Log, type LogName, names } from "./Log.ts"
import * as Restore from "./snapshot/Restore.ts"
import * as Restoring from "./snapshot/Restoring.ts"
import { livingAt } from "./snapshot/Save.ts"

type Service = Log["Service"]

export class MoveRefused extends Schema.TaggedError<MoveRefused>()("MoveRefused", { reason: Schema.String }) {
  override get message() {
    return `the store stays where it is: ${this.reason}`
  }
}
export const refused = (reason: string) => new MoveRefused({ reason })

/** In their order. A process may end at each of them: before `recorded` the old store counts, from then on the new one. */
export const steps = ["opened", "cleared", "copied", "held", "complete", "recorded", "whole", "switched", "sealed"] as const
export type Step = (typeof steps)[number]

export interface Options {
  /** What is in the other store may be lost. What has moved from there, or came there only in part, may be anyway. */
  readonly force: boolean
  /** From now on appends wait. Succeeds when none is under way. */
  readonly hold: Effect.Effect<void, MoveRefused>
  readonly onStep: (step: Step, detail: string) => Effect.Effect<void>
}

/** So few that have changed are brought along while appends wait. */
const few = 200
const rounds = 20

/** One log on its way: how far it is brought, and where its keys are in the other. */
interface Way {
  readonly name: LogName
  seq: number
  readonly written: Copy.Written
}

const assertOther = Effect.fnUntraced(function* (from: Service, to: Service, force: boolean) {
  const [here, there] = [yield* from.status({ log: "objects" }), yield* to.status({ log: "objects" })]
  if (here.sealed) return yield* refused("it is sealed, because it has moved to another one before")
  if (here.epoch === there.epoch) return yield* refused("it is the one that it shall move to")
  for (const name of names) {
    const { sealed } = yield* to.status({ log: name })
    if (sealed || force || (yield* Restoring.find(to, name)).mark !== undefined) continue
    const objects = yield* Restore.countOf(to, name)
    if (objects === 0) continue
    return yield* refused(`the other is not empty (its log ${name} has ${objects} objects); --force loses them`)
  }
})

const bringAll = Effect.fnUntraced(function* (from: Service, to: Service, name: LogName) {
  const { living, seq } = yield* livingAt(from, name)
  const way: Way = { name, seq, written: new Map() }
  yield* Stream.runForEach(from.history({ log: name, after: 0, upTo: seq }), (entries) =>
    Copy.put(to, name, entries.filter((entry) => living.get(entry.key) === entry.seq).map(lastOf), way.written)
  )
  if (way.written.size !== living.size) return yield* refused(`its log ${name} was compacted while it was copied`)
  return way
})

const lastOf = ({ bytes, key, op, writeId }: Entry): Copy.Last => ({ bytes, key, op, writeId })

/** What has changed since, and how much that was. */
const bringRest = Effect.fnUntraced(function* (from: Service, to: Service, way: Way) {
  const upTo = yield* from.barrier({ log: way.name })
  if (upTo === way.seq) return 0
  const changed = new Map<string, Copy.Last>()
  yield* Stream.runForEach(from.history({ log: way.name, after: way.seq, upTo }), (entries) =>
    Effect.sync(() => {
      for (const entry of entries) if (!Restoring.isMark(entry.key)) changed.set(entry.key, lastOf(entry))
    })
  )
  const { compacted } = yield* from.status({ log: way.name })
  if (compacted > way.seq) return yield* refused(`its log ${way.name} was compacted while it was copied`)
  yield* Copy.put(to, way.name, changed.values(), way.written)
  way.seq = upTo
  return changed.size
})

const allRest = Effect.fnUntraced(function* (from: Service, to: Service, ways: ReadonlyArray<Way>) {
  let changed = 0
  for (const way of ways) changed += yield* bringRest(from, to, way)
  return changed
})

/** Nobody may be told of a revision that is lower than one before. */
const assertForward = Effect.fnUntraced(function* (from: Service, to: Service) {
  for (const name of names) {
    const [here, there] = [yield* from.status({ log: name }), yield* to.status({ log: name })]
    if (there.last <= here.last) return yield* refused(`revisions would go back in the log ${name}`)
  }
})

/** Milliseconds since. */
const since = (time: number) => Effect.map(Clock.currentTimeMillis, (now) => now - time)

/** All until the other store has everything and appends wait. `id` is that of the mark that it still has. */
export const bring = Effect.fn("Move.bring")(function* (from: Service, to: Service, { force, hold, onStep }: Options) {
  const began = yield* Clock.currentTimeMillis
  yield* assertOther(from, to, force)
  const id = randomUUID()
  const highest = new Map<LogName, number>()
  for (const name of names) highest.set(name, (yield* from.status({ log: name })).last)
  yield* onStep("opened", "")
  yield* Restore.clear(to, { id, what: "a move of the store" }, (name) => highest.get(name) ?? 0)
  yield* onStep("cleared", "")
  const ways = yield* Effect.forEach(names, (name) => bringAll(from, to, name))
  let changed = yield* allRest(from, to, ways)
  for (let round = 0; changed > few && round < rounds; round++) changed = yield* allRest(from, to, ways)
  const count = ways.reduce((sum, { written }) => sum + written.size, 0)
  yield* onStep("copied", `${count} entries in ${yield* since(began)} ms`)
  const heldAt = yield* Clock.currentTimeMillis
  yield* hold
  yield* onStep("held", "")
  changed = yield* allRest(from, to, ways)
  yield* assertForward(from, to)
  yield* onStep("complete", `${changed} entries more`)
  return { id, entries: count, heldAt }
})

/** When it counts. That a mark is left is told by the id, at the next start. */
export const finish = (to: Service) =>
  Effect.catch(Restoring.clear(to), (cause) => Effect.logWarning("the mark of the move is left", cause))
