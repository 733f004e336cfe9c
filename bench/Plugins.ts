/**
 * `npm run bench`, a call to a plugin: what it costs at each level of isolation, beside the same call without anything between,
 * alone and with 64 at once, and with bytes that go there and come back.
 */
import { Console, Context, Effect, Layer } from "effect"
import * as Isolate from "../kernel/plugin/Isolate.ts"
import * as Plugin from "../kernel/plugin/Plugin.ts"
import * as Sandbox from "../kernel/plugin/isolate/Sandbox.ts"
import * as Pki from "../plugins/certificates/contracts/Pki.ts"
import { Echo, plugin } from "./plugins/Echo.ts"

type Service = Echo["Service"]
const module = new URL("./plugins/Echo.ts", import.meta.url)
const host = "127.0.0.1"
const sizes = [0, 1024, 64 * 1024, 1024 * 1024]
const named = (size: number) =>
  size === 0 ? "no payload" : size < 1024 ** 2 ? `${size / 1024} KiB` : `${size / 1024 ** 2} MiB`

/** 64 payloads of a MiB are under way at once, there and back, and what is read of them is not collected at once. */
const budgets = { memoryBytes: 3 * 1024 ** 3 }

/** How long one measurement takes, in milliseconds. */
const patience = 400

/** What a call takes, in nanoseconds: of time, and of the processors by all threads of this process. */
interface Cost {
  readonly time: number
  readonly processor: number
}

/** The best of three: the machine has other things to do. */
const measure = Effect.fnUntraced(function* ({ echo }: Service, size: number, atOnce: number) {
  let best: Cost = { time: Number.POSITIVE_INFINITY, processor: Number.POSITIVE_INFINITY }
  for (let round = 0; round < 3; round++) {
    const used = process.cpuUsage()
    const began = performance.now()
    let [calls, goesOn] = [0, true]
    const one = Effect.gen(function* () {
      const bytes = new Uint8Array(size)
      while (goesOn) {
        for (let turn = 0; turn < 16; turn++) yield* echo({ bytes })
        calls += 16
        goesOn = performance.now() - began < patience
      }
    })
    yield* Effect.all(
      Array.from({ length: atOnce }, () => one),
      { concurrency: "unbounded", discard: true }
    )
    const time = ((performance.now() - began) * 1e6) / calls
    const { system, user } = process.cpuUsage(used)
    best = { time: Math.min(best.time, time), processor: Math.min(best.processor, ((system + user) * 1000) / calls) }
  }
  return best
})

const text = (nanoseconds: number) =>
  nanoseconds < 10_000 ? `${Math.round(nanoseconds)} ns` : `${(nanoseconds / 1000).toFixed(1)} µs`

const remote = Effect.gen(function* () {
  const ca = yield* Pki.authority("plugins")
  const server = yield* Pki.issue(ca, { commonName: "plugin", hosts: [host], usages: ["server"] })
  const client = yield* Pki.issue(ca, { commonName: "cluster", usages: ["client"] })
  const port = yield* Isolate.serve({ name: "echo", module, host, port: 0, ca: ca.cert, ...server })
  return { host, port, ca: ca.cert, ...client }
})

const installed = (level: Plugin.Isolation, at?: Isolate.Remote) => {
  const settings = { name: "echo", module, offers: [Echo], needs: [], isolation: level, budgets } as const
  return Layer.provide(
    Plugin.install(Isolate.run({ ...settings, ...(at !== undefined && { remote: at }) })),
    Plugin.Host.layer
  )
}

const row = Effect.fnUntraced(function* (name: string, service: Service, plain: ReadonlyMap<string, Cost>) {
  const figures = new Map<string, Cost>()
  for (const atOnce of [1, 64]) {
    const cells: Array<string> = []
    for (const size of sizes) {
      const cost = yield* measure(service, size, atOnce)
      const beside = plain.get(`${size}/${atOnce}`) ?? cost
      figures.set(`${size}/${atOnce}`, cost)
      cells.push(`${named(size)}: ${text(cost.time)}, ${text(cost.processor)} (${text(cost.time - beside.time)} more)`)
    }
    yield* Console.log(`${`${name}, ${atOnce} at once`.padEnd(26)} ${cells.join("   ")}`)
  }
  return figures
})

const main = Effect.gen(function* () {
  yield* Console.log("each call: time, processor time of this process (and what it takes longer than a plain one)")
  const own = yield* Effect.provide(Echo, plugin.layer)
  const plain = yield* row("plain", own, new Map())
  for (const level of Plugin.isolations) {
    const refusal = level === "sandbox" ? Sandbox.refusal() : ""
    if (refusal !== "") {
      yield* Console.log(`${level}: left out, this machine makes no sandbox: ${refusal}`)
      continue
    }
    const measured = Effect.gen(function* () {
      const services = yield* Layer.build(installed(level, level === "remote" ? yield* remote : undefined))
      yield* row(level, Context.get(services, Echo), plain)
    })
    yield* Effect.scoped(measured)
  }
})

await Effect.runPromise(main)
