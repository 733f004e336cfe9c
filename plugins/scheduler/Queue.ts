/**
 * The Pods that wait for a node: those to be tried now, in the order of a plugin; those that failed a moment ago and wait a little;
 * and those that no node takes, or that a plugin keeps out, until something changes that may help. Times in milliseconds.
 */
import type { Pod } from "../resources/contracts/core/v1.ts"
import type { Change } from "./contracts/Changes.ts"
import type { Queued } from "./contracts/Framework.ts"
import { Heap } from "./Heap.ts"

export interface Waiting extends Queued {
  /** Since when it waits for a node. */
  readonly first: number
}

interface Rejected {
  readonly waiting: Waiting
  readonly at: number
  /** The plugins that refused it. */
  readonly by: ReadonlySet<string>
}

export interface Rules {
  readonly order: (a: Queued, b: Queued) => number
  /** The plugin that keeps a Pod out of the queue. */
  readonly gate: (pod: Pod) => string | undefined
  /** Whether a change may help a Pod that these plugins refused. */
  readonly helps: (pod: Pod, by: ReadonlySet<string>, change: Change) => boolean
  /** Is told of every Pod that comes into a part of the queue, and why. */
  readonly came?: (part: Part, why: string) => void
  readonly initialBackoff?: number
  readonly maxBackoff?: number
}

export type Part = "active" | "backoff" | "unschedulable"

/** As upstream's metrics name it. */
const nameOf = ({ actions: [action], kind }: Change) => `${kind === "Pod" ? "AssignedPod" : kind}${action ?? ""}`

/** After that long it is tried again even if nothing happened. */
const patience = 5 * 60_000

const failure = "ScheduleAttemptFailure"

export class Queue {
  private readonly active: Heap<Waiting>
  private readonly backingOff = new Heap<{ readonly waiting: Waiting; readonly until: number }>((a, b) => a.until - b.until)
  private readonly unschedulable = new Map<string, Rejected>()
  /** Those of them that are kept out. */
  private readonly gated = new Set<string>()
  /** Being tried, in the order in which they were taken; and how many changes there had been before. */
  private readonly flying = new Map<string, number>()
  /** What has happened while they are tried, from a number on. */
  private changes: Array<Change> = []
  private from = 0
  private readonly rules: Rules

  constructor(rules: Rules) {
    this.rules = rules
    this.active = new Heap<Waiting>(rules.order)
  }

  sizes() {
    const { active, backingOff, gated, unschedulable } = this
    return {
      active: active.size,
      backoff: backingOff.size,
      unschedulable: unschedulable.size - gated.size,
      gated: gated.size
    }
  }

  /** A Pod that is new, or has changed so that it may be placed now. */
  add(pod: Pod, now: number) {
    const { uid } = pod.metadata
    // Being tried: it will be put back by who tries it.
    if (this.flying.has(uid)) return
    const before = this.place(uid)
    this.remove(uid)
    this.activate(
      { pod, attempts: before?.attempts ?? 0, since: now, first: before?.first ?? now },
      now,
      before === undefined ? "UnschedulablePodAdd" : "UnschedulablePodUpdate"
    )
  }

  /** A change of a Pod that does not make it fit better. */
  refresh(pod: Pod) {
    const { uid } = pod.metadata
    const active = this.active.get(uid)
    if (active !== undefined) this.active.push(uid, { ...active, pod })
    const backing = this.backingOff.get(uid)
    if (backing !== undefined) this.backingOff.push(uid, { ...backing, waiting: { ...backing.waiting, pod } })
    const rejected = this.unschedulable.get(uid)
    if (rejected !== undefined) this.unschedulable.set(uid, { ...rejected, waiting: { ...rejected.waiting, pod } })
  }

  remove(uid: string) {
    this.active.remove(uid)
    this.backingOff.remove(uid)
    this.leave(uid)
  }

  pop(): Waiting | undefined {
    const waiting = this.active.pop()
    if (waiting === undefined) return undefined
    this.flying.set(waiting.pod.metadata.uid, this.from + this.changes.length)
    return { ...waiting, attempts: waiting.attempts + 1 }
  }

