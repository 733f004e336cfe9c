/**
 * `npm run bench`, names: questions a second that the built-in DNS server answers, and how long one takes, beside CoreDNS on the same
 * objects in the same run, in turns. Server and asker are processes of their own; the asker has one processor's worth of Node.js, so
 * that beside the rate stands what an answer costs the server in processor time.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect, Layer, References, Schema } from "effect"
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Https from "../adapters/client/https/Https.ts"
import * as CoreDns from "../adapters/dns/coredns/CoreDns.ts"
import * as Program from "../adapters/Program.ts"
import * as ControlPlane from "../conformance/stage/ControlPlane.ts"
import * as ApiClient from "../kernel/client/ApiClient.ts"
import { Client } from "../kernel/client/Client.ts"
import * as Dns from "../plugins/dns/Dns.ts"
import { Namespace, Service } from "../plugins/resources/contracts/core/v1.ts"
import { EndpointSlice } from "../plugins/resources/contracts/discovery/v1.ts"
import * as Load from "./dns/Load.ts"

const [domain, namespace, count] = ["cluster.local", "bench", 1000]
const [ours, theirs] = [
  { address: "127.0.0.81", port: 5381 },
  { address: "127.0.0.82", port: 5382 }
]
const rounds = 2

const objects = Effect.gen(function* () {
  const client = yield* Client
  yield* client.create(Namespace, { metadata: { name: namespace } })
  const service = (index: number) =>
    client.create(Service, {
      metadata: { namespace, name: `web-${index}` },
      spec: { clusterIP: `10.96.${index >> 8}.${index & 255}`, ports: [{ port: 80 }] }
    })
  yield* Effect.forEach(
    Array.from({ length: count }, (_, index) => index + 1),
    service,
    { concurrency: 16, discard: true }
  )
  yield* client.create(Service, { metadata: { namespace, name: "db" }, spec: { clusterIP: "None", ports: [{ port: 80 }] } })
  yield* client.create(EndpointSlice, {
    metadata: { namespace, name: "db-1", labels: { "kubernetes.io/service-name": "db" } },
    addressType: "IPv4",
    ports: [{ name: "http", port: 8080, protocol: "TCP" }],
    endpoints: [1, 2, 3].map((last) => ({ addresses: [`10.244.1.${last}`], conditions: { ready: true } }))
  })
})

const under = (name: string) => `${name}.${namespace}.svc.${domain}`
const questions = {
  "a Service": [under("web-1")],
  "1000 Services in turn": Array.from({ length: count }, (_, index) => under(`web-${index + 1}`)),
  "a headless Service of 3": [under("db")],
  "names that do not exist": Array.from({ length: count }, (_, index) => under(`www-${index}.example.com`))
}

/** Of a process and its threads, in milliseconds. Source: proc(5), in hundredths of a second. */
const processorTime = (pid: number) => {
  const [, fields = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")
  const [user = "0", system = "0"] = fields.split(" ").slice(11, 13)
  return 10 * (Number(user) + Number(system))
}
const childOf = (corefile: string) =>
  readdirSync("/proc").find((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8")
      return command.includes(corefile) && !command.includes("pdeathsig")
    } catch {
      return false
    }
  })

const here = new URL(import.meta.url)
const options = { execArgv: ["--import", "tsx"] }

/** The built-in server, in a process of its own. */
const builtIn = (api: ControlPlane.ControlPlane["Service"]) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const child = fork(here, ["server", JSON.stringify(api)], options)
      await once(child, "message")
      return child
    }),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )

const serve = (api: Https.Options & { readonly cert: string; readonly key: string }) =>
  Effect.gen(function* () {
    yield* Dns.serve({ ...ours, domain, upstream: [] })
    yield* Effect.sync(() => process.send?.("ready"))
    return yield* Effect.never
  }).pipe(
    Effect.scoped,
    Effect.provide(ApiClient.layer),
    Effect.provide(Https.layer({ ...api, clientCertificate: api.cert, clientKey: api.key }))
  )

const ask = (at: typeof ours, names: ReadonlyArray<string>, window: number) =>
  Effect.promise(async () => {
    const child: ChildProcess = fork(new URL("./dns/Load.ts", here), [JSON.stringify({ ...at, names, window })], options)
    const [told] = await once(child, "message")
    return Load.decode(told)
  })

const thousands = (value: number) => `${(value / 1000).toFixed(1)} k/s`

const compare = Effect.fnUntraced(function* (servers: ReadonlyArray<{ at: typeof ours; pid: number }>) {
  for (const [what, names] of Object.entries(questions)) {
    const taken = servers.map(() => ({ rates: [0], costs: [0], medians: [0], tails: [0] }))
    for (let round = 0; round < rounds; round++)
      for (const [index, { at, pid }] of servers.entries()) {
        const before = processorTime(pid)
        const { answered, seconds } = yield* ask(at, names, 128)
        const spent = processorTime(pid) - before
        const serial = yield* ask(at, names, 1)
        taken[index]?.rates.push(answered / seconds)
        taken[index]?.costs.push((1000 * spent) / answered)
        taken[index]?.medians.push(serial.median)
        taken[index]?.tails.push(serial.tail)
      }
    const best = taken.map(({ costs, medians, rates, tails }) => ({
      rate: Load.middle(rates.slice(1)),
      cost: Load.middle(costs.slice(1)),
      median: Load.middle(medians.slice(1)),
      tail: Load.middle(tails.slice(1))
    }))
    const words = best.map(
      ({ cost, median, rate, tail }) =>
        `${thousands(rate).padStart(10)}, ${cost.toFixed(1).padStart(5)} µs of processor, one alone p50 ${(1000 * median).toFixed(0)} µs p99 ${(1000 * tail).toFixed(0)} µs`
    )
    yield* Console.log(`${what.padEnd(26)} built-in ${words[0]}`)
    if (words[1] === undefined || best[0] === undefined || best[1] === undefined) continue
    const ratio = `${(best[0].rate / best[1].rate).toFixed(2)} × the rate at ${(best[0].cost / best[1].cost).toFixed(2)} × the cost`
    yield* Console.log(`${" ".repeat(26)} CoreDNS  ${words[1]}\n${" ".repeat(26)} ${ratio}`)
  }
})

const program = Effect.gen(function* () {
  const api = yield* ControlPlane.ControlPlane
  yield* Effect.provide(objects, ControlPlane.client)
  const child = yield* builtIn(api)
  const servers = [{ at: ours, pid: child.pid ?? 0 }]
  if (Program.find("coredns") === undefined) yield* Console.log("left out: CoreDNS, which this machine lacks")
  else {
    const directory = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "keelson-bench-"))),
      (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
    )
    yield* Layer.build(CoreDns.layer({ ...theirs, domain, directory, api, upstream: [] }))
    servers.push({ at: theirs, pid: Number(childOf(directory)) })
  }
  yield* compare(servers)
}).pipe(Effect.scoped, Effect.provide(ControlPlane.layer), Effect.provideService(References.MinimumLogLevel, "Error"))

const Api = Schema.fromJsonString(
  Schema.Struct({ server: Schema.String, ca: Schema.String, cert: Schema.String, key: Schema.String })
)
const [, , role, given = ""] = process.argv
if (role === "server") NodeRuntime.runMain(serve(Schema.decodeSync(Api)(given)))
else NodeRuntime.runMain(program)
