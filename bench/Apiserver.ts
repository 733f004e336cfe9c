/**
 * `npm run bench`, the API over HTTPS: a server in this process, a client in a process of its own, one connection that is kept.
 * Prints how long a GET of one object, a LIST of 1000 Pods, a write, and the way of a change to 100 watches take, as ratios to a
 * server that only sends the same bytes, in turns within one run.
 */
import { Effect, Layer } from "effect"
import { fork } from "node:child_process"
import { once } from "node:events"
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  createSecureServer,
  type ServerHttp2Stream
} from "node:http2"
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

type Run = (turn: number) => Promise<unknown>

const middle = (taken: ReadonlyArray<number>) => taken.toSorted((a, b) => a - b)[Math.floor(taken.length / 2)] ?? 0

/** The medians of both, in turns, so that what the machine does besides hits both alike. */
const compare = async (what: string, times: number, ours: Run, bare: Run) => {
  const taken: { readonly ours: Array<number>; readonly bare: Array<number> } = { ours: [], bare: [] }
  for (let turn = 0; turn < times; turn++)
    for (const [mine, run] of [
      [taken.ours, ours],
      [taken.bare, bare]
    ] as const) {
      const began = performance.now()
      await run(turn)
      mine.push(performance.now() - began)
    }
  const [here, there] = [middle(taken.ours), middle(taken.bare)]
  console.log(`${what.padEnd(40)} ${here.toFixed(2)} ms  ${(here / there).toFixed(2)} × a bare server`)
}

const watchers = async (session: ClientHttp2Session, path: string) => {
  const streams = Array.from({ length: 100 }, () => session.request({ ":path": path }))
  await Promise.all(streams.map((stream) => once(stream, "response")))
  return streams
}

interface Servers {
  readonly ca: string
  readonly pair: Pki.Pair
  readonly port: number
  readonly bare: number
}

/** Answers with `?bytes=` bytes, after it has read and parsed what it was sent; and tells the watches of what is posted. */
const bareServer = async (tls: { readonly cert: string; readonly key: string }) => {
  const watches = new Set<ServerHttp2Stream>()
  const server = createSecureServer(tls)
  server.on("stream", async (stream, headers) => {
    const { searchParams } = new URL(headers[":path"] ?? "/", "https://bare")
    stream.respond({ ":status": 200, "content-type": "application/json" })
    if (searchParams.has("watch")) return watches.add(stream)
    let body = ""
    for await (const chunk of stream) body += String(chunk)
    const text = body === "" ? "" : JSON.stringify(JSON.parse(body))
    if (searchParams.has("tell")) for (const watch of watches) watch.write(text)
    return stream.end(Buffer.alloc(Number(searchParams.get("bytes") ?? text.length)))
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  return { port: typeof address === "object" && address !== null ? address.port : 0, close: () => server.close() }
}

const client = async ({ bare: barePort, ca, pair, port }: Servers) => {
  const session = connect(`https://127.0.0.1:${port}`, { ca, ...pair })
  const bare = connect(`https://127.0.0.1:${barePort}`, { ca })
  await ask(session, "POST", "/api/v1/namespaces", { metadata: { name: "default" } })
  await ask(session, "POST", `${namespaced}/configmaps`, { metadata: { name: "a" }, data: { key: "value" } })
  const both = (what: string, times: number, path: string, bytes: number) =>
    compare(
      what,
      times,
      () => ask(session, "GET", path),
      () => ask(bare, "GET", `/?bytes=${bytes}`)
    )

  const pod = (turn: number) => ({ metadata: { name: `pod-${turn}` }, spec })
  const written = await ask(session, "POST", `${namespaced}/pods`, pod(-1))
  const write: Run = (turn) => ask(session, "POST", `${namespaced}/pods`, pod(turn))
  await compare("create of a Pod", 1000, write, (turn) => ask(bare, "POST", `/?bytes=${written}`, pod(turn)))

  const one = await ask(session, "GET", `${namespaced}/configmaps/a`)
  for (let turn = 0; turn < 1000; turn++) await ask(session, "GET", `${namespaced}/configmaps/a`)
  await both("get of a ConfigMap", 2000, `${namespaced}/configmaps/a`, one)
  await both("list of 1000 Pods", 30, `${namespaced}/pods`, await ask(session, "GET", `${namespaced}/pods`))

  const told =
    (streams: ReadonlyArray<ClientHttp2Stream>, post: Run): Run =>
    async (turn) => {
      const all = Promise.all(streams.map((stream) => once(stream, "data")))
      await post(turn)
      await all
    }
  const map = (turn: number) => ({ metadata: { name: `w-${turn}`, labels: { w: "" } } })
  const ours = await watchers(session, `${namespaced}/configmaps?watch=1&labelSelector=w`)
  const theirs = await watchers(bare, "/?watch=1")
  await compare(
    "a create, until 100 watches know it",
    100,
    told(ours, (turn) => ask(session, "POST", `${namespaced}/configmaps`, map(turn))),
    told(theirs, (turn) => ask(bare, "POST", "/?tell=1", map(turn)))
  )
  session.destroy()
  bare.destroy()
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
    const bare = await bareServer(tls)
    const child = fork(import.meta.filename, { execArgv: ["--import", "tsx"] })
    child.send({ ca: ca.cert, pair, port, bare: bare.port })
    await once(child, "exit")
    bare.close()
  })
})

if (process.send === undefined) await Effect.runPromise(Effect.scoped(bench))
else {
  // Sent by the process above, hence the cast.
  const [message] = await once(process, "message")
  await client(message as Parameters<typeof client>[0])
  process.disconnect()
}
