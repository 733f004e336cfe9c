/**
 * One attempt to give a Pod a node: pre-filter, filter, pre-score, score, normalize. Synchronous, on plain data; pure but for the
 * choice among equals, which is given.
 */
import { type Failure, type Filtering, type Plugin, type Refusal, unasked } from "./contracts/Framework.ts"
import type { NodeInfo, PodInfo, View } from "./contracts/Nodes.ts"
import type { Metrics, Point } from "./Metrics.ts"
import type { Nominated } from "./Nominated.ts"
import type { Profile } from "./Profile.ts"
import { type Memories, recall } from "./Remembered.ts"
import { Trials } from "./Trials.ts"

/** In a large cluster it is enough to find some that will do: a share that falls with size, and never under a hundred. */
export const enough = (nodes: number, percentage = 0) => {
  const most = 100
  if (nodes < most || percentage >= 100) return nodes
  const percent = percentage > 0 ? percentage : Math.max(5, 50 - Math.floor(nodes / 125))
  return Math.max(most, Math.floor((nodes * percent) / 100))
}

export interface Asked {
  readonly plugin: Plugin
  readonly filtering: Filtering
}

export interface Around {
  readonly view: View
  readonly nominated: Nominated
  /** One of so many, from 0. */
  readonly pick: (count: number) => number
  /** Where to begin among the nodes, so that each has its turn. */
  readonly start: number
  /** Nanoseconds, from wherever. */
  readonly nanos?: () => bigint
  /** Is told how long the plugins took at a point. */
  readonly took?: Metrics["point"]
}

const nothing = () => 0

/** A score of a node by itself. */
interface Alone {
  readonly score: (node: NodeInfo) => number
  readonly weight: number
}

const isRefusal = (answer: Filtering | Refusal): answer is Refusal => "reasons" in answer

/** Yields nodes that others have to be asked about, and ends with those that will do. */
export type Search = Generator<ReadonlyArray<NodeInfo>, ReadonlyArray<NodeInfo>>

export class Cycle {
  readonly pod: PodInfo
  readonly view: View
  /** By name of node. */
  readonly refusals = new Map<string, Refusal>()
  /** The names of the plugins that refused a node, or all. */
  readonly refusedBy = new Set<string>()
  /** How many nodes were looked at. */
  evaluated = 0
  /** Only the node that the Pod is nominated to was looked at, since it will do. */
  isOfNominated = false
  /** What is wrong, so that no node was looked for any further. */
  error: string | undefined
  /** Why no node at all will do. */
  private whole: string | undefined
  /** Why the nodes that nobody was asked about will not do. */
  private absent: string | undefined
  private readonly asked: Array<Asked> = []
  private only: ReadonlySet<string> | undefined
  /** The nodes that all plugins here take, and of which others say that they have to be asked. */
  private readonly open: Array<NodeInfo> = []
  /** Those that they were asked about. */
  private readonly questioned: Array<ReadonlyArray<NodeInfo>> = []
  private taken = 0
  private refusedElsewhere = 0
  private readonly around: Around
  private readonly profile: Profile
  private readonly trials: Trials
  private readonly memories: Memories

  constructor(pod: PodInfo, profile: Profile, around: Around) {
    this.pod = pod
    this.profile = profile
    this.view = around.view
    this.around = around
    this.memories = profile.remembered.of(pod)
    this.trials = new Trials(pod, this.asked, around.nominated, this.memories)
  }

  /**
   * The nodes that will do, as many as are enough. Where others have to be asked first, whoever runs it asks them about the nodes that it
   * yields, all of which the plugins here take, before it goes on. `share`: how many of the nodes they are thought to take.
   */
  *search(share = 1): Search {
    if (!this.timed("PreFilter", () => this.preFilter(), Boolean)) return []
    const { nanos, took } = this.around
    const began = nanos?.()
    const found = yield* this.searched(share)
    const outcome = found.length > 0 ? "Success" : this.error === undefined ? "Unschedulable" : "Error"
    if (nanos !== undefined && began !== undefined) took?.("Filter", outcome, nanos() - began)
    return found
  }

  private *searched(share: number): Search {
    const nominated = this.view.find(this.pod.pod.status.nominatedNodeName ?? "")
    if (nominated === undefined || this.only?.has(nominated.name) === false) return yield* this.sifted(share)
    const passes = this.passes(nominated) || (yield* this.settled()).length > 0
    if (!passes) return yield* this.sifted(share)
    this.evaluated = 0
    this.isOfNominated = true
    return [nominated]
  }

