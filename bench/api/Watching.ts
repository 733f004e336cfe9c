/** Watches under churn: 25 of them, each on a connection of its own, while Pods are patched as fast as it goes. */
import { setTimeout } from "node:timers/promises"
import * as Fan from "../store/Fan.ts"
import * as Http2 from "./Http2.ts"
import * as Load from "./Load.ts"
import * as Plan from "./Plan.ts"
import * as Requests from "./Requests.ts"
import * as Processor from "../store/Processor.ts"

const inFlight = 16

export const churn = async (task: Plan.Task, format: Plan.Format, pool: number, seconds: number): Promise<Plan.Watched> => {
  const counts = Fan.counts()
  const watching = await Promise.all(Array.from({ length: Plan.watchers }, () => Http2.start(task)))
  let ended = 0
  for (const connection of watching) {
    connection.send(Requests.watch(format, "small"), () => ended++, Fan.taker(counts))
  }
  await setTimeout(500)
  const { all: connections, close } = await Load.connect(task, "h2", inFlight)
  const before = Processor.spent(task.pids)
  const began = performance.now()
  let turn = 0
  const next = () => Requests.patch("json", "small", `pod-${turn++ % pool}`, Fan.marked())
  const { count, failed, rate } = await Load.run({ connections, inFlight, next, pids: [], seconds })
  const all = (count - failed) * Plan.watchers
  // Who was sent away is not waited for.
  for (let last = -1; counts.events < all && counts.events > last; ) {
    last = counts.events
    for (let tick = 0; tick < 2000 && counts.events < all; tick++) await setTimeout(1)
  }
  const took = (performance.now() - began) / 1000
  const cpu = ((Processor.spent(task.pids) - before) * 1000) / Math.max(1, counts.events)
  close()
  for (const connection of watching) connection.close()
  const wait = (share: number) => counts.waits.percentile(share) / 1000
  return {
    what: `${Plan.watchers} watchers`,
    protocol: "h2",
    format,
    rate: counts.events / took,
    p50: wait(50),
    p99: wait(99),
    cpu,
    failed: failed + ended,
    writes: rate,
    lost: Math.max(0, all - counts.events)
  }
}
