/**
 * The Pods that wait for a node: those to be tried now, by priority and then by age; those that failed a moment ago and wait a
 * little; and those that no node takes, until something changes that may help. Times in milliseconds.
 */
import type { Pod } from "../resources/contracts/core/v1.ts"
import type { ClusterEvent } from "./contracts/Extensions.ts"

export interface Waiting {
  readonly pod: Pod
  /** How often it was tried. */
  readonly attempts: number
  readonly since: number
}

interface Rejected extends Waiting {
  readonly at: number
  readonly retryOn: ReadonlySet<ClusterEvent>
}

const shortest = 1000
const longest = 10_000
/** After that long it is tried again even if nothing happened. */
const patience = 5 * 60_000

const backOff = (attempts: number) => Math.min(longest, shortest * 2 ** (attempts - 1))

export class Queue {
  /** By priority, and in each by time of arrival. */
  private readonly active = new Map<number, Map<string, Waiting>>()
  private readonly backingOff = new Map<string, { readonly waiting: Waiting; readonly until: number }>()
  private readonly unschedulable = new Map<string, Rejected>()
  /** What happened while a Pod was being tried counts for it too. */
  private readonly seen = new Map<string, Set<ClusterEvent>>()

  sizes() {
    let active = 0
    for (const pods of this.active.values()) active += pods.size
    return { active, backoff: this.backingOff.size, unschedulable: this.unschedulable.size }
  }

  has(uid: string) {
    return this.place(uid) !== undefined
  }

  /** A Pod that is new, or has changed so that it may be placed now. */
  add(pod: Pod, now: number) {
    const { uid } = pod.metadata
    // Being tried: it will be put back by who tries it.
    if (this.seen.has(uid)) return
    const before = this.place(uid)
    this.remove(uid)
    this.activate({ pod, attempts: before?.attempts ?? 0, since: before?.since ?? now })
  }

  /** A change of a Pod that does not make it fit better. */
  refresh(pod: Pod) {
    const { uid } = pod.metadata
    for (const pods of this.active.values()) {
      const waiting = pods.get(uid)
      if (waiting !== undefined) pods.set(uid, { ...waiting, pod })
    }
    const backing = this.backingOff.get(uid)
    if (backing !== undefined) this.backingOff.set(uid, { ...backing, waiting: { ...backing.waiting, pod } })
    const rejected = this.unschedulable.get(uid)
    if (rejected !== undefined) this.unschedulable.set(uid, { ...rejected, pod })
  }

  remove(uid: string) {
    for (const [priority, pods] of this.active) {
      if (pods.delete(uid) && pods.size === 0) this.active.delete(priority)
    }
    this.backingOff.delete(uid)
    this.unschedulable.delete(uid)
  }

  pop(): Waiting | undefined {
    const pods = this.active.get(Math.max(...this.active.keys()))
    if (pods === undefined) return undefined
    for (const [uid, waiting] of pods) {
      this.remove(uid)
      this.seen.set(uid, new Set())
      return { ...waiting, attempts: waiting.attempts + 1 }
    }
    return undefined
  }

  /** It has a node, or needs none any more. */
  done(uid: string) {
    this.seen.delete(uid)
  }

  /** No node takes it, by what would have to change; without that, it is tried again soon. */
  failed(waiting: Waiting, retryOn: ReadonlySet<ClusterEvent> | undefined, now: number) {
    const { uid } = waiting.pod.metadata
    const happened = this.seen.get(uid) ?? new Set()
    this.seen.delete(uid)
    if (retryOn === undefined || !retryOn.isDisjointFrom(happened)) this.delay(waiting, now, now)
    else this.unschedulable.set(uid, { ...waiting, at: now, retryOn })
  }

  happened(event: ClusterEvent, now: number) {
    for (const events of this.seen.values()) events.add(event)
    for (const [uid, rejected] of this.unschedulable) {
      if (!rejected.retryOn.has(event)) continue
      this.unschedulable.delete(uid)
      this.delay(rejected, rejected.at, now)
    }
  }

  /** Moves what has waited long enough. Answers with when to look again. */
  flush(now: number): number | undefined {
    for (const [uid, { until, waiting }] of this.backingOff) {
      if (until > now) continue
      this.backingOff.delete(uid)
      this.activate(waiting)
    }
    for (const [uid, rejected] of this.unschedulable) {
      if (rejected.at + patience > now) continue
      this.unschedulable.delete(uid)
      this.activate(rejected)
    }
    const times = [
      ...this.backingOff.values().map(({ until }) => until),
      ...this.unschedulable.values().map(({ at }) => at + patience)
    ]
    return times.length === 0 ? undefined : Math.min(...times)
  }

  private delay({ attempts, pod, since }: Waiting, from: number, now: number) {
    const until = from + backOff(attempts)
    const waiting = { pod, attempts, since }
    if (until <= now) this.activate(waiting)
    else this.backingOff.set(pod.metadata.uid, { waiting, until })
  }

  private activate({ attempts, pod, since }: Waiting) {
    const priority = pod.spec.priority ?? 0
    const pods = this.active.get(priority) ?? new Map<string, Waiting>()
    this.active.set(priority, pods.set(pod.metadata.uid, { pod, attempts, since }))
  }

  private place(uid: string): Waiting | undefined {
    for (const pods of this.active.values()) {
      const found = pods.get(uid)
      if (found !== undefined) return found
    }
    return this.backingOff.get(uid)?.waiting ?? this.unschedulable.get(uid)
  }
}
