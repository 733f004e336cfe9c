/**
 * Watches: one writer's churn of objects of 2 KiB, and many who watch all of them, through our API over HTTPS on each of our stores,
 * beside etcd's own watchers: what a kube-apiserver has from its store, before it has sent a byte to anybody. Where there is a
 * kube-apiserver, it stands there too, on an etcd.
 */
import { Console, Effect, Schema } from "effect"
import { join } from "node:path"
import * as Clients from "./Clients.ts"
import * as Contestants from "./Contestants.ts"
import * as Processor from "./Processor.ts"
import * as Upstream from "./Upstream.ts"
import type { Plan } from "./Watching.ts"

const plans: ReadonlyArray<Plan> = [
  { watchers: 25, rate: 100, milliseconds: 3000 },
  { watchers: 25, rate: 0, milliseconds: 2000 },
  { watchers: 100, rate: 100, milliseconds: 3000 },
  { watchers: 100, rate: 0, milliseconds: 2000 }
]
const rounds = 2

const Figures = Schema.Struct({
  writes: Schema.Int,
  /** Milliseconds until all was written, and until all had come. */
  written: Schema.Finite,
  took: Schema.Finite,
  events: Schema.Int,
  missing: Schema.Int,
  bytes: Schema.Int,
  p50: Schema.Finite,
  p99: Schema.Finite
})
export interface Row {
  readonly store: string
  readonly watchers: number
  readonly rate: number
  readonly writes: number
  readonly events: number
  readonly megabytes: number
  readonly p50: number
  readonly p99: number
  /** Microseconds of the servers' processor time for one event of one watcher. */
  readonly cost: number
  /** Events that did not come: who is too slow may be sent away. Never by ours here. */
  readonly missing: number
}

interface Watched {
  readonly name: string
  readonly measure: (plan: Plan) => Effect.Effect<Row, unknown>
}

const watched = Effect.fnUntraced(function* (name: string, server: unknown, pids: ReadonlyArray<number>) {
  const { ask } = yield* Clients.start("Watching.ts", [JSON.stringify(server)], Clients.plain)
  const measure = Effect.fnUntraced(function* (plan: Plan) {
    const before = Processor.spent(pids)
    const { bytes, events, missing, p50, p99, took, written, writes } = yield* Schema.decodeUnknownEffect(Figures)(
      yield* ask(plan)
    )
    const cost = (1000 * (Processor.spent(pids) - before)) / events
    const { rate, watchers } = plan
    const flow = { writes: (1000 * writes) / written, events: (1000 * events) / took, megabytes: bytes / took / 1000 }
    return { store: name, watchers, rate, ...flow, p50, p99, cost, missing }
  })
  return { name, measure } satisfies Watched
})

const start = Effect.fnUntraced(function* (directory: string, binaries: Contestants.Binaries) {
  const all: Watched[] = []
  for (const { address, name, pids } of yield* Contestants.start(directory, binaries, 0)) {
    if ("etcd" in address) all.push(yield* watched(name, address, pids))
    else {
      const { pid, ready } = yield* Clients.start("Api.ts", [JSON.stringify(address)], Clients.plain)
      all.push(yield* watched(name, ready, [...pids, pid]))
    }
  }
  const upstream = yield* Upstream.start(join(directory, "upstream"), binaries.etcd)
  if (upstream !== undefined) all.push(yield* watched("kube-apiserver", upstream.server, upstream.pids))
  return all
})

const better = (one: Row, other: Row) => (one.rate > 0 ? one.p50 < other.p50 : one.events > other.events)

export const run = Effect.fnUntraced(function* (directory: string, binaries: Contestants.Binaries) {
  const all = yield* start(directory, binaries)
  const rows: Row[] = []
  for (const plan of plans) {
    const best = new Map<string, Row>()
    for (let round = 0; round < rounds; round++)
      for (const { measure, name } of all) {
        const row = yield* measure(plan)
        const before = best.get(name)
        if (before === undefined || better(row, before)) best.set(name, row)
      }
    rows.push(...best.values())
    yield* Console.error(`  ${plan.watchers} watchers: done`)
  }
  return rows
})
