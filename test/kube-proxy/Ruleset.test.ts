import { assert, describe, expect, it } from "@effect/vitest"
import type { ServiceDraft } from "../../plugins/resources/contracts/core/v1.ts"
import type { EndpointDraft } from "../../plugins/resources/contracts/discovery/v1.ts"
import * as Conntrack from "../../plugins/kube-proxy/Conntrack.ts"
import { IPv4, IPv6 } from "../../plugins/kube-proxy/nftables/Family.ts"
import { Ledger, merge, unchanged } from "../../plugins/kube-proxy/nftables/Ledger.ts"
import * as Slots from "../../plugins/kube-proxy/nftables/Slots.ts"
import { Table } from "../../plugins/kube-proxy/nftables/Tables.ts"
import * as Routing from "../../plugins/kube-proxy/Routing.ts"
import { here, node, there, World } from "./Objects.ts"

type Spec = Partial<NonNullable<ServiceDraft["spec"]>>
interface Case {
  readonly spec?: Spec
  readonly endpoints?: ReadonlyArray<EndpointDraft>
}

const routed = (address: string, { endpoints = [], spec = {} }: Case) => {
  const world = new World()
  const service = { ...world.service("web", address, spec), status: { loadBalancer: { ingress: [{ ip: "203.0.113.1" }] } } }
  const ports = Routing.route(service, [world.endpoints("web", ...endpoints)], { node, zone: "" })
  return { name: "default/web", ports }
}
const leaving = { ready: false, serving: true, terminating: true }

const cases: { readonly [name: string]: Case } = {
  "cluster-ip": { endpoints: [here("10.244.1.2"), there("10.244.2.2"), there("10.244.2.3", { ready: false })] },
  "no-endpoints": { spec: { type: "NodePort", ports: [{ port: 80, nodePort: 30080 }] } },
  "node-port-and-external": {
    spec: { type: "NodePort", ports: [{ port: 80, nodePort: 30080 }], externalIPs: ["192.0.2.1"] },
    endpoints: [here("10.244.1.2"), there("10.244.2.2")]
  },
  "external-local": {
    spec: {
      type: "NodePort",
      externalTrafficPolicy: "Local",
      ports: [{ port: 80, nodePort: 30080 }],
      externalIPs: ["192.0.2.1"]
    },
    endpoints: [here("10.244.1.2"), there("10.244.2.2")]
  },
  "external-local-elsewhere": {
    spec: { type: "NodePort", externalTrafficPolicy: "Local", ports: [{ port: 80, nodePort: 30080 }] },
    endpoints: [there("10.244.2.2")]
  },
  "internal-local-elsewhere": { spec: { internalTrafficPolicy: "Local" }, endpoints: [there("10.244.2.2")] },
  "udp-and-tcp": {
    spec: {
      ports: [
        { port: 80, targetPort: 8080 },
        { name: "dns", port: 53, protocol: "UDP" }
      ]
    },
    endpoints: [here("10.244.1.2")]
  },
  "balancer-ranges-and-affinity": {
    spec: {
      type: "LoadBalancer",
      sessionAffinity: "ClientIP",
      loadBalancerSourceRanges: ["198.51.100.0/24", "198.51.100.7/32"],
      externalIPs: ["192.0.2.1"]
    },
    endpoints: [here("10.244.1.2"), there("10.244.2.2")]
  },
  "only-leaving": { endpoints: [here("10.244.1.2", leaving), there("10.244.2.2", { ready: false, serving: false })] }
}

describe("the table as text", () => {
  for (const [name, about] of Object.entries(cases)) {
    it(name, () => {
      const table = new Table(IPv4, { podCidrs: ["10.244.0.0/16"], nodePortAddresses: [] })
      table.set(routed("10.96.0.5", about))
      return expect(table.all("anything")).toMatchFileSnapshot(`golden/${name}.nft`)
    })
  }

  it("IPv6", () => {
    const world = new World()
    const ip6 = { clusterIP: "fd00:96::5", clusterIPs: ["fd00:96::5"], ipFamilies: ["IPv6"] }
    const service = world.service("web", "fd00:96::5", { ...ip6, type: "NodePort", ports: [{ port: 80, nodePort: 30080 }] })
    const slice = { ...world.endpoints("web", here("fd00:244::2")), addressType: "IPv6" }
    const table = new Table(IPv6, { podCidrs: ["fd00:244::/56"], nodePortAddresses: ["fd00:200::/64"] })
    table.set({ name: "default/web", ports: Routing.route(service, [slice], { node, zone: "" }) })
    return expect(table.all("anything")).toMatchFileSnapshot("golden/ipv6.nft")
  })

  it("what changes, and nothing else", async () => {
    const table = new Table(IPv4, { podCidrs: ["10.244.0.0/16"], nodePortAddresses: [] })
    table.set(routed("10.96.0.5", cases["cluster-ip"] ?? {}))
    for (let index = 0; index < 200; index++) {
      table.set({ ...routed(`10.96.1.${index}`, { endpoints: [there("10.244.2.9")] }), name: `default/other-${index}` })
    }
    table.all("anything")
    const third = [here("10.244.1.2"), there("10.244.2.2"), there("10.244.2.3")]
    const steps = [
      table.change([table.set(routed("10.96.0.5", { endpoints: third }))]),
      table.change([table.set(routed("10.96.0.5", { endpoints: third }))]),
      table.change([table.set(routed("10.96.0.5", { endpoints: third.slice(1) }))]),
      table.change([table.set(routed("10.96.0.5", {}))]),
      table.change([table.set({ name: "default/web", ports: [] })])
    ]
    await expect(steps.map((step, index) => `# ${index + 1}\n${step}`).join("\n")).toMatchFileSnapshot("golden/changes.nft")
  })

  it("leaves alone what others serve, and what has no address", () => {
    const world = new World()
    const own = world.service("web", "10.96.0.5")
    const labelled = { ...own, metadata: { ...own.metadata, labels: { "service.kubernetes.io/service-proxy-name": "x" } } }
    assert.isTrue(Routing.isOurs(own))
    assert.isFalse(Routing.isOurs(labelled))
    assert.isFalse(Routing.isOurs(world.service("headless", "None")))
    assert.isFalse(Routing.isOurs(world.service("name", "", { type: "ExternalName", externalName: "x.example" })))
  })
})

