/** `/debug/api_priority_and_fairness/…`: what is in the levels and queues at this moment, as tables of text. */
import { apiVersion } from "../../../kernel/resource/Kind.ts"
import type { Standing } from "./Configuration.ts"
import type { Fairness } from "./Fairness.ts"
import { estimated, type Queue, type Ticket, widthOf } from "./Queue.ts"

const root = "/debug/api_priority_and_fairness"
export const paths = ["dump_priority_levels", "dump_queues", "dump_requests"].map((name) => `${root}/${name}`)

/** Columns as wide as their widest cell. */
const table = (rows: ReadonlyArray<ReadonlyArray<string>>) => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)))
  const line = (row: ReadonlyArray<string>) =>
    row.map((cell, column) => (column === row.length - 1 ? cell : `${cell},`.padEnd((widths[column] ?? 0) + 2))).join("")
  return `${rows.map(line).join("\n")}\n`
}

const byName = (a: Standing, b: Standing) => (a.level.name < b.level.name ? -1 : 1)
const sum = (tickets: ReadonlyArray<Ticket>, of: (ticket: Ticket) => number) =>
  tickets.reduce((total, ticket) => total + of(ticket), 0)
/** Seats times seconds, of seats times milliseconds. */
const seatSeconds = (work: number) => `${(work / 1000).toFixed(8)}ss`

const isActive = ({ executing, waiting }: Queue) => executing + waiting.length > 0

const levels = (all: ReadonlyArray<Standing>) => [
  [
    "PriorityLevelName",
    "ActiveQueues",
    "IsIdle",
    "IsQuiescing",
    "WaitingRequests",
    "ExecutingRequests",
    "DispatchedRequests",
    "RejectedRequests",
    "TimedoutRequests",
    "CancelledRequests"
  ],
  ...all.map(({ level }) => {
    const { cancelled, dispatched, rejected, timedOut } = level.count
    const active = level.queues.filter(isActive).length
    const numbers = [level.waiting, level.executing, dispatched, rejected, timedOut, cancelled]
    const isIdle = !level.isExempt && level.waiting + level.executing === 0
    return [level.name, `${active}`, `${isIdle}`, "false", ...numbers.map(String)]
  })
]

const queues = (all: ReadonlyArray<Standing>) => [
  [
    "PriorityLevelName",
    "Index",
    "PendingRequests",
    "ExecutingRequests",
    "SeatsInUse",
    "NextDispatchR",
    "InitialSeatsSum",
    "MaxSeatsSum",
    "TotalWorkSum"
  ],
  ...all.flatMap(({ level }) =>
    level.queues.map((queue) => [
      level.name,
      `${queue.index}`,
      `${queue.waiting.length}`,
      `${queue.executing}`,
      `${queue.seats}`,
      seatSeconds(queue.next),
      `${sum(queue.waiting, ({ seats }) => seats)}`,
      `${sum(queue.waiting, widthOf)}`,
      seatSeconds(sum(queue.waiting, estimated))
    ])
  )
]

const detailsOf = ({ about: { path, text, user, verb } }: Ticket) => [
  user,
  verb,
  text,
  path?.namespace ?? "",
  path?.name ?? "",
  path === undefined ? "" : apiVersion(path),
  path?.resource ?? "",
  path?.subresource ?? ""
]

const details = ["UserName", "Verb", "APIPath", "Namespace", "Name", "APIVersion", "Resource", "SubResource"]

const requests = (fairness: Fairness, isDetailed: boolean) => {
  const when = (time: number) => new Date(performance.timeOrigin + time).toISOString()
  const rows = [...fairness.waiting].map(({ flow, shown }) => [
    flow.standing.level.name,
    shown.schema,
    `${shown.queue?.index ?? 0}`,
    `${shown.queue?.waiting.indexOf(shown) ?? 0}`,
    shown.distinguisher,
    when(shown.arrived),
    `${shown.seats}`,
    `${shown.finalSeats}`,
    `${shown.lingers}ms`,
    "0001-01-01T00:00:00Z",
    ...(isDetailed ? detailsOf(shown) : [])
  ])
  const columns = [
    "PriorityLevelName",
    "FlowSchemaName",
    "QueueIndex",
    "RequestIndexInQueue",
    "FlowDistingsher",
    "ArriveTime",
    "InitialSeats",
    "FinalSeats",
    "AdditionalLatency",
    "StartTime",
    ...(isDetailed ? details : [])
  ]
  return [columns, ...rows]
}

/** `undefined`: none of these. */
export const text = (fairness: Fairness, path: string, query: URLSearchParams): string | undefined => {
  const all = () => [...fairness.configuration().standings.values()].toSorted(byName)
  switch (path) {
    case `${root}/dump_priority_levels`:
      return table(levels(all()))
    case `${root}/dump_queues`:
      return table(queues(all()))
    case `${root}/dump_requests`:
      return table(requests(fairness, ["1", "true"].includes(query.get("includeRequestDetails") ?? "")))
    default:
      return undefined
  }
}
