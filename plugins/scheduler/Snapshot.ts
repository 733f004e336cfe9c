/**
 * The nodes and what is on them, kept as objects change: the cost of a change is that of the one Pod or node. A Pod that is being
 * bound counts already (it is assumed), until the cache shows it there or the bind has failed.
 */
import { same } from "../../kernel/resource/JsonEqual.ts"
import type { Node, Pod } from "../resources/contracts/core/v1.ts"
import { podLabels } from "../resources/contracts/NodeTopology.ts"
import type { NodeInfo, PodInfo, Question, Sort, View } from "./contracts/Nodes.ts"
import { domainOf } from "./contracts/PodTerms.ts"
import { Entry } from "./Entry.ts"
import { Groups } from "./Groups.ts"
import { allocatable, givenTo, infoOf } from "./Resources.ts"
import { Tallies } from "./Tallies.ts"

const imagesOf = ({ status }: Node) =>
  new Map((status.images ?? []).flatMap(({ names = [], sizeBytes = 0 }) => names.map((name) => [name, sizeBytes] as const)))

const isOver = ({ status: { phase } }: Pod) => phase === "Succeeded" || phase === "Failed"

const zoneOf = ({ node: { metadata } }: NodeInfo) =>
  `${metadata.labels?.["topology.kubernetes.io/region"] ?? ""}/${metadata.labels?.["topology.kubernetes.io/zone"] ?? ""}`

/** In turn from each zone, since in a large cluster only some of the nodes are looked at. */
const interleaved = (nodes: ReadonlyArray<NodeInfo>): ReadonlyArray<NodeInfo> => {
  const zones = [...Map.groupBy(nodes, zoneOf).values()]
  if (zones.length < 2) return nodes
  const longest = Math.max(...zones.map(({ length }) => length))
  return Array.from({ length: longest }, (_, index) => zones.flatMap((zone) => zone[index] ?? [])).flat()
}

/** What the indexes know of a node. */
const isSamePlace = (a: Node, b: Node) =>
  a === b || (same(a.metadata.labels, b.metadata.labels) && same(a.spec.taints, b.spec.taints))

const isSameSpec = (a: Pod, b: Pod) => a.spec === b.spec || same({ ...a.spec, nodeName: "" }, { ...b.spec, nodeName: "" })

const isSameForUs = (a: Pod, b: Pod) =>
  a.metadata.deletionTimestamp === b.metadata.deletionTimestamp &&
  same(a.metadata.labels, b.metadata.labels) &&
  isSameSpec(a, b) &&
  same(givenTo(a), givenTo(b))

/** With the labels that it gets when it is bound. */
const labelled = (info: PodInfo, node: Node | undefined): PodInfo => {
  const added = node === undefined ? [] : podLabels(node)
  if (added.length === 0) return info
  const { metadata, ...pod } = info.pod
  return {
    ...info,
    pod: { ...pod, metadata: { ...metadata, labels: { ...metadata.labels, ...Object.fromEntries(added) } } }
  }
}

export class Snapshot implements View {
  private readonly entries = new Map<string, Entry>()
  /** The node of each Pod that has one, by uid. */
  private readonly placed = new Map<string, { readonly node: string; readonly assumed: boolean }>()
  private readonly imageNodes = new Map<string, number>()
  private readonly tallies = new Tallies()
  private readonly groups = new Groups()
  private known: ReadonlyArray<NodeInfo> | undefined
  private readonly inDomains = new Map<string, ReadonlyMap<string, ReadonlyArray<NodeInfo>>>()
  /** Those of entries that are gone. */
  private readonly free: Array<number> = []
  readonly namespaceLabels: View["namespaceLabels"]
  /** Also of what changes nothing here. */
  readonly seen = { nodes: 0, pods: 0 }
  readonly revision = { nodes: 0, pods: 0 }

  constructor(namespaceLabels: View["namespaceLabels"] = () => ({})) {
    this.namespaceLabels = namespaceLabels
  }

  get nodes(): ReadonlyArray<NodeInfo> {
    return (this.known ??= interleaved([...this.entries.values()].flatMap(({ info }) => info ?? [])))
  }

  readonly find = (name: string) => this.entries.get(name)?.info
  readonly domains = (topologyKey: string) => {
    const known = this.inDomains.get(topologyKey)
    if (known !== undefined) return known
    const found = new Map<string, Array<NodeInfo>>()
    for (const info of this.nodes) {
      const domain = domainOf(info.node, topologyKey)
      if (domain === undefined) continue
      const others = found.get(domain)
      if (others === undefined) found.set(domain, [info])
      else others.push(info)
    }
    this.inDomains.set(topologyKey, found)
    return found
  }
  readonly withImage = (image: string) => this.imageNodes.get(image) ?? 0
  readonly tally = (question: Question) => this.tallies.get(question, this.nodes)
  readonly meaning = (pod: Pod, sort: Sort) => this.groups.meaning(pod, sort)
  readonly infoOf = (pod: Pod) => infoOf(pod, this.namespaceLabels)

  /** The labels of namespaces have changed: who is meant by them is asked again. */
  namespacesChanged() {
    this.tallies.clear()
  }

  node(name: string) {
    return this.entries.get(name)?.node
  }

