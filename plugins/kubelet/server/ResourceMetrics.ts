/** `GET /metrics/resource`: what the node, its Pods and their containers use, for metrics-server. Source: KEP-727. */
import { Clock, Effect } from "effect"
import type { Sample, Stats } from "../contracts/Stats.ts"
import type { Site } from "../Site.ts"
import * as MachineUsage from "./MachineUsage.ts"

type Labels = { readonly [name: string]: string }
interface Point {
  readonly labels: Labels
  readonly value: number
  /** Milliseconds. */
  readonly at: number
}

const labelled = (labels: Labels) => {
  const all = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  return all.length === 0 ? "" : `{${all.join(",")}}`
}

const family = (name: string, type: "counter" | "gauge", help: string, points: ReadonlyArray<Point>) => [
  `# HELP ${name} [STABLE] ${help}`,
  `# TYPE ${name} ${type}`,
  ...points.map(({ at, labels, value }) => `${name}${labelled(labels)} ${value} ${at}`)
]

const seconds = (nanoseconds: number) => nanoseconds / 1e9

interface Found extends Sample {
  readonly namespace: string
  readonly pod: string
  readonly time: number
}

const foundIn = (site: Site, samples: ReadonlyArray<Sample>, now: number): ReadonlyArray<Found> => {
  const byUid = new Map(site.pods.all().map(({ metadata }) => [metadata.uid, metadata]))
  return samples.flatMap((sample) => {
    const pod = byUid.get(sample.uid)
    const time = Date.parse(sample.at) || now
    return pod === undefined ? [] : [{ ...sample, namespace: pod.namespace ?? "", pod: pod.name, time }]
  })
}

const ofContainer = ({ name, namespace, pod }: Found): Labels => ({ container: name, namespace, pod })

const ofPods = (found: ReadonlyArray<Found>, value: (one: Found) => number) =>
  [...Map.groupBy(found, ({ uid }) => uid).values()].flatMap((all): ReadonlyArray<Point> => {
    const [first] = all
    if (first === undefined) return []
    const labels = { namespace: first.namespace, pod: first.pod }
    return [{ labels, value: all.reduce((sum, one) => sum + value(one), 0), at: first.time }]
  })

export const text = Effect.fnUntraced(function* (site: Site, { sample }: Stats["Service"]) {
  const now = yield* Clock.currentTimeMillis
  const samples = yield* Effect.option(sample())
  const found = foundIn(site, samples._tag === "Some" ? samples.value : [], now)
  const node = MachineUsage.read()
  const own = (value: number): ReadonlyArray<Point> => [{ labels: {}, value, at: now }]
  const each = (value: (one: Found) => number) =>
    found.map((one): Point => ({ labels: ofContainer(one), value: value(one), at: one.time }))
  const cpu = ({ cpuNanoseconds }: { readonly cpuNanoseconds: number }) => seconds(cpuNanoseconds)
  const memory = ({ workingSetBytes }: { readonly workingSetBytes: number }) => workingSetBytes
  const lines = [
    ...family("container_cpu_usage_seconds_total", "counter", "CPU of the container in core-seconds", each(cpu)),
    ...family("container_memory_working_set_bytes", "gauge", "Working set of the container in bytes", each(memory)),
    ...family("node_cpu_usage_seconds_total", "counter", "CPU of the node in core-seconds", own(cpu(node))),
    ...family("node_memory_working_set_bytes", "gauge", "Working set of the node in bytes", own(memory(node))),
    ...family("pod_cpu_usage_seconds_total", "counter", "CPU of the Pod in core-seconds", ofPods(found, cpu)),
    ...family("pod_memory_working_set_bytes", "gauge", "Working set of the Pod in bytes", ofPods(found, memory)),
    "# HELP resource_scrape_error [STABLE] 1 if there was an error while getting container metrics, 0 otherwise",
    "# TYPE resource_scrape_error gauge",
    `resource_scrape_error ${samples._tag === "Some" ? 0 : 1}`
  ]
  return `${lines.join("\n")}\n`
})
