/** A node and what is on it, as Pods come and go. */
import type { Node } from "../resources/contracts/core/v1.ts"
import type { HostPort, NodeInfo, PodInfo } from "./contracts/Nodes.ts"
import { minus, nothing, plus } from "./Resources.ts"

const portKey = ({ ip, port, protocol }: HostPort) => `${protocol}/${ip}/${port}`

/** A node that is gone and comes again is another. */
let generations = 0

export class Entry {
  readonly name: string
  readonly index: number
  generation = ++generations
  /** Absent while only its Pods are known. */
  node: Node | undefined
  allocatable: NodeInfo["allocatable"] = { ...nothing, pods: 0 }
  requested: NodeInfo["requested"] = nothing
  guessed: NodeInfo["guessed"] = { cpu: 0, memory: 0 }
  readonly pods = new Map<string, PodInfo>()
  readonly ports = new Map<string, HostPort>()
  images: ReadonlyMap<string, number> = new Map()

  constructor(name: string, index: number) {
    this.name = name
    this.index = index
  }

  get isEmpty() {
    return this.node === undefined && this.pods.size === 0
  }

  changed() {
    this.generation = ++generations
  }

  put(info: PodInfo) {
    this.changed()
    this.pods.set(info.pod.metadata.uid, info)
    for (const port of info.ports) this.ports.set(portKey(port), port)
    this.requested = plus(this.requested, info.requests)
    const { cpu, memory } = this.guessed
    this.guessed = { cpu: cpu + info.guessed.cpu, memory: memory + info.guessed.memory }
  }

  take(info: PodInfo) {
    this.changed()
    this.pods.delete(info.pod.metadata.uid)
    for (const port of info.ports) this.ports.delete(portKey(port))
    this.requested = minus(this.requested, info.requests)
    const { cpu, memory } = this.guessed
    this.guessed = { cpu: cpu - info.guessed.cpu, memory: memory - info.guessed.memory }
  }

  /** The entry itself, so that what changes later shows. */
  get info(): NodeInfo | undefined {
    const { node } = this
    return node && Object.assign(this, { node })
  }
}

/** A copy to try things on. */
export const copyOf = (of: NodeInfo) => {
  const { allocatable, guessed, images, index, name, node, requested } = of
  const entry = Object.assign(new Entry(name, index), { node, allocatable, requested, guessed, images })
  for (const [uid, pod] of of.pods) entry.pods.set(uid, pod)
  for (const [key, port] of of.ports) entry.ports.set(key, port)
  const info: NodeInfo = entry
  return { entry, info }
}
