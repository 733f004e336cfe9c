/** What an isolate was told, and what it has told: both hold for as long as it lives. */
import type { WireObject } from "../../../kernel/client/Api.ts"
import type { Pod } from "../../resources/contracts/core/v1.ts"
import type { PodInfo, View } from "../contracts/Nodes.ts"
import type { Question } from "../contracts/SchedulerPoints.ts"

/** What stands in the Pod is the wire's JSON, hence the cast. Who owns which field nobody asks who decides about it. */
export const wirePod = ({ metadata, ...pod }: Pod) => {
  const { managedFields: _, ...rest } = metadata
  return { ...pod, metadata: rest } as unknown as WireObject
}
export const wireOf = ({ pod }: PodInfo) => wirePod(pod)
export const uidOf = ({ pod }: PodInfo) => pod.metadata.uid

interface Assumed {
  readonly pod: WireObject
  readonly node: string
}

export class Told {
  epoch = ""
  private readonly names: Array<string> = []
  private readonly numbers = new Map<string, number>()
  private readonly assumed = new Map<string, Assumed>()
  private untold = new Map<string, Assumed>()
  private forgotten: Array<WireObject> = []

  assume(info: PodInfo, node: string) {
    const one = { pod: wireOf(info), node }
    this.assumed.set(uidOf(info), one)
    this.untold.set(uidOf(info), one)
  }

  /** It is bound: another isolate than this one, which may be told of it before it sees that, will find it there. */
  settle(info: PodInfo) {
    this.assumed.delete(uidOf(info))
  }

  forget(info: PodInfo) {
    if (!this.assumed.delete(uidOf(info))) return
    if (!this.untold.delete(uidOf(info))) this.forgotten.push(wireOf(info))
  }

  /** Another isolate, which knows nothing. */
  reset(epoch: string) {
    this.epoch = epoch
    this.names.length = 0
    this.numbers.clear()
    this.untold = new Map(this.assumed)
    this.forgotten = []
  }

  question(info: PodInfo, { find, revision }: View): Question {
    const { epoch, forgotten, untold } = this
    for (const [uid, { node }] of untold) if (find(node)?.pods.has(uid) !== true) untold.delete(uid)
    return { pod: wireOf(info), generation: { ...revision }, epoch, assumed: [...untold.values()], forgotten }
  }

  /** That much was heard. */
  heard({ assumed, forgotten }: Question, epoch: string) {
    this.epoch = epoch
    for (const [uid, one] of this.untold) if (assumed.includes(one)) this.untold.delete(uid)
    this.forgotten = this.forgotten.filter((pod) => !forgotten.includes(pod))
  }

  get known() {
    return this.names.length
  }

  learn(names: ReadonlyArray<string>) {
    for (const name of names) this.numbers.set(name, this.names.push(name) - 1)
  }

  number(name: string) {
    return this.numbers.get(name)
  }
}
