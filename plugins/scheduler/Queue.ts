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

/** What a plugin says of Pods that it has refused; without uids, of all. */
interface News {
  readonly plugin: string
  readonly uids?: ReadonlySet<string>
}
const isMeant = ({ plugin, uids }: News, uid: string, by: ReadonlySet<string>) => by.has(plugin) && uids?.has(uid) !== false

/** A Pod on its way in. */
interface Comer {
  readonly waiting: Waiting
  readonly why: string
}

export interface Rules {
  readonly order: (a: Queued, b: Queued) => number
  /** The plugin that keeps a Pod out of the queue. */
  readonly gate: (pod: Pod) => string | undefined
  /** Whether others have to be asked first before it comes in: it waits outside until it is let in. */
  readonly isAsked?: (pod: Pod) => boolean
  /** Somebody waits outside. */
  readonly entered?: () => void
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
  /** Waiting to be let in; and about whom others are being asked, as `flying`. */
  private readonly outside = new Map<string, Comer>()
  private readonly asking = new Map<string, number>()
  /** Being tried, in the order in which they were taken; and how many changes there had been before. */
  private readonly flying = new Map<string, number>()
  /** What has happened while they are tried, from a number on. */
  private changes: Array<Change | News> = []
  private from = 0
  private readonly rules: Rules

  constructor(rules: Rules) {
    this.rules = rules
    this.active = new Heap<Waiting>(rules.order)
  }

