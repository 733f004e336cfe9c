/** The tables: each of ours beside that of etcd's ways which survives the same, with the ratio. */
import type { Row } from "./Appends.ts"
import { pairs } from "./Contestants.ts"

const digits = (value: number) => (value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0))

/** Columns as wide as they have to be; the first to the left. */
export const table = (rows: ReadonlyArray<ReadonlyArray<string>>) => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join("  ")
    )
    .join("\n")
}

/** Ours to theirs where more is better. */
export const ratio = (ours: number | undefined, theirs: number | undefined) =>
  ours === undefined || theirs === undefined ? "" : `${(ours / theirs).toFixed(2)} ×`

const rivalOf = (store: string) => pairs.find(([ours]) => ours === store)?.[1]

export const appends = (rows: ReadonlyArray<Row>) => {
  const find = (store: string | undefined, inFlight: number) =>
    rows.find((row) => row.store === store && row.inFlight === inFlight)
  const line = ({ flushes, inFlight, p50, p99, perSecond, store }: Row) => {
    const rival = find(rivalOf(store), inFlight)
    return [
      store,
      `${inFlight}`,
      perSecond.toFixed(0),
      digits(p50),
      digits(p99),
      flushes === undefined ? "" : flushes.toFixed(2),
      rivalOf(store) ?? "",
      ratio(perSecond, rival?.perSecond),
      ratio(rival?.p50, p50),
      ratio(rival?.p99, p99)
    ]
  }
  const head = ["store", "in flight", "appends/s", "p50 ms", "p99 ms", "flushes", "beside", "appends/s", "1/p50", "1/p99"]
  return table([head, ...rows.map(line)])
}
