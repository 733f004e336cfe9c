/** A cluster as its client sees it: objects written many at once, and a watch that notes when Pods have nodes. */
import type { Address, Connection, Request } from "../api/Connection.ts"
import * as Http2 from "../api/Http2.ts"

const json = "application/json"
const connections = 4
const inFlight = 64

export interface Write {
  readonly method: "POST" | "PATCH" | "DELETE"
  readonly path: string
  readonly body?: object
}

const requestOf = ({ body, method, path }: Write): Request => ({
  method,
  path,
  accept: json,
  type: method === "PATCH" ? "application/merge-patch+json" : json,
  ...(body !== undefined && { body: Buffer.from(JSON.stringify(body)) })
})

const podOf = /"name":"(bench-[a-z-]+-\d+)"/

/** Which Pods have nodes, and who waits until so many have. */
class Seen {
  private readonly bound = new Set<string>()
  private readonly waiting = new Set<{ readonly holds: () => boolean; readonly done: () => void }>()
  private rest = ""

  /** A watch that begins tells first what is there. */
  readonly begin = () => {
    this.bound.clear()
    this.rest = ""
  }

  readonly take = (chunk: Buffer) => {
    const lines = (this.rest + chunk.toString("latin1")).split("\n")
    this.rest = lines.pop() ?? ""
    for (const line of lines) this.line(line)
    for (const waiter of this.waiting) if (waiter.holds()) waiter.done()
  }

  async until(what: string, holds: (bound: ReadonlySet<string>) => boolean, seconds: number) {
    let timer: NodeJS.Timeout | undefined
    const late = () => new Error(`${what}: after ${seconds} s ${this.bound.size} Pods have nodes`)
    await new Promise<void>((resolve, reject) => {
      const waiter = {
        holds: () => holds(this.bound),
        done: () => {
          this.waiting.delete(waiter)
          resolve()
        }
      }
      this.waiting.add(waiter)
      timer = setTimeout(() => reject(late()), seconds * 1000)
      if (waiter.holds()) waiter.done()
    }).finally(() => clearTimeout(timer))
  }

  private line(line: string) {
    const name = podOf.exec(line)?.[1]
    if (name === undefined) return
    if (line.startsWith('{"type":"DELETED"')) this.bound.delete(name)
    else if (line.includes('"nodeName":"')) this.bound.add(name)
  }
}

export const open = async (address: Address) => {
  const pool = await Promise.all(Array.from({ length: connections }, () => Http2.start(address)))
  const watching = await Http2.start(address)
  const seen = new Seen()
  let isOpen = true
  /** Who reads slowly is sent away by a kube-apiserver, which on a loaded machine is soon: then it begins anew. */
  const watch = () => {
    seen.begin()
    watching.send({ method: "GET", path: "/api/v1/pods?watch=1", accept: json }, () => isOpen && watch(), seen.take)
  }
  watch()

  const send = (connection: Connection, write: Write) =>
    new Promise<void>((resolve, reject) => {
      const answered = (isGood: boolean) =>
        isGood ? resolve() : reject(new Error(`${write.method} ${write.path} was refused`))
      connection.send(requestOf(write), answered)
    })
  /** So many at once. */
  const all = async (writes: ReadonlyArray<Write>) => {
    let next = 0
    const worker = async (connection: Connection) => {
      for (let write = writes[next++]; write !== undefined; write = writes[next++]) await send(connection, write)
    }
    await Promise.all(
      Array.from({ length: inFlight }, (_, index) => {
        const connection = pool[index % pool.length]
        return connection === undefined ? undefined : worker(connection)
      })
    )
  }
  const read = (path: string) =>
    new Promise<string>((resolve, reject) => {
      const chunks: Array<Buffer> = []
      const [connection] = pool
      const answered = (isGood: boolean) =>
        isGood ? resolve(Buffer.concat(chunks).toString()) : reject(new Error(`GET ${path} was refused`))
      connection?.send({ method: "GET", path, accept: "*/*" }, answered, (chunk) => chunks.push(Buffer.from(chunk)))
    })
  const close = () => {
    isOpen = false
    for (const connection of [...pool, watching]) connection.close()
  }
  return { all, read, seen, close }
}

export type Cluster = Awaited<ReturnType<typeof open>>
