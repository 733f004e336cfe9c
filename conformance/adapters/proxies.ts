/** The data planes of Services, ours and upstream's kube-proxy, each on a node of its own with Pods and somebody outside around it. */
import * as Command from "../../plugins/kube-proxy/Command.ts"
import * as Modes from "../../plugins/kube-proxy/Modes.ts"
import { type Adapter, checked, kit } from "../Adapter.ts"
import * as Stranger from "../service-proxy/Stranger.ts"
import { harness, podCidr, suite } from "../ServiceProxy.ts"
import * as Machine from "../stage/Machine.ts"
import * as UpstreamProxy from "../stage/UpstreamProxy.ts"

const programs: { readonly [_ in Modes.Mode]: ReadonlyArray<string> } = {
  nftables: ["nft"],
  iptables: ["iptables-restore", "iptables-save", "ip6tables-restore", "ip6tables-save"]
}
const lacking = (mode: Modes.Mode, ...more: ReadonlyArray<string>) => [
  ...Machine.root(),
  ...Machine.lacking("ip", "nsenter", "nft", "conntrack", ...programs[mode], ...more)
]

// The bed of the suite has namespaces of its own.
const ours = (mode: Modes.Mode): Adapter => ({
  name: mode,
  title: mode,
  isAlone: false,
  lacks: () => lacking(mode),
  kits: {
    "service-proxy": () =>
      kit(
        harness((within) => Modes.layer(Command.within(within), mode, { podCidr })),
        checked(suite)
      )
  }
})

const upstreams = (mode: Modes.Mode): Adapter => ({
  name: `kube-proxy-${mode}`,
  title: `upstream's kube-proxy, ${mode}`,
  isAlone: true,
  lacks: () => lacking(mode, "kube-proxy"),
  kits: {
    "service-proxy": ({ directory }) => kit(harness(UpstreamProxy.layer(mode, directory)), checked(suite, Stranger))
  }
})

export const adapters = [...Modes.modes.map(ours), ...Modes.modes.map(upstreams)]
