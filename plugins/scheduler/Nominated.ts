/** The Pods that wait for room on a node which was made or is about to be made for them, until they have a node. */
import type { PodInfo } from "./contracts/Nodes.ts"

const none: ReadonlyArray<PodInfo> = []

export class Nominated {
  private readonly nodes = new Map<string, string>()
  private readonly pods = new Map<string, Map<string, PodInfo>>()

  /** `""`: to none any more. */
  set(info: PodInfo, node: string) {
    const { uid } = info.pod.metadata
    if (this.nodes.get(uid) !== node) this.remove(uid)
    if (node === "") return
    this.nodes.set(uid, node)
    const there = this.pods.get(node) ?? new Map<string, PodInfo>()
    this.pods.set(node, there.set(uid, info))
  }

  remove(uid: string) {
    const node = this.nodes.get(uid)
    if (node === undefined) return
    this.nodes.delete(uid)
    const there = this.pods.get(node)
    there?.delete(uid)
    if (there?.size === 0) this.pods.delete(node)
  }

  nodeOf(uid: string) {
    return this.nodes.get(uid)
  }

  on(node: string): ReadonlyArray<PodInfo> {
    const there = this.pods.get(node)
    return there === undefined ? none : [...there.values()]
  }

  get size() {
    return this.nodes.size
  }
}
