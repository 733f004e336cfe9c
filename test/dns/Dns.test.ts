import { assert, describe, expect, it } from "@effect/vitest"
import { type Answer, decode, encode, type Packet, RECURSION_DESIRED, type RecordType } from "dns-packet"
import { Effect } from "effect"
import { Resolver } from "node:dns/promises"
import * as Ask from "../../conformance/cluster-dns/Ask.ts"
import * as Answers from "../../plugins/dns/Answers.ts"
import * as Dns from "../../plugins/dns/Dns.ts"
import * as Forward from "../../plugins/dns/Forward.ts"
import * as Wire from "../../plugins/dns/Wire.ts"
import * as Resolv from "../../plugins/dns/contracts/Resolv.ts"
import { Namespace, Service } from "../../plugins/resources/contracts/core/v1.ts"
import * as MemoryClient from "../network/MemoryClient.ts"
import * as World from "./World.ts"

const serve = (world: MemoryClient.Objects, options: Partial<Dns.Options> = {}) =>
  Effect.map(
    Dns.serve({ address: "127.0.0.1", domain: "cluster.local", port: 0, upstream: [], ...options }).pipe(
      Effect.provide(MemoryClient.layer(world))
    ),
    (port) => ({ port, address: `127.0.0.1:${port}` })
  )

const bytes = (name: string, type: RecordType, more: Partial<Packet> = {}) =>
  encode({ type: "query", id: 4711, flags: RECURSION_DESIRED, questions: [{ name, type }], ...more })

const udp = (port: number, message: Buffer) =>
  Effect.flatMap(Ask.udp(`127.0.0.1:${port}`, message), (answer) => Effect.sync(() => ({ answer, packet: decode(answer) })))
const tcp = (port: number, ...messages: ReadonlyArray<Buffer>) => Ask.tcp(`127.0.0.1:${port}`, ...messages)

const rcode = ({ flags = 0 }: Packet) => ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"][flags & 0xf]

const shown = (answer: Answer) => {
  const value = "data" in answer ? answer.data : ""
  const text =
    typeof value === "string" ? value : Array.isArray(value) ? value.map(String).join(" ") : Object.values(value).join(" ")
  return `${answer.name} ${"ttl" in answer ? answer.ttl : ""} ${answer.type} ${text}`
}

const questions: ReadonlyArray<readonly [RecordType, string]> = [
  ["A", "web.default.svc.cluster.local"],
  ["A", "WEB.Default.svc.cluster.LOCAL"],
  ["AAAA", "web.default.svc.cluster.local"],
  ["MX", "web.default.svc.cluster.local"],
  ["SRV", "_http._tcp.web.default.svc.cluster.local"],
  ["SRV", "_stats._udp.web.default.svc.cluster.local"],
  ["SRV", "_http._udp.web.default.svc.cluster.local"],
  ["SRV", "web.default.svc.cluster.local"],
  ["A", "_http._tcp.web.default.svc.cluster.local"],
  ["A", "_tcp.web.default.svc.cluster.local"],
  ["A", "db.default.svc.cluster.local"],
  ["AAAA", "db.default.svc.cluster.local"],
  ["A", "db-0.db.default.svc.cluster.local"],
  ["A", "10-244-1-6.db.default.svc.cluster.local"],
  ["A", "db-9.db.default.svc.cluster.local"],
  ["SRV", "_http._tcp.db.default.svc.cluster.local"],
  ["A", "idle.default.svc.cluster.local"],
  ["A", "near.default.svc.cluster.local"],
  ["CNAME", "out.default.svc.cluster.local"],
  ["A", "circle.default.svc.cluster.local"],
  ["A", "none.default.svc.cluster.local"],
  ["A", "web.none.svc.cluster.local"],
  ["A", "default.svc.cluster.local"],
  ["A", "none.svc.cluster.local"],
  ["A", "svc.cluster.local"],
  ["A", "10-244-1-2.default.pod.cluster.local"],
  ["A", "10-244-1-2.none.pod.cluster.local"],
  ["A", "words.default.pod.cluster.local"],
  ["PTR", "5.0.96.10.in-addr.arpa"],
  ["PTR", "3.1.244.10.in-addr.arpa"],
  ["PTR", "5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.9.0.0.0.0.d.f.ip6.arpa"],
  ["SOA", "cluster.local"],
  ["NS", "cluster.local"],
  ["A", "ns.dns.cluster.local"],
  ["TXT", "dns-version.cluster.local"],
  ["A", "www.example.com.cluster.local"],
  ["A", "www.example.com.default.svc.cluster.local"],
  ["A", "www.example.com"]
]

