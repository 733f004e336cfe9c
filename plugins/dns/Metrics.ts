/** The server's figures, under the names that dashboards for CoreDNS ask for. */
import { Effect, Metric } from "effect"

const names = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"]

/** Counts a response by its code; synchronous, for the path of every answer. */
export const responses = Effect.map(Effect.context<never>(), (context) => {
  const counters = names.map((rcode) =>
    Metric.counter("coredns_dns_responses_total", {
      description: "Answers by their code",
      attributes: { rcode },
      incremental: true
    })
  )
  return (rcode: number) => counters[rcode]?.updateUnsafe(1, context)
})
