/** The rules that stand whatever Services there are, and where they are hooked in. */

export type TableName = "nat" | "filter"

export interface Jump {
  readonly table: TableName
  readonly from: string
  readonly rule: string
}

const bit = "0x4000"
const because = (text: string) => `-m comment --comment "${text}"`
const fresh = "-m conntrack --ctstate NEW"
const jump = (table: TableName, from: string, rule: string): Jump => ({ table, from, rule })

const portals = `${because("kubernetes service portals")} -j KUBE-SERVICES`
const firewall = `${fresh} ${because("kubernetes load balancer firewall")} -j KUBE-PROXY-FIREWALL`
const visible = `${fresh} ${because("kubernetes externally-visible service portals")} -j KUBE-EXTERNAL-SERVICES`

/** Each goes to the head of its chain, so that the last one here comes first there. */
export const jumps: ReadonlyArray<Jump> = [
  jump("nat", "PREROUTING", portals),
  jump("nat", "OUTPUT", portals),
  jump("nat", "POSTROUTING", `${because("kubernetes postrouting rules")} -j KUBE-POSTROUTING`),
  jump("filter", "FORWARD", `${because("kubernetes forwarding rules")} -j KUBE-FORWARD`),
  ...["FORWARD", "OUTPUT"].map((from) => jump("filter", from, `${fresh} ${portals}`)),
  ...["INPUT", "FORWARD"].map((from) => jump("filter", from, visible)),
  ...["INPUT", "FORWARD", "OUTPUT"].map((from) => jump("filter", from, firewall))
]

/** By which a glance tells that all is there: iptables reads a whole table for each. */
export const signs = (["nat", "filter"] as const).flatMap((name) => jumps.find(({ table }) => table === name) ?? [])

/** Chains that all Services share, and their own rules, which stand behind those of the Services. */
export const chains = (
  nodePortAddresses: ReadonlyArray<string>,
  loopback: string
): { readonly [_ in TableName]: { readonly [chain: string]: ReadonlyArray<string> } } => {
  const note = because("kubernetes service nodeports; NOTE: this must be the last rule in this chain")
  const local = "-m addrtype --dst-type LOCAL"
  const nodePorts =
    nodePortAddresses.length === 0
      ? [`${note} ! -d ${loopback} ${local} -j KUBE-NODEPORTS`]
      : nodePortAddresses.map((range) => `${note} -d ${range} ${local} -j KUBE-NODEPORTS`)
  return {
    nat: {
      "KUBE-MARK-MASQ": [`-j MARK --or-mark ${bit}`],
      "KUBE-NODEPORTS": [],
      "KUBE-SERVICES": nodePorts,
      "KUBE-POSTROUTING": [
        `-m mark ! --mark ${bit}/${bit} -j RETURN`,
        `-j MARK --xor-mark ${bit}`,
        `${because("kubernetes service traffic requiring SNAT")} -j MASQUERADE --random-fully`
      ]
    },
    filter: {
      "KUBE-SERVICES": [],
      "KUBE-EXTERNAL-SERVICES": [],
      "KUBE-PROXY-FIREWALL": [],
      "KUBE-FORWARD": [
        "-m conntrack --ctstate INVALID -j DROP",
        `${because("kubernetes forwarding rules")} -m mark --mark ${bit}/${bit} -j ACCEPT`,
        `${because("kubernetes forwarding conntrack rule")} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`
      ]
    }
  }
}

export const tables: ReadonlyArray<TableName> = ["nat", "filter"]
