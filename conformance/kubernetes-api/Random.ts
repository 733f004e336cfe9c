/** Choices that are the same for the same seed, on every machine. */

export interface Random {
  /** At least 0, less than `end`. */
  readonly int: (end: number) => number
  readonly chance: (probability: number) => boolean
  readonly pick: <A>(choices: readonly [A, ...ReadonlyArray<A>]) => A
  /** Of those there are; nothing of none. */
  readonly some: <A>(choices: ReadonlyArray<A>) => A | undefined
  readonly shuffled: <A>(all: ReadonlyArray<A>) => ReadonlyArray<A>
}

/** Source: mulberry32, in the public domain. */
const mulberry = (seed: number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export const make = (...seeds: ReadonlyArray<number>): Random => {
  const next = mulberry(seeds.reduce((all, seed) => Math.imul(all ^ seed, 0x9e3779b1) + 0x7f4a7c15, 0x243f6a88))
  const int = (end: number) => Math.floor(next() * end)
  const some = <A>(choices: ReadonlyArray<A>) => choices[int(choices.length)]
  return {
    int,
    chance: (probability) => next() < probability,
    pick: (choices) => some(choices) ?? choices[0],
    some,
    shuffled: (all) =>
      all
        .map((one) => [next(), one] as const)
        .toSorted(([a], [b]) => a - b)
        .map(([, one]) => one)
  }
}
