/**
 * `npm run bench`, the API over HTTPS: a server in this process, a client in a process of its own, one connection that is kept.
 * Prints how long a GET of one object, a LIST of 1000 Pods, a write, and the way of a change to 100 watches take.
 */
import { Effect, Layer } from "effect"
import { fork } from "node:child_process"
import { once } from "node:events"
import { type ClientHttp2Session, connect } from "node:http2"
import { Actions } from "../kernel/pipeline/Actions.ts"
import * as Pipeline from "../kernel/pipeline/layer.ts"
import * as Policy from "../kernel/pipeline/Policy.ts"
import { Kinds } from "../kernel/resource/Kinds.ts"
import * as MemoryLog from "../kernel/store/memory/MemoryLog.ts"
import * as Tables from "../kernel/table/Tables.ts"
import * as Apiserver from "../plugins/apiserver/Apiserver.ts"
import { Routes } from "../plugins/apiserver/contracts/Routes.ts"
import * as Pki from "../plugins/certificates/contracts/Pki.ts"
import * as Requests from "../plugins/certificates/contracts/Requests.ts"
import { ConfigMap, Namespace, Pod } from "../plugins/resources/contracts/core/v1.ts"

const namespaced = "/api/v1/namespaces/default"
const spec = { containers: [{ name: "c", image: "registry.example/web:1.27", args: ["--port", "8080"] }] }

const ask = async (session: ClientHttp2Session, method: string, path: string, body?: object) => {
  const stream = session.request({ ":method": method, ":path": path, "content-type": "application/json" })
  stream.end(body === undefined ? undefined : JSON.stringify(body))
  let bytes = 0
  stream.on("data", (chunk: Buffer) => {
    bytes += chunk.length
  })
  await once(stream, "end")
  return bytes
}

const median = async (times: number, run: (turn: number) => Promise<unknown>) => {
  const taken: Array<number> = []
  for (let turn = 0; turn < times; turn++) {
    const began = performance.now()
    await run(turn)
    taken.push(performance.now() - began)
  }
  return taken.toSorted((a, b) => a - b)[Math.floor(times / 2)] ?? 0
}
const line = (what: string, milliseconds: number) => console.log(`${what.padEnd(40)} ${milliseconds.toFixed(2)} ms`)

const watchers = async (session: ClientHttp2Session, count: number) => {
  const streams = Array.from({ length: count }, () =>
    session.request({ ":path": `${namespaced}/configmaps?watch=1&labelSelector=w` })
  )
  await Promise.all(streams.map((stream) => once(stream, "response")))
  return streams
}

const client = async ({ ca, pair, port }: { readonly ca: string; readonly pair: Pki.Pair; readonly port: number }) => {
  const session = connect(`https://127.0.0.1:${port}`, { ca, ...pair })
  await ask(session, "POST", "/api/v1/namespaces", { metadata: { name: "default" } })
  await ask(session, "POST", `${namespaced}/configmaps`, { metadata: { name: "a" }, data: { key: "value" } })
  const write = (turn: number) => ask(session, "POST", `${namespaced}/pods`, { metadata: { name: `pod-${turn}` }, spec })
  line("create of a Pod", await median(1000, write))
  const get = () => ask(session, "GET", `${namespaced}/configmaps/a`)
  await median(1000, get)
  line("get of a ConfigMap", await median(2000, get))
  line("list of 1000 Pods", await median(30, () => ask(session, "GET", `${namespaced}/pods`)))
  const streams = await watchers(session, 100)
  const change = async (turn: number) => {
    const all = Promise.all(streams.map((stream) => once(stream, "data")))
    await ask(session, "POST", `${namespaced}/configmaps`, { metadata: { name: `w-${turn}`, labels: { w: "" } } })
    await all
  }
  line("a create, until 100 watches know it", await median(100, change))
  session.destroy()
}

const kinds = Layer.effectDiscard(
  Effect.flatMap(Kinds, (kinds) => Effect.all([kinds.add(Namespace), kinds.add(ConfigMap), kinds.add(Pod)]))
)
const policies = Policy.Authenticators.add(1, ({ certificate }) =>
  Effect.succeed(certificate && { name: certificate.commonName, groups: certificate.organizations })
)
const kernel = Pipeline.layer.pipe(
  Layer.provideMerge(Tables.layer),
  Layer.provideMerge(MemoryLog.layer),
  Layer.provideMerge(Layer.mergeAll(Kinds.layer, Policy.layer, Actions.layer, Routes.layer))
)

const bench = Effect.gen(function* () {
  const ca = yield* Pki.authority("bench")
  const tls = yield* Pki.issue(ca, Requests.apiServer({ serviceAddress: "10.96.0.1", domain: "cluster.local", hosts: [] }))
  const kubelet = { ca: ca.cert, ...(yield* Pki.issue(ca, Requests.kubeletClient)) }
  const options = { addresses: ["127.0.0.1"], port: 0, tls, clientCa: ca.cert, kubelet }
  const services = yield* Layer.build(
    Apiserver.layer(options).pipe(Layer.provideMerge(Layer.mergeAll(kinds, policies)), Layer.provideMerge(kernel))
  )
  const { port } = yield* Effect.provide(Apiserver.Listening, services)
  const pair = yield* Pki.issue(ca, Requests.admin)
  yield* Effect.promise(async () => {
    const child = fork(import.meta.filename, { execArgv: ["--import", "tsx"] })
    child.send({ ca: ca.cert, pair, port })
    await once(child, "exit")
  })
})

if (process.send === undefined) await Effect.runPromise(Effect.scoped(bench))
else {
  // Sent by the process above, hence the cast.
  const [message] = await once(process, "message")
  await client(message as Parameters<typeof client>[0])
  process.disconnect()
}
