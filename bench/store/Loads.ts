/**
 * Load time: how long it takes from a store that was stopped until every object in it is known to a process that has just started:
 * our tables on SQLite and on JetStream with one replica, beside etcd's start and a range of everything. History that is kept must
 * not count. Files are in the page cache, as after a restart of a program; stores are filled without waiting for the disk.
 */
import { Console, Effect, Option, Schema, type Scope } from "effect"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import * as Clients from "./Clients.ts"
import { type Binaries, names } from "./Contestants.ts"
import * as Etcd from "./Etcd.ts"
import * as Nats from "./Nats.ts"
import type { Address } from "./Stores.ts"

export interface Size {
  readonly objects: number
  readonly revisions: number
}
export const sizes: ReadonlyArray<Size> = [
  { objects: 10_000, revisions: 10_000 },
  { objects: 100_000, revisions: 100_000 }
]
export const withHistory: Size = { objects: 100_000, revisions: 1_000_000 }
const rounds = 3

export interface Row extends Size {
  readonly store: string
  /** Milliseconds: until its server serves and our driver has it open, and until all objects are known from then on. */
  readonly open: number
  readonly load: number
  readonly total: number
  /** Milliseconds of the loading process's processor time. */
  readonly cost: number
}

const Loaded = Schema.Struct({ objects: Schema.Int, open: Schema.Finite, load: Schema.Finite, cpu: Schema.Finite })

/** Starts the store's server on the files that are there, ended with the scope. */
type Start = (synced: boolean) => Effect.Effect<Address, unknown, Scope.Scope>

const startsOf = (directory: string, { etcd, nats }: Binaries) => {
  const starts = new Map<string, Start>([[names.sqlite, () => Effect.succeed({ file: join(directory, "store.db") })]])
  if (Option.isSome(nats)) {
    const { binary } = nats.value
    const start: Start = (synced) => Effect.map(Nats.start(binary, directory, 1, 0, synced), ({ access }) => access)
    starts.set(names.r1, start)
  }
  if ("binary" in etcd) {
    const { binary } = etcd
    const start: Start = (synced) =>
      Effect.map(Etcd.start(binary, directory, 1, 0, synced), ({ endpoint }) => ({ etcd: endpoint }))
    starts.set(names.etcd1, start)
  }
  return starts
}

const work = (address: Address, size: Size, fill: boolean) =>
  Effect.scoped(
    Effect.map(
      Clients.start("Loading.ts", [JSON.stringify({ address, fill, ...size })], Clients.plain),
      ({ ready }) => ready
    )
  )

const loadOnce = (start: Start, size: Size) =>
  Effect.gen(function* () {
    const began = performance.now()
    const address = yield* start(true)
    const served = performance.now() - began
    const { cpu, load, objects, open } = yield* Schema.decodeUnknownEffect(Loaded)(yield* work(address, size, false))
    if (objects !== size.objects) return yield* Effect.fail(new Error(`${objects} objects were found of ${size.objects}`))
    return { open: served + open, load, total: served + open + load, cost: cpu }
  }).pipe(Effect.scoped)

export const run = Effect.fnUntraced(function* (directory: string, binaries: Binaries, size: Size) {
  const folder = join(directory, `${size.objects}-${size.revisions}`)
  mkdirSync(folder, { recursive: true })
  const starts = [...startsOf(folder, binaries)]
  for (const [store, start] of starts) {
    const began = performance.now()
    yield* Effect.scoped(Effect.flatMap(start(false), (address) => work(address, size, true)))
    yield* Console.error(`  ${store}: filled in ${((performance.now() - began) / 1000).toFixed(0)} s`)
  }
  const taken = starts.map(([store, start]) => ({ store, start, all: [] as Omit<Row, "store" | keyof Size>[] }))
  for (let round = 0; round < rounds; round++) for (const { all, start } of taken) all.push(yield* loadOnce(start, size))
  return taken.flatMap(({ all, store }): ReadonlyArray<Row> => {
    const middle = all.toSorted((one, other) => one.total - other.total)[rounds >> 1]
    return middle === undefined ? [] : [{ store, ...size, ...middle }]
  })
})
