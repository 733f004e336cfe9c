/**
 * The nodes of a cluster that `keelson up` runs on one machine. The first is the machine itself. Every further one has network and
 * mount namespaces of its own, and is reached over a bridge, on which the machine has the first address.
 */
import * as Addresses from "../plugins/resources/contracts/Addresses.ts"
import { addressIn, type Settings } from "./Settings.ts"

export interface Member {
  /** From 1. */
  readonly index: number
  readonly name: string
  /** Where the others reach it. */
  readonly address: string
  /** Of the other family; empty in a cluster of one. */
  readonly address6: string
  /** Of its process: the name of its pid file and of its log. */
  readonly agent: string
}

/** Where the nodes of a cluster of both families reach one another on this machine by IPv6. */
export const nodeCidr6 = "fd00:10:200::/64"
export const isDual = ({ podCidr }: Settings) => Addresses.list(podCidr).length > 1
const address6 = (settings: Settings, index: number) => (isDual(settings) ? addressIn(nodeCidr6, index) : "")

/** Without further nodes there is no bridge, and the machine has its own address alone. */
export const first = (settings: Settings): Member => ({
  index: 1,
  name: settings.nodeName,
  address: settings.nodes === 1 ? settings.nodeIp : addressIn(settings.nodeCidr, 1),
  address6: settings.nodes === 1 ? settings.nodeIp6 : address6(settings, 1),
  agent: "agent"
})

export const further = (settings: Settings): ReadonlyArray<Member> =>
  Array.from({ length: settings.nodes - 1 }, (_, at) => ({
    index: at + 2,
    name: `${settings.nodeName}-${at + 2}`,
    address: addressIn(settings.nodeCidr, at + 2),
    address6: address6(settings, at + 2),
    agent: `agent-${at + 2}`
  }))

export const all = (settings: Settings): ReadonlyArray<Member> => [first(settings), ...further(settings)]

/** Where nodes and Pods reach the API. Not loopback where there is more than one node, whatever the machine's address is. */
export const apiAddress = (settings: Settings) => first(settings).address

/** The settings of one node's agent. Only the first may use a containerd of others: two nodes cannot share one. */
export const settingsOf = (settings: Settings, { address, address6, index, name }: Member): Settings => ({
  ...settings,
  nodeName: name,
  nodeIp: address,
  nodeIp6: address6,
  ...(index === 1 ? {} : { containerdEndpoint: "" })
})

/** Pods of different nodes lie in different folders of the machine's cgroups: this is a further node's. */
export const cgroupOf = (name: string) => `/kubepods-${name}`
