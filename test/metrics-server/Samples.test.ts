/** What kubelets count, read and told per second. */
import { assert, it } from "@effect/vitest"
import { parse, usage } from "../../plugins/metrics-server/Samples.ts"

const text = (seconds: number, at: number) => `# HELP node_cpu_usage_seconds_total [STABLE] CPU
# TYPE node_cpu_usage_seconds_total counter
node_cpu_usage_seconds_total ${seconds} ${at}
node_memory_working_set_bytes 1.5e+09 ${at}
container_cpu_usage_seconds_total{container="c",namespace="ns",pod="p"} ${seconds / 2} ${at}
container_memory_working_set_bytes{container="c",namespace="ns",pod="p"} 2048 ${at}
container_cpu_usage_seconds_total{container="half",namespace="ns",pod="p"} 1 ${at}
container_start_time_seconds{container="c",namespace="ns",pod="p"} 1.7e+09
scrape_error 0
`

it("reads upstream's text, and leaves out what is told only by half", () => {
  const { node, pods } = parse(text(10, 1000), 0)
  assert.deepStrictEqual(node, { cpu: 10, memory: 1.5e9, at: 1000 })
  assert.deepStrictEqual([...(pods.get("ns/p") ?? [])], [["c", { cpu: 5, memory: 2048, at: 1000 }]])
})

it("tells cores from two counts, and nothing from one or after a new start", () => {
  const [before, now] = [parse(text(10, 1000), 0).node, parse(text(25, 11_000), 0).node]
  assert.deepStrictEqual(usage(before, now), { cpu: 1.5, memory: 1.5e9, at: 11_000, window: 10_000 })
  assert.isUndefined(usage(undefined, now))
  assert.isUndefined(usage(now, before))
  assert.isUndefined(usage(before, { cpu: 1, memory: 1, at: 20_000 }))
})
