/** The tables: each of ours beside that of etcd's ways which survives the same, with the ratio. */
import type { Row } from "./Appends.ts"
import type { Row as Fanned } from "./Fanout.ts"
import type { Row as Load } from "./Loads.ts"
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
  const line = ({ client, flushes, inFlight, p50, p99, perSecond, servers, store }: Row) => {
    const rival = find(rivalOf(store), inFlight)
    return [
      store,
      `${inFlight}`,
      perSecond.toFixed(0),
      digits(p50),
      digits(p99),
      client.toFixed(0),
      servers.toFixed(0),
      flushes === undefined ? "" : flushes.toFixed(2),
      rivalOf(store) ?? "",
      ratio(perSecond, rival?.perSecond),
      ratio(rival?.p50, p50),
      ratio(rival?.p99, p99),
      ratio(rival && rival.client + rival.servers, client + servers)
    ]
  }
  const costs = ["client µs", "servers µs", "flushes"]
  const head = [
    "store",
    "in flight",
    "appends/s",
    "p50 ms",
    "p99 ms",
    ...costs,
    "beside",
    "appends/s",
    "1/p50",
    "1/p99",
    "1/µs"
  ]
  return table([head, ...rows.map(line)])
}

export const fanout = (rows: ReadonlyArray<Fanned>) => {
  const find = (store: string | undefined, { rate, watchers }: Fanned) =>
    rows.find((one) => one.store === store && one.watchers === watchers && one.rate === rate)
  const line = (row: Fanned) => {
    const beside = rivalOf(row.store)
    const rivals = beside === undefined ? [] : [find(beside, row), find("kube-apiserver", row)]
    return [
      row.store,
      `${row.watchers}`,
      row.rate === 0 ? "full" : `${row.rate}/s`,
      row.writes.toFixed(0),
      row.events.toFixed(0),
      row.megabytes.toFixed(1),
      digits(row.p50),
      digits(row.p99),
      digits(row.cost),
      row.missing === 0 ? "" : `${row.missing}`,
      ...rivals.flatMap((one) => [ratio(row.events, one?.events), ratio(one?.p50, row.p50), ratio(one?.cost, row.cost)])
    ]
  }
  const head = ["store", "watchers", "churn", "writes/s", "events/s", "MB/s", "p50 ms", "p99 ms", "CPU µs", "missed"]
  return table([[...head, "etcd: events", "1/p50", "1/CPU", "upstream: events", "1/p50", "1/CPU"], ...rows.map(line)])
}

export const loads = (rows: ReadonlyArray<Load>) => {
  const line = (row: Load) => {
    const beside = rivalOf(row.store)
    const rival = rows.find((one) => one.store === beside && one.revisions === row.revisions)
    const times = [row.open, row.load, row.total, row.cost].map((time) => time.toFixed(0))
    return [
      row.store,
      `${row.objects}`,
      `${row.revisions}`,
      ...times,
      ratio(rival?.load, row.load),
      ratio(rival?.total, row.total)
    ]
  }
  const head = ["store", "objects", "revisions", "open ms", "load ms", "total ms", "load CPU ms", "etcd: 1/load", "1/total"]
  return table([head, ...rows.map(line)])
}
