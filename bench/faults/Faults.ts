/** The faults: each has a beginning and an end, and what it strikes is drawn. Ends may come in any order and leave all whole. */
import { Effect, Random } from "effect"
import type { Disk, Site } from "./Site.ts"
import type { Victim } from "./Victim.ts"

export interface World {
  readonly site: Site
  readonly stores: ReadonlyArray<Victim>
  readonly apis: ReadonlyArray<Victim>
  readonly disks: ReadonlyArray<Disk>
  /** Whether the store servers' clocks can be moved. */
  readonly skews: boolean
}

export interface Fault {
  readonly kind: string
  readonly target: string
  readonly begin: () => void
  readonly end: () => void
}

const below = (count: number) => Random.nextIntBetween(0, count, { halfOpen: true })
const shuffled = <A>(all: ReadonlyArray<A>) =>
  Effect.forEach(all, (one) => Effect.map(Random.next, (at) => ({ at, one }))).pipe(
    Effect.map((some) => some.toSorted((a, b) => a.at - b.at).map(({ one }) => one))
  )
/** Mostly one, sometimes two, seldom all. */
const some = Effect.fnUntraced(function* <A>(all: ReadonlyArray<A>) {
  const dice = yield* below(10)
  return (yield* shuffled(all)).slice(0, dice < 7 ? 1 : dice < 9 ? 2 : 3)
})
const names = (victims: ReadonlyArray<{ readonly name: string }>) => victims.map(({ name }) => name).join("+")

const away = (kind: string, victims: ReadonlyArray<Victim>, signal: "SIGKILL" | "SIGTERM"): Fault => ({
  kind,
  target: names(victims),
  begin: () => victims.forEach((one) => one.keepAway(signal)),
  end: () => victims.forEach((one) => one.start())
})
const paused = (kind: string, victims: ReadonlyArray<Victim>): Fault => ({
  kind,
  target: names(victims),
  begin: () => victims.forEach((one) => one.pause()),
  end: () => victims.forEach((one) => one.resume())
})

type Pair = readonly [from: string, to: string]
const cut = ({ site }: World, kind: string, target: string, pairs: ReadonlyArray<Pair>): Fault => ({
  kind,
  target,
  begin: () => pairs.forEach(([from, to]) => site.cut(from, to)),
  end: () => pairs.forEach(([from, to]) => site.mend(from, to))
})
const both = (ones: ReadonlyArray<string>, others: ReadonlyArray<string>): ReadonlyArray<Pair> =>
  ones.flatMap((one) =>
    others.flatMap(
      (other): ReadonlyArray<Pair> => [
        [one, other],
        [other, one]
      ]
    )
  )

const kinds: { readonly [kind: string]: (world: World) => Effect.Effect<Fault> } = {
  "kill a store": ({ stores }) => Effect.map(some(stores), (all) => away("kill a store", all, "SIGKILL")),
  "stop a store": ({ stores }) => Effect.map(some(stores), (all) => away("stop a store", all, "SIGTERM")),
  "pause a store": ({ stores }) => Effect.map(some(stores), (all) => paused("pause a store", all)),
  "kill a control plane": ({ apis }) => Effect.map(some(apis), (all) => away("kill a control plane", all, "SIGKILL")),
  "pause a control plane": ({ apis }) => Effect.map(some(apis), (all) => paused("pause a control plane", all)),
  "kill a machine": Effect.fnUntraced(function* ({ apis, stores }) {
    const at = yield* below(stores.length)
    return away("kill a machine", [...stores.slice(at, at + 1), ...apis.slice(at, at + 1)], "SIGKILL")
  }),
  /** One machine's store, alone or with its control plane, from all others. */
  "cut off a minority": Effect.fnUntraced(function* (world) {
    const at = yield* below(3)
    const api = (yield* Random.nextBoolean) ? [world.apis[at]?.name ?? ""] : []
    const ones = [world.stores[at]?.name ?? "", ...api]
    const others = [...world.stores, ...world.apis].map(({ name }) => name).filter((name) => !ones.includes(name))
    return cut(world, "cut off a minority", ones.join("+"), both(ones, others))
  }),
  /** No two of the stores reach each other: there is no majority. */
  "cut all apart": (world) =>
    Effect.sync(() => {
      const stores = world.stores.map(({ name }) => name)
      const pairs = stores.flatMap((one) => stores.filter((other) => other !== one).map((other): Pair => [one, other]))
      return cut(world, "cut all apart", stores.join("+"), pairs)
    }),
  /** Two stores reach each other no more, and the third reaches both. */
  "leave a bridge": Effect.fnUntraced(function* (world) {
    const [one, other] = yield* shuffled(world.stores)
    const [a, b] = [one?.name ?? "", other?.name ?? ""]
    return cut(world, "leave a bridge", `${a}+${b}`, both([a], [b]))
  }),
  /** What one sends does not arrive; what it is sent does. */
  "cut one way": Effect.fnUntraced(function* (world) {
    const [one, ...rest] = yield* shuffled(world.stores)
    const from = one?.name ?? ""
    const isWhole = yield* Random.nextBoolean
    const to = (isWhole ? [...rest, ...world.apis] : rest.slice(0, 1)).map(({ name }) => name)
    const isOut = yield* Random.nextBoolean
    const pairs = to.map((other): Pair => (isOut ? [from, other] : [other, from]))
    return cut(world, "cut one way", `${from} ${isOut ? "to" : "from"} ${to.join("+")}`, pairs)
  }),
  "cut off a control plane": Effect.fnUntraced(function* (world) {
    const all = yield* some(world.apis)
    const stores = world.stores.map(({ name }) => name)
    return cut(
      world,
      "cut off a control plane",
      names(all),
      both(
        all.map(({ name }) => name),
        stores
      )
    )
  }),
  "take a link down": Effect.fnUntraced(function* ({ site, stores }) {
    const all = yield* some(stores)
    return {
      kind: "take a link down",
      target: names(all),
      begin: () => all.forEach(({ name }) => site.link(name, "down")),
      end: () => all.forEach(({ name }) => site.link(name, "up"))
    }
  }),
  "fill a disk": Effect.fnUntraced(function* ({ disks, stores }) {
    const chosen = yield* some(stores.map((store, index) => ({ store, disk: disks[index] })))
    return {
      kind: "fill a disk",
      target: names(chosen.map(({ store }) => store)),
      begin: () => chosen.forEach(({ disk }) => disk?.fill()),
      end: () =>
        chosen.forEach(({ disk, store }) => {
          disk?.clear()
          // A server that has met a full disk stays without its store until it is started again.
          store.kill("SIGTERM")
        })
    }
  }),
  "move a clock": Effect.fnUntraced(function* ({ apis, skews, stores }) {
    const all = yield* some([...(skews ? stores : []), ...apis])
    const far = yield* Random.nextIntBetween(1, 4)
    const seconds = (yield* Random.nextIntBetween(1, 10 ** far)) * ((yield* Random.nextBoolean) ? 1 : -1)
    return {
      kind: "move a clock",
      target: `${names(all)} by ${seconds} s`,
      begin: () => all.forEach((one) => one.skew(seconds)),
      end: () => all.forEach((one) => one.skew(0))
    }
  })
}

export const all = Object.keys(kinds)

export const draw = Effect.fnUntraced(function* (world: World, among: ReadonlyArray<string>) {
  const kind = among[yield* below(among.length)] ?? ""
  const make = kinds[kind]
  return yield* make === undefined ? Effect.die(`there is no fault ${kind}`) : make(world)
})
