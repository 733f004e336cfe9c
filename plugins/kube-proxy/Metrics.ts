/** The proxy's figures, under the names that dashboards for Kubernetes ask for. */
import { Clock, Effect, Metric } from "effect"

const boundaries = Array.from({ length: 15 }, (_, exponent) => 0.001 * 2 ** exponent)
const duration = (name: string, description: string) =>
  Metric.histogram(`kubeproxy_${name}_duration_seconds`, { description, boundaries })
const total = (name: string, description: string) =>
  Metric.counter(`kubeproxy_${name}_total`, { description, incremental: true })

const all = duration("sync_proxy_rules", "Seconds that a round of programming took")
const full = duration("sync_full_proxy_rules", "Seconds that programming all rules took")
const partial = duration("sync_partial_proxy_rules", "Seconds that programming what had changed took")
const last = Metric.gauge("kubeproxy_sync_proxy_rules_last_timestamp_seconds", {
  description: "When rules were last programmed"
})
const queued = Metric.gauge("kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds", {
  description: "When a change was last seen that is to be programmed"
})
const network = duration("network_programming", "Seconds from what changed an endpoint to its being programmed")

export type Counter = ReturnType<typeof total>

export const serviceChanges = total("sync_proxy_rules_service_changes", "Changes of Services seen")
export const endpointChanges = total("sync_proxy_rules_endpoint_changes", "Changes of EndpointSlices seen")
export const failures = (mode: string) =>
  total(
    mode === "iptables" ? "sync_proxy_rules_iptables_restore_failures" : `sync_proxy_rules_${mode}_sync_failures`,
    "Rounds of programming that failed"
  )

const now = Effect.map(Clock.currentTimeMillis, (millis) => millis / 1000)

/** `before` in milliseconds. */
export const synced = Effect.fnUntraced(function* (whole: boolean, before: number) {
  const time = yield* now
  const seconds = time - before / 1000
  yield* Metric.update(all, seconds)
  yield* Metric.update(whole ? full : partial, seconds)
  yield* Metric.update(last, time)
})

export const seen = Effect.fnUntraced(function* (counter: Counter, changes: number) {
  yield* Metric.update(counter, changes)
  yield* Metric.update(queued, yield* now)
})

/** `triggers`: when that happened which has now been programmed, in milliseconds. */
export const programmed = Effect.fnUntraced(function* (triggers: ReadonlyArray<number>) {
  const time = yield* now
  for (const trigger of triggers) yield* Metric.update(network, Math.max(0, time - trigger / 1000))
})