describe("the cluster's names", () => {
  it.live("questions and answers", () =>
    Effect.gen(function* () {
      const { port } = yield* serve(World.make())
      const lines: Array<string> = []
      for (const [type, name] of questions) {
        const { packet } = yield* udp(port, bytes(name, type))
        const section = (title: string, records: ReadonlyArray<Answer> | undefined) =>
          (records ?? []).map((record) => `    ${title} ${shown(record)}`).toSorted()
        const flags = packet.flag_aa ? " authoritative" : ""
        lines.push(`${type} ${name}\n  ${rcode(packet)}${flags}`)
        lines.push(...section("answer", packet.answers), ...section("authority", packet.authorities))
        lines.push(...section("more", packet.additionals))
        assert.deepStrictEqual(packet.questions?.[0]?.name, name, "the question comes back as it was asked")
        assert.strictEqual(packet.id, 4711)
      }
      yield* Effect.promise(() => expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("golden/answers.txt"))
    }).pipe(Effect.scoped)
  )

  it.live("a resolver understands them", () =>
    Effect.gen(function* () {
      const { address } = yield* serve(World.make())
      const resolver = new Resolver()
      resolver.setServers([address])
      const ask = <A>(question: Promise<A>) => Effect.promise(() => question)
      assert.deepStrictEqual(yield* ask(resolver.resolve4("web.default.svc.cluster.local")), ["10.96.0.5"])
      assert.deepStrictEqual(yield* ask(resolver.reverse("10.96.0.5")), ["web.default.svc.cluster.local"])
      const [srv] = yield* ask(resolver.resolveSrv("_http._tcp.web.default.svc.cluster.local"))
      assert.deepInclude(srv, { name: "web.default.svc.cluster.local", port: 80 })
      const missing = yield* Effect.flip(Effect.tryPromise(() => resolver.resolve4("none.default.svc.cluster.local")))
      assert.include(String(missing.cause), "ENOTFOUND")
    }).pipe(Effect.scoped)
  )

  it.live("what changes is answered anew, and the first of several is not always the same", () =>
    Effect.gen(function* () {
      const world = World.make()
      const { port } = yield* serve(world)
      const ask = (name: string) => Effect.map(udp(port, bytes(name, "A")), ({ packet }) => packet)
      const name = "later.default.svc.cluster.local"
      assert.strictEqual(rcode(yield* ask(name)), "NXDOMAIN")
      const put = (clusterIP: string) =>
        world.put(Service, { metadata: { namespace: "default", name: "later" }, spec: { clusterIP } })
      for (const address of ["10.96.0.20", "10.96.0.21"]) {
        put(address)
        yield* Effect.sleep("5 millis")
        assert.deepStrictEqual(
          (yield* ask(name)).answers?.map((answer) => "data" in answer && answer.data),
          [address]
        )
      }
      world.remove(Service, { namespace: "default", name: "later" })
      yield* Effect.sleep("5 millis")
      assert.strictEqual(rcode(yield* ask(name)), "NXDOMAIN")
      const firsts = new Set<unknown>()
      for (let round = 0; round < 6; round++) {
        const [first] = (yield* ask("db.default.svc.cluster.local")).answers ?? []
        firsts.add(first !== undefined && "data" in first && first.data)
      }
      assert.strictEqual(firsts.size, 3)
    }).pipe(Effect.scoped)
  )

  it.live("what is too long for a datagram comes by TCP", () =>
    Effect.gen(function* () {
      const world = World.make()
      World.crowd(world, 200)
      const { port } = yield* serve(world)
      const question = bytes("crowd.default.svc.cluster.local", "A")
      const plain = yield* udp(port, question)
      assert.isTrue(plain.packet.flag_tc)
      assert.isAtMost(plain.answer.length, 512)
      assert.isAbove(plain.packet.answers?.length ?? 0, 20)
      const opt = {
        type: "OPT" as const,
        name: ".",
        udpPayloadSize: 4096,
        extendedRcode: 0,
        ednsVersion: 0,
        flags: 0,
        flag_do: false,
        options: []
      }
      const larger = yield* udp(port, bytes("crowd.default.svc.cluster.local", "A", { additionals: [opt] }))
      assert.isAtMost(larger.answer.length, 1232)
      assert.isAbove(larger.answer.length, 1000)
      assert.strictEqual(larger.packet.additionals?.[0]?.type, "OPT")
      const [first, second] = yield* tcp(port, question, bytes("web.default.svc.cluster.local", "A"))
      assert.lengthOf(decode(first ?? Buffer.alloc(12)).answers ?? [], 200)
      assert.lengthOf(decode(second ?? Buffer.alloc(12)).answers ?? [], 1)
    }).pipe(Effect.scoped)
  )

  it.live("nonsense is answered by what is wrong with it, or not at all", () =>
    Effect.gen(function* () {
      const { port } = yield* serve(World.make())
      const two = encode({
        type: "query",
        id: 1,
        questions: [
          { name: "a", type: "A" },
          { name: "b", type: "A" }
        ]
      })
      assert.strictEqual(rcode((yield* udp(port, two)).packet), "FORMERR")
      const cut = bytes("web.default.svc.cluster.local", "A").subarray(0, 20)
      assert.strictEqual(rcode((yield* udp(port, cut)).packet), "FORMERR")
      const update = bytes("web.default.svc.cluster.local", "A")
      update.writeUInt8(5 << 3, 2)
      assert.strictEqual(rcode((yield* udp(port, update)).packet), "NOTIMP")
      const chaos = encode({ type: "query", questions: [{ name: "version.bind", type: "TXT", class: "CH" }] })
      assert.strictEqual(rcode((yield* udp(port, chaos)).packet), "REFUSED")
      const silent = yield* Effect.exit(Effect.timeout(udp(port, Buffer.from([1, 2, 3])), "100 millis"))
      assert.strictEqual(silent._tag, "Failure")
    }).pipe(Effect.scoped)
  )
})

