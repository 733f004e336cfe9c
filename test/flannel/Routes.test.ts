/** Our vxlan and host-gw with real packets between network namespaces. Needs root and network namespaces, and says so if they are not there. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Schedule, Scope } from "effect"
import { execFileSync } from "node:child_process"
import * as Routes from "../../adapters/cni/flannel/Routes.ts"
import { Client } from "../../kernel/client/Client.ts"
import { Node } from "../../plugins/resources/contracts/core/v1.ts"
import { cluster } from "../controllers/Cluster.ts"
import * as Fabric from "./Fabric.ts"

const probe = () => {
  try {
    execFileSync("sh", [
      "-ec",
      "ip netns add kt-fl-probe; trap 'ip netns del kt-fl-probe' EXIT; ip -n kt-fl-probe link add flannel.1 type vxlan id 1 dstport 8472"
    ])
    return true
  } catch {
    return false
  }
}

type Given = Partial<Routes.Options> & Pick<Routes.Options, "backend">

/** Starts a node's part; done when it is taken back. */
const start = Effect.fnUntraced(function* (fabric: Fabric.Fabric, index: number, given: Given) {
  const options = {
    ...{ nodeName: `n${index}`, addresses: Fabric.addressesOf(index), podCidrs: Fabric.podCidrs },
    ...{ launcher: fabric.launcher(`n${index}`), lookEvery: "2 seconds" as const },
    ...given
  }
  const scope = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
  yield* Layer.buildWithScope(Routes.layer(options), scope)
  return Scope.close(scope, Exit.void)
})

const allPairs = (fabric: Fabric.Fabric, size?: number) =>
  Effect.forEach(fabric.indexes, (from) =>
    Effect.forEach(
      fabric.indexes.filter((to) => to !== from).flatMap((to) => Fabric.podsOf(to)),
      (to) => fabric.reaches(from, to, size),
      { concurrency: 4 }
    )
  )

const annotations = (index: number) =>
  Effect.map(
    Effect.flatMap(Client, (client) => client.get(Node, { namespace: "", name: `n${index}` })),
    ({ metadata, status }): Record<string, string | undefined> => ({
      ...metadata.annotations,
      condition: status.conditions?.find(({ type }) => type === "NetworkUnavailable")?.reason
    })
  )

/** Of the first node's tunnel. */
const macOf = ({ run }: Fabric.Fabric) =>
  Effect.map(run("n1", "ip link show flannel.1"), (text) => /link\/ether (\S+)/.exec(text)?.[1] ?? "")

/** Waits until what is asked comes to be so. */
const until = <A, E, R>(effect: Effect.Effect<A, E, R>, holds: (value: A) => boolean) =>
  effect.pipe(Effect.repeat({ until: holds, schedule: Schedule.spaced("50 millis") }), Effect.timeout("100 seconds"))

const pings = 250
/** The numbers of pings without an answer. */
const missing = (text: string) => {
  const seen = new Set([...text.matchAll(/seq=(\d+)/g)].map(([, number]) => Number(number)))
  return Array.from({ length: pings }, (_, at) => at).filter((number) => !seen.has(number))
}

const name = (last: string) => `flannel.alpha.coreos.com/${last}`

