/** What the reports tell: the laws of a contract in rows, the adapters in columns. */
import type { Outcome, Result } from "../Adapter.ts"
import type { Found } from "../Alone.ts"

export interface Summary {
  readonly contract: string
  /** Which checks these were. */
  readonly suite: string
  readonly profile: "mandatory" | "all"
  /** When it was made, as people write it. */
  readonly when: string
  readonly machine: string
  readonly found: ReadonlyArray<Found>
}

/** `unreached`: the adapter ended before; of the law that says nothing. */
export type Shown = Outcome | "unreached"

export const signs: { readonly [_ in Shown]: string } = {
  holds: "✓",
  broken: "✗",
  deviates: "~",
  repaired: "✗",
  without: "○",
  lacking: "–",
  unreached: "·"
}

export interface Row {
  readonly contract: string
  readonly law: string
  readonly text: string
  readonly isOptional: boolean
}

/** In the order of the laws. */
export const rows = ({ found }: Summary): ReadonlyArray<Row> => {
  const all = new Map<string, Row>()
  for (const { contract, laws } of found.flatMap(({ plans }) => plans))
    for (const law of laws) all.set(`${contract} ${law.law}`, { contract, ...law })
  return [...all.values()]
}

/** By contract, in which version it was checked. */
export const versions = ({ found }: Summary): ReadonlyMap<string, string> =>
  new Map(found.flatMap(({ plans }) => plans.map(({ contract, version }) => [contract, version])))

export const resultOf = ({ results }: Found, row: Row): Result | undefined =>
  results.find(({ contract, law }) => contract === row.contract && law === row.law)

/** Without any result the machine lacked it. */
export const outcomeOf = (found: Found, row: Row): Shown =>
  found.lacks.length > 0 ? "lacking" : (resultOf(found, row)?.outcome ?? "unreached")

export const counts = (found: Found) => {
  const count = (...outcomes: ReadonlyArray<Outcome>) =>
    found.results.filter(({ outcome }) => outcomes.includes(outcome)).length
  return {
    holds: count("holds"),
    broken: count("broken", "repaired"),
    deviates: count("deviates"),
    without: count("without"),
    lacking: count("lacking")
  }
}

/** Whether nothing is broken that was looked at, and something was. */
export const isGood = (found: Found) =>
  found.lacks.length > 0 || (found.failure === undefined && counts(found).broken === 0 && found.results.length > 0)
/** Whether the machine could do any of it. */
export const isSeen = ({ found }: Summary) => found.some(({ lacks }) => lacks.length === 0)

/** Of a repaired law: the deviation is no longer one, and its entry wants to be taken out. */
export const words = ({ detail, outcome }: Result) =>
  outcome === "repaired" ? `it holds by now; it is on record as deviating: ${detail}` : detail