  /** As `search`, of all nodes, whichever is nominated. */
  *sifted(share = 1): Search {
    const { only, open, view } = this
    this.isOfNominated = false
    if (only === undefined) {
      const found = yield* this.narrowly()
      if (found.length > 0) return found
    }
    const nodes = only === undefined ? view.nodes : [...only].flatMap((name) => view.find(name) ?? [])
    const wanted = enough(nodes.length, this.profile.percentage)
    const feasible: Array<NodeInfo> = []
    // A few more, so that one question is enough as a rule; nor is one asked because of a few.
    const most = () => Math.ceil((1.02 * (wanted - feasible.length)) / Math.max(share, 0.1)) + 4
    let evaluated = 0
    while (evaluated < nodes.length && feasible.length < wanted && !this.isOver) {
      for (; evaluated < nodes.length && feasible.length < wanted && open.length < most() && !this.isOver; evaluated++) {
        const node = nodes[(this.around.start + evaluated) % nodes.length]
        if (node !== undefined && this.passes(node)) feasible.push(node)
      }
      if (feasible.length < wanted) feasible.push(...(yield* this.settled()))
    }
    open.length = 0
    this.evaluated = only === undefined ? evaluated : 0
    return this.isOver ? [] : feasible.slice(0, wanted)
  }

  private get isOver() {
    return this.error !== undefined || this.whole !== undefined
  }

  /** Those of the nodes left open that will do, after others were asked about them. */
  private *settled(): Search {
    const asked = this.open.splice(0)
    if (asked.length === 0 || this.isOver) return []
    yield asked
    this.questioned.push(asked)
    return this.isOver ? [] : asked.filter((node) => this.passes(node))
  }

  /** How many of the nodes that others have a say about they take, if they were asked about any. */
  get share() {
    if (this.questioned.length === 0) return undefined
    return this.taken / (this.taken + this.refusedElsewhere)
  }

  /** The nodes that others were not asked about, and that may do with other Pods on them. */
  get doubtful(): ReadonlyArray<NodeInfo> {
    if (this.isOver || this.profile.prepares.length === 0) return []
    const questioned = new Set(this.questioned.flatMap((nodes) => nodes.map(({ name }) => name)))
    return [...this.refusals].flatMap(([name, { isUnresolvable }]) =>
      isUnresolvable || questioned.has(name) ? [] : (this.view.find(name) ?? [])
    )
  }

  private timed<A>(point: Point, run: () => A, isWell: (answer: A) => boolean): A {
    const { nanos, took } = this.around
    if (nanos === undefined || took === undefined) return run()
    const began = nanos()
    const answer = run()
    took(point, this.error !== undefined ? "Error" : isWell(answer) ? "Success" : "Unschedulable", nanos() - began)
    return answer
  }

  /** Somebody from outside refuses a node that was found. */
  refuse(node: string, refusal: Refusal, by: string) {
    this.refusals.set(node, refusal)
    this.refusedBy.add(by)
  }

  /** No node will do. */
  refuseAll(refusal: Refusal, by: string) {
    this.whole = refusal.reasons.join(", ")
    if (refusal.isError === true) this.error = `running PreFilter plugin ${JSON.stringify(by)}: ${this.whole}`
    this.refusedBy.add(by)
    for (const { name } of this.view.nodes) this.refusals.set(name, refusal)
  }

  /** Whether a node that was found will still do, after something of it has changed. */
  fits(node: NodeInfo) {
    return this.trials.check(node) === undefined
  }

  /** The best of them, by what the scores say. `extra`: what was added to a node's score from outside. */
  best(nodes: ReadonlyArray<NodeInfo>, extra?: ReadonlyMap<string, number>): NodeInfo | undefined {
    if (nodes.length < 2) return nodes[0]
    const totals = this.timed(
      "Score",
      () => this.totals(nodes, extra),
      () => true
    )
    let highest = Number.NEGATIVE_INFINITY
    let equals: Array<NodeInfo> = []
    let index = 0
    for (const node of nodes) {
      const total = totals[index++] ?? 0
      if (total < highest) continue
      if (total > highest) equals = []
      highest = total
      equals.push(node)
    }
    return equals[this.around.pick(equals.length)] ?? equals[0]
  }

  /** What a remedy is looked for with. */
  get failure(): Failure {
    const { around, pod, refusals, trials, view } = this
    const nominated = (node: string) => around.nominated.on(node)
    const isWhole = this.whole !== undefined
    return { pod, view, isWhole, refusals, nominated, pick: around.pick, trial: (node) => trials.on(node) }
  }

  /** `0/3 nodes are available: 1 Insufficient cpu, 2 Too many pods.` */
  message(remedies: ReadonlyArray<string> = []) {
    const { length } = this.view.nodes
    if (length === 0) return "no nodes available to schedule pods"
    const { refusals } = this
    const because = this.whole ?? summary(refusals.values(), this.absent, length - refusals.size)
    return [`0/${length} nodes are available:`, because && `${because}.`, remedies.join(", ")].filter(Boolean).join(" ")
  }

