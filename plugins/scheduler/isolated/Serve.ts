/** A scheduling plugin as the contract `SchedulerPoints`: asks it about all nodes at once, on what its isolate knows of the cluster. */
import { Effect } from "effect"
import type { Hint } from "../contracts/Changes.ts"
import type { Filtering, Plugin, Refusal } from "../contracts/Framework.ts"
import type { Description, Filtered, Question, SchedulerPoints } from "../contracts/SchedulerPoints.ts"
import * as Bits from "./Bits.ts"
import { wireRefusal } from "./Refusals.ts"
import { servePlaced } from "./ServePlaced.ts"
import { serveQueue } from "./ServeQueue.ts"
import { serveRemedies } from "./ServeRemedies.ts"
import { podOf, type World } from "./World.ts"

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
    ...(plugin.again !== undefined && { isCalling: true })
  }
}

const nothing = new Uint8Array(0)

/** Every refusal once, and which it is for each refused node. */
const sorted = (refused: ReadonlyMap<number, Refusal>) => {
  const all = new Map<string, number>()
  const refusals: Array<Refusal> = []
  const which = new Uint8Array(2 * refused.size)
  for (const [at, number] of [...refused.keys()].toSorted((a, b) => a - b).entries()) {
    const refusal = refused.get(number)
    if (refusal === undefined) continue
    const key = `${refusal.isUnresolvable}${refusal.reasons.join("\0")}`
    const index = all.get(key) ?? refusals.push(refusal) - 1
    all.set(key, index)
    which[2 * at] = index & 255
    which[2 * at + 1] = index >> 8
  }
  return { refusals: refusals.map(wireRefusal), which }
}

/** The numbers of the nodes, in the order of the snapshot, and all of them as bits: as long as the nodes are the same. */
interface Order {
  readonly nodes: World["snapshot"]["nodes"]
  readonly numbers: ReadonlyArray<number>
  readonly asked: Uint8Array
}
const orders = new WeakMap<World, Order>()
const orderOf = (world: World): Order => {
  const { names, number, snapshot } = world
  const { nodes } = snapshot
  const known = orders.get(world)
  if (known?.nodes === nodes) return known
  const numbers = nodes.map(({ name }) => number(name) ?? -1)
  const asked = Bits.make(
    numbers.filter((number) => number >= 0),
    names.length
  )
  const order = { nodes, numbers, asked }
  orders.set(world, order)
  return order
}

const filter = (plugin: Plugin, world: World, { pod }: Question): Filtered => {
  const { names, snapshot } = world
  const silent = { isSilent: true, asked: nothing, refused: nothing, refusals: [], which: nothing }
  const answer = plugin.preFilter?.(snapshot.infoOf(podOf(pod)), snapshot)
  if (answer === undefined) return silent
  if (isRefusal(answer)) return { ...silent, isSilent: false, whole: wireRefusal(answer) }
  const { asked, nodes, numbers } = orderOf(world)
  const refused = new Map<number, Refusal>()
  const absent = { isUnresolvable: true, reasons: [`node(s) didn't satisfy plugin(s) [${plugin.name}]`] }
  const { filter, nodes: only } = answer
  let index = 0
  for (const node of nodes) {
    const at = numbers[index++] ?? -1
    const refusal = only?.has(node.name) === false ? absent : filter?.(node)
    if (refusal !== undefined && at >= 0) refused.set(at, refusal)
  }
  return { isSilent: false, asked, refused: Bits.make(refused.keys(), names.length), ...sorted(refused) }
}

const score = (
  plugin: Plugin,
  { names, snapshot }: World,
  { nodes: wanted, pod }: Question & { readonly nodes: Uint8Array }
) => {
  const wantedNodes = Array.from(Bits.numbers(wanted), (number) => snapshot.find(names[number] ?? ""))
  const found = wantedNodes.filter((node) => node !== undefined)
  const scoring = plugin.preScore?.(snapshot.infoOf(podOf(pod)), snapshot, found)
  if (scoring === undefined) return { isSilent: true, scores: nothing }
  const all = found.map(scoring.score)
  scoring.normalize?.(all, found)
  const byNode = new Map(found.map((node, index) => [node, all[index] ?? 0]))
  // A node that is gone by now gets nothing.
  const scores = Uint8Array.from(wantedNodes, (node) =>
    Math.max(0, Math.min(100, Math.trunc((node && byNode.get(node)) ?? 0)))
  )
  return { isSilent: false, scores }
}

export const make = Effect.fnUntraced(function* (plugin: Plugin, weight: number, world: World) {
  const { epoch, names, upTo } = world
  const served: SchedulerPoints["Service"] = {
    describe: () => Effect.succeed(describe(plugin, weight, false)),
    nodes: (asked) => Effect.map(upTo(asked), () => ({ epoch, names: names.slice(asked.known) })),
    filter: (asked) => Effect.map(upTo(asked), () => ({ epoch, ...filter(plugin, world, asked) })),
    score: (asked) => Effect.map(upTo(asked), () => ({ epoch, ...score(plugin, world, asked) })),
    ...serveQueue(plugin, world),
    ...(yield* serveRemedies(plugin, world)),
    ...(yield* servePlaced(plugin, world))
  }
  return served
})
