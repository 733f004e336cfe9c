/**
 * How the server's seats are shared out: by shares, within what a level may lend and borrow, to where they are wanted.
 * Source: "API Priority and Fairness", seat borrowing; KEP-1040, "Dispatching".
 */
import type { PriorityLevelConfigurationSpec } from "../../resources/contracts/flowcontrol/v1.ts"
import type { Summary } from "./Demand.ts"

export interface Bounds {
  readonly nominal: number
  /** What is left when it lends all that it may, and what it has when it borrows all that it may. */
  readonly lower: number
  readonly upper: number
}

const sharesOf = ({ exempt, limited, type }: PriorityLevelConfigurationSpec) =>
  type === "Exempt" ? (exempt?.nominalConcurrencyShares ?? 0) : (limited?.nominalConcurrencyShares ?? 0)

const percentOf = (seats: number, percent: number) => Math.round((seats * percent) / 100)

/** `total`: the server's seats. */
export const bounds = (
  specs: ReadonlyMap<string, PriorityLevelConfigurationSpec>,
  total: number
): ReadonlyMap<string, Bounds> => {
  const shares = [...specs.values()].reduce((sum, spec) => sum + sharesOf(spec), 0)
  return new Map(
    [...specs].map(([name, spec]) => {
      const nominal = shares === 0 ? 0 : Math.ceil((total * sharesOf(spec)) / shares)
      const lendable = (spec.type === "Exempt" ? spec.exempt : spec.limited)?.lendablePercent ?? 0
      const borrowing = spec.type === "Exempt" ? undefined : spec.limited?.borrowingLimitPercent
      const upper = nominal + (borrowing === undefined ? total : percentOf(nominal, borrowing))
      return [
        name,
        { nominal, lower: nominal - percentOf(nominal, lendable), upper: spec.type === "Exempt" ? total : upper }
      ]
    })
  )
}

/** Of a level at an adjustment. */
export interface Wish {
  readonly isExempt: boolean
  readonly bounds: Bounds
  readonly highest: number
  readonly smoothed: number
}
export interface Share {
  readonly limit: number
  readonly target: number
}

/** How much a peak fades from one adjustment to the next. */
const fading = 0.977

export const smooth = (before: number, { average, deviation, highest }: Summary): number => {
  const envelope = Math.min(highest, average + deviation)
  return Math.max(envelope, fading * before + (1 - fading) * envelope)
}

/** The least that a level is left: what it has used, up to its nominal seats; an exempt one takes what it wants. */
const least = ({ bounds: { lower, nominal }, highest, isExempt }: Wish) =>
  isExempt ? Math.max(lower, highest) : Math.max(lower, Math.min(nominal, highest))

interface Item {
  readonly lower: number
  readonly upper: number
  readonly target: number
}
const given = ({ lower, target, upper }: Item, fraction: number) => Math.max(lower, Math.min(upper, fraction * target))

/** The fraction of their targets that all can have within their bounds, such that together they get `total`. */
const fairFraction = (items: ReadonlyArray<Item>, total: number): number => {
  const sum = (fraction: number) => items.reduce((all, item) => all + given(item, fraction), 0)
  let [low, high] = [0, 1]
  while (sum(high) < total && high < 1e9) high *= 2
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2
    if (sum(middle) < total) low = middle
    else high = middle
  }
  return high
}

/** `fraction`: of what each wants, that which it gets. */
export const allocate = (wishes: ReadonlyMap<string, Wish>, total: number) => {
  const limited = [...wishes].filter(([, { isExempt }]) => !isExempt)
  const taken = [...wishes.values()].filter(({ isExempt }) => isExempt).reduce((sum, wish) => sum + least(wish), 0)
  const items = limited.map(([, wish]) => {
    const lower = least(wish)
    return { lower, upper: wish.bounds.upper, target: Math.max(lower, wish.smoothed, 1) }
  })
  const lowest = items.reduce((sum, { lower }) => sum + lower, 0)
  // Where even the least is too much, everybody has the least: what is promised is kept.
  const fraction = lowest >= total - taken ? 0 : fairFraction(items, total - taken)
  const shares = new Map<string, Share>()
  for (const [name, wish] of wishes) if (wish.isExempt) shares.set(name, { limit: least(wish), target: least(wish) })
  for (const [index, [name]] of limited.entries()) {
    const item = items[index]
    if (item !== undefined) shares.set(name, { limit: Math.round(given(item, fraction)), target: item.target })
  }
  return { shares, fraction }
}
