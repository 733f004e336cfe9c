/** Least and most of a size or a cost. Nothing grows beyond 2^64, which stands for "no limit". */
export interface Range {
  readonly min: number
  readonly max: number
}
export const most = 2 ** 64
export const unknown: Range = { min: 0, max: most }
export const fixed = (value: number): Range => ({ min: value, max: value })

const cut = (value: number) => Math.min(value, most)
const times = (a: number, b: number) => (a === 0 || b === 0 ? 0 : cut(a * b))

export const add = (a: Range, b: Range): Range => ({ min: cut(a.min + b.min), max: cut(a.max + b.max) })
export const multiply = (a: Range, b: Range): Range => ({ min: times(a.min, b.min), max: times(a.max, b.max) })
export const scale = (a: Range, factor: number): Range => ({
  min: cut(Math.ceil(times(a.min, factor))),
  max: cut(Math.ceil(times(a.max, factor)))
})
export const union = (a: Range, b: Range): Range => ({ min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) })
export const sum = (ranges: ReadonlyArray<Range>): Range => ranges.reduce(add, fixed(0))
