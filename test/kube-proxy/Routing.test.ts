/** What Services ask of a node: decisions that no packet is needed for. */
import { assert, describe, it } from "@effect/vitest"
import { namesOf } from "../../plugins/kube-proxy/iptables/Chains.ts"
import * as Ranges from "../../plugins/kube-proxy/Ranges.ts"
import { route } from "../../plugins/kube-proxy/Routing.ts"
import type { ServiceDraft } from "../../plugins/resources/contracts/core/v1.ts"
import type { EndpointDraft } from "../../plugins/resources/contracts/discovery/v1.ts"
import { here, node, there, World } from "./Objects.ts"

const routed = (spec: Partial<NonNullable<ServiceDraft["spec"]>>, endpoints: ReadonlyArray<EndpointDraft>, zone = "") => {
  const world = new World()
  return route(world.service("web", "10.96.0.5", spec), [world.endpoints("web", ...endpoints)], { node, zone })
}
const addresses = (endpoints: ReadonlyArray<{ readonly address: string }> = []) => endpoints.map(({ address }) => address)

describe("who answers", () => {
  const leaving = { ready: false, serving: true, terminating: true }
  it("those on their way out only where nobody else does, here and everywhere apart", () => {
    const [port] = routed({}, [here("10.244.1.2", leaving), there("10.244.2.2")])
    assert.deepStrictEqual(addresses(port?.endpoints), ["10.244.2.2"])
    assert.deepStrictEqual(addresses(port?.localEndpoints), ["10.244.1.2"])
    const [last] = routed({}, [here("10.244.1.2", leaving), there("10.244.2.2", { ...leaving, serving: false })])
    assert.deepStrictEqual(addresses(last?.endpoints), ["10.244.1.2"])
  })

  it("those meant for the node, or its zone, where every one says for whom it is", () => {
    const forZone = (endpoint: EndpointDraft, name: string, forNode = ""): EndpointDraft => ({
      ...endpoint,
      hints: { forZones: [{ name }], ...(forNode === "" ? {} : { forNodes: [{ name: forNode }] }) }
    })
    const both = [forZone(here("10.244.1.2"), "a"), forZone(there("10.244.2.2"), "b")]
    assert.deepStrictEqual(addresses(routed({}, both, "b")[0]?.endpoints), ["10.244.2.2"])
    assert.deepStrictEqual(addresses(routed({}, both, "c")[0]?.endpoints), ["10.244.1.2", "10.244.2.2"])
    assert.deepStrictEqual(addresses(routed({}, [...both, there("10.244.2.3")], "b")[0]?.endpoints).length, 3)
    const nodes = [forZone(here("10.244.1.2"), "a", node), forZone(there("10.244.2.2"), "a", "n2")]
    assert.deepStrictEqual(addresses(routed({}, nodes, "a")[0]?.endpoints), ["10.244.1.2"])
  })

  it("each family by its own addresses", () => {
    const world = new World()
    const spec = {
      clusterIPs: ["10.96.0.5", "fd00:96::5"],
      ipFamilies: ["IPv4", "IPv6"],
      externalIPs: ["192.0.2.1", "2001:db8::1"]
    }
    const service = world.service("web", "10.96.0.5", spec)
    const slice = world.endpoints("web", here("10.244.1.2"))
    const six = {
      ...slice,
      addressType: "IPv6",
      endpoints: [{ ...slice.endpoints[0], addresses: ["fd00:244::2"], conditions: {} }]
    }
    const ports = route(service, [slice, six], { node, zone: "" })
    assert.deepStrictEqual(
      ports.map(({ clusterIP, endpoints, externalIPs, family }) => [
        family,
        clusterIP,
        ...externalIPs,
        ...addresses(endpoints)
      ]),
      [
        ["IPv4", "10.96.0.5", "192.0.2.1", "10.244.1.2"],
        ["IPv6", "fd00:96::5", "2001:db8::1", "fd00:244::2"]
      ]
    )
  })

  it("a client with affinity for three hours, if nobody says otherwise", () => {
    assert.strictEqual(routed({ sessionAffinity: "ClientIP" }, [])[0]?.affinitySeconds, 10_800)
    const config = { clientIP: { timeoutSeconds: 5 } }
    assert.strictEqual(routed({ sessionAffinity: "ClientIP", sessionAffinityConfig: config }, [])[0]?.affinitySeconds, 5)
    assert.strictEqual(routed({}, [])[0]?.affinitySeconds, 0)
  })
})

it("ranges: of one family, none within another, and none where everybody may", () => {
  assert.deepStrictEqual(Ranges.of(["10.1.0.0/16", "10.0.0.0/8", "192.0.2.7/32", "fd00::/8", "nonsense"], "IPv4"), [
    "10.0.0.0/8",
    "192.0.2.7/32"
  ])
  assert.deepStrictEqual(Ranges.of(["10.0.0.0/8", "0.0.0.0/0"], "IPv4"), [])
  assert.deepStrictEqual(Ranges.byFamily("10.244.0.0/16,fd00:244::/56"), {
    IPv4: ["10.244.0.0/16"],
    IPv6: ["fd00:244::/56"]
  })
})

it("chains have upstream's names", () => {
  const [port] = routed({ ports: [{ name: "https", port: 443 }] }, [])
  // As on every cluster: the chain of the API's own Service.
  if (port !== undefined) assert.strictEqual(namesOf("default/kubernetes", port).cluster, "KUBE-SVC-NPX46M4PTMTKRN6Y")
})
