/** What is counted of encryption, under the names of the upstream API server where it counts the same. */
import { Effect, Metric } from "effect"

const operations = Metric.counter("apiserver_storage_transformation_operations_total", {
  description: "Entries that were encrypted on their way to the store or decrypted on their way from it, by outcome.",
  incremental: true
})
const misses = Metric.counter("apiserver_storage_envelope_transformation_cache_misses_total", {
  description: "Data keys that a key provider had to be asked for.",
  incremental: true
})
const latencies = Metric.histogram("apiserver_envelope_encryption_kms_operations_latency_seconds", {
  description: "How long key providers took, by provider and method.",
  boundaries: [0.0001, 0.001, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]
})

type Way = "to_storage" | "from_storage"

export const make = Effect.map(Effect.context<never>(), (context) => {
  const of = (way: Way, status: string) =>
    Metric.withAttributes(operations, { transformation_type: way, transformer_prefix: "kl:enc:1", status })
  const counters = {
    to_storage: { ok: of("to_storage", "OK"), bad: of("to_storage", "Unknown") },
    from_storage: { ok: of("from_storage", "OK"), bad: of("from_storage", "DataLoss") }
  }
  return {
    transformed: (way: Way, outcome: "ok" | "bad", count = 1) => counters[way][outcome].updateUnsafe(count, context),
    missed: Metric.update(misses, 1),
    asked: (provider: string, method: string, seconds: number) =>
      Metric.update(
        Metric.withAttributes(latencies, { provider_name: provider, method_name: method, grpc_status_code: "OK" }),
        seconds
      )
  }
})