  setNode(node: Node) {
    this.revision.nodes = Math.max(this.revision.nodes, Number(node.metadata.resourceVersion))
    this.seen.nodes = this.revision.nodes
    const entry = this.entry(node.metadata.name)
    const before = entry.node
    entry.changed()
    if (before?.status.images !== node.status.images || entry.images.size === 0) this.setImages(entry, imagesOf(node))
    if (before === undefined || before.status.allocatable !== node.status.allocatable) entry.allocatable = allocatable(node)
    if (before !== undefined && isSamePlace(before, node)) {
      entry.node = node
      return
    }
    this.leave(entry)
    entry.node = node
    this.nodesChanged()
    this.tallies.place({ node, pods: entry.pods }, 1)
    for (const info of entry.pods.values()) this.groups.change(info, node, 1)
  }

  removeNode(name: string) {
    const entry = this.entries.get(name)
    if (entry === undefined) return
    this.setImages(entry, new Map())
    this.leave(entry)
    entry.node = undefined
    this.nodesChanged()
    if (entry.isEmpty) this.drop(entry)
  }

  /** Whether a Pod has a node, or is about to get one. */
  holds(uid: string) {
    return this.placed.has(uid)
  }

  /** The Pod as it was seen last, where it has a node. */
  placedPod(uid: string): Pod | undefined {
    const at = this.placed.get(uid)
    return at && this.entries.get(at.node)?.pods.get(uid)?.pod
  }

  /** As the cache shows it. */
  setPod(pod: Pod) {
    this.see(pod)
    const { nodeName = "" } = pod.spec
    const { uid } = pod.metadata
    const before = this.placed.get(uid)
    // What the cache does not show yet is no news of a Pod that is being bound.
    if (nodeName === "" && before?.assumed === true && pod.metadata.deletionTimestamp === undefined) return
    if (nodeName === "" || isOver(pod)) {
      if (before !== undefined) this.changed(pod)
      return this.removePod(pod)
    }
    const entry = this.entries.get(before?.node ?? "")
    const known = entry?.pods.get(uid)
    // Most changes are of the status alone.
    if (known !== undefined && before?.node === nodeName && isSameForUs(known.pod, pod)) {
      entry?.pods.set(uid, { ...known, pod })
      this.placed.set(uid, { node: nodeName, assumed: false })
      return
    }
    this.changed(pod)
    this.removePod(pod)
    this.place(this.infoOf(pod), nodeName, false)
  }

  /** It is gone; `last` is as it went. */
  losePod(last: Pod) {
    this.see(last)
    if (this.placed.has(last.metadata.uid)) this.changed(last)
    this.removePod(last)
  }

  private see({ metadata: { resourceVersion } }: Pod) {
    this.seePods(Number(resourceVersion))
  }

  /** All there was as of a revision has been seen, also where that is nothing. */
  seePods(revision: number) {
    this.seen.pods = Math.max(this.seen.pods, revision)
  }

  /** More than that a Pod is where it was assumed to be. One that goes without a node is known to those alone who were told of it. */
  private changed({ metadata: { resourceVersion }, spec: { nodeName } }: Pod) {
    if (nodeName) this.revision.pods = Math.max(this.revision.pods, Number(resourceVersion))
  }

  removePod({ metadata: { uid } }: Pod) {
    const at = this.placed.get(uid)
    const entry = at && this.entries.get(at.node)
    const info = entry?.pods.get(uid)
    if (entry === undefined || info === undefined) return
    this.placed.delete(uid)
    entry.take(info)
    if (entry.node !== undefined) this.index(info, entry.node, -1)
    if (entry.isEmpty) this.drop(entry)
  }

  /** As the cache will show it, so that this is no change. */
  assume(info: PodInfo, node: string) {
    this.place(labelled(info, this.node(node)), node, true)
  }

  /** The bind failed. */
  forget({ pod }: Pick<PodInfo, "pod">) {
    if (this.placed.get(pod.metadata.uid)?.assumed === true) this.removePod(pod)
  }

  private place(info: PodInfo, node: string, assumed: boolean) {
    const entry = this.entry(node)
    this.placed.set(info.pod.metadata.uid, { node, assumed })
    entry.put(info)
    if (entry.node !== undefined) this.index(info, entry.node, 1)
  }

  private index(info: PodInfo, node: Node, sign: 1 | -1) {
    this.tallies.pod(info.pod, node, sign)
    this.groups.change(info, node, sign)
  }

  private leave({ node, pods }: Entry) {
    if (node === undefined) return
    this.tallies.place({ node, pods }, -1)
    for (const info of pods.values()) this.groups.change(info, node, -1)
  }

  private setImages(entry: Entry, images: ReadonlyMap<string, number>) {
    const count = (image: string, by: number) => this.imageNodes.set(image, this.withImage(image) + by)
    for (const image of entry.images.keys()) {
      count(image, -1)
      if (this.withImage(image) === 0) this.imageNodes.delete(image)
    }
    for (const image of images.keys()) count(image, 1)
    entry.images = images
  }

  private entry(name: string): Entry {
    const known = this.entries.get(name)
    if (known !== undefined) return known
    const entry = new Entry(name, this.free.pop() ?? this.entries.size)
    this.entries.set(name, entry)
    return entry
  }

  private drop({ index, name }: Entry) {
    this.entries.delete(name)
    this.free.push(index)
  }

  private nodesChanged() {
    this.known = undefined
    this.inDomains.clear()
  }
}
