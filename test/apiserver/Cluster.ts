/** A server with a memory for a store and the real pipeline behind it, and clients of several users. */
import { Effect, Layer } from "effect"
import { Agent, request } from "node:https"
import { Actions } from "../../kernel/pipeline/Actions.ts"
import * as PipelineLayer from "../../kernel/pipeline/layer.ts"
import * as Policy from "../../kernel/pipeline/Policy.ts"
import { Kinds } from "../../kernel/resource/Kinds.ts"
import * as MemoryLog from "../../kernel/store/memory/MemoryLog.ts"
import * as Tables from "../../kernel/table/Tables.ts"
import * as Apiserver from "../../plugins/apiserver/Apiserver.ts"
import { Routes } from "../../plugins/apiserver/contracts/Routes.ts"
import * as Pki from "../../plugins/certificates/contracts/Pki.ts"
import * as Requests from "../../plugins/certificates/contracts/Requests.ts"
import { Deployment } from "../../plugins/resources/contracts/apps/v1.ts"
import { ConfigMap, Namespace, Node, Pod, Service } from "../../plugins/resources/contracts/core/v1.ts"

export interface Reply {
  readonly code: number
  readonly headers: { readonly [name: string]: string | ReadonlyArray<string> | undefined }
  readonly text: string
  /** Whatever the test knows to be there. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers as they expect them
  readonly json: any
}

export interface Asking {
  readonly method?: string
  readonly body?: unknown
  readonly type?: string
  readonly headers?: { readonly [name: string]: string }
}

export interface User {
  readonly ask: (path: string, asking?: Asking) => Effect.Effect<Reply>
  readonly pair: Pki.Pair | undefined
}

export interface Cluster {
  readonly port: number
  readonly ca: Pki.Pair
  readonly admin: User
  readonly nobody: User
  readonly as: (name: string, ...groups: ReadonlyArray<string>) => Effect.Effect<User>
}

const kinds = Layer.effectDiscard(
  Effect.gen(function* () {
    const all = yield* Kinds
    yield* all.add(ConfigMap, {
      columns: [
        { name: "Data", type: "integer", description: "Entries.", value: ({ data = {} }) => Object.keys(data).length }
      ]
    })
    yield* all.add(Namespace)
    yield* all.add(Node)
    yield* all.add(Pod)
    yield* all.add(Service)
    yield* all.add(Deployment, { scale: { spec: "spec.replicas", status: "status.replicas" } })
  })
)

/** Certificates as users; ann may look at config maps. */
const policies = Layer.mergeAll(
  Policy.Authenticators.add(1, ({ certificate, token }) =>
    Effect.succeed(
      certificate !== undefined
        ? { name: certificate.commonName, groups: certificate.organizations }
        : token === "good"
          ? { name: "token", groups: ["system:masters"] }
          : undefined
    )
  ),
  Policy.Authorizers.add(1, ({ path, resource, user, verb }) => ({
    decision:
      (user.name === "ann" && resource === "configmaps" && ["get", "list", "watch"].includes(verb)) || path === "/version"
        ? "allow"
        : "noOpinion"
  }))
)

const kernel = PipelineLayer.layer.pipe(
  Layer.provideMerge(Tables.layer),
  Layer.provideMerge(MemoryLog.layer),
  Layer.provideMerge(Layer.mergeAll(Kinds.layer, Policy.layer, Actions.layer, Routes.layer))
)

const userOf = (port: number, ca: string, pair: Pki.Pair | undefined): User => {
  const agent = new Agent({ ca, keepAlive: true, ...pair })
  const ask = (path: string, { body, headers = {}, method = "GET", type = "application/json" }: Asking = {}) =>
    Effect.callback<Reply>((resume) => {
      const bytes = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body)
      const sent = request(
        {
          host: "127.0.0.1",
          port,
          path,
          method,
          agent,
          headers: {
            ...(bytes !== undefined && { "content-type": type, "content-length": Buffer.byteLength(bytes) }),
            ...headers
          }
        },
        (response) => {
          let text = ""
          response.setEncoding("utf8")
          response.on("data", (chunk: string) => {
            text += chunk
          })
          response.on("end", () =>
            resume(
              Effect.succeed({
                code: response.statusCode ?? 0,
                headers: response.headers,
                text,
                get json() {
                  return JSON.parse(text)
                }
              })
            )
          )
        }
      )
      sent.on("error", (error) => resume(Effect.die(error)))
      sent.end(bytes)
    })
  return { ask, pair }
}

/** Until the scope closes. */
export const start = Effect.fnUntraced(function* (more: Partial<Apiserver.Options> = {}) {
  const ca = yield* Pki.authority("test")
  const tls = yield* Pki.issue(ca, Requests.apiServer({ serviceAddress: "10.96.0.1", domain: "cluster.local", hosts: [] }))
  const kubelet = yield* Pki.issue(ca, Requests.kubeletClient)
  const layer = Apiserver.layer({
    addresses: ["127.0.0.1"],
    port: 0,
    tls,
    clientCa: ca.cert,
    kubelet: { ca: ca.cert, ...kubelet },
    ...more
  }).pipe(Layer.provideMerge(Layer.mergeAll(kinds, policies)), Layer.provideMerge(kernel))
  const services = yield* Layer.build(layer)
  const { port } = yield* Effect.provide(Apiserver.Listening, services)
  const as = (name: string, ...groups: ReadonlyArray<string>) =>
    Effect.map(Pki.issue(ca, Requests.client(name, ...groups)), (pair) => userOf(port, ca.cert, pair))
  const cluster: Cluster = {
    port,
    ca,
    as,
    admin: yield* as("admin", "system:masters"),
    nobody: userOf(port, ca.cert, undefined)
  }
  yield* cluster.admin.ask("/api/v1/namespaces", { method: "POST", body: { metadata: { name: "default" } } })
  return { ...cluster, services }
})
