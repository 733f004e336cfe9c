/** The real table in a real kernel, with real packets. Needs root, nft and network namespaces, and says so if they are not there. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Schedule } from "effect"
import { execFileSync } from "node:child_process"
import * as Command from "../../plugins/kube-proxy/Command.ts"
import * as KubeProxy from "../../plugins/kube-proxy/KubeProxy.ts"
import { IPv4 } from "../../plugins/kube-proxy/nftables/Family.ts"
import { Table } from "../../plugins/kube-proxy/nftables/Tables.ts"
import { route } from "../../plugins/kube-proxy/Routing.ts"
import type { EndpointDraft } from "../../plugins/resources/contracts/discovery/v1.ts"
import * as MemoryClient from "../network/MemoryClient.ts"
import * as Netns from "../network/Netns.ts"
import { here, node, there, World } from "./Objects.ts"

const probe = () => {
  try {
    execFileSync("sh", [
      "-ec",
      "ip netns add kt-net-probe; ip netns exec kt-net-probe nft list tables; ip netns del kt-net-probe"
    ])
    return true
  } catch {
    return false
  }
}

interface Elements {
  readonly name: string
  readonly elem?: ReadonlyArray<unknown>
}

const one = here("10.244.1.2")
const two = here("10.244.1.3")
const three = there("10.244.2.2")

const table = ({ exec }: { readonly exec: (part: string) => ReadonlyArray<string> }) =>
  Netns.sh(`${exec("node").join(" ")} nft list table ip keelson-proxy`)

/** Waits until the kernel's table says so. */
const until = (cluster: Parameters<typeof table>[0], holds: (text: string) => boolean) =>
  table(cluster).pipe(Effect.filterOrFail(holds), Effect.retry(Schedule.spaced("20 millis")), Effect.timeout("40 seconds"))

const names = (answers: ReadonlyArray<string>) => [...new Set(answers.map((answer) => answer.split(" ")[0]))].toSorted()

const setUp = Effect.gen(function* () {
  const [cluster, world] = [yield* Netns.cluster, new World()]
  const serving = yield* Effect.forEach(["pod1", "pod2", "pod3"], (part) => Netns.serve(cluster, part, 8080))
  const ask = (part: string, protocol: "tcp" | "udp", to: string, count: number, every = 0) =>
    Netns.ask(cluster, part, protocol, to, count, every)
  return { ask, cluster, serving, world }
})
const proxy = ({ cluster, world }: Effect.Success<typeof setUp>) =>
  Layer.build(
    KubeProxy.layer({
      nodeName: node,
      podCidr: "10.244.0.0/16",
      within: cluster.exec("node"),
      healthzPort: 0,
      metricsPort: 0
    }).pipe(Layer.provide(MemoryClient.layer(world)))
  )

