/** Networks of Pods: CNI's bridge, of one family and of both, and Open vSwitch. */
import { Layer } from "effect"
import { join } from "node:path"
import * as Bridge from "../../adapters/cni/bridge/Bridge.ts"
import * as OpenVSwitch from "../../adapters/cni/openvswitch/OpenVSwitch.ts"
import type { NetworkAttachment } from "../../plugins/kubelet/contracts/NetworkAttachment.ts"
import type { NetworkConfiguration } from "../../plugins/kubelet/contracts/NetworkConfiguration.ts"
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

export const adapters = [
  make({ name: "bridge", title: "CNI's bridge", lacks: () => [], podCidrs: [four], layer: bridge }),
  make({ name: "bridge-dual", title: "CNI's bridge, both families", lacks: () => [], podCidrs: [four, six], layer: bridge }),
  make({
    name: "openvswitch",
    title: "Open vSwitch",
    lacks: () => Machine.lacking("ovs-vswitchd", "ovsdb-server", "ovs-vsctl", "ethtool"),
    podCidrs: [four, six],
    layer: (directory) => OpenVSwitch.layer({ directory, bridge: "kt-law0" })
  })
]
