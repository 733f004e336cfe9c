/** A process of `bench/Api.ts`: the client of one server. It does what it is told, and says what it saw. */
import { Schema } from "effect"
import { setTimeout } from "node:timers/promises"
import * as Load from "./Load.ts"
import * as Plan from "./Plan.ts"
import * as Requests from "./Requests.ts"
import type { Request } from "./Connection.ts"
import { churn } from "./Watching.ts"

const task = Schema.decodeUnknownSync(Schema.fromJsonString(Plan.Task))(process.argv[2])
const { pids, seconds } = task

const counted = (from: number, to: number, make: (index: number) => Request) => {
  let index = from
  return () => (index < to ? make(index++) : undefined)
}
const circle = (size: number, make: (index: number) => Request) => {
  const all = Array.from({ length: size }, (_, index) => make(index))
  let index = 0
  return () => all[index++ % size]
}

const all = async (next: () => Request | undefined) => {
  const { all: connections, close } = await Load.connect(task, "h2", 32)
  const { failed } = await Load.run({ connections, inFlight: 32, next, pids: [], seconds: 600 })
  close()
  if (failed > 0) throw new Error(`${failed} requests of the preparation failed`)
}
const fill = (namespace: string, from: number, to: number) =>
  all(counted(from, to, (index) => Requests.create("json", namespace, `pod-${index}`)))

const pool = 256
let turn = 0

/** Names of what was created last, to be deleted again. */
let [made, removed] = [0, 0]
const nexts: { readonly [_ in Plan.Operation]: (format: Plan.Format) => () => Request | undefined } = {
  get: (format) => circle(pool, (index) => Requests.get(format, "small", `pod-${index}`)),
  list500: (format) => circle(1, () => Requests.list(format, "list500")),
  list5000: (format) => circle(1, () => Requests.list(format, "list5000")),
  create: (format) => () => Requests.create(format, "made", `made-${made++}`),
  patch: (format) => () => Requests.patch(format, "small", `pod-${turn++ % pool}`, `${turn}`),
  delete: (format) => () => (removed < made ? Requests.remove(format, "made", `made-${removed++}`) : undefined)
}

const measure = async (protocol: Plan.Protocol, format: Plan.Format, what: Plan.Operation): Promise<Plan.Row> => {
  const { before, inFlight } = Plan.operations[what]
  const { all: connections, close } = await Load.connect(task, protocol, inFlight)
  const next = nexts[what](format)
  // What comes first is compiled, opened and cached on both sides: by how often it was asked for, and not by the clock.
  const isFirst = protocol === task.protocols[0] && format === task.formats[0]
  let left: number = isFirst ? before : before / 10
  const first = () => (left-- > 0 ? next() : undefined)
  await Load.run({ connections, inFlight, next: first, pids: [], seconds: 20 })
  const { count: _, ...figures } = await Load.run({ connections, inFlight, next, pids, seconds })
  close()
  return { what, protocol, format, ...figures }
}

const work = async (): Promise<Plan.Result> => {
  await setTimeout(2000)
  const idle = Load.memory(pids)
  await all(counted(0, 5, (index) => Requests.namespace(["small", "made", "list500", "list5000", "more"][index] ?? "")))
  const large = task.operations.includes("list5000") ? 5000 : 0
  await fill("small", 0, pool)
  await fill("list500", 0, 500)
  await fill("list5000", 0, large)
  const rows: Array<Plan.Row> = []
  for (const protocol of task.protocols)
    for (const format of task.formats) for (const what of task.operations) rows.push(await measure(protocol, format, what))
  const watched: Array<Plan.Watched> = []
  if (task.watch) for (const format of task.formats) watched.push(await churn(task, format, pool, 2 * seconds))
  if (task.fill) {
    await fill("more", 0, Plan.many - pool - 500 - large - (made - removed))
    await setTimeout(3000)
  }
  return { rows, watched, memory: { idle, many: Load.memory(pids) } }
}

work().then(
  (result) => process.send?.(result, () => process.exit(0)),
  (cause) => {
    console.error(cause)
    process.exit(1)
  }
)
