/**
 * One writer's churn and those who watch it, as a client sees them: each watcher and the writer on a connection of its own. When an
 * object was sent stands in it, so that whoever gets it knows how long it took; both kinds of watcher look for that in the bytes
 * that come and decode nothing, so that the same work is done beside either server.
 */
import { Effect, Exit, Scope } from "effect"
import { type ClientHttp2Session, connect, type SecureClientSessionOptions } from "node:http2"
import { createHistogram, type RecordableHistogram } from "node:perf_hooks"
import * as EtcdApi from "./EtcdApi.ts"

const mark = "~sent="
const digits = 16
const whole = mark.length + digits

/** Microseconds, the same in every process of the machine. */
export const now = () => Math.round((performance.timeOrigin + performance.now()) * 1000)
export const marked = () => `${mark}${now()}`

export interface Counts {
  events: number
  bytes: number
  readonly waits: RecordableHistogram
}
export const counts = (): Counts => ({ events: 0, bytes: 0, waits: createHistogram() })

/** Takes what one watcher is sent. */
export const taker = (counts: Counts) => {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk: Buffer) => {
    counts.bytes += chunk.length
    const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const at = now()
    let from = 0
    for (let found = data.indexOf(mark); found !== -1 && found + whole <= data.length; found = data.indexOf(mark, from)) {
      from = found + whole
      counts.events++
      counts.waits.record(Math.max(1, at - Number(data.toString("latin1", found + mark.length, from))))
    }
    rest = data.subarray(Math.max(from, data.length - whole))
  }
}

const ask = (session: ClientHttp2Session, method: string, path: string, body?: object) =>
  new Promise<string>((resolve, reject) => {
    const stream = session.request({ ":method": method, ":path": path, "content-type": "application/json" })
    const chunks: Buffer[] = []
    let status = 0
    stream.on("response", (headers) => {
      status = headers[":status"] ?? 0
    })
    stream.on("data", (chunk: Buffer) => chunks.push(chunk))
    stream.on("error", reject)
    stream.on("end", () => {
      const text = Buffer.concat(chunks).toString()
      if (status < 300) resolve(text)
      else reject(new Error(`${method} ${path}: ${status} ${text}`))
    })
    stream.end(body === undefined ? undefined : JSON.stringify(body))
  })

export interface Fan {
  /** Writes the next state of an object; gives its revision. */
  readonly write: (name: string, text: string, prev: string) => Promise<string>
  /** Watches all objects from now on; gives how to end it. */
  readonly watch: (take: (chunk: Buffer) => void) => Promise<() => void>
}

const namespace = "/api/v1/namespaces/fan"
const revisionOf = (text: string) => /"resourceVersion":"(\d+)"/.exec(text)?.[1] ?? ""

/** Any Kubernetes API. */
export const api = async (server: string, tls: SecureClientSessionOptions): Promise<Fan> => {
  const open = () => connect(server, { ...tls, settings: { initialWindowSize: 4 * 1024 * 1024 } })
  const session = open()
  await ask(session, "POST", "/api/v1/namespaces", { metadata: { name: "fan" } }).catch((cause) => {
    if (!String(cause).includes("409")) throw cause
  })
  const write = async (name: string, text: string, prev: string) => {
    const metadata = { name, ...(prev !== "" && { resourceVersion: prev }) }
    const path = `${namespace}/configmaps`
    const object = { metadata, data: { text } }
    return revisionOf(
      prev === "" ? await ask(session, "POST", path, object) : await ask(session, "PUT", `${path}/${name}`, object)
    )
  }
  const watch = async (take: (chunk: Buffer) => void) => {
    const list = await ask(session, "GET", `${namespace}/configmaps?limit=1`)
    const own = open()
    const stream = own.request({ ":path": `${namespace}/configmaps?watch=1&resourceVersion=${revisionOf(list)}` })
    stream.on("data", take)
    await new Promise((resolve, reject) => {
      stream.on("response", resolve)
      stream.on("error", reject)
    })
    return () => own.destroy()
  }
  return { write, watch }
}

const prefix = "/registry/fan/"

/** etcd, by its own watchers. */
export const etcd = async (endpoint: string): Promise<Fan> => {
  const scope = Scope.makeUnsafe()
  const writer = await Effect.runPromise(Scope.provide(EtcdApi.make(endpoint), scope))
  const write = async (name: string, text: string, prev: string) =>
    `${await Effect.runPromise(writer.put(`${prefix}${name}`, Buffer.from(text), Number(prev)))}`
  const watch = async (take: (chunk: Buffer) => void) => {
    const own = Scope.makeUnsafe()
    const watcher = await Effect.runPromise(Scope.provide(EtcdApi.make(endpoint), own))
    await Effect.runPromise(watcher.watch(prefix, take))
    return () => Effect.runSync(Scope.close(own, Exit.void))
  }
  return { write, watch }
}
