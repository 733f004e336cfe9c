/**
 * A program for the tests of names, in a network namespace of its own: one server follows another on the address and port that a node
 * has, while questions are asked, each once. Prints a line for each row of servers, and what was lost.
 */
import { Console, Context, Effect, Exit, Fiber, Layer } from "effect"
import assert from "node:assert/strict"
import { existsSync } from "node:fs"
import { join } from "node:path"
import * as CoreDns from "../../adapters/dns/coredns/CoreDns.ts"
import { question, read, tcp, udp } from "../../conformance/cluster-dns/Ask.ts"
import * as Outside from "../../conformance/cluster-dns/Outside.ts"
import * as World from "../../conformance/cluster-dns/World.ts"
import * as ControlPlane from "../../conformance/stage/ControlPlane.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import * as Addresses from "../../plugins/dns/contracts/Addresses.ts"
import { ClusterDns } from "../../plugins/dns/contracts/ClusterDns.ts"
import * as Dns from "../../plugins/dns/Dns.ts"

type Kind = "keelson" | "coredns"
const [, , directory = "", address = "", row = ""] = process.argv
const port = 53
const domain = "cluster.local"

/** Asks all the time, each question once, and of names inside and outside; tells what was not answered well. */
const asking = Effect.fnUntraced(function* (namespace: string, address: string) {
  const where = Addresses.endpoint(address, port)
  const lost: Array<string> = []
  let count = 0
  let closed = 0
  // CoreDNS closes connections that have not asked yet when it ends. Whoever asks again then does as RFC 7766 (6.2.4) says.
  const stream = (bytes: Buffer) =>
    Effect.map(tcp(where, bytes), ([first = bytes]) => first).pipe(Effect.tapError(() => Effect.sync(() => void closed++)))
  const one = (name: string, transport: "udp" | "tcp") =>
    Effect.gen(function* () {
      const bytes = question(name, "A")
      const answer = transport === "udp" ? udp(where, bytes) : Effect.retry(stream(bytes), { times: 1 })
      const told = yield* Effect.exit(answer)
      count++
      const rcode = told._tag === "Success" ? read(told.value).rcode : String(told.cause)
      if (rcode !== "NOERROR") lost.push(`${transport} ${name}: ${rcode}`)
    })
  let turn = 0
  const asker = Effect.forever(
    Effect.suspend(() => {
      turn++
      if (turn % 4 === 0) return one(`ttl-1.${turn}.${Outside.zone}`, "udp")
      return one(`web.${namespace}.svc.${domain}`, turn % 15 === 0 ? "tcp" : "udp")
    })
  )
  const fibers = yield* Effect.forEach(Array.from({ length: 8 }), () => Effect.forkScoped(asker))
  const told = Effect.sync(() => ({ count, closed, lost: [...lost] }))
  return { told, stop: Effect.forEach(fibers, Fiber.interrupt, { discard: true }) }
})

const stage = Layer.mergeAll(Layer.provide(World.layer(), ControlPlane.client), Plugin.Host.layer).pipe(
  Layer.provideMerge(Outside.layer()),
  Layer.provideMerge(ControlPlane.layer)
)

const swaps = Effect.fnUntraced(function* (kinds: ReadonlyArray<Kind>, address: string) {
  const api = yield* ControlPlane.ControlPlane
  const { servers } = yield* Outside.Outside
  const { namespace } = yield* World.World
  const host = yield* Plugin.Host
  const options = { address, port, domain, upstream: servers.map((one) => one.address) }
  const client = yield* Layer.build(ControlPlane.client)
  const start = (kind: Kind) => {
    const plugin =
      kind === "keelson" ? Dns.plugin(options) : CoreDns.plugin({ ...options, directory: join(directory, kind), api })
    return Effect.map(Effect.provide(host.start(plugin), client), (services) => Context.get(services, ClusterDns))
  }
  const [first = "keelson", ...others] = kinds
  yield* start(first)
  const { stop, told } = yield* asking(namespace, address)
  for (const kind of others) {
    yield* Effect.sleep("300 millis")
    const dns = yield* start(kind)
    assert.equal((yield* dns.describe()).name, kind)
    assert.ok((yield* dns.health()).ready)
    assert.equal(existsSync(join(directory, "coredns", "Corefile")), kind === "coredns")
  }
  yield* Effect.sleep("300 millis")
  yield* stop
  const { closed, count, lost } = yield* told
  for (const line of lost) yield* Console.log(`LOST ${line}`)
  yield* Console.log(
    `${count > 20 && lost.length === 0 ? "ok" : "BROKEN"} ${address}: ${kinds.join(", ")}: ${count} questions, ${lost.length} lost, ${closed} connections closed`
  )
})

const kindsOf = (row: string) => row.split(",").map((kind): Kind => (kind === "coredns" ? kind : "keelson"))
const program = Effect.scoped(Effect.provide(Effect.scoped(swaps(kindsOf(row), address)), stage))
const exit = await Effect.runPromiseExit(program)
if (Exit.isFailure(exit)) {
  console.error(exit.cause)
  process.exit(1)
}
