/** Deployments, StatefulSets and DaemonSets, as the judges look at them: one thing with a size, of which some may be missing. */
import { Effect } from "effect"
import type { Resource } from "../../../kernel/resource/Kind.ts"
import { controllerOf } from "../../../kernel/resource/Kind.ts"
import { DaemonSet, Deployment, ReplicaSet, StatefulSet } from "../../../plugins/resources/contracts/apps/v1.ts"
import { Node } from "../../../plugins/resources/contracts/core/v1.ts"
import { isLive, type Seen, type Verdict, type World } from "./World.ts"

/** What something was lately: whoever acts now may have decided a moment ago. */
export class Lately {
  private values: Array<{ readonly at: number; readonly value: number }> = []
  private readonly window: number
  private readonly now: () => number
  constructor(now: () => number, window: number) {
    this.now = now
    this.window = window
  }
  set(value: number) {
    if (this.values.at(-1)?.value === value) return
    const since = this.now() - this.window
    const last = this.values.findLastIndex(({ at }) => at <= since)
    this.values = [...this.values.slice(Math.max(0, last)), { at: this.now(), value }]
  }
  private get all() {
    const since = this.now() - this.window
    const last = this.values.findLastIndex(({ at }) => at <= since)
    return this.values.slice(Math.max(0, last)).map(({ value }) => value)
  }
  get most() {
    return Math.max(0, ...this.all)
  }
  get least() {
    return Math.min(...this.all)
  }
}

export interface Workload {
  readonly kind: string
  readonly name: string
  readonly uid: string
  desired: number
  /** How many may be missing while it goes from one template to the next; undefined: all. */
  allowed: number | undefined
  minReady: number
  isRecreate: boolean
  isOrdered: boolean
  /** The size, and the most Pods that there may be. */
  readonly size: Lately
  readonly most: Lately
  /** ReplicaSets of a Deployment; a set of another kind is its own. */
  readonly sets: Set<string>
}

const moment = 2000
/** So long may controllers be away. */
const absence = 60_000

const amount = (value: number | string | undefined, total: number, round: (value: number) => number) => {
  const percent = /^(\d+)%$/.exec(`${value ?? 0}`)?.[1]
  return percent === undefined ? Number(value ?? 0) : round((Number(percent) * total) / 100)
}

