/**
 * Tells the cluster what the cloud knows of its nodes: provider id, zone, region, type and addresses. A node that its kubelet has
 * tainted as `uninitialized` gets Pods when that is known. Source: upstream's cloud-node-controller.
 */
import { Effect, Layer } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { type Key, keyOf } from "../../kernel/resource/Kind.ts"
import { same } from "../../kernel/resource/JsonEqual.ts"
import * as Controllers from "../controllers/contracts/Controllers.ts"
import { Node, type NodeAddress } from "../resources/contracts/core/v1.ts"
import * as EventRecorder from "../resources/contracts/EventRecorder.ts"
import type { Address } from "./contracts/Cloud.ts"
import { type Instance, Instances } from "./contracts/Instances.ts"
import { type Zone, Zones } from "./contracts/Zones.ts"
import { labels, nodeReference } from "./Reference.ts"

const uninitialized = "node.cloudprovider.kubernetes.io/uninitialized"
/** The address that a kubelet was told to have; the cloud has to know it. */
const provided = "alpha.kubernetes.io/provided-node-ip"

const isTainted = ({ spec }: Node) => (spec.taints ?? []).some(({ key }) => key === uninitialized)
/** Upstream's waits for the taint alone; a kubelet that knows of no cloud has its node initialized too. */
export const isInitialized = (node: Node) => !isTainted(node) && (node.spec.providerID ?? "") !== ""

/** The labels that follow from the cloud. What a node is labelled with already stays, but that of one name is that of the other. */
export const labelled = (
  node: Node,
  { instanceType }: Pick<Instance, "instanceType">,
  { region, zone }: Zone
): { readonly [label: string]: string } => {
  const before = node.metadata.labels ?? {}
  const told = { instanceType, zone, region }
  return Object.fromEntries(
    Object.entries(labels).flatMap(([what, [stable, beta]]) => {
      const cloud = Object.entries(told).find(([name]) => name === what)?.[1] ?? ""
      const value = (isInitialized(node) ? (before[stable] ?? before[beta]) : undefined) ?? cloud
      return value === "" ? [] : [stable, beta].filter((name) => before[name] !== value).map((name) => [name, value])
    })
  )
}

/** The cloud's addresses in the order it has them, that which the kubelet was told first; its own host name, if the cloud has none. */
export const addressed = (node: Node, addresses: ReadonlyArray<Address>): ReadonlyArray<NodeAddress> | undefined => {
  const before = node.status.addresses ?? []
  if (addresses.length === 0) return before
  const own = addresses.some(({ type }) => type === "Hostname") ? [] : before.filter(({ type }) => type === "Hostname")
  const all: ReadonlyArray<NodeAddress> = [...addresses, ...own]
  const [ip] = (node.metadata.annotations?.[provided] ?? "").split(",")
  if (ip === undefined || ip === "") return all
  const chosen = all.find(({ address }) => address === ip)
  if (chosen === undefined) return undefined
  const rest = all.filter(
    (one) => one !== chosen && (one.type !== chosen.type || one.address.includes(":") !== ip.includes(":"))
  )
  return [chosen, ...rest]
}

const start = Effect.gen(function* () {
  const client = yield* Client
  const instances = yield* Instances
  const zones = yield* Zones
  const record = yield* EventRecorder.make({ component: "cloud-node-controller" })
  const nodes = yield* client.cache(Node, { indexes: {} })

  const publish = Effect.fnUntraced(function* (node: Node, { addresses: told }: Instance) {
    const addresses = addressed(node, told)
    if (addresses === undefined || same(addresses, node.status.addresses ?? [])) return
    yield* client.update(Node, { ...node, status: { ...node.status, addresses } }, { subresource: "status" })
  })

  const initialize = Effect.fnUntraced(function* (node: Node, instance: Instance) {
    const zone = yield* zones.find({ node: { ...nodeReference(node), providerID: instance.providerID } })
    if (addressed(node, instance.addresses) === undefined) {
      const message = `provided node ip for node "${node.metadata.name}" is not valid: the cloud has no such address`
      return yield* record({ kind: Node, object: node, type: "Warning", reason: "NodeIPNotFound", message })
    }
    const taints = (node.spec.taints ?? []).filter(({ key }) => key !== uninitialized)
    const after = yield* client.update(Node, {
      ...node,
      metadata: { ...node.metadata, labels: { ...node.metadata.labels, ...labelled(node, instance, zone) } },
      spec: { ...node.spec, taints, providerID: node.spec.providerID || instance.providerID }
    })
    yield* publish(after, instance)
    yield* record({ kind: Node, object: node, type: "Normal", reason: "Synced", message: "Node synced successfully" })
  })

  const relabel = Effect.fnUntraced(function* (node: Node, instance: Instance) {
    const zone = yield* zones.find({ node: nodeReference(node) })
    const missing = labelled(node, instance, zone)
    if (Object.keys(missing).length > 0)
      yield* client.patch(Node, keyOf(node), "strategic", { metadata: { labels: missing } })
  })

  const seen = new Set<string>()
  const reconcile = Effect.fn("CloudNode.reconcile")(function* (key: Key) {
    const node = nodes.get(key)
    if (node === undefined) return void seen.delete(key.name)
    // A heartbeat is no reason to ask the cloud.
    if (isInitialized(node) && seen.has(node.metadata.uid)) return
    const instance = yield* instances.find({ node: nodeReference(node) })
    if (!isInitialized(node)) return yield* initialize(node, instance)
    yield* relabel(node, instance)
    yield* publish(nodes.get(key) ?? node, instance)
    seen.add(node.metadata.uid)
  })
  const refresh = () => {
    seen.clear()
    return nodes.all().map(keyOf)
  }
  yield* Controllers.run({
    name: "cloud_node",
    concurrency: 1,
    triggers: [Controllers.each(nodes), Controllers.every("5 minutes", refresh)],
    reconcile
  })
})

export const plugin = Plugin.make({ name: "cloud-node", needs: [Instances, Zones], layer: Layer.effectDiscard(start) })
