/** What was measured, kept in a file from one run to the next, and as a table: ours beside upstream's, and the goal. */
import { Schema } from "effect"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import type { Figures } from "./Run.ts"
import type * as Workloads from "./Workloads.ts"

export const sides = ["keelson", "upstream"] as const
export type Side = (typeof sides)[number]

const Measured = Schema.Struct({
  side: Schema.Literals(sides),
  nodes: Schema.Finite,
  pods: Schema.Finite,
  workload: Schema.String,
  rate: Schema.Finite,
  cpu: Schema.Finite,
  /** Absent where there were too few decisions to say. */
  p99: Schema.optional(Schema.Finite)
})
export type Measured = typeof Measured.Type
const File = Schema.fromJsonString(Schema.Array(Measured))

type Which = Pick<Measured, "side" | "nodes" | "pods" | "workload">
const isSame = (a: Which) => (b: Which) =>
  a.side === b.side && a.nodes === b.nodes && a.pods === b.pods && a.workload === b.workload

export class Results {
  private readonly file: string
  private all: ReadonlyArray<Measured>

  /** `resumed`: what the file says was measured, and is not measured again. */
  constructor(file: string, resumed: boolean) {
    this.file = file
    this.all = resumed && existsSync(file) ? Schema.decodeUnknownSync(File)(readFileSync(file, "utf8")) : []
  }

  find(which: Which) {
    return this.all.find(isSame(which))
  }

  put(which: Which, { cpu, p99, rate }: Figures) {
    const measured = { ...which, rate, cpu, ...(Number.isFinite(p99) && { p99 }) }
    this.all = [...this.all.filter((one) => !isSame(which)(one)), measured]
    mkdirSync(dirname(this.file), { recursive: true })
    writeFileSync(this.file, JSON.stringify(this.all, null, 2))
    return measured
  }
}

/** How often faster it is meant to be than upstream. */
export const goalOf = (workload: Workloads.Name, nodes: number) => {
  const large: { readonly [_ in Workloads.Name]?: number } =
    nodes < 5000 ? {} : { spread: 5, affinity: 20, preferred: 10, "anti-affinity": 10 }
  return large[workload] ?? 3
}

export const line = ({ cpu, p99, rate, workload }: Measured) =>
  [
    workload.padEnd(14),
    `${rate.toFixed(0).padStart(6)} Pods/s`,
    `${(p99?.toFixed(2) ?? "?").padStart(8)} ms p99 of a decision`,
    `${cpu.toFixed(0).padStart(7)} µs processor`
  ].join("  ")

const widths = [15, 14, 18, 20, 0]
const row = (...cells: ReadonlyArray<string>) =>
  cells
    .map((cell, at) => cell.padEnd(widths[at] ?? 0))
    .join("")
    .trimEnd()
const both = (ours: number | undefined, theirs: number | undefined, digits: number) =>
  [ours, theirs].map((one) => one?.toFixed(digits) ?? "–").join(" / ")
const ratio = (a: number | undefined, b: number | undefined) =>
  a === undefined || b === undefined ? "" : ` ${(a / b).toFixed(1)} ×`

/** Of one size. */
export const table = (results: Results, { nodes, pods }: Scale, workloads: ReadonlyArray<Workloads.Name>) => {
  const rows = workloads.map((workload) => {
    const of = (side: Side) => results.find({ side, nodes, pods, workload })
    const [ours, theirs] = [of("keelson"), of("upstream")]
    const goal = goalOf(workload, nodes)
    const isReached = ours !== undefined && theirs !== undefined && ours.rate >= goal * theirs.rate
    return row(
      workload,
      both(ours?.rate, theirs?.rate, 0),
      `${ratio(ours?.rate, theirs?.rate).trim().padEnd(7)}of ${goal}${isReached ? " ✓" : ""}`,
      both(ours?.p99, theirs?.p99, 2),
      `${both(ours?.cpu, theirs?.cpu, 0)}${ratio(theirs?.cpu, ours?.cpu)}`
    )
  })
  const head = row("", "Pods/s", "ratio, goal", "p99 ms", "µs processor a Pod, ratio")
  return [`${nodes} nodes, ${pods} Pods: keelson / upstream`, head, ...rows].join("\n")
}

export interface Scale {
  readonly nodes: number
  readonly pods: number
}