export const make = Effect.fnUntraced(function* (world: World, verdict: Verdict) {
  const workloads = new Map<string, Workload>()
  /** By the set that owns Pods. */
  const bySet = new Map<string, Workload>()
  const sizes = new Map<string, Lately>()
  const nodes = new Set<string>()

  const ensure = (kind: string, { metadata }: Resource): Workload => {
    const { name, namespace, uid } = metadata
    const made = {
      kind,
      name: `${kind} ${namespace}/${name}`,
      uid,
      desired: 0,
      allowed: 0,
      minReady: 0,
      isRecreate: false,
      isOrdered: false,
      size: new Lately(verdict.now, moment),
      most: new Lately(verdict.now, absence),
      sets: new Set([uid])
    }
    const workload = workloads.get(uid) ?? made
    workloads.set(uid, workload)
    bySet.set(uid, workload)
    return workload
  }
  const put = (workload: Workload, desired: number, allowed: number | undefined, surge: number) => {
    const isSame = workload.desired === desired && workload.allowed === allowed
    workload.desired = desired
    workload.allowed = allowed
    workload.size.set(desired)
    workload.most.set(desired + surge)
    if (!isSame) for (const tell of listeners) tell(workload)
  }
  const listeners: Array<(workload: Workload) => void> = []
  const paths = new Map<string, string>()
  /** What is gone, or is to go, is guaranteed nothing. */
  const forget = (path: string) => {
    const workload = workloads.get(paths.get(path) ?? "")
    if (workload !== undefined) put(workload, 0, undefined, 0)
  }
  const tracked =
    <A extends Resource>(kind: string, see: (workload: Workload, object: A) => void) =>
    (path: string, object: A | undefined) => {
      const key = `${kind}/${path}`
      if (object === undefined || object.metadata.deletionTimestamp !== undefined) return forget(key)
      paths.set(key, object.metadata.uid)
      see(ensure(kind, object), object)
    }

  yield* world.follow(
    Deployment,
    tracked("Deployment", (workload, { spec }) => {
      const { maxSurge, maxUnavailable } = spec.strategy.rollingUpdate ?? {}
      workload.isRecreate = spec.strategy.type === "Recreate"
      workload.minReady = (spec.minReadySeconds ?? 0) * 1000
      const surge = amount(maxSurge, spec.replicas, Math.ceil)
      const missing = amount(maxUnavailable, spec.replicas, Math.floor)
      put(workload, spec.replicas, workload.isRecreate ? undefined : surge + missing === 0 ? 1 : missing, surge)
    })
  )
  yield* world.follow(
    StatefulSet,
    tracked("StatefulSet", (workload, { spec }) => {
      workload.isOrdered = spec.podManagementPolicy !== "Parallel"
      put(workload, spec.replicas, 1, 0)
    })
  )
  const percentOf = new Map<Workload, string | number | undefined>()
  const daemons = (workload: Workload) =>
    put(workload, nodes.size, amount(percentOf.get(workload), nodes.size, Math.ceil), 0)
  yield* world.follow(
    DaemonSet,
    tracked("DaemonSet", (workload, { spec }) => {
      percentOf.set(workload, spec.updateStrategy.rollingUpdate?.maxUnavailable)
      daemons(workload)
    })
  )
  yield* world.follow(Node, (path, node) => {
    const before = nodes.size
    if (node === undefined) nodes.delete(path)
    else nodes.add(path)
    if (nodes.size !== before) for (const workload of percentOf.keys()) daemons(workload)
  })
  /** What each ReplicaSet wants now. */
  const wanted = new Map<string, number>()
  const setListeners: Array<(owner: Workload, wanted: number) => void> = []
  yield* world.follow(ReplicaSet, (path, set) => {
    const uid = set?.metadata.uid ?? paths.get(`ReplicaSet/${path}`) ?? ""
    paths.set(`ReplicaSet/${path}`, uid)
    const before = wanted.get(uid) ?? 0
    wanted.set(uid, set?.spec.replicas ?? 0)
    if (set === undefined) return
    const size = sizes.get(uid) ?? new Lately(verdict.now, moment)
    sizes.set(uid, size)
    size.set(set.spec.replicas)
    const owner = workloads.get(controllerOf(set)?.uid ?? "")
    if (owner === undefined) return
    owner.sets.add(uid)
    bySet.set(uid, owner)
    const sum = [...owner.sets].reduce((sum, uid) => sum + (wanted.get(uid) ?? 0), 0)
    if (set.spec.replicas > before) for (const tell of setListeners) tell(owner, sum)
  })

  const podsOf = ({ sets }: Workload) => [...sets].flatMap((uid) => world.owned(uid))
  return {
    all: () => workloads.values(),
    of: (pod: Seen) => bySet.get(pod.owner?.uid ?? ""),
    /** How large a ReplicaSet was lately at most. */
    sizeOf: (uid: string) => sizes.get(uid)?.most ?? 0,
    podsOf,
    /** Those that count as available now. */
    available: (workload: Workload) => {
      const since = verdict.now() - workload.minReady
      return podsOf(workload).filter((pod) => isLive(pod) && pod.ready > 0 && pod.ready <= since).length
    },
    /** Told when a ReplicaSet is to grow, how many all those of its Deployment want together. */
    onGrowth: (tell: (owner: Workload, wanted: number) => void) => {
      setListeners.push(tell)
    },
    onChange: (tell: (workload: Workload) => void) => {
      listeners.push(tell)
    }
  }
})

export type Workloads = Effect.Success<ReturnType<typeof make>>
