/**
 * A process of `bench/Store.ts`: the writer and all watchers of one server. It answers each plan with what the watchers got, when all
 * of them have got everything.
 */
import { Schema } from "effect"
import { setTimeout } from "node:timers/promises"
import * as Fan from "./Fan.ts"
import { payload } from "./Writes.ts"

export const Server = Schema.Union([
  Schema.Struct({ server: Schema.String, ca: Schema.String, cert: Schema.String, key: Schema.String }),
  Schema.Struct({ etcd: Schema.String })
])
const Plan = Schema.Struct({
  watchers: Schema.Int,
  /** Writes a second, at times that do not depend on when the ones before are done; 0: as many as 16 in flight make. */
  rate: Schema.Int,
  milliseconds: Schema.Int
})
export type Plan = typeof Plan.Type

const objects = 256
const inFlight = 16

const server = Schema.decodeUnknownSync(Schema.fromJsonString(Server))(process.argv[2])
const fan = "etcd" in server ? await Fan.etcd(server.etcd) : await Fan.api(server.server, server)
const revisions = new Map<number, string>()
const write = async (index: number) => {
  const text = `${Fan.marked()}${Buffer.from(payload(index)).toString("latin1", 0, 2000)}`
  revisions.set(index, await fan.write(`object-${index}`, text, revisions.get(index) ?? ""))
}

/** As many as 16 writers make, each with objects of its own. */
const closed = async (until: number) => {
  let writes = 0
  const writer = async (first: number) => {
    for (let index = first; performance.now() < until; index = (index + inFlight) % objects, writes++) await write(index)
  }
  await Promise.all(Array.from({ length: inFlight }, (_, first) => writer(first)))
  return writes
}

const paced = async (until: number, rate: number) => {
  /** An object is not written before its last write is done. */
  const last = new Map<number, Promise<void>>()
  let writes = 0
  for (let next = performance.now(); next < until; next += 1000 / rate) {
    const early = next - performance.now()
    if (early > 1) await setTimeout(early)
    const index = writes++ % objects
    last.set(
      index,
      Promise.resolve(last.get(index)).then(() => write(index))
    )
  }
  await Promise.all(last.values())
  return writes
}

const measure = async ({ milliseconds, rate, watchers }: Plan) => {
  const counts = Fan.counts()
  const ends = await Promise.all(Array.from({ length: watchers }, () => fan.watch(Fan.taker(counts))))
  const start = performance.now()
  const writes = await (rate === 0 ? closed(start + milliseconds) : paced(start + milliseconds, rate))
  const written = performance.now() - start
  const all = writes * watchers
  // Who was sent away is not waited for.
  for (let before = -1; counts.events < all && counts.events > before; ) {
    before = counts.events
    for (let turn = 0; turn < 3000 && counts.events < all; turn++) await setTimeout(1)
  }
  const took = performance.now() - start
  for (const end of ends) end()
  const { bytes, events, waits } = counts
  const wait = (share: number) => waits.percentile(share) / 1000
  return { writes, written, took, events, missing: all - events, bytes, p50: wait(50), p99: wait(99) }
}

const fail = (cause: unknown) => {
  console.error(cause)
  process.exit(1)
}

for (let index = 0; index < objects; index++) await write(index)
process.on("message", (message) => {
  measure(Schema.decodeUnknownSync(Plan)(message)).then((figures) => process.send?.(figures), fail)
})
process.on("disconnect", () => process.exit(0))
process.send?.("ready")
