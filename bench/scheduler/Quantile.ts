/** Shares of a histogram, from a page of metrics. */
export const decision = "scheduler_scheduling_algorithm_duration_seconds"

/** How many were no longer than so many seconds. */
type Buckets = ReadonlyMap<number, number>

export const bucketsOf = (page: string, name: string): Buckets => {
  const line = new RegExp(`^${name}_bucket\\{[^}]*le="([^"]+)"[^}]*\\} (\\S+)`, "gm")
  const found = new Map<number, number>()
  for (const [, limit = "", count = ""] of page.matchAll(line)) {
    const bound = limit === "+Inf" ? Number.POSITIVE_INFINITY : Number(limit)
    found.set(bound, (found.get(bound) ?? 0) + Number(count))
  }
  return found
}

/** Of what came between two pages, in seconds; as if it were spread evenly in its bucket. */
export const between = (earlier: Buckets, later: Buckets, share: number) => {
  const counts = [...later]
    .toSorted(([a], [b]) => a - b)
    .map(([limit, count]) => ({ limit, count: count - (earlier.get(limit) ?? 0) }))
  const wanted = share * (counts.at(-1)?.count ?? 0)
  const index = counts.findIndex(({ count }) => count >= wanted)
  const [below, at] = [counts[index - 1] ?? { limit: 0, count: 0 }, counts[index]]
  if (at === undefined || at.count === below.count) return Number.NaN
  if (at.limit === Number.POSITIVE_INFINITY) return below.limit
  return below.limit + ((at.limit - below.limit) * (wanted - below.count)) / (at.count - below.count)
}
