/** What is counted of flows and levels, in Prometheus' text under the names of the upstream API server. */
import type { Standing } from "./Configuration.ts"
import type { Counts, Histogram } from "./Counts.ts"
import type { Fairness } from "./Fairness.ts"

type Labels = { readonly [name: string]: string }
type Sample = readonly [labels: Labels, value: number]

const labelled = (labels: Labels) => {
  const all = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  return all.length === 0 ? "" : `{${all.join(",")}}`
}

const prefix = "apiserver_flowcontrol_"

const family = (name: string, type: "counter" | "gauge", help: string, samples: ReadonlyArray<Sample>) =>
  samples.length === 0
    ? []
    : [
        `# HELP ${prefix}${name} ${help}`,
        `# TYPE ${prefix}${name} ${type}`,
        ...samples.map(([labels, value]) => `${prefix}${name}${labelled(labels)} ${value}`)
      ]

const linesOf = (name: string, labels: Labels, { bounds, buckets, count, sum }: Histogram) => {
  let below = 0
  const lines = bounds.map((bound, index) => {
    below += buckets[index] ?? 0
    return `${prefix}${name}_bucket${labelled({ ...labels, le: `${bound}` })} ${below}`
  })
  return [
    ...lines,
    `${prefix}${name}_bucket${labelled({ ...labels, le: "+Inf" })} ${count}`,
    `${prefix}${name}_sum${labelled(labels)} ${sum}`,
    `${prefix}${name}_count${labelled(labels)} ${count}`
  ]
}

const histograms = (name: string, help: string, all: ReadonlyArray<readonly [Labels, Histogram]>) => {
  const used = all.filter(([, { count }]) => count > 0)
  if (used.length === 0) return []
  const lines = used.flatMap(([labels, histogram]) => linesOf(name, labels, histogram))
  return [`# HELP ${prefix}${name} ${help}`, `# TYPE ${prefix}${name} histogram`, ...lines]
}

const ofFlow = ({ level, schema }: Counts): Labels => ({ flow_schema: schema, priority_level: level })

const flows = (all: ReadonlyArray<Counts>) => {
  const each = (value: (counts: Counts) => number) =>
    all.filter(({ seats }) => seats.count > 0).map((counts): Sample => [ofFlow(counts), value(counts)])
  const rejected = all.flatMap((counts) =>
    [...counts.rejected].map(([reason, value]): Sample => [{ ...ofFlow(counts), reason }, value])
  )
  return [
    ...family(
      "current_executing_requests",
      "gauge",
      "Requests that have their seats now.",
      each((one) => one.executing)
    ),
    ...family(
      "current_executing_seats",
      "gauge",
      "Seats that are taken now.",
      each((one) => one.executingSeats)
    ),
    ...family(
      "current_inqueue_requests",
      "gauge",
      "Requests that wait in queues.",
      each((one) => one.inQueue)
    ),
    ...family(
      "current_inqueue_seats",
      "gauge",
      "Seats that are waited for.",
      each((one) => one.inQueueSeats)
    ),
    ...family(
      "dispatched_requests_total",
      "counter",
      "Requests that got their seats.",
      each((one) => one.dispatched)
    ),
    ...family("rejected_requests_total", "counter", "Requests that were refused, by reason.", rejected),
    ...histograms(
      "request_execution_seconds",
      "How long requests had their seats; of watches, until what there was is sent.",
      all.flatMap(
        (one): ReadonlyArray<readonly [Labels, Histogram]> => [
          [{ ...ofFlow(one), type: "regular" }, one.executed.regular],
          [{ ...ofFlow(one), type: "watch" }, one.executed.watch]
        ]
      )
    ),
    ...histograms(
      "request_wait_duration_seconds",
      "How long requests waited, by whether they got their seats.",
      all.flatMap(
        (one): ReadonlyArray<readonly [Labels, Histogram]> => [
          [{ execute: "true", ...ofFlow(one) }, one.waited.true],
          [{ execute: "false", ...ofFlow(one) }, one.waited.false]
        ]
      )
    ),
    ...histograms(
      "work_estimated_seats",
      "How many seats requests take.",
      all.map((one) => [ofFlow(one), one.seats] as const)
    )
  ]
}

const levels = (all: ReadonlyArray<Standing>) => {
  const each = (value: (standing: Standing) => number) =>
    all.map((standing): Sample => [{ priority_level: standing.level.name }, value(standing)])
  const gauge = (name: string, help: string, value: (standing: Standing) => number) =>
    family(name, "gauge", help, each(value))
  return [
    ...gauge("current_limit_seats", "Seats that a level has now.", ({ level }) => level.limit),
    ...gauge("current_r", "How far the round of a level's queues has come.", ({ level }) => level.progress / 1000),
    ...gauge("demand_seats_average", "Seats that a level could use, on average.", ({ summary }) => summary.average),
    ...gauge("demand_seats_high_watermark", "The same, at most.", ({ summary }) => summary.highest),
    ...gauge("demand_seats_smoothed", "The same, smoothed over time.", ({ smoothed }) => smoothed),
    ...gauge("demand_seats_stdev", "How much it varies.", ({ summary }) => summary.deviation),
    ...gauge("lower_limit_seats", "What a level has when it has lent all it may.", ({ bounds }) => bounds.lower),
    ...gauge("nominal_limit_seats", "The seats that its shares give it.", ({ bounds }) => bounds.nominal),
    ...gauge("target_seats", "The seats that a level should have.", ({ target }) => target),
    ...gauge("upper_limit_seats", "What it has when it has borrowed all it may.", ({ bounds }) => bounds.upper)
  ]
}

export const text = ({ configuration }: Fairness): string => {
  const { counts, fraction, standings } = configuration()
  const lines = [
    ...flows([...counts.values()]),
    ...levels([...standings.values()]),
    ...family("seat_fair_frac", "gauge", "Of what all want, that which each gets.", [[{}, fraction]])
  ]
  return `${lines.join("\n")}\n`
}
