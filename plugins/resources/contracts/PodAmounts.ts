/** What a Pod asks for and may use as a whole, as exact amounts. Source: KEP-753 (sidecars), KEP-2837 (resources of Pods). */
import * as Quantity from "../../../kernel/resource/Quantity.ts"
import type { PodSpec } from "./core/v1.ts"

export type Amounts = { readonly [name: string]: Quantity.Quantity }
type Listed = { readonly [name: string]: string } | undefined

export const read = (listed: Listed): Amounts =>
  Object.fromEntries(Object.entries(listed ?? {}).map(([name, text]) => [name, Quantity.of(text)]))

const combine = (
  a: Amounts,
  b: Amounts,
  one: (a: Quantity.Quantity, b: Quantity.Quantity) => Quantity.Quantity
): Amounts => {
  const result: Record<string, Quantity.Quantity> = { ...a }
  for (const [name, amount] of Object.entries(b)) {
    const before = result[name]
    result[name] = before === undefined ? amount : one(before, amount)
  }
  return result
}
export const plus = (a: Amounts, b: Amounts) => combine(a, b, Quantity.add)
const larger = (a: Amounts, b: Amounts) => combine(a, b, (a, b) => (Quantity.compare(a, b) < 0 ? b : a))

/** All containers at once, or the greatest step of the beginning, where sidecars that were started go on running. */
export const ofPod = (spec: PodSpec, which: "requests" | "limits"): Amounts => {
  let sidecars: Amounts = {}
  let beginning: Amounts = {}
  for (const { resources, restartPolicy } of spec.initContainers ?? []) {
    const step = plus(sidecars, read(resources[which]))
    if (restartPolicy === "Always") sidecars = step
    beginning = larger(beginning, step)
  }
  const running = spec.containers.map(({ resources }) => read(resources[which])).reduce(plus, sidecars)
  // What is said of the whole Pod counts instead of what is said of its containers.
  const all = { ...larger(running, beginning), ...read(spec.resources?.[which]) }
  const overhead = Object.entries(read(spec.overhead))
  // Who has no limit has none with its overhead either.
  return plus(all, Object.fromEntries(overhead.filter(([name]) => which === "requests" || all[name] !== undefined)))
}