  private preFilter(): boolean {
    const restricting: Array<string> = []
    for (const plugin of this.profile.preFilters) {
      const answer = plugin.preFilter(this.pod, this.view)
      if (answer === undefined) continue
      if (isRefusal(answer)) {
        this.refuseAll(answer, plugin.name)
        return false
      }
      this.asked.push({ plugin, filtering: answer })
      if (answer.nodes === undefined) continue
      restricting.push(plugin.name)
      this.only = this.only === undefined ? answer.nodes : this.only.intersection(answer.nodes)
      this.refusedBy.add(plugin.name)
    }
    if (restricting.length === 0) return true
    this.absent = `node(s) didn't satisfy plugin(s) [${restricting.join(" ")}]`
    if (this.only?.size !== 0) return true
    this.whole = restricting.length > 1 ? `${this.absent} simultaneously` : this.absent
    return false
  }

  private passes(node: NodeInfo): boolean {
    const refused = this.trials.check(node)
    if (refused === undefined) {
      this.taken++
      return true
    }
    const { plugin, refusal } = refused
    if (refusal === unasked) {
      this.open.push(node)
      return false
    }
    this.refuse(node.name, refusal, plugin)
    if (this.profile.prepares.some(({ name }) => name === plugin)) this.refusedElsewhere++
    if (refusal.isError === true)
      this.error = `running ${JSON.stringify(plugin)} filter plugin: ${refusal.reasons.join(", ")}`
    return false
  }

  /** Where it is known in which domains of a topology nodes can pass, only there. Nothing is said of others, nor if there are none. */
  private *narrowly(): Search {
    const all = this.asked.flatMap(({ filtering: { within } }) => within ?? [])
    const [fewest] = all.toSorted((a, b) => a.domains.length - b.domains.length)
    if (fewest === undefined) return []
    const { around, view } = this
    const nodes = view.domains(fewest.topologyKey)
    const domains = fewest.domains.flatMap((domain) => [nodes.get(domain) ?? []])
    const wanted = enough(view.nodes.length, this.profile.percentage)
    const feasible: Array<NodeInfo> = []
    const longest = domains.reduce((most, { length }) => Math.max(most, length), 0)
    for (let turn = 0; turn < longest && feasible.length < wanted; turn++)
      for (const some of domains) {
        const node = turn < some.length ? some[(around.start + turn) % some.length] : undefined
        if (node !== undefined && feasible.length < wanted && this.passes(node)) feasible.push(node)
        if (node !== undefined) this.evaluated++
      }
    feasible.push(...(yield* this.settled()))
    if (this.whole !== undefined) return []
    if (feasible.length > 0 && this.error === undefined) return feasible
    this.refusals.clear()
    this.refusedBy.clear()
    this.error = undefined
    return []
  }

  private remembering(number: number, score: (node: NodeInfo) => number) {
    return (node: NodeInfo) => {
      const memory = recall(this.memories, node)
      if (memory === undefined) return score(node)
      return (memory.scores[number] ??= score(node))
    }
  }

  private totals(nodes: ReadonlyArray<NodeInfo>, extra: ReadonlyMap<string, number> | undefined) {
    const totals = extra === undefined ? nodes.map(nothing) : nodes.map(({ name }) => extra.get(name) ?? 0)
    const alone: Array<Alone> = []
    let summed = 0
    for (const [number, { plugin, weight }] of this.profile.scores.entries()) {
      const scoring = plugin.preScore(this.pod, this.view, nodes)
      if (scoring === undefined) continue
      if (plugin.isLocal === true && scoring.normalize === undefined) {
        alone.push({ score: scoring.score, weight })
        summed += 2 ** number
        continue
      }
      const scores = nodes.map(plugin.isLocal === true ? this.remembering(number, scoring.score) : scoring.score)
      scoring.normalize?.(scores, nodes)
      for (let index = 0; index < scores.length; index++)
        totals[index] = (totals[index] ?? 0) + weight * Math.trunc(scores[index] ?? 0)
    }
    if (alone.length === 0) return totals
    let index = 0
    for (const node of nodes) {
      totals[index] = (totals[index] ?? 0) + this.sum(node, alone, summed)
      index++
    }
    return totals
  }

  /** Of scores that are not compared between nodes: together, they are remembered as one number. */
  private sum(node: NodeInfo, alone: ReadonlyArray<Alone>, summed: number) {
    const memory = recall(this.memories, node)
    if (memory?.sum !== undefined && memory.summed === summed) return memory.sum
    let sum = 0
    for (const { score, weight } of alone) sum += weight * Math.trunc(score(node))
    if (memory !== undefined) {
      memory.sum = sum
      memory.summed = summed
    }
    return sum
  }
}

/** `1 Insufficient cpu, 2 Too many pods`. `others` nodes were not asked about. */
export const summary = (refusals: Iterable<Refusal>, absent: string | undefined, others: number) => {
  const counts = new Map<string, number>()
  const count = (reason: string, by: number) => counts.set(reason, by + (counts.get(reason) ?? 0))
  for (const { reasons } of refusals) for (const reason of reasons) count(reason, 1)
  if (absent !== undefined && others > 0) count(absent, others)
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .toSorted((a, b) => (a < b ? -1 : 1))
    .join(", ")
}
