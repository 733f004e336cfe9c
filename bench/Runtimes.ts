/**
 * `npm run bench`, the start of Pods on each container runtime: one after another and eight at a time, through our adapter, and by the
 * bare calls of the runtime's own interface. A runtime that this machine lacks is said.
 */
import { Schema } from "effect"
import * as Alone from "../test/parts/Alone.ts"
import * as Runtimes from "../test/parts/Runtimes.ts"
import { type Figures, Line, serial, together } from "./runtimes/Plan.ts"

const percentile = (values: ReadonlyArray<number>, part: number) =>
  values.toSorted((one, other) => one - other)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? 0

const ms = (value: number) => value.toFixed(0).padStart(5)
const row = ({ each, removed, wall }: Figures) =>
  `p50 ${ms(percentile(each, 0.5))}  p99 ${ms(percentile(each, 0.99))} ms   all ${(wall / 1000).toFixed(1).padStart(5)} s   removed ${(removed / 1000).toFixed(1).padStart(5)} s`

const ratio = (one: Figures | undefined, other: Figures | undefined) =>
  one && other
    ? `ratio p50 ${(percentile(one.each, 0.5) / percentile(other.each, 0.5)).toFixed(2)}, all ${(one.wall / other.wall).toFixed(2)}`
    : ""

const measured = (name: string) => {
  const { left, lines, status, stderr } = Alone.run("../../bench/runtimes/Measure.ts", [name], 9)
  const figures = lines.filter((line) => line.startsWith("{")).map((line) => Schema.decodeUnknownSync(Line)(line))
  if (status !== 0) throw new Error(`${name} did not come to an end: ${stderr}`)
  const debris = Object.values(left)
    .flat()
    .filter((one) => one !== "")
  if (debris.length > 0) throw new Error(`${name} left something behind: ${debris.join("; ")}`)
  const of = (way: "ours" | "bare") => figures.find((one) => one.way === way)
  return { ours: of("ours"), bare: of("bare") }
}

for (const [name, { missing, name: title }] of Object.entries(Runtimes.all)) {
  if (missing.length > 0) {
    console.log(`${title}: left out, this machine lacks ${missing.join(", ")}`)
    continue
  }
  const { bare, ours } = measured(name)
  console.log(title)
  const parts = [
    { part: "serial", about: `${serial.count} Pods, one at a time` },
    { part: "together", about: `${together.count} Pods, ${together.atATime} at a time` }
  ] as const
  for (const { about, part } of parts) {
    console.log(`  ${about}`)
    if (ours) console.log(`    our adapter     ${row(ours[part])}`)
    if (bare) console.log(`    the bare calls  ${row(bare[part])}`)
    console.log(`    ${ratio(ours?.[part], bare?.[part])}`)
  }
}