  /** It has a node, or needs none any more. */
  done(uid: string) {
    this.flying.delete(uid)
    this.trim()
  }

  /** No node takes it, by these plugins; without any, or if something that helps has happened meanwhile, it is tried again soon. */
  failed(waiting: Waiting, by: ReadonlySet<string>, now: number) {
    const { uid } = waiting.pod.metadata
    const since = this.flying.get(uid) ?? this.from + this.changes.length
    const isHelped = () => this.changes.slice(since - this.from).some((change) => this.rules.helps(waiting.pod, by, change))
    this.flying.delete(uid)
    if (by.size === 0 || isHelped()) this.delay(waiting, now, now, failure)
    else {
      this.unschedulable.set(uid, { waiting, at: now, by })
      this.rules.came?.("unschedulable", failure)
    }
    this.trim()
  }

  happened(change: Change, now: number) {
    if (this.flying.size > 0) this.changes.push(change)
    for (const { at, by, waiting } of this.unschedulable.values())
      if (this.rules.helps(waiting.pod, by, change)) this.delay(waiting, at, now, nameOf(change))
  }

  /** Forgets what happened before the first of those that are being tried was taken. */
  private trim() {
    const [oldest = this.from + this.changes.length] = this.flying.values()
    // A few at a time, so that it costs little.
    if (this.flying.size > 0 && oldest - this.from < 1000) return
    this.changes = this.changes.slice(oldest - this.from)
    this.from = oldest
  }

  /** What kept it out is over; `again`: also what else it waits for. */
  recheck(uid: string, again: boolean, now: number) {
    const rejected = this.unschedulable.get(uid)
    if (rejected !== undefined && (again || this.gated.has(uid)))
      this.delay(rejected.waiting, rejected.at, now, "ForceActivate")
  }

  /** Moves what has waited long enough. Answers with when to look again. */
  flush(now: number): number | undefined {
    for (let first = this.backingOff.peek(); first !== undefined && first.until <= now; first = this.backingOff.peek()) {
      this.backingOff.pop()
      this.activate(first.waiting, now, "BackoffComplete")
    }
    let oldest = Number.POSITIVE_INFINITY
    for (const [uid, { at, waiting }] of this.unschedulable) {
      if (this.gated.has(uid)) continue
      if (at + patience <= now) this.activate(waiting, now, "UnschedulableTimeout")
      else {
        // They were put there one after the other.
        oldest = at + patience
        break
      }
    }
    const next = Math.min(oldest, this.backingOff.peek()?.until ?? Number.POSITIVE_INFINITY)
    return next === Number.POSITIVE_INFINITY ? undefined : next
  }

  private delay(waiting: Waiting, from: number, now: number, why: string) {
    const { initialBackoff = 1000, maxBackoff = 10_000 } = this.rules
    const until = from + Math.min(maxBackoff, initialBackoff * 2 ** Math.min(30, waiting.attempts - 1))
    if (until <= now || waiting.attempts === 0) return this.activate(waiting, now, why)
    const { uid } = waiting.pod.metadata
    if (this.isKeptOut(waiting, from)) return
    this.leave(uid)
    this.backingOff.push(uid, { waiting, until })
    this.rules.came?.("backoff", why)
  }

  private activate(waiting: Waiting, now: number, why: string) {
    const { uid } = waiting.pod.metadata
    if (this.isKeptOut(waiting, now)) return
    this.leave(uid)
    this.active.push(uid, { ...waiting, since: now })
    this.rules.came?.("active", why)
  }

  private isKeptOut(waiting: Waiting, at: number) {
    const plugin = this.rules.gate(waiting.pod)
    if (plugin === undefined) return false
    const { uid } = waiting.pod.metadata
    this.gated.add(uid)
    this.unschedulable.set(uid, { waiting, at, by: new Set([plugin]) })
    return true
  }

  private leave(uid: string) {
    this.unschedulable.delete(uid)
    this.gated.delete(uid)
  }

  private place(uid: string): Waiting | undefined {
    return this.active.get(uid) ?? this.backingOff.get(uid)?.waiting ?? this.unschedulable.get(uid)?.waiting
  }
}
