/** The data planes of Services, each on a node of its own with Pods and somebody outside around it. */
import * as Command from "../../plugins/kube-proxy/Command.ts"
import * as Modes from "../../plugins/kube-proxy/Modes.ts"
import { type Adapter, checked, kit } from "../Adapter.ts"
import { harness, podCidr, suite } from "../ServiceProxy.ts"
import * as Machine from "../stage/Machine.ts"

const programs: { readonly [_ in Modes.Mode]: ReadonlyArray<string> } = {
  nftables: ["nft"],
  iptables: ["iptables-restore", "iptables-save", "ip6tables-restore", "ip6tables-save"]
}

const make = (mode: Modes.Mode): Adapter => ({
  name: mode,
  title: mode,
  // The bed of the suite has namespaces of its own.
  isAlone: false,
  lacks: () => [...Machine.root(), ...Machine.lacking("ip", "nsenter", "nft", "conntrack", ...programs[mode])],
  kits: {
    "service-proxy": () =>
      kit(
        harness((within) => Modes.layer(Command.within(within), mode, { podCidr })),
        checked(suite)
      )
  }
})

export const adapters = Modes.modes.map(make)
