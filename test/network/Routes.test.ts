/** Routes to the Pods of other nodes: which there shall be, and what has to be done for it. */
import { assert, describe, it } from "@effect/vitest"
import * as Routes from "../../adapters/cni/bridge/Routes.ts"
import { Node, type NodeDraft } from "../../plugins/resources/contracts/core/v1.ts"
import { Objects } from "./MemoryClient.ts"

const objects = new Objects()
const node = (name: string, cidrs: ReadonlyArray<string>, addresses: ReadonlyArray<string>, type = "InternalIP") => {
  const spec: NodeDraft["spec"] = cidrs[0] === undefined ? {} : { podCIDR: cidrs[0], podCIDRs: cidrs }
  const status = { addresses: addresses.map((address) => ({ type, address })) }
  return objects.put(Node, { metadata: { name }, spec, status })
}

describe("routes to other nodes", () => {
  it("lead to every other node's range by its address", () => {
    const nodes = [
      node("n1", ["10.244.0.0/24"], ["10.200.0.1"]),
      node("n2", ["10.244.1.0/24"], ["10.200.0.2"]),
      node("n3", ["10.244.2.0/24"], ["10.200.0.3"])
    ]
    assert.deepStrictEqual(Routes.wanted(nodes, "n1"), [
      { to: "10.244.1.0/24", via: "10.200.0.2" },
      { to: "10.244.2.0/24", via: "10.200.0.3" }
    ])
  })
  it("wait for the range and an address of its family", () => {
    const nodes = [
      node("young", [], ["10.200.0.2"]),
      node("unknown", ["10.244.2.0/24"], []),
      node("outside", ["10.244.3.0/24"], ["192.0.2.1"], "ExternalIP"),
      node("half", ["10.244.5.0/24", "fd00:5::/64"], ["10.200.0.5"]),
      node("dual", ["fd00:1::/64", "10.244.4.0/24"], ["fd00::4", "10.200.0.4"])
    ]
    assert.deepStrictEqual(Routes.wanted(nodes, "n1"), [
      { to: "10.244.5.0/24", via: "10.200.0.5" },
      { to: "fd00:1::/64", via: "fd00::4" },
      { to: "10.244.4.0/24", via: "10.200.0.4" }
    ])
  })
  it("change only where they differ", () => {
    const there = [
      { to: "10.244.1.0/24", via: "10.200.0.2" },
      { to: "10.244.2.0/24", via: "10.200.0.3" },
      { to: "10.244.3.0/24", via: "10.200.0.4" }
    ]
    const wanted = [
      { to: "10.244.1.0/24", via: "10.200.0.2" },
      { to: "10.244.2.0/24", via: "10.200.0.9" },
      { to: "10.244.5.0/24", via: "10.200.0.6" }
    ]
    assert.deepStrictEqual(Routes.difference(wanted, there), {
      replace: [
        { to: "10.244.2.0/24", via: "10.200.0.9" },
        { to: "10.244.5.0/24", via: "10.200.0.6" }
      ],
      remove: [{ to: "10.244.3.0/24", via: "10.200.0.4" }]
    })
    assert.deepStrictEqual(Routes.difference(there, there), { replace: [], remove: [] })
  })
})
