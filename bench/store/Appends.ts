/**
 * Appends a second and how long one takes, at 1, 16 and 256 in flight, of every store in turns within one run; and the same with
 * every flush held back.
 */
import { Console, Effect } from "effect"
import { join } from "node:path"
import * as Clients from "./Clients.ts"
import * as Contestants from "./Contestants.ts"
import * as Delayed from "./Delayed.ts"
import * as Nats from "./Nats.ts"
import * as Processor from "./Processor.ts"
import type { Figures, Plan } from "./Writes.ts"

const levels = [1, 16, 256]
const rounds = 4
const milliseconds = 1000

export interface Row {
  readonly store: string
  readonly inFlight: number
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  readonly least: number
  /** Microseconds of processor time for one write, of the client with its driver and of all servers. */
  readonly client: number
  readonly servers: number
  /** Flushes of all its servers for one write; only where they are counted. */
  readonly flushes?: number
}

const at = (sorted: ReadonlyArray<number>, share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN

const rate = ({ took, waits }: Figures) => waits.length / took

/** Of the better half of the rounds: what else the machine does slows some of them. */
export const summary = (all: ReadonlyArray<Figures>) => {
  const runs = all.toSorted((one, other) => rate(other) - rate(one)).slice(0, Math.ceil(all.length / 2))
  const waits = runs.flatMap((run) => run.waits).toSorted((one, other) => one - other)
  const took = runs.reduce((sum, run) => sum + run.took, 0)
  return { perSecond: (waits.length / took) * 1000, p50: at(waits, 0.5), p99: at(waits, 0.99), least: at(waits, 0) }
}

/** What all rounds of one store and level of concurrency add up to. */
interface Sum {
  readonly all: Array<Figures>
  flushes: number
  client: number
  servers: number
}

const rowOf = (store: string, inFlight: number, delay: number, { all, client, flushes, servers }: Sum): Row => {
  const writes = all.reduce((sum, { waits }) => sum + waits.length, 0)
  const cost = { client: (1000 * client) / writes, servers: (1000 * servers) / writes }
  const each = { ...cost, ...(delay > 0 && { flushes: flushes / writes }) }
  return { store, inFlight, ...summary(all), ...each }
}

const startClient = Effect.fnUntraced(function* (contestant: Contestants.Contestant, directory: string, delay: number) {
  const { address, journals, name, pids } = contestant
  const slowed = { delay: "file" in address ? delay : 0, journal: join(directory, "sqlite.strace") }
  const { ask, pid } = yield* Clients.startWriter(address, slowed)
  if ("replicas" in address && address.replicas === 3) yield* Nats.lead(address, "K8S_bench_objects")
  const flushed = () => (delay === 0 ? 0 : journals.reduce((sum, journal) => sum + Delayed.flushes(journal), 0))
  const measure = Effect.fnUntraced(function* (plan: Plan, sum: Sum) {
    const before = { flushes: flushed(), client: Processor.spent([pid]), servers: Processor.spent(pids) }
    sum.all.push(yield* ask(plan))
    sum.flushes += flushed() - before.flushes
    sum.client += Processor.spent([pid]) - before.client
    sum.servers += Processor.spent(pids) - before.servers
  })
  return { name, measure }
})

export const run = Effect.fnUntraced(function* (directory: string, binaries: Contestants.Binaries, delay: number) {
  const contestants = yield* Contestants.start(directory, binaries, delay)
  const clients = yield* Effect.forEach(contestants, (contestant) => startClient(contestant, directory, delay))
  const rows: Row[] = []
  const empty = (): Sum => ({ all: [], flushes: 0, client: 0, servers: 0 })
  // Whoever runs first pays for what all have to compile.
  for (const { measure } of clients) yield* measure({ inFlight: 64, milliseconds: 1500 }, empty())
  for (const inFlight of levels) {
    const turns = clients.map((client) => ({ ...client, sum: empty() }))
    for (let round = 0; round < rounds; round++)
      for (const { measure, sum } of turns) yield* measure({ inFlight, milliseconds }, sum)
    for (const { name, sum } of turns) rows.push(rowOf(name, inFlight, delay, sum))
    yield* Console.error(`  ${inFlight} in flight: done`)
  }
  yield* assertHeldBack(rows, delay)
  return rows
})

/** Whoever acknowledges a write sooner than its disk can have it is not durable, whatever it says. */
const assertHeldBack = (rows: ReadonlyArray<Row>, delay: number) => {
  const early = rows.find(({ least }) => least < delay)
  return early === undefined
    ? Effect.void
    : Effect.fail(new Error(`${early.store} acknowledged after ${early.least} ms what takes ${delay} ms to be on its disk`))
}
