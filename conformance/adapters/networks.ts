/** Networks of Pods: CNI's bridge, of one family and of both, Flannel, and Open vSwitch. */
import { Effect, Layer } from "effect"
import { join } from "node:path"
import * as Bridge from "../../adapters/cni/bridge/Bridge.ts"
import * as Flannel from "../../adapters/cni/flannel/Flannel.ts"
import * as OpenVSwitch from "../../adapters/cni/openvswitch/OpenVSwitch.ts"
import * as MemoryApi from "../../adapters/memory/MemoryApi.ts"
import * as Program from "../../adapters/Program.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import { Client } from "../../kernel/client/Client.ts"
import type { NetworkAttachment } from "../../plugins/kubelet/contracts/NetworkAttachment.ts"
import type { NetworkConfiguration } from "../../plugins/kubelet/contracts/NetworkConfiguration.ts"
import { Node } from "../../plugins/resources/contracts/core/v1.ts"
import { type Adapter, checked, kit } from "../Adapter.ts"
import * as AttachmentLaws from "../NetworkAttachment.ts"
import * as ConfigurationLaws from "../NetworkConfiguration.ts"
import * as Machine from "../stage/Machine.ts"

interface Network extends Pick<Adapter, "name" | "title" | "lacks"> {
  readonly podCidrs: ReadonlyArray<string>
  readonly layer: (directory: string) => Layer.Layer<NetworkConfiguration | NetworkAttachment, unknown>
}

const make = ({ lacks, layer, name, podCidrs, title }: Network): Adapter => ({
  name,
  title,
  isAlone: true,
  lacks: () => [...Machine.network(), ...lacks()],
  kits: {
    "network-configuration": ({ directory }) => kit(layer(join(directory, "node")), checked(ConfigurationLaws.suite)),
    "network-attachment": ({ directory }) =>
      kit(
        Layer.mergeAll(Machine.configured(join(directory, "net.d"), podCidrs), Machine.namespaces(directory)).pipe(
          Layer.provideMerge(layer(join(directory, "node")))
        ),
        checked(AttachmentLaws.suite)
      )
  }
})

// Small ranges: a law is about one that is full.
const [four, six] = ["10.244.7.0/29", "fd00:244:8::/125"]
const bridge = (directory: string) => Bridge.layer({ directory, bridge: "kt-law0" })

const [nodeName, nodeAddress] = ["n1", "10.200.9.1"]
/** By which other nodes would reach this one. */
const wire = Effect.acquireRelease(
  Effect.forEach(["link add eth0 type bridge", `address add ${nodeAddress}/24 dev eth0`, "link set eth0 up"], (words) =>
    Program.run("ip", words.split(" "))
  ),
  () => Effect.ignore(Program.run("ip", ["link", "delete", "eth0"]))
)
const registered = Effect.flatMap(Client, (client) =>
  client.create(Node, { metadata: { name: nodeName }, spec: { podCIDR: four, podCIDRs: [four] } })
)
const flannel = (backend: "vxlan" | "host-gw") => (directory: string) => {
  const { layer } = Flannel.plugin({ directory, nodeName, addresses: [nodeAddress], podCidrs: ["10.244.0.0/16"], backend })
  return layer.pipe(
    Layer.provide(Layer.effectDiscard(Effect.andThen(wire, registered))),
    Layer.provide(Layer.provide(ApiClient.layer, MemoryApi.layer()))
  )
}

export const adapters = [
  make({ name: "bridge", title: "CNI's bridge", lacks: () => [], podCidrs: [four], layer: bridge }),
  make({ name: "bridge-dual", title: "CNI's bridge, both families", lacks: () => [], podCidrs: [four, six], layer: bridge }),
  make({ name: "flannel", title: "Flannel, vxlan", lacks: () => [], podCidrs: [four], layer: flannel("vxlan") }),
  make({ name: "flannel-host-gw", title: "Flannel, host-gw", lacks: () => [], podCidrs: [four], layer: flannel("host-gw") }),
  make({
    name: "openvswitch",
    title: "Open vSwitch",
    lacks: () => Machine.lacking("ovs-vswitchd", "ovsdb-server", "ovs-vsctl", "ethtool"),
    podCidrs: [four, six],
    layer: (directory) => OpenVSwitch.layer({ directory, bridge: "kt-law0" })
  })
]
