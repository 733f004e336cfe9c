/** What was found, for people: the differences that are one, as a group, with an example. */
import type { Compared, Found } from "./Compare.ts"
import { type Aspect, aspects } from "./Differences.ts"

interface Group {
  readonly aspect: Aspect
  readonly path: string
  readonly kinds: Set<string>
  readonly example: Compared
  readonly found: Found
  count: number
}

/** What differs by example, and means the same. */
const alike = (text: string) =>
  text
    .replace(/"[^"]*"|\\"[^"]*\\"/g, '"…"')
    .replace(/\d+/g, "0")
    .slice(0, 200)

const grouped = (all: ReadonlyArray<Compared>) => {
  const groups = new Map<string, Group>()
  for (const example of all) {
    for (const found of example.found) {
      if (found.reason !== undefined) continue
      const { aspect, ours, path, theirs } = found
      const values = aspect === "message" || aspect === "warnings" ? `${alike(ours)} ${alike(theirs)}` : `${ours} ${theirs}`
      const key = `${aspect} ${path} ${path === "" ? values : ""}`
      const group = groups.get(key) ?? { aspect, path, kinds: new Set(), example, found, count: 0 }
      group.kinds.add(example.about)
      group.count++
      groups.set(key, group)
    }
  }
  return [...groups.values()].toSorted((a, b) => aspects.indexOf(a.aspect) - aspects.indexOf(b.aspect) || b.count - a.count)
}

const bodyOf = ({ request: { body } }: Compared) =>
  body === undefined ? "" : ` ${(typeof body === "string" ? body : JSON.stringify(body)).slice(0, 300)}`

const lines = ({ aspect, count, example, found, kinds, path }: Group) => {
  const { number, request, scenario, step } = example
  return [
    `${aspect}${path === "" ? "" : ` at ${path}`}, ${count} times: ${[...kinds].slice(0, 6).join(", ")}${kinds.size > 6 ? ` and ${kinds.size - 6} more` : ""}`,
    `    #${number} ${scenario}: ${step}`,
    `    ${request.method} ${request.path}${bodyOf(example)}`,
    `    ours   ${found.ours}`,
    `    theirs ${found.theirs}`
  ].join("\n")
}

export const isEqual = ({ found }: Compared) => found.every(({ reason }) => reason !== undefined)

export const text = (all: ReadonlyArray<Compared>) => {
  const equal = all.filter(({ found }) => found.length === 0).length
  const meant = all.filter((one) => one.found.length > 0 && isEqual(one)).length
  const reasons = Map.groupBy(
    all.flatMap(({ found }) => found.flatMap(({ reason }) => (reason === undefined ? [] : [reason]))),
    (reason) => reason
  )
  const byAspect = aspects.flatMap((aspect) => {
    const some = all.filter(({ found }) => found.some((one) => one.aspect === aspect && one.reason === undefined)).length
    return some === 0 ? [] : [`${aspect} ${some}`]
  })
  return [
    ...grouped(all).map(lines),
    ...[...reasons].map(([reason, times]) => `accepted ${times.length} times: ${reason}`),
    `${all.length} requests: ${equal} equal, ${meant} different as is meant, ${all.length - equal - meant} different${byAspect.length > 0 ? ` (${byAspect.join(", ")})` : ""}`
  ].join("\n\n")
}
