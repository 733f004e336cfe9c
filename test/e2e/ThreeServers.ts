/** `keelson up --control-planes 3` on ports of its own, with hollow nodes: what the tests do to its servers, and ask of them. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { Agent, request } from "node:https"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Kubeconfig from "../../adapters/client/https/Kubeconfig.ts"
import * as Transport from "../../adapters/client/https/Transport.ts"
import * as Paths from "../../bin/Paths.ts"
import * as Processes from "../../bin/Processes.ts"
import * as Servers from "../../bin/Servers.ts"
import { keelson, launch, story, until } from "./Cluster.ts"
import { eventually } from "./Eventually.ts"
import type { Answer, Ask } from "./Requests.ts"

export const indexes = [1, 2, 3] as const
export type Index = (typeof indexes)[number]
const apiPort = 26443
export const portOf = (index: Index) => apiPort + index

export class ThreeServers extends Context.Service<
  ThreeServers,
  {
    readonly dataDir: string
    /** At the port of all, over connections of HTTP/1.1 that are kept, as many programs do. */
    readonly old: Ask
    /** At the port of all, over HTTP/2, as kubectl does. */
    readonly ask: Ask
    /** At the port of one. */
    readonly at: (index: Index) => Ask
    readonly pid: (index: Index) => Effect.Effect<number>
    /** Of the nats-server. */
    readonly storePid: (index: Index) => number
    /** Whose nats-server leads the replicas of the objects. */
    readonly leader: Effect.Effect<Index>
    readonly isReady: (index: Index) => Effect.Effect<boolean>
    readonly printed: () => string
  }
>()("test/e2e/ThreeServers") {}

const Streams = Schema.Struct({
  account_details: Schema.Array(
    Schema.Struct({
      stream_detail: Schema.Array(
        Schema.Struct({ name: Schema.String, cluster: Schema.Struct({ leader: Schema.optionalKey(Schema.String) }) })
      )
    })
  )
})
const Configuration = Schema.fromJsonString(Schema.Struct({ http: Schema.String }))

const over1 = (target: Transport.Target, port: number): Ask => {
  const agent = new Agent({ keepAlive: true })
  const { ca, clientCertificate: cert, clientKey: key } = target
  return (method, path, body) =>
    new Promise((resolve, reject) => {
      const headers = { "content-type": "application/json" }
      const call = request({ host: "127.0.0.1", port, method, path, headers, agent, ca, cert, key }, (response) => {
        let text = ""
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk))
        response.on("error", reject)
        const retryAfter = response.headers["retry-after"]
        response.on("end", () => resolve({ code: response.statusCode ?? 0, text, retryAfter }))
      })
      call.on("error", reject)
      call.end(body === undefined ? undefined : JSON.stringify(body))
    })
}

const over2 = Effect.fnUntraced(function* (target: Transport.Target) {
  const send = yield* Transport.make(target)
  const ask: Ask = (method, path, body) => {
    const headers = { "content-type": "application/json" }
    const answer = Effect.gen(function* () {
      const { body: stream, status } = yield* send({
        ...{ method, path, headers },
        ...(body && { body: JSON.stringify(body) })
      })
      const text = yield* Effect.promise(async () => Buffer.concat(await stream.toArray()).toString())
      return { code: status, text, retryAfter: undefined } satisfies Answer
    })
    return Effect.runPromise(Effect.scoped(answer))
  }
  return ask
})

const flags = [
  ...["--control-planes", "3", "--runtime", "hollow", "--node-name", "n1", "--node-ip", "127.0.0.1"],
  ...["--api-port", `${apiPort}`, "--kubelet-port", "26250"]
]

const make = Effect.gen(function* () {
  const dataDir = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "keelson-servers-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )
  const paths = Paths.make(dataDir, "n1")
  const about = yield* Effect.acquireRelease(
    Effect.sync(() => launch([process.execPath, keelson, "up", "--data-dir", dataDir, ...flags])),
    (about) =>
      Effect.andThen(
        Effect.sync(() => about.code === undefined && process.kill(about.pid, "SIGTERM")),
        until(
          "its end",
          120,
          () => about.code !== undefined,
          () => about.text
        )
      )
  )
  story.of = () => about.text
  const hasBegun = () => about.code !== undefined || about.text.includes("node n1 is ready")
  yield* until("a cluster of three servers", 240, hasBegun, () => about.text)
  const target = yield* Kubeconfig.read(paths.kubeconfig)
  const replica = (index: Index) => join(Servers.pathsOf(paths, index).store, "replica")
  const asks = new Map(indexes.map((index) => [index, over1(target, portOf(index))]))
  const at = (index: Index): Ask => asks.get(index) ?? (() => Promise.reject(new Error(`there is no server ${index}`)))
  const old = over1(target, apiPort)
  const isReady = (index: Index) =>
    Effect.promise(() =>
      at(index)("GET", "/readyz").then(
        ({ code }) => code === 200,
        () => false
      )
    )
  yield* eventually("all three serve", 60, Effect.all(indexes.map(isReady)), (all) => all.every(Boolean))

  const streams = (index: Index) =>
    Effect.gen(function* () {
      const text = readFileSync(join(replica(index), "nats-server.conf"), "utf8")
      const { http } = yield* Schema.decodeUnknownEffect(Configuration)(text)
      const answer = yield* Effect.tryPromise(() => fetch(`http://${http}/jsz?streams=1&accounts=1`).then((it) => it.json()))
      const { account_details } = yield* Schema.decodeUnknownEffect(Streams)(answer)
      const all = account_details.flatMap(({ stream_detail }) => stream_detail)
      const leader = all.find(({ name }) => name.endsWith("_objects"))?.cluster.leader
      return yield* Effect.fromOption(Option.fromUndefinedOr(indexes.find((one) => leader === `n1-${one}`)))
    })
  return ThreeServers.of({
    dataDir,
    old,
    ask: yield* over2(target),
    at,
    pid: (index) =>
      Processes.find(paths.run, Servers.processOf(index)).pipe(
        Effect.map((found) => Option.getOrThrow(found).pid),
        Effect.provide(NodeServices.layer)
      ),
    storePid: (index) => Number(readFileSync(join(replica(index), "nats-server.pid"), "utf8")),
    leader: Effect.orDie(Effect.firstSuccessOf(indexes.map(streams))),
    isReady,
    printed: () => about.text
  })
})

export const layer = Layer.effect(ThreeServers, Effect.orDie(make)).pipe(Layer.provide(NodeServices.layer))
