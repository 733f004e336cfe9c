/** The ways to other nodes: which there shall be, what has to be done for it, and what the annotations say. */
import { assert, describe, it } from "@effect/vitest"
import * as Annotations from "../../adapters/cni/flannel/Annotations.ts"
import * as Paths from "../../adapters/cni/flannel/Paths.ts"
import { macOf } from "../../adapters/cni/flannel/Routes.ts"
import { Node } from "../../plugins/resources/contracts/core/v1.ts"
import { Objects } from "../network/MemoryClient.ts"

const objects = new Objects()
const name = (last: string) => `flannel.alpha.coreos.com/${last}`
const node = (index: number, annotations: Record<string, string> = {}, ranges = [`10.244.${index}.0/24`]) =>
  objects.put(Node, {
    metadata: { name: `n${index}`, annotations },
    spec: { ...(ranges[0] && { podCIDR: ranges[0] }), podCIDRs: ranges },
    status: { addresses: [{ type: "InternalIP", address: `10.200.0.${index}` }] }
  })
/** As flanneld writes it. */
const flanneld = (index: number, type: string, data: string) => ({
  [name("backend-data")]: data,
  [name("backend-type")]: type,
  [name("kube-subnet-manager")]: "true",
  [name("public-ip")]: `192.0.2.${index}`
})
const vtep = { VNI: 1, VtepMAC: "02:00:00:00:00:02" }
const own = { VNI: 1, VtepMAC: "02:00:00:00:00:01" }
const place = { tunnel: "flannel.1", metric: 200, origin: 108 }

const peersOf = (...nodes: ReadonlyArray<Node>) => Annotations.peers(nodes, "n1")
const direct = (index: number, via = `10.200.0.${index}`) => ({ to: `10.244.${index}.0/24`, via, tunnel: false })

describe("peers", () => {
  it("are all other nodes with a range, with what flanneld said of them", () => {
    const peers = peersOf(
      node(1),
      node(2, flanneld(2, "vxlan", '{"VNI":1,"VtepMAC":"02:00:00:00:00:02"}')),
      node(3),
      node(4, {}, [])
    )
    assert.deepStrictEqual(peers, [
      { node: "n2", family: 4, range: "10.244.2.0/24", address: "192.0.2.2", backend: "vxlan", vtep },
      { node: "n3", family: 4, range: "10.244.3.0/24", address: "10.200.0.3", backend: "" }
    ])
  })
  it("that say nonsense have no tunnel", () => {
    for (const data of ["", "null", "{", '{"VNI":1}', '{"VNI":1,"VtepMAC":"; reboot"}']) {
      assert.isUndefined(peersOf(node(2, flanneld(2, "vxlan", data)))[0]?.vtep)
    }
  })
})

describe("what a node says", () => {
  const ends = [{ family: 4, address: "10.200.0.1", vtep: own }] as const
  it("is what flanneld would say", () => {
    assert.deepStrictEqual(Annotations.written({ backend: "vxlan", ends }, {}), {
      ...flanneld(1, "vxlan", '{"VNI":1,"VtepMAC":"02:00:00:00:00:01"}'),
      [name("public-ip")]: "10.200.0.1"
    })
    const [{ address, family }] = ends
    const written = Annotations.written({ backend: "host-gw", ends: [{ address, family }] }, {})
    assert.strictEqual(written[name("backend-data")], "null")
  })
  it("has the address that an administrator wants", () => {
    const written = Annotations.written({ backend: "vxlan", ends }, { [name("public-ip-overwrite")]: "198.51.100.1" })
    assert.strictEqual(written[name("public-ip")], "198.51.100.1")
  })
  it("is its MAC, of one station and its own, for as long as the node lives", () => {
    assert.strictEqual(macOf("uid", 4), macOf("uid", 4))
    assert.notStrictEqual(macOf("uid", 4), macOf("uid", 6))
    assert.match(macOf("uid", 4), /^[0-9a-f][26ae](:[0-9a-f]{2}){5}$/)
  })
})

describe("paths", () => {
  const inTunnel = peersOf(node(2, flanneld(2, "vxlan", JSON.stringify(vtep))))
  const tunnel = {
    routes: [{ to: "10.244.2.0/24", via: "10.244.2.0", tunnel: true }],
    neighbours: [{ address: "10.244.2.0", mac: vtep.VtepMAC }],
    forwards: [{ mac: vtep.VtepMAC, to: "192.0.2.2" }]
  }
  it("go through the tunnel to those who have an end of the same", () => {
    assert.deepStrictEqual(Paths.wanted(inTunnel, own), tunnel)
    const other = { ...own, VNI: 7 }
    assert.deepStrictEqual(Paths.wanted(inTunnel, other), { ...Paths.none, routes: [direct(2, "192.0.2.2")] })
    assert.deepStrictEqual(Paths.wanted(inTunnel, undefined), { ...Paths.none, routes: [direct(2, "192.0.2.2")] })
  })
  it("go by the address of all others", () => {
    const others = peersOf(node(2), node(3, flanneld(3, "host-gw", "null")))
    assert.deepStrictEqual(Paths.wanted(others, own).routes, [direct(2), direct(3, "192.0.2.3")])
  })
  it("change only where they differ", () => {
    assert.deepStrictEqual(Paths.difference(tunnel, tunnel), { set: Paths.none, unset: Paths.none })
    const there = {
      routes: [direct(2), direct(3)],
      neighbours: [{ address: "10.244.2.0", mac: "02:00:00:00:00:09" }],
      forwards: [{ mac: "02:00:00:00:00:09", to: "192.0.2.2" }]
    }
    const changes = Paths.difference(tunnel, there)
    assert.deepStrictEqual(changes, {
      set: tunnel,
      unset: { routes: [direct(3)], neighbours: [], forwards: there.forwards }
    })
    const ip = (...lines: ReadonlyArray<string>) => ({ program: "ip" as const, lines })
    const bridge = (...lines: ReadonlyArray<string>) => ({ program: "bridge" as const, lines })
    assert.deepStrictEqual(Paths.commands(changes, place), [
      ip("neigh replace 10.244.2.0 lladdr 02:00:00:00:00:02 dev flannel.1 nud permanent"),
      bridge("fdb replace 02:00:00:00:00:02 dev flannel.1 dst 192.0.2.2 self permanent"),
      ip(
        "route replace 10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink metric 200 proto 108",
        "route delete 10.244.3.0/24 metric 200 proto 108"
      ),
      bridge("fdb delete 02:00:00:00:00:09 dev flannel.1 dst 192.0.2.2 self")
    ])
  })
})
