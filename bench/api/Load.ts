/** A load: as many requests in flight as are wanted, for some seconds; and what it cost the server. */
import { createHistogram } from "node:perf_hooks"
import { readFileSync } from "node:fs"
import * as Processor from "../store/Processor.ts"
import type { Address, Connection, Request } from "./Connection.ts"
import * as Http1 from "./Http1.ts"
import * as Http2 from "./Http2.ts"
import type { Protocol } from "./Plan.ts"

/** HTTP/2 takes several requests on a connection, HTTP/1.1 one. */
export const connect = async (address: Address, protocol: Protocol, inFlight: number) => {
  const count = protocol === "h2" ? Math.min(4, inFlight) : inFlight
  const one = protocol === "h2" ? Http2.start : Http1.start
  const all = await Promise.all(Array.from({ length: count }, () => one(address)))
  return { all, close: () => all.forEach((connection) => connection.close()) }
}

export interface Loaded {
  readonly rate: number
  readonly p50: number
  readonly p99: number
  readonly cpu: number
  readonly failed: number
  readonly count: number
}

export interface Load {
  readonly connections: ReadonlyArray<Connection>
  readonly inFlight: number
  readonly seconds: number
  readonly pids: ReadonlyArray<number>
  /** The next request; nothing when there are no more. */
  readonly next: () => Request | undefined
}

export const run = async ({ connections, inFlight, next, pids, seconds }: Load): Promise<Loaded> => {
  const waits = createHistogram()
  const before = Processor.spent(pids)
  const began = performance.now()
  const until = began + seconds * 1000
  let [count, failed] = [0, 0]
  const worker = (connection: Connection) =>
    new Promise<void>((resolve) => {
      const again = () => {
        const at = performance.now()
        const request = at < until ? next() : undefined
        if (request === undefined) return resolve()
        connection.send(request, (isGood) => {
          count++
          if (!isGood) failed++
          waits.record(Math.max(1, Math.round((performance.now() - at) * 1000)))
          again()
        })
      }
      again()
    })
  const workers = Array.from({ length: inFlight }, (_, index) => connections[index % connections.length])
  await Promise.all(workers.flatMap((connection) => (connection === undefined ? [] : [worker(connection)])))
  const took = (performance.now() - began) / 1000
  const cpu = ((Processor.spent(pids) - before) * 1000) / Math.max(1, count)
  const wait = (share: number) => (count === 0 ? 0 : waits.percentile(share) / 1000)
  return { rate: count / took, p50: wait(50), p99: wait(99), cpu, failed, count }
}

/** In MiB, of all processes together. */
export const memory = (pids: ReadonlyArray<number>) =>
  pids.reduce((sum, pid) => {
    const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
    return sum + Number(kib ?? 0) / 1024
  }, 0)