describe.skipIf(!probe())("kube-proxy with real packets (needs root, nft and ip netns)", () => {
  it.live("every way to a Service", () =>
    Effect.gen(function* () {
      const test = yield* setUp
      const { ask, cluster, world } = test
      world.service("web", "10.96.0.5", { type: "NodePort", ports: [{ port: 80, nodePort: 30080 }] })
      world.endpoints("web", one, two, three)
      world.service("self", "10.96.0.6")
      world.endpoints("self", one)
      world.service("none", "10.96.0.7", { type: "NodePort", ports: [{ port: 80, nodePort: 30081 }] })
      world.service("near", "10.96.0.8", {
        type: "NodePort",
        externalTrafficPolicy: "Local",
        ports: [{ port: 80, nodePort: 30082 }]
      })
      world.endpoints("near", two, three)
      world.service("sticky", "10.96.0.9", { sessionAffinity: "ClientIP" })
      world.endpoints("sticky", one, two, three)
      yield* proxy(test)
      yield* until(cluster, (text) => text.includes("30082"))

      const everybody = ["pod1", "pod2", "pod3"]
      assert.deepStrictEqual(names(yield* ask("pod1", "tcp", "10.96.0.5:80", 40)), everybody, "from a Pod")
      assert.deepStrictEqual(names(yield* ask("node", "tcp", "10.96.0.5:80", 40)), everybody, "from the node")
      assert.deepStrictEqual(names(yield* ask("out", "tcp", "10.200.8.1:30080", 40)), everybody, "by the node's port")
      assert.deepStrictEqual(names(yield* ask("pod2", "tcp", "10.200.8.1:30080", 40)), everybody, "by it from a Pod")
      assert.deepStrictEqual(yield* ask("pod1", "tcp", "10.96.0.6:80", 1), ["pod1 10.244.1.1"], "itself")
      assert.deepStrictEqual(yield* ask("pod2", "tcp", "10.96.0.6:80", 1), ["pod1 10.244.1.3"])
      assert.deepStrictEqual(
        yield* ask("out", "tcp", "10.200.8.1:30082", 3),
        Array(3).fill("pod2 10.200.8.2"),
        "keeps who asks"
      )
      assert.deepStrictEqual(names(yield* ask("pod1", "tcp", "10.200.8.1:30082", 40)), ["pod2", "pod3"], "inside, all")
      assert.lengthOf(names(yield* ask("pod2", "tcp", "10.96.0.9:80", 20)), 1, "stays with one")
      for (const [from, to] of [
        ["pod1", "10.96.0.7:80"],
        ["node", "10.96.0.7:80"],
        ["out", "10.200.8.1:30081"],
        ["pod1", "10.96.0.5:81"]
      ] as const) {
        assert.deepStrictEqual(yield* ask(from, "tcp", to, 1), ["ECONNREFUSED"], `${from} ${to}`)
      }
    }).pipe(Effect.scoped)
  )

  it.live("a rolling update fails no connection, and UDP follows", () =>
    Effect.gen(function* () {
      const test = yield* setUp
      const { ask, cluster, serving, world } = test
      const dns = { name: "dns", port: 53, protocol: "UDP" }
      world.service("web", "10.96.0.5", { ports: [{ port: 80 }, dns] })
      world.endpoints("web", one, two)
      yield* proxy(test)
      yield* until(cluster, (text) => text.includes("10.244.1.3"))
      const connections = yield* Effect.forkChild(ask("node", "tcp", "10.96.0.5:80", 400, 4))
      const datagrams = yield* Effect.forkChild(ask("node", "udp", "10.96.0.5:53", 80, 20))
      const leaving = { ready: false, serving: true, terminating: true }
      /** As a Pod ends: it is no longer ready, and a moment later its process is gone. */
      const replace = Effect.fnUntraced(function* (
        address: string,
        stop: () => void,
        ...after: ReadonlyArray<EndpointDraft>
      ) {
        yield* Effect.sleep("300 millis")
        world.endpoints("web", here(address, leaving), ...after)
        yield* until(cluster, (text) => !text.includes(`${address} . 8080`))
        // It is told to end, and serves for a moment more: until what goes to it by itself is led elsewhere.
        const flows = Netns.sh(`${cluster.exec("node").join(" ")} conntrack -L -p udp 2>&1`)
        yield* flows.pipe(
          Effect.filterOrFail((text) => !new RegExp(`dst=10.96.0.5 .* src=${address} `).test(text)),
          Effect.retry(Schedule.spaced("20 millis")),
          Effect.timeout("10 seconds"),
          Effect.tapError(() => Effect.flatMap(flows, (text) => Effect.sync(() => console.log(text))))
        )
        stop()
      })
      yield* replace("10.244.1.2", () => serving[0]?.stop(), two, three)
      yield* replace("10.244.1.3", () => serving[1]?.stop(), three)
      const answers = yield* Fiber.join(connections)
      assert.deepStrictEqual(names(answers), ["pod1", "pod2", "pod3"], "nothing but answers")
      assert.lengthOf(answers, 400)
      const heard = yield* Fiber.join(datagrams)
      assert.notInclude(heard, "TIMEOUT")
      assert.match(heard.at(-1) ?? "", /^pod3 /)
    }).pipe(Effect.scoped)
  )

  it.live("change by change comes to the same as all at once", () =>
    Effect.gen(function* () {
      const { exec } = yield* Netns.cluster
      const table = new Table(IPv4, { podCidrs: ["10.244.0.0/16"], nodePortAddresses: [] })
      const load = (text: string) => Command.within(exec("node")).run(["nft", "-f", "-"], text)
      const maps = Effect.map(Netns.sh(`${exec("node").join(" ")} nft -j list table ip keelson-proxy`), (text) => {
        const { nftables }: { nftables: ReadonlyArray<{ map?: Elements; set?: Elements }> } = JSON.parse(text)
        const all = nftables.flatMap(({ map, set }) => [map, set].filter((one) => one !== undefined))
        return all.map(({ elem = [], name }) => [name, elem.map((one) => JSON.stringify(one)).toSorted()])
      })
      const step = (name: string, spec: Parameters<World["service"]>[2], ...endpoints: ReadonlyArray<EndpointDraft>) => {
        const world = new World()
        const slices = [world.endpoints(name, ...endpoints)]
        return table.set({ name, ports: route(world.service(name, "10.96.0.5", spec), slices, { node, zone: "" }) })
      }
      const dns = { name: "dns", port: 53, protocol: "UDP", nodePort: 30053 }
      yield* load(table.all("ours"))
      for (const changes of [
        () => step("a", {}, one, two),
        () =>
          step(
            "a",
            { type: "NodePort", externalTrafficPolicy: "Local", ports: [{ port: 80, nodePort: 30080 }, dns] },
            one,
            three
          ),
        () => step("b", { sessionAffinity: "ClientIP", externalIPs: ["192.0.2.1"], ports: [{ port: 81 }] }, one, two, three),
        () => step("b", { sessionAffinity: "ClientIP", externalIPs: ["192.0.2.1"], ports: [{ port: 81 }] }, one, three),
        () => step("a", { type: "NodePort", ports: [{ port: 80, nodePort: 30080 }, dns] }),
        () => step("a", { type: "NodePort", ports: [dns] }, two, three),
        () => table.set({ name: "b", ports: [] })
      ]) {
        yield* load(table.change([changes()]))
        const changed = yield* maps
        yield* load(table.all("ours"))
        assert.deepStrictEqual(changed, yield* maps)
      }
    }).pipe(Effect.scoped)
  )

  it.live("comes back when somebody removes it, and leaves nothing behind", () =>
    Effect.gen(function* () {
      const test = yield* setUp
      const { cluster, world } = test
      world.service("web", "10.96.0.5")
      world.endpoints("web", one)
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* proxy(test)
          yield* until(cluster, (text) => text.includes("10.96.0.5"))
          yield* Netns.sh(`${cluster.exec("node").join(" ")} nft flush ruleset`)
          // The next change does not fit what is there, and all is made anew.
          world.endpoints("web", one, two)
          yield* until(cluster, (text) => text.includes("10.244.1.2") && text.includes("10.244.1.3"))
        })
      )
      assert.strictEqual(yield* Netns.sh(`${cluster.exec("node").join(" ")} nft list tables`), "")
      assert.strictEqual(
        (yield* Netns.sh(`${cluster.exec("node").join(" ")} cat /proc/sys/net/ipv4/ip_forward`)).trim(),
        "0"
      )
    }).pipe(Effect.scoped)
  )
})
