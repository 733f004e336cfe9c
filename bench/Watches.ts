/**
 * `npm run bench`, 10,000 open watches of one API server: memory and time to open them; how long a change takes until the one
 * watch has it that chose its object, while hundreds of others change; and until all have one that all watch, and none lost.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, FileSystem } from "effect"
import { createHistogram } from "node:perf_hooks"
import { setTimeout } from "node:timers/promises"
import { join } from "node:path"
import type { Address, Connection, Request } from "./api/Connection.ts"
import * as Http2 from "./api/Http2.ts"
import * as Load from "./api/Load.ts"
import * as Requests from "./api/Requests.ts"
import * as Servers from "./api/Servers.ts"
import * as Fan from "./store/Fan.ts"

const watches = 10_000
const connectionsCount = 20
const pods = 500
const writes = 2000
const namespace = "watched"

const watchOf = (selector: string): Request => ({
  method: "GET",
  path: `${Requests.pods(namespace)}?watch=1&resourceVersion=0&sendInitialEvents=false&resourceVersionMatch=NotOlderThan${selector}`,
  accept: "application/json"
})

const until = async (holds: () => boolean) => {
  for (let last = performance.now(); !holds() && performance.now() - last < 60_000; ) await setTimeout(1)
}

interface Opened {
  readonly counts: Fan.Counts
  readonly close: () => void
  readonly took: number
  readonly ended: () => number
}

/** All of them; an answer that has ended was dropped. */
const open = async (
  address: Address,
  pids: ReadonlyArray<number>,
  selectorOf: (index: number) => string
): Promise<Opened> => {
  const counts = Fan.counts()
  const connections = await Promise.all(Array.from({ length: connectionsCount }, () => Http2.start(address)))
  const began = performance.now()
  let ended = 0
  const of = (index: number) => connections[index % connections.length]
  for (let index = 0; index < watches; index++) of(index)?.send(watchOf(selectorOf(index)), () => ended++, Fan.taker(counts))
  // A watch without events says nothing of itself: one request after them on each connection is answered after them.
  await Promise.all(connections.map((connection) => asked(connection)))
  await settled(pids)
  const took = performance.now() - began
  return { counts, took, ended: () => ended, close: () => connections.forEach((connection) => connection.close()) }
}
const asked = (connection: Connection) =>
  new Promise<void>((resolve) => connection.send(Requests.get("json", namespace, "pod-0"), () => resolve()))
/** Until the server has nothing to do. */
const settled = async (pids: ReadonlyArray<number>) => {
  const { spent } = await import("./store/Processor.ts")
  for (let last = -1, now = spent(pids); now - last > 50; now = spent(pids)) {
    last = now
    await setTimeout(500)
  }
}

const write = async (address: Address, count: number, inFlight: number) => {
  const { all, close } = await Load.connect(address, "h2", inFlight)
  let turn = 0
  const next = () => (turn < count ? Requests.patch("json", namespace, `pod-${turn++ % pods}`, Fan.marked()) : undefined)
  const done = await Load.run({ connections: all, inFlight, next, pids: [], seconds: 120 })
  close()
  return done
}

const wait = ({ waits }: Fan.Counts) =>
  `p50 ${(waits.percentile(50) / 1000).toFixed(1)} ms, p99 ${(waits.percentile(99) / 1000).toFixed(1)} ms, longest ${(waits.max / 1000).toFixed(1)} ms`

const measure = async ({ address, pids }: Servers.Contestant) => {
  const { all, close } = await Load.connect(address, "h2", 16)
  const first = [Requests.namespace(namespace)]
  await Load.run({ connections: all, inFlight: 1, next: () => first.pop(), pids: [], seconds: 10 })
  let made = 0
  const create = () => (made < pods ? Requests.create("json", namespace, `pod-${made++}`) : undefined)
  await Load.run({ connections: all, inFlight: 16, next: create, pids: [], seconds: 60 })
  close()
  const alone = await write(address, writes, 8)
  const before = Load.memory(pids)

  const one = await open(address, pids, (index) => `&fieldSelector=metadata.name%3Dpod-${index % watches}`)
  const memory = Load.memory(pids)
  console.log(
    `${watches} watches of one object each: open after ${one.took.toFixed(0)} ms, ${(memory - before).toFixed(0)} MiB`
  )
  const beside = await write(address, writes, 8)
  await until(() => one.counts.events >= writes)
  console.log(
    `  a write took ${beside.p50.toFixed(1)} ms (without any watch ${alone.p50.toFixed(1)}); its watch had it after: ${wait(one.counts)}`
  )
  console.log(`  events lost: ${writes - one.counts.events}, watches dropped: ${one.ended()}`)
  one.close()
  await settled(pids)

  const everything = await open(address, pids, () => "")
  const changes = 5
  const took = createHistogram()
  let isOver = false
  const asking = await Load.connect(address, "h2", 1)
  const next = () => (isOver ? undefined : Requests.get("json", namespace, "pod-0"))
  const asked = Load.run({ connections: asking.all, inFlight: 1, next, pids: [], seconds: 120 })
  for (let change = 1; change <= changes; change++) {
    const began = performance.now()
    await write(address, 1, 1)
    await until(() => everything.counts.events >= change * watches)
    took.record(Math.max(1, Math.round(performance.now() - began)))
  }
  isOver = true
  const { p50, p99 } = await asked
  asking.close()
  console.log(`${watches} watches of all objects: a change had reached the last of them after ${took.percentile(50)} ms`)
  console.log(`  meanwhile a GET took p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`)
  console.log(`  events lost: ${changes * watches - everything.counts.events}, watches dropped: ${everything.ended()}`)
  everything.close()
}

const program = Effect.gen(function* () {
  const files = yield* FileSystem.FileSystem
  const directory = yield* files.makeTempDirectoryScoped({ prefix: "keelson-bench-watches-" })
  const server = yield* Servers.keelson(join(directory, "keelson"))
  yield* Console.log(`${server.name} was ready after ${server.ready.toFixed(0)} ms`)
  yield* Effect.promise(() => measure(server))
})

NodeRuntime.runMain(Effect.scoped(program).pipe(Effect.provide(NodeServices.layer)))
