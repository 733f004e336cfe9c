/** A scheduling plugin as the contract `SchedulerPoints`: asks it about all nodes at once, on what its isolate knows of the cluster. */
import { Effect } from "effect"
import type { Hint } from "../contracts/Changes.ts"
import type { Filtering, Plugin, Refusal } from "../contracts/Framework.ts"
import type { Description, Filtered, SchedulerPoints } from "../contracts/SchedulerPoints.ts"
import * as Bits from "./Bits.ts"
import { wireRefusal } from "./Refusals.ts"
import { servePlaced } from "./ServePlaced.ts"
import { serveQueue } from "./ServeQueue.ts"
import { serveRemedies } from "./ServeRemedies.ts"
import type { World } from "./World.ts"
import type { Pod } from "../../resources/contracts/core/v1.ts"

const isRefusal = (answer: Filtering | Refusal): answer is Refusal => "reasons" in answer

/** Points that are called the same on both sides. */
const alike = ["preEnqueue", "queueSort", "postFilter", "reserve", "permit", "preBind", "bind", "postBind"] as const

export const describe = (plugin: Plugin, weight: number, isLocal: boolean): Description => {
  const has = (point: (typeof alike)[number]) => plugin[point] !== undefined
  const points: Description["points"] = [
    ...(plugin.preFilter === undefined ? [] : (["filter"] as const)),
    ...(plugin.preScore === undefined ? [] : (["score"] as const)),
    // Who takes something back has been told of it.
    ...alike.filter((point) => has(point) || (point === "reserve" && plugin.unreserve !== undefined))
  ]
  const hints = plugin.hints?.map(({ actions, kind }: Hint) => ({ kind, actions: [...actions] }))
  return {
    name: plugin.name,
    weight,
    points,
    isLocal,
    ...(hints && { hints }),
    ...((has("permit") || has("preBind")) && { isPatient: true }),
    ...(plugin.again !== undefined && { isCalling: true }),
    ...(plugin.isLocal === true && { isLasting: true })
  }
}

const nothing = new Uint8Array(0)

/** Every refusal once, and which it is for each refused node. */
class Refusals {
  readonly all: Array<Refusal> = []
  private readonly byText = new Map<string, number>()
  private readonly byRefusal = new Map<Refusal, number>()

  index(refusal: Refusal): number {
    const known = this.byRefusal.get(refusal)
    if (known !== undefined) return known
    const text = `${refusal.isUnresolvable}${refusal.reasons.join("\0")}`
    const index = this.byText.get(text) ?? this.all.push(wireRefusal(refusal)) - 1
    this.byText.set(text, index)
    this.byRefusal.set(refusal, index)
    return index
  }
}

const filter = (plugin: Plugin, world: World, pod: Pod, wanted: Uint8Array | undefined): Filtered => {
  const { names, snapshot } = world
  const silent = { isSilent: true, asked: nothing, refused: nothing, refusals: [], which: nothing }
  const answer = plugin.preFilter?.(snapshot.infoOf(pod), snapshot)
  if (answer === undefined) return silent
  if (isRefusal(answer)) return { ...silent, isSilent: false, whole: wireRefusal(answer) }
  const absent = { isUnresolvable: true, reasons: [`node(s) didn't satisfy plugin(s) [${plugin.name}]`] }
  const { filter, nodes: only } = answer
  const [asked, refused] = [Bits.make([], names.length), Bits.make([], names.length)]
  const refusals = new Refusals()
  const which: Array<number> = []
  for (const number of wanted === undefined ? names.keys() : Bits.numbers(wanted)) {
    const node = world.node(number)
    if (node === undefined) continue
    Bits.add(asked, number)
    const refusal = only?.has(node.name) === false ? absent : filter?.(node)
    if (refusal === undefined) continue
    Bits.add(refused, number)
    const index = refusals.index(refusal)
    which.push(index & 255, index >> 8)
  }
  return { isSilent: false, asked, refused, refusals: refusals.all, which: Uint8Array.from(which) }
}

const score = (plugin: Plugin, world: World, pod: Pod, wanted: Uint8Array) => {
  const { snapshot } = world
  const wantedNodes = Array.from(Bits.numbers(wanted), world.node)
  const found = wantedNodes.filter((node) => node !== undefined)
  const scoring = plugin.preScore?.(snapshot.infoOf(pod), snapshot, found)
  if (scoring === undefined) return { isSilent: true, scores: nothing, isLasting: plugin.isLocal === true }
  const all = found.map(scoring.score)
  scoring.normalize?.(all, found)
  const byNode = new Map(found.map((node, index) => [node, all[index] ?? 0]))
  // A node that is gone by now gets nothing.
  const scores = Uint8Array.from(wantedNodes, (node) =>
    Math.max(0, Math.min(100, Math.trunc((node && byNode.get(node)) ?? 0)))
  )
  return { isSilent: false, scores, isLasting: plugin.isLocal === true && scoring.normalize === undefined }
}

export const make = Effect.fnUntraced(function* (plugin: Plugin, weight: number, world: World) {
  const { about, epoch, names, seen } = world
  const served: SchedulerPoints["Service"] = {
    describe: () => Effect.succeed(describe(plugin, weight, false)),
    nodes: (asked) => Effect.map(seen(asked), () => ({ epoch, names: names.slice(asked.known) })),
    filter: (asked) => Effect.map(about(asked), (pod) => ({ epoch, ...filter(plugin, world, pod, asked.nodes) })),
    score: (asked) => Effect.map(about(asked), (pod) => ({ epoch, ...score(plugin, world, pod, asked.nodes) })),
    ...serveQueue(plugin, world),
    ...(yield* serveRemedies(plugin, world)),
    ...(yield* servePlaced(plugin, world))
  }
  return served
})
