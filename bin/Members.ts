/**
 * The nodes of a cluster that `keelson up` runs on one machine. The first is the machine itself. Every further one has network and
 * mount namespaces of its own, and is reached over a bridge, on which the machine has the first address.
 */
import { addressIn, type Settings } from "./Settings.ts"

export interface Member {
  /** From 1. */
  readonly index: number
  readonly name: string
  /** Where the others reach it. */
  readonly address: string
  /** Of its process: the name of its pid file and of its log. */
  readonly agent: string
}

/** Without further nodes there is no bridge, and the machine has its own address alone. */
export const first = ({ nodeCidr, nodeIp, nodeName, nodes }: Settings): Member => ({
  index: 1,
  name: nodeName,
  address: nodes === 1 ? nodeIp : addressIn(nodeCidr, 1),
  agent: "agent"
})

export const further = ({ nodeCidr, nodeName, nodes }: Settings): ReadonlyArray<Member> =>
  Array.from({ length: nodes - 1 }, (_, at) => ({
    index: at + 2,
    name: `${nodeName}-${at + 2}`,
    address: addressIn(nodeCidr, at + 2),
    agent: `agent-${at + 2}`
  }))

export const all = (settings: Settings): ReadonlyArray<Member> => [first(settings), ...further(settings)]

/** Where nodes and Pods reach the API. Not loopback where there is more than one node, whatever the machine's address is. */
export const apiAddress = (settings: Settings) => first(settings).address

/** The settings of one node's agent. Only the first may use a containerd of others: two nodes cannot share one. */
export const settingsOf = (settings: Settings, { address, index, name }: Member): Settings => ({
  ...settings,
  nodeName: name,
  nodeIp: address,
  ...(index === 1 ? {} : { containerdEndpoint: "" })
})

/** Pods of different nodes lie in different folders of the machine's cgroups: this is a further node's. */
export const cgroupOf = (name: string) => `/kubepods-${name}`