describe("other names", () => {
  /** The server that is asked further is one of ours too, for another zone. */
  const elsewhere = () => {
    const world = new MemoryClient.Objects()
    world.put(Namespace, { metadata: { name: "n" } })
    world.put(Service, { metadata: { namespace: "n", name: "a" }, spec: { clusterIP: "192.0.2.1" } })
    world.put(Service, { metadata: { namespace: "n", name: "b" }, spec: { clusterIP: "192.0.2.2" } })
    World.crowd(world, 0)
    return world
  }

  it.live("are asked for further, by UDP and by TCP, and kept", () =>
    Effect.gen(function* () {
      const world = elsewhere()
      const other = yield* serve(world, { domain: "upstream.test" })
      const { port } = yield* serve(World.make(), { upstream: [other.address] })
      const data = ({ answers }: Packet) => answers?.map((answer) => "data" in answer && answer.data)
      const name = "a.n.svc.upstream.test"
      assert.deepStrictEqual(data((yield* udp(port, bytes(name, "A"))).packet), ["192.0.2.1"])
      const [answer] = yield* tcp(port, bytes(name, "A"))
      assert.deepStrictEqual(data(decode(answer ?? Buffer.alloc(12))), ["192.0.2.1"])
      world.remove(Service, { namespace: "n", name: "a" })
      yield* Effect.sleep("5 millis")
      const kept = yield* udp(port, bytes(name.toUpperCase(), "A", { id: 1 }))
      assert.deepStrictEqual(data(kept.packet), ["192.0.2.1"])
      assert.deepStrictEqual([kept.packet.id, kept.packet.questions?.[0]?.name], [1, name.toUpperCase()])
      assert.strictEqual(rcode((yield* udp(port, bytes("none.n.svc.upstream.test", "A"))).packet), "NXDOMAIN")
    }).pipe(Effect.scoped)
  )

  it.live("an alias leads there", () =>
    Effect.gen(function* () {
      const other = yield* serve(elsewhere(), { domain: "upstream.test" })
      const world = World.make()
      const spec = { type: "ExternalName", externalName: "b.n.svc.upstream.test" }
      world.put(Service, { metadata: { namespace: "default", name: "away" }, spec })
      const { port } = yield* serve(world, { upstream: [other.address] })
      const { packet } = yield* udp(port, bytes("away.default.svc.cluster.local", "A"))
      assert.deepStrictEqual(packet.answers?.map(shown), [
        "away.default.svc.cluster.local 5 CNAME b.n.svc.upstream.test",
        "b.n.svc.upstream.test 5 A 192.0.2.2"
      ])
    }).pipe(Effect.scoped)
  )

  it.live("a server that does not answer is passed over, and if none does, that is said", () =>
    Effect.gen(function* () {
      const other = yield* serve(elsewhere(), { domain: "upstream.test" })
      const dead = yield* Effect.scoped(serve(elsewhere()))
      const { port } = yield* serve(World.make(), { upstream: [dead.address, other.address] })
      const many = Array.from({ length: 8 }, () => udp(port, bytes("b.n.svc.upstream.test", "A")))
      const answers = yield* Effect.all(many, { concurrency: "unbounded" })
      assert.isTrue(answers.every(({ packet }) => rcode(packet) === "NOERROR"))
      const alone = yield* serve(World.make(), { upstream: [dead.address] })
      assert.strictEqual(rcode((yield* udp(alone.port, bytes("b.n.svc.upstream.test", "A"))).packet), "SERVFAIL")
    }).pipe(Effect.scoped)
  )

  it("the servers of this machine", () => {
    const text =
      "# comment\nsearch example.com\nnameserver 192.0.2.1\nnameserver 10.96.0.10\nnameserver fd00::1 \nnameserver x\n"
    assert.deepStrictEqual(Resolv.servers(text, ["10.96.0.10"]), ["192.0.2.1", "fd00::1"])
    assert.deepStrictEqual(["192.0.2.1", "192.0.2.1:5353", "fd00::1", "[fd00::1]:5353"].map(Forward.endpoint), [
      { host: "192.0.2.1", port: 53 },
      { host: "192.0.2.1", port: 5353 },
      { host: "fd00::1", port: 53 },
      { host: "fd00::1", port: 5353 }
    ])
  })
})

it.live("a port that is taken is told", () =>
  Effect.gen(function* () {
    const { port } = yield* serve(World.make())
    const failure = yield* Effect.flip(serve(World.make(), { port }))
    assert.strictEqual(failure._tag, "AddressTaken")
  }).pipe(Effect.scoped)
)

it("who asks for ever other names does not fill the memory", () => {
  const view = {
    hasNamespace: () => true,
    service: () => undefined,
    slices: () => [],
    servicesAt: () => [],
    slicesAt: () => []
  }
  const settings = { domain: "cluster.local", addresses: ["10.96.0.10"] }
  const answers = Answers.make(view, settings)
  const find = (name: string) => {
    const query = Wire.parse(bytes(name, "A"))
    assert.isDefined(query)
    return query === undefined ? undefined : answers.find(query)
  }
  const first = find("a.b.svc.cluster.local")
  assert.isTrue(first?.ground?.isTrue)
  for (let index = 0; index < 20_000; index++) find(`x${index}.y${index % 7}.svc.cluster.local`)
  assert.isFalse(first?.ground?.isTrue, "what was kept first is not kept for ever")
})
