/**
 * The nodes and what is on them, kept as objects change: the cost of a change is that of the one Pod or node. A Pod that is being
 * bound counts already (it is assumed), until the cache shows it there or the bind has failed.
 */
import type { Node, Pod } from "../resources/contracts/core/v1.ts"
import type { HostPort, NodeInfo, PodInfo, View } from "./contracts/Nodes.ts"
import { allocatable, infoOf, minus, nothing, plus } from "./Resources.ts"

interface Entry {
  name: string
  /** Absent while only its Pods are known. */
  node: Node | undefined
  allocatable: NodeInfo["allocatable"]
  requested: NodeInfo["requested"]
  guessed: NodeInfo["guessed"]
  readonly pods: Map<string, PodInfo>
  readonly ports: Map<string, HostPort>
  images: ReadonlyMap<string, number>
}

export const portKey = ({ ip, port, protocol }: HostPort) => `${protocol}/${ip}/${port}`

const imagesOf = ({ status }: Node) =>
  new Map((status.images ?? []).flatMap(({ names = [], sizeBytes = 0 }) => names.map((name) => [name, sizeBytes] as const)))

const isOver = ({ status: { phase } }: Pod) => phase === "Succeeded" || phase === "Failed"

export class Snapshot implements View {
  private readonly entries = new Map<string, Entry>()
  /** The node of each Pod that has one, by uid. */
  private readonly placed = new Map<string, { readonly node: string; readonly assumed: boolean }>()
  private readonly imageNodes = new Map<string, number>()
  private known: ReadonlyArray<NodeInfo> | undefined
  readonly namespaceLabels: View["namespaceLabels"]

  constructor(namespaceLabels: View["namespaceLabels"] = () => ({})) {
    this.namespaceLabels = namespaceLabels
  }

  get nodes(): ReadonlyArray<NodeInfo> {
    return (this.known ??= [...this.entries.values()].flatMap((entry) => {
      const { node } = entry
      // The entry itself, so that what changes later shows: only entries with a node are listed.
      return node === undefined ? [] : [Object.assign(entry, { node })]
    }))
  }

  readonly withImage = (image: string) => this.imageNodes.get(image) ?? 0

  node(name: string) {
    return this.entries.get(name)?.node
  }

  setNode(node: Node) {
    const entry = this.entry(node.metadata.name)
    if (entry.node === undefined) this.known = undefined
    if (entry.node?.status.images !== node.status.images || entry.images.size === 0) this.setImages(entry, imagesOf(node))
    entry.allocatable = allocatable(node)
    entry.node = node
  }

  removeNode(name: string) {
    const entry = this.entries.get(name)
    if (entry === undefined) return
    this.setImages(entry, new Map())
    entry.node = undefined
    this.known = undefined
    this.forgetEmpty(entry)
  }

  holds(uid: string) {
    return this.placed.has(uid)
  }

  /** As the cache shows it. Answers whether it took something away from a node. */
  setPod(pod: Pod): boolean {
    const { nodeName = "" } = pod.spec
    const before = this.placed.get(pod.metadata.uid)
    // What the cache does not show yet is no news of a Pod that is being bound.
    if (nodeName === "" && before?.assumed === true && pod.metadata.deletionTimestamp === undefined) return false
    const freed = this.removePod(pod)
    if (nodeName === "" || isOver(pod)) return freed
    this.place(infoOf(pod), nodeName, false)
    return false
  }

  removePod({ metadata: { uid } }: Pod): boolean {
    const at = this.placed.get(uid)
    const entry = at && this.entries.get(at.node)
    const info = entry?.pods.get(uid)
    if (entry === undefined || info === undefined) return false
    this.placed.delete(uid)
    entry.pods.delete(uid)
    this.reckon(entry, info, minus)
    for (const port of info.ports) entry.ports.delete(portKey(port))
    this.forgetEmpty(entry)
    return true
  }

  assume(info: PodInfo, node: string) {
    this.place(info, node, true)
  }

  /** The bind failed. */
  forget({ pod }: PodInfo) {
    if (this.placed.get(pod.metadata.uid)?.assumed === true) this.removePod(pod)
  }

  private place(info: PodInfo, node: string, assumed: boolean) {
    const { uid } = info.pod.metadata
    const entry = this.entry(node)
    this.placed.set(uid, { node, assumed })
    entry.pods.set(uid, info)
    this.reckon(entry, info, plus)
    for (const port of info.ports) entry.ports.set(portKey(port), port)
  }

  private reckon(entry: Entry, { guessed, requests }: PodInfo, by: typeof plus) {
    entry.requested = by(entry.requested, requests)
    const sign = by === plus ? 1 : -1
    entry.guessed = { cpu: entry.guessed.cpu + sign * guessed.cpu, memory: entry.guessed.memory + sign * guessed.memory }
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
    const found = this.entries.get(name)
    if (found !== undefined) return found
    const entry: Entry = {
      name,
      node: undefined,
      allocatable: { ...nothing, pods: 0 },
      requested: nothing,
      guessed: { cpu: 0, memory: 0 },
      pods: new Map(),
      ports: new Map(),
      images: new Map()
    }
    this.entries.set(name, entry)
    return entry
  }

  private forgetEmpty({ name, node, pods }: Entry) {
    if (node === undefined && pods.size === 0) this.entries.delete(name)
  }
}
