/** All scenarios of a seed, in a steady order. Each has its own chance, so that one alone is the same as within all. */
import type { Resource } from "./Description.ts"
import * as Random from "./Random.ts"
import type { Scenario } from "./Scenario.ts"
import * as Actions from "./scenarios/Actions.ts"
import * as Applies from "./scenarios/Applies.ts"
import * as Deletes from "./scenarios/Deletes.ts"
import * as Lifecycle from "./scenarios/Lifecycle.ts"
import * as Mistakes from "./scenarios/Mistakes.ts"
import * as Patches from "./scenarios/Patches.ts"
import * as Protocol from "./scenarios/Protocol.ts"
import * as Reads from "./scenarios/Reads.ts"
import * as Subresources from "./scenarios/Subresources.ts"

export interface World {
  readonly random: Random.Random
  readonly resources: ReadonlyArray<Resource>
  /** A name that nobody else has. */
  readonly name: string
  readonly namespace: string
}
export type Make = (world: World) => Scenario

export const find = ({ resources }: World, group: string, kind: string): Resource => {
  const found = resources.find((one) => one.group === group && one.kind === kind)
  if (found === undefined) throw new Error(`the server that is compared with has no ${kind} of "${group}"`)
  return found
}

/** How many requests there are at least is decided by how often the random ones come. */
export const all = (resources: ReadonlyArray<Resource>, seed: number, rounds: number): ReadonlyArray<Scenario> => {
  const once = [
    ...Lifecycle.all(resources),
    ...Deletes.all,
    ...Reads.all,
    ...Protocol.all,
    ...Subresources.all,
    ...Patches.fixed,
    ...Applies.fixed,
    ...Actions.all
  ]
  const again = [...Mistakes.all(resources), ...Patches.random, ...Applies.random]
  const makes = [...once, ...Array.from({ length: rounds }, () => again).flat()]
  return makes.map((make, number) =>
    make({ random: Random.make(seed, number), resources, name: `n${seed}-${number}`, namespace: `compare-${number}` })
  )
}
