/** The server's figures, under the names that dashboards for CoreDNS ask for. Counted as plain numbers, told once a second. */
import { Effect, Metric, Schedule } from "effect"

export interface Count {
  value: number
}

const descriptions = {
  coredns_dns_requests_total: "Questions",
  coredns_dns_responses_total: "Answers by their code",
  coredns_cache_hits_total: "Answers from outside that were kept",
  coredns_cache_misses_total: "Questions that were asked further",
  coredns_proxy_healthcheck_failures_total: "Times that a server outside was found silent",
  coredns_forward_max_concurrent_rejects_total: "Questions that were too many to ask further"
}

export const make = Effect.gen(function* () {
  const context = yield* Effect.context<never>()
  const all = new Map<string, { readonly count: Count; readonly metric: Metric.Counter<number> }>()
  const flush = Effect.sync(() => {
    for (const { count, metric } of all.values()) {
      if (count.value > 0) metric.updateUnsafe(count.value, context)
      count.value = 0
    }
  })
  yield* Effect.addFinalizer(() => flush)
  yield* Effect.forkScoped(Effect.repeat(flush, Schedule.spaced("1 second")))

  return {
    /** The number that is counted up for these labels. */
    of: (name: keyof typeof descriptions, attributes: { readonly [label: string]: string }): Count => {
      const key = [name, ...Object.values(attributes)].join("\n")
      const found = all.get(key)
      if (found !== undefined) return found.count
      const count = { value: 0 }
      const metric = Metric.counter(name, { description: descriptions[name], attributes, incremental: true })
      all.set(key, { count, metric })
      return count
    }
  }
})
export type Metrics = Effect.Success<typeof make>

export const rcodes: { readonly [rcode: number]: string } = {
  0: "NOERROR",
  1: "FORMERR",
  2: "SERVFAIL",
  3: "NXDOMAIN",
  4: "NOTIMP",
  5: "REFUSED"
}