describe("slots", () => {
  it("who stays keeps its place", () => {
    assert.deepStrictEqual(Slots.arrange([], ["a", "b", "c"]), ["a", "b", "c"])
    assert.deepStrictEqual(Slots.arrange(["a", "b", "c"], ["b", "c"]), ["c", "b"])
    assert.deepStrictEqual(Slots.arrange(["c", "b"], ["a", "b", "c", "d"]), ["c", "b", "a", "d"])
    assert.deepStrictEqual(Slots.arrange(["a"], []), [])
  })

  it("a number says who it is, whoever else there is", () => {
    const [few, many] = [Slots.numbers(["b", "c"], 1000), Slots.numbers(["a", "b", "c", "d"], 1000)]
    for (const [endpoint, number] of few) assert.strictEqual(many.get(endpoint), number)
    assert.strictEqual(new Set(Slots.numbers(["a", "b", "c", "d"], 4).values()).size, 4, "each its own")
  })
})

describe("the ledger", () => {
  const entry = (key: string, value: string) => ({ map: "services", key, value })
  it("an entry that two ask for goes with the last", () => {
    const ledger = new Ledger()
    assert.deepStrictEqual(ledger.set("a", [entry("k", "1")]), { deleted: [], added: [entry("k", "1")] })
    assert.deepStrictEqual(ledger.set("b", [entry("k", "2")]), unchanged)
    assert.deepStrictEqual(ledger.set("a", []), { deleted: [entry("k", "1")], added: [entry("k", "2")] })
    assert.deepStrictEqual(ledger.set("b", []), { deleted: [entry("k", "2")], added: [] })
    assert.deepStrictEqual([...ledger.entries()], [])
  })
  it("several changes are as one", () => {
    const [one, two, three] = [entry("k", "1"), entry("k", "2"), entry("l", "3")]
    const merged = merge([
      { deleted: [one], added: [two, three] },
      { deleted: [two, three], added: [one] }
    ])
    assert.deepStrictEqual(merged, unchanged)
    assert.deepStrictEqual(
      merge([
        { deleted: [one], added: [two] },
        { deleted: [two], added: [] }
      ]),
      { deleted: [one], added: [] }
    )
  })
})

it("conntrack forgets what leads nowhere", () => {
  const ports = [{ name: "dns", port: 53, protocol: "UDP", nodePort: 30053 }]
  const at = (...endpoints: ReadonlyArray<EndpointDraft>) =>
    routed("10.96.0.5", { spec: { type: "NodePort", ports }, endpoints }).ports
  const flow = (to: string, port: number, from: string) =>
    `udp      17 29 src=10.244.1.9 dst=${to} sport=4000 dport=${port} [UNREPLIED] src=${from} dst=10.244.1.9 sport=8080 dport=4000 mark=0 use=1`
  const flows = [
    flow("10.96.0.5", 53, "10.244.1.2"),
    flow("10.96.0.5", 53, "10.244.2.2").replace("[UNREPLIED] ", ""),
    flow("10.200.8.1", 30053, "10.244.1.2"),
    flow("10.96.0.9", 53, "10.244.1.2")
  ].join("\n")
  const stale = (before: ReturnType<typeof at>, after: ReturnType<typeof at>) => {
    const allowed: Conntrack.Allowed = new Map()
    Conntrack.allow(allowed, before, after)
    return Conntrack.stale(flows, allowed).map((filter) => [filter[1], filter[5]])
  }
  const both = at(here("10.244.1.2"), there("10.244.2.2"))
  assert.deepStrictEqual(stale([], both), [])
  assert.deepStrictEqual(stale(both, at(there("10.244.2.2"))), [
    ["10.96.0.5", "10.244.1.2"],
    ["10.200.8.1", "10.244.1.2"]
  ])
  assert.deepStrictEqual(stale(both, []), [
    ["10.96.0.5", "10.244.1.2"],
    ["10.96.0.5", "10.244.2.2"],
    ["10.200.8.1", "10.244.1.2"]
  ])
})