  sizes() {
    const { active, backingOff, gated, outside, unschedulable } = this
    return {
      active: active.size + outside.size,
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
    if (active !== undefined && this.rules.isAsked?.(pod) === true) this.enter({ ...active, pod }, "UnschedulablePodUpdate")
    else if (active !== undefined) this.active.push(uid, { ...active, pod })
    const comer = this.outside.get(uid)
    if (comer !== undefined) this.outside.set(uid, { ...comer, waiting: { ...comer.waiting, pod } })
    const backing = this.backingOff.get(uid)
    if (backing !== undefined) this.backingOff.push(uid, { ...backing, waiting: { ...backing.waiting, pod } })
    const rejected = this.unschedulable.get(uid)
    if (rejected !== undefined) this.unschedulable.set(uid, { ...rejected, waiting: { ...rejected.waiting, pod } })
  }

  remove(uid: string) {
    this.active.remove(uid)
    this.outside.delete(uid)
    this.asking.delete(uid)
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
    const since = this.flying.get(uid)
    this.flying.delete(uid)
    if (by.size === 0 || this.isHelped(waiting.pod, by, since)) this.delay(waiting, now, now, failure)
    else {
      this.unschedulable.set(uid, { waiting, at: now, by })
      this.rules.came?.("unschedulable", failure)
    }
    this.trim()
  }

  happened(change: Change, now: number) {
    this.remember(change)
    for (const { at, by, waiting } of this.unschedulable.values())
      if (this.rules.helps(waiting.pod, by, change)) this.delay(waiting, at, now, nameOf(change))
  }

  private remember(change: Change | News) {
    if (this.flying.size + this.asking.size > 0) this.changes.push(change)
  }

  /** Whether something that helps has happened since. */
  private isHelped(pod: Pod, by: ReadonlySet<string>, since = this.from + this.changes.length) {
    return this.changes
      .slice(since - this.from)
      .some((change) => ("plugin" in change ? isMeant(change, pod.metadata.uid, by) : this.rules.helps(pod, by, change)))
  }

  /** Forgets what happened before the first of those that are being tried was taken. */
  private trim() {
    const end = this.from + this.changes.length
    const [flying = end] = this.flying.values()
    const [asking = end] = this.asking.values()
    const oldest = Math.min(flying, asking)
    // A few at a time, so that it costs little.
    if (oldest < end && oldest - this.from < 1000) return
    this.changes = this.changes.slice(oldest - this.from)
    this.from = oldest
  }

  /** What kept it out is over; `again`: also what else it waits for. */
  recheck(uid: string, again: boolean, now: number) {
    const rejected = this.unschedulable.get(uid)
    if (rejected !== undefined && (again || this.gated.has(uid)))
      this.delay(rejected.waiting, rejected.at, now, "ForceActivate")
  }

  /** Those that wait outside, at most so many: others are asked about them now. */
  comers(most: number): ReadonlyArray<Waiting> {
    const comers = Array.from(this.outside.values().take(most), ({ waiting }) => waiting)
    for (const { pod } of comers) this.asking.set(pod.metadata.uid, this.from + this.changes.length)
    return comers
  }

  /** Those that wait to be tried, in no order. */
  waiting(): Iterable<Waiting> {
    return this.active.values()
  }

  /** Others were asked about it: it comes in, or is kept out; if something has happened meanwhile, they are asked again. */
  letIn(waiting: Waiting) {
    const { pod } = waiting
    const { uid } = pod.metadata
    const since = this.asking.get(uid)
    const comer = this.outside.get(uid)
    this.asking.delete(uid)
    if (comer?.waiting === waiting) {
      const plugin = this.rules.gate(pod)
      if (plugin === undefined || !this.isHelped(pod, new Set([plugin]), since)) {
        this.outside.delete(uid)
        if (plugin === undefined) this.push(waiting, comer.why)
        else this.keepOut(waiting, waiting.since, plugin)
      }
    }
    this.trim()
  }

  /** The order of those that wait is another now. */
  sort() {
    this.active.sort()
  }

  /** Other plugins have a say now: who was refused by one that is gone is tried again; `isQueue`: who waits comes in anew. */
  renew(gone: ReadonlySet<string>, isQueue: boolean, now: number) {
    for (const waiting of isQueue ? [...this.active.values()] : []) {
      this.active.remove(waiting.pod.metadata.uid)
      this.activate(waiting, waiting.since, "ForceActivate")
    }
    for (const { by, waiting } of [...this.unschedulable.values()])
      if (!gone.isDisjointFrom(by)) this.activate(waiting, now, "ForceActivate")
  }

  /** A plugin says that it may not refuse any more what it has refused; without uids, all of it. */
  retry(plugin: string, uids: ReadonlyArray<string>, now: number) {
    const news = { plugin, ...(uids.length > 0 && { uids: new Set(uids) }) }
    this.remember(news)
    for (const [uid, { at, by, waiting }] of [...this.unschedulable])
      if (isMeant(news, uid, by)) this.delay(waiting, at, now, "ForceActivate")
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
    // Where others have to be asked, they are when its time has come.
    if (this.rules.isAsked?.(waiting.pod) !== true && this.isKeptOut(waiting, from)) return
    this.leave(uid)
    this.backingOff.push(uid, { waiting, until })
    this.rules.came?.("backoff", why)
  }

  private activate(waiting: Waiting, now: number, why: string) {
    const here = { ...waiting, since: now }
    if (this.rules.isAsked?.(waiting.pod) === true) this.enter(here, why)
    else if (!this.isKeptOut(waiting, now)) this.push(here, why)
  }

  private enter(waiting: Waiting, why: string) {
    const { uid } = waiting.pod.metadata
    this.active.remove(uid)
    this.leave(uid)
    this.outside.set(uid, { waiting, why })
    this.rules.entered?.()
  }

  private push(waiting: Waiting, why: string) {
    const { uid } = waiting.pod.metadata
    this.leave(uid)
    this.active.push(uid, waiting)
    this.rules.came?.("active", why)
  }

  private isKeptOut(waiting: Waiting, at: number) {
    const plugin = this.rules.gate(waiting.pod)
    if (plugin === undefined) return false
    this.keepOut(waiting, at, plugin)
    return true
  }

  private keepOut(waiting: Waiting, at: number, plugin: string) {
    const { uid } = waiting.pod.metadata
    this.gated.add(uid)
    this.unschedulable.set(uid, { waiting, at, by: new Set([plugin]) })
  }

  private leave(uid: string) {
    this.unschedulable.delete(uid)
    this.gated.delete(uid)
  }

  private place(uid: string): Waiting | undefined {
    const { active, backingOff, outside, unschedulable } = this
    return active.get(uid) ?? outside.get(uid)?.waiting ?? backingOff.get(uid)?.waiting ?? unschedulable.get(uid)?.waiting
  }
}