describe.skipIf(!probe())("Flannel with real packets (needs root, vxlan and ip netns)", () => {
  it.live(
    "vxlan: every Pod reaches every other by both families, and nothing is left",
    () =>
      Effect.gen(function* () {
        const fabric = yield* Fabric.make(3)
        yield* fabric.register
        const before = yield* Effect.forEach(fabric.indexes, (index) => fabric.look(`n${index}`))
        const ends = yield* Effect.forEach(fabric.indexes, (index) => start(fabric, index, { backend: "vxlan" }))
        yield* allPairs(fabric)
        // More than fits into one packet of the tunnel.
        yield* allPairs(fabric, 1452)
        assert.match(yield* fabric.run("n1", "ip link show flannel.1"), /mtu 1450/)
        // The node itself, by an address that others would answer outside of the tunnel.
        yield* fabric.run("n1", "busybox ping -c 1 -W 5 -I 10.200.7.1 10.244.2.2")

        const said = yield* until(annotations(1), (said) => said["condition"] !== undefined)
        const mac = yield* macOf(fabric)
        assert.strictEqual(said["condition"], "FlannelIsUp")
        assert.strictEqual(said[name("backend-type")], "vxlan")
        assert.strictEqual(said[name("backend-data")], `{"VNI":1,"VtepMAC":"${mac}"}`)
        assert.strictEqual(said[name("public-ip")], "10.200.7.1")
        assert.strictEqual(said[name("public-ipv6")], "fd00:7::1")
        assert.strictEqual(said[name("kube-subnet-manager")], "true")

        yield* Effect.all(ends, { concurrency: "unbounded" })
        assert.deepStrictEqual(yield* annotations(1), { condition: undefined })
        for (const [at, index] of fabric.indexes.entries()) {
          assert.deepStrictEqual(yield* fabric.look(`n${index}`), before[at])
        }
      }).pipe(Effect.scoped, Effect.provide(cluster())),
    150_000
  )

  it.live(
    "host-gw: the same without a tunnel",
    () =>
      Effect.gen(function* () {
        const fabric = yield* Fabric.make(2)
        yield* fabric.register
        const before = yield* fabric.look("n1")
        const ends = yield* Effect.forEach(fabric.indexes, (index) => start(fabric, index, { backend: "host-gw" }))
        yield* allPairs(fabric, 1500 - 48)
        const said = yield* until(annotations(1), (said) => said["condition"] !== undefined)
        assert.strictEqual(said[name("backend-type")], "host-gw")
        assert.strictEqual(said[name("backend-data")], "null")
        yield* Effect.all(ends, { concurrency: "unbounded" })
        assert.deepStrictEqual(yield* fabric.look("n1"), before)
      }).pipe(Effect.scoped, Effect.provide(cluster())),
    150_000
  )

  it.live(
    "what somebody takes away comes back, with the same MAC",
    () =>
      Effect.gen(function* () {
        const fabric = yield* Fabric.make(2)
        yield* fabric.register
        for (const index of fabric.indexes) yield* start(fabric, index, { backend: "vxlan" })
        yield* allPairs(fabric)
        const mac = macOf(fabric)
        const before = yield* mac
        yield* fabric.run("n1", "ip route delete 10.244.2.0/24; ip neigh flush dev flannel.1 nud permanent")
        yield* fabric.reaches(1, "10.244.2.2")
        yield* fabric.run("n1", "ip link delete flannel.1")
        yield* fabric.reaches(1, "10.244.2.2")
        assert.strictEqual(yield* mac, before)
      }).pipe(Effect.scoped, Effect.provide(cluster())),
    150_000
  )

  it.live(
    "who starts after a kill goes on with the tunnel that is there",
    () =>
      Effect.gen(function* () {
        const fabric = yield* Fabric.make(2)
        yield* fabric.register
        const killed = yield* start(fabric, 1, { backend: "vxlan", stop: "keep" })
        yield* start(fabric, 2, { backend: "vxlan" })
        yield* allPairs(fabric)
        const look = fabric.run(
          "n1",
          "ip -o link show flannel.1; ip neigh show dev flannel.1; bridge fdb show dev flannel.1"
        )
        const before = yield* look
        yield* killed
        assert.isTrue(yield* fabric.hears(1, "10.244.2.2"), "while nobody is there")
        const told = annotations(1)
        const said = yield* told
        yield* start(fabric, 1, { backend: "vxlan" })
        yield* fabric.reaches(1, "10.244.2.2")
        assert.strictEqual(yield* look, before)
        assert.deepStrictEqual(yield* told, said)
      }).pipe(Effect.scoped, Effect.provide(cluster())),
    150_000
  )

  it.live(
    "a node that comes, one that moves and one that goes change its own ways alone",
    () =>
      Effect.gen(function* () {
        const fabric = yield* Fabric.make(2)
        yield* fabric.register
        for (const index of fabric.indexes) yield* start(fabric, index, { backend: "vxlan" })
        yield* allPairs(fabric)
        const client = yield* Client
        const ways = fabric.run("n1", "ip route; ip neigh show dev flannel.1; bridge fdb show dev flannel.1")
        const before = yield* ways
        const data = (mac: string) => JSON.stringify({ VNI: 1, VtepMAC: mac })
        const [first, second] = ["02:00:00:00:00:09", "02:00:00:00:00:0a"]
        const annotated = (mac: string, address: string) => ({
          [name("kube-subnet-manager")]: "true",
          ...{ [name("backend-type")]: "vxlan", [name("backend-data")]: data(mac), [name("public-ip")]: address }
        })
        yield* client.create(Node, {
          metadata: { name: "n9", annotations: annotated(first, "10.200.7.9") },
          spec: { podCIDR: "10.244.9.0/24", podCIDRs: ["10.244.9.0/24"] }
        })
        yield* until(ways, (text) => text.includes("10.244.9.0/24 via 10.244.9.0 dev flannel.1"))
        const patch = { metadata: { annotations: annotated(second, "10.200.7.10") } }
        yield* client.patch(Node, { namespace: "", name: "n9" }, "merge", patch)
        const moved = yield* until(ways, (text) => text.includes("10.200.7.10") && !text.includes(first))
        assert.include(moved, `${second} dst 10.200.7.10`)
        yield* client.delete(Node, { namespace: "", name: "n9" })
        yield* until(ways, (text) => text === before)
      }).pipe(Effect.scoped, Effect.provide(cluster())),
    150_000
  )

  it.live(
    "node by node from plain routes to vxlan and to host-gw, and no packet is lost",
    () =>
      Effect.gen(function* () {
        const fabric = yield* Fabric.make(2)
        yield* fabric.register
        // As the bridge's routes are: the first choice as long as they are there.
        const plain = (index: number, verb: string) => {
          const [to = "", via = ""] = [Fabric.rangesOf(3 - index)[0], Fabric.addressesOf(3 - index)[0]]
          return fabric.run(`n${index}`, `ip route ${verb} ${to} via ${via} proto 107`)
        }
        for (const index of fabric.indexes) yield* plain(index, "add")
        yield* fabric.reaches(1, "10.244.2.2")
        const pinging = yield* Effect.forkScoped(
          Effect.forEach(
            fabric.indexes,
            (from) => fabric.run(`pod${from}`, `busybox ping -i 0.02 -c ${pings} -W 1 10.244.${3 - from}.2`),
            {
              concurrency: "unbounded"
            }
          )
        )
        const first = yield* start(fabric, 1, { backend: "vxlan" })
        yield* until(annotations(1), (said) => said["condition"] !== undefined)
        yield* plain(1, "delete")
        yield* start(fabric, 2, { backend: "vxlan" })
        yield* until(annotations(2), (said) => said["condition"] !== undefined)
        yield* plain(2, "delete")
        yield* start(fabric, 1, { backend: "host-gw" })
        yield* until(annotations(1), (said) => said[name("backend-type")] === "host-gw")
        // Others have a second to learn it; on a busy machine they take what they need.
        yield* until(fabric.run("n2", "ip route"), (text) => text.includes("10.244.1.0/24 via 10.200.7.1"))
        yield* first
        assert.strictEqual((yield* annotations(1))[name("backend-type")], "host-gw")
        assert.notInclude(yield* fabric.run("n1", "ip route"), "flannel.1")
        for (const text of yield* Fiber.join(pinging)) assert.deepStrictEqual(missing(text), [])
      }).pipe(Effect.scoped, Effect.provide(cluster())),
    150_000
  )
})
