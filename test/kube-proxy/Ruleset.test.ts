import { assert, describe, expect, it } from "@effect/vitest"
import type { ServiceDraft } from "../../plugins/resources/contracts/core/v1.ts"
import type { EndpointDraft } from "../../plugins/resources/contracts/discovery/v1.ts"
import { stale } from "../../plugins/kube-proxy/Conntrack.ts"
import * as Frontends from "../../plugins/kube-proxy/Frontends.ts"
import { Ledger, unchanged } from "../../plugins/kube-proxy/Ledger.ts"
import * as Slots from "../../plugins/kube-proxy/Slots.ts"
import { merge, Table } from "../../plugins/kube-proxy/Table.ts"
import { here, node, there, World } from "./Objects.ts"

type Spec = Partial<NonNullable<ServiceDraft["spec"]>>
interface Case {
  readonly spec?: Spec
  readonly endpoints?: ReadonlyArray<EndpointDraft>
}

const routed = (address: string, { endpoints = [], spec = {} }: Case) => {
  const world = new World()
  const service = world.service("web", address, spec)
  return Frontends.route(service, [world.endpoints("web", ...endpoints)], node)
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
  "only-leaving": { endpoints: [here("10.244.1.2", leaving), there("10.244.2.2", { ready: false, serving: false })] }
}

describe("the table as text", () => {
  for (const [name, about] of Object.entries(cases)) {
    it(name, () => {
      const table = new Table({ podCidr: "10.244.0.0/16" })
      table.set("default/web", routed("10.96.0.5", about))
      return expect(table.all()).toMatchFileSnapshot(`golden/${name}.nft`)
    })
  }

  it("what changes, and nothing else", async () => {
    const table = new Table({ podCidr: "10.244.0.0/16" })
    table.set("default/web", routed("10.96.0.5", cases["cluster-ip"] ?? {}))
    for (let index = 0; index < 200; index++) {
      table.set(`default/other-${index}`, routed(`10.96.1.${index}`, { endpoints: [there("10.244.2.9")] }))
    }
    table.all()
    const third = [here("10.244.1.2"), there("10.244.2.2"), there("10.244.2.3")]
    const steps = [
      table.change(table.set("default/web", routed("10.96.0.5", { endpoints: third }))),
      table.change(table.set("default/web", routed("10.96.0.5", { endpoints: third }))),
      table.change(table.set("default/web", routed("10.96.0.5", { endpoints: third.slice(1) }))),
      table.change(table.set("default/web", routed("10.96.0.5", {}))),
      table.change(table.set("default/web", Frontends.none))
    ]
    await expect(steps.map((step, index) => `# ${index + 1}\n${step}`).join("\n")).toMatchFileSnapshot("golden/changes.nft")
  })

  it("leaves alone what others serve, and what has no address", () => {
    const world = new World()
    const own = world.service("web", "10.96.0.5")
    const labelled = { ...own, metadata: { ...own.metadata, labels: { "service.kubernetes.io/service-proxy-name": "x" } } }
    assert.isTrue(Frontends.isOurs(own))
    assert.isFalse(Frontends.isOurs(labelled))
    assert.isFalse(Frontends.isOurs(world.service("headless", "None")))
    assert.isFalse(Frontends.isOurs(world.service("name", "", { type: "ExternalName", externalName: "x.example" })))
  })
})

describe("slots", () => {
  it("who stays keeps its place", () => {
    assert.deepStrictEqual(Slots.arrange([], ["a", "b", "c"]), ["a", "b", "c"])
    assert.deepStrictEqual(Slots.arrange(["a", "b", "c"], ["b", "c"]), ["c", "b"])
    assert.deepStrictEqual(Slots.arrange(["c", "b"], ["a", "b", "c", "d"]), ["c", "b", "a", "d"])
    assert.deepStrictEqual(Slots.arrange(["a"], []), [])
  })

  it("by sender: everybody gets a share, and who goes moves his own senders only", () => {
    const before = Slots.spread(["a", "b", "c", "d"])
    const after = Slots.spread(["a", "b", "d"])
    for (const backend of ["a", "b", "c", "d"]) {
      assert.isAbove(before.filter((one) => one === backend).length, 5)
    }
    for (const [slot, backend] of before.entries()) if (backend !== "c") assert.strictEqual(after[slot], backend)
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
  const table = new Table({ podCidr: "10.244.0.0/16" })
  const ports = [{ name: "dns", port: 53, protocol: "UDP", nodePort: 30053 }]
  const at = (...endpoints: ReadonlyArray<EndpointDraft>) =>
    table.set("default/web", routed("10.96.0.5", { spec: { type: "NodePort", ports }, endpoints }))
  assert.deepStrictEqual(stale(at()), [])
  assert.deepStrictEqual(stale(at(here("10.244.1.2"), there("10.244.2.2"))), [
    ["-D", "-p", "udp", "--orig-dst", "10.96.0.5", "--orig-port-dst", "53"],
    ["-D", "-p", "udp", "--orig-port-dst", "30053"]
  ])
  assert.deepStrictEqual(stale(at(there("10.244.2.2"))), [
    ["-D", "-p", "udp", "--orig-dst", "10.96.0.5", "--orig-port-dst", "53", "--dst-nat", "10.244.1.2"],
    ["-D", "-p", "udp", "--orig-port-dst", "30053", "--dst-nat", "10.244.1.2"]
  ])
})
