/** The proxy's figures, under the names that dashboards for Kubernetes ask for. */
import { Clock, Effect, Metric } from "effect"

const boundaries = Array.from({ length: 15 }, (_, exponent) => 0.001 * 2 ** exponent)
const duration = (name: string, description: string) =>
  Metric.histogram(`kubeproxy_${name}_duration_seconds`, { description, boundaries })

const all = duration("sync_proxy_rules", "Seconds that a round of programming took")
const full = duration("sync_full_proxy_rules", "Seconds that programming the whole table took")
const partial = duration("sync_partial_proxy_rules", "Seconds that programming what had changed took")
const last = Metric.gauge("kubeproxy_sync_proxy_rules_last_timestamp_seconds", {
  description: "When the table was last programmed"
})

/** `before` in milliseconds. */
export const synced = Effect.fnUntraced(function* (whole: boolean, before: number) {
  const now = yield* Clock.currentTimeMillis
  const seconds = (now - before) / 1000
  yield* Metric.update(all, seconds)
  yield* Metric.update(whole ? full : partial, seconds)
  yield* Metric.update(last, now / 1000)
})
