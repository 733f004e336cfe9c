/** The figures as a table, each beside upstream's and its goal. */
import * as Plan from "./Plan.ts"

export interface Measured extends Plan.Result {
  readonly name: string
  readonly ready: number
}

const width = [16, 9, 9, 22, 12, 12, 10, 20, 10]
const line = (...cells: ReadonlyArray<string>) =>
  cells
    .map((cell, at) => cell.padEnd(width[at] ?? 0))
    .join(" ")
    .trimEnd()

const figure = (value: number) => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2))
const times = (value: number) => `${value.toFixed(1)} ×`
const verdict = (value: number, goal: number) => `${times(value)}${value < goal ? ` of ${goal}` : ""}`

const isSame = (row: Plan.Row) => (other: Plan.Row) =>
  other.what === row.what && other.protocol === row.protocol && other.format === row.format

const pair = (mine: number, their: number | undefined) =>
  their === undefined ? figure(mine) : `${figure(mine)} / ${figure(their)}`

const rowLine = (row: Plan.Row, theirs: Plan.Row | undefined, goal: number) =>
  line(
    row.what,
    row.protocol,
    row.format,
    pair(row.rate, theirs?.rate),
    theirs === undefined ? "" : verdict(row.rate / theirs.rate, goal),
    pair(row.p50, theirs?.p50),
    pair(row.p99, theirs?.p99),
    pair(row.cpu, theirs?.cpu),
    theirs === undefined ? "" : verdict(theirs.cpu / row.cpu, goal),
    row.failed > 0 ? `${row.failed} FAILED` : ""
  )

const goalOf = (row: Plan.Row) =>
  Plan.names.filter((name) => name === row.what).map((name) => Plan.operations[name].goal)[0] ?? 3

export const text = (ours: Measured, theirs: Measured | undefined): string => {
  const head = line("", "", "", "each second", "goal", "p50 ms", "p99 ms", "processor µs each", "goal")
  const rows = ours.rows.map((row) => rowLine(row, theirs?.rows.find(isSame(row)), goalOf(row)))
  const watched = ours.watched.flatMap((row) => {
    const other = theirs?.watched.find(isSame(row))
    const writes = `  ${pair(row.writes, other?.writes)} writes a second, lost ${pair(row.lost, other?.lost)}`
    return [rowLine(row, other, 3), writes]
  })
  const share = (mine: number, their: number | undefined) =>
    their === undefined ? "" : `  ${times(their / mine)} less${their / mine < 3 ? ", of 3" : ""}`
  const memory = (["idle", "many"] as const).map(
    (when) =>
      `memory ${when === "many" ? `with ${Plan.many} Pods` : when}, MiB: ${pair(ours.memory[when], theirs?.memory[when])}${share(ours.memory[when], theirs?.memory[when])}`
  )
  const ready = `ready after, ms: ${pair(ours.ready, theirs?.ready)}${share(ours.ready, theirs?.ready)}`
  return [`${ours.name} / ${theirs?.name ?? "nobody"}`, head, ...rows, ...watched, ...memory, ready].join("\n")
}
