/**
 * What the nodes of a Flannel network tell one another: annotations of their Nodes, as flanneld writes and reads them. Source:
 * Flannel's "Kubernetes" and "Backends" documents.
 */
import { Option, Schema } from "effect"
import type { Node } from "../../../plugins/resources/contracts/core/v1.ts"
import { type Family, familyOf } from "../Range.ts"

const name = (last: string) => `flannel.alpha.coreos.com/${last}`

/** Only who has it belongs to the network. */
const managed = name("kube-subnet-manager")
const backendType = name("backend-type")
const keys = {
  4: { data: name("backend-data"), address: name("public-ip"), overwrite: name("public-ip-overwrite") },
  6: { data: name("backend-v6-data"), address: name("public-ipv6"), overwrite: name("public-ipv6-overwrite") }
}

const Mac = Schema.String.check(Schema.isPattern(/^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$/))

/** The end of a node's tunnel. */
const Vtep = Schema.Struct({ VNI: Schema.Int, VtepMAC: Mac })
export type Vtep = typeof Vtep.Type
const vtepOf = Schema.decodeUnknownOption(Schema.fromJsonString(Vtep))

/** A range of Pods on another node, and how it is reached. */
export interface Peer {
  readonly node: string
  readonly family: Family
  readonly range: string
  /** Of the node. */
  readonly address: string
  /** Empty for a node that is not in the Flannel network. */
  readonly backend: string
  readonly vtep?: Vtep
}

export const rangesOf = ({ spec }: Node) => spec.podCIDRs ?? (spec.podCIDR ? [spec.podCIDR] : [])

export const rangeOf = (node: Node, family: Family) => rangesOf(node).find((range) => familyOf(range) === family)

const internal = ({ status }: Node, family: Family) =>
  status.addresses?.find(({ address, type }) => type === "InternalIP" && familyOf(address) === family)?.address

/** What a node says in this family, if it belongs to the network. */
export const read = ({ metadata: { annotations = {} } }: Node, family: Family) => {
  if (annotations[managed] !== "true") return undefined
  const { address, data } = keys[family]
  const vtep = Option.getOrUndefined(vtepOf(annotations[data] ?? ""))
  return { backend: annotations[backendType] ?? "", address: annotations[address], vtep }
}

/** Of every other node, whether it belongs to the network or not. Who has no address or no range yet is none. */
export const peers = (nodes: Iterable<Node>, self: string): ReadonlyArray<Peer> =>
  [...nodes].flatMap((node) => {
    if (node.metadata.name === self) return []
    return rangesOf(node).flatMap((range): ReadonlyArray<Peer> => {
      const family = familyOf(range)
      const said = read(node, family)
      const address = said?.address ?? internal(node, family)
      if (address === undefined) return []
      const backend = said?.backend ?? ""
      return [{ node: node.metadata.name, family, range, address, backend, ...(said?.vtep && { vtep: said.vtep }) }]
    })
  })

/** What a node says of itself. */
export interface Own {
  readonly backend: string
  readonly ends: ReadonlyArray<{ readonly family: Family; readonly address: string; readonly vtep?: Vtep }>
}

type Said = Readonly<Record<string, string>>

/** An administrator may say that others reach a node by another address than its own. */
export const written = ({ backend, ends }: Own, there: Said): Said => ({
  [managed]: "true",
  [backendType]: backend,
  ...Object.fromEntries(
    ends.flatMap(({ address, family, vtep }) => [
      [keys[family].data, JSON.stringify(vtep ?? null)],
      [keys[family].address, there[keys[family].overwrite] || address]
    ])
  )
})

/** Says nothing to others yet. */
export const announced = (backend: string): Said => ({ [backendType]: backend })

/** To be merged over a node's annotations when it leaves the network. */
export const withdrawn: Readonly<Record<string, null>> = Object.fromEntries(
  [managed, backendType, keys[4].data, keys[4].address, keys[6].data, keys[6].address].map((key) => [key, null])
)

export const condition = {
  type: "NetworkUnavailable",
  status: "False",
  reason: "FlannelIsUp",
  message: "Flannel is running on this node"
}
