/**
 * metrics.k8s.io: what nodes and Pods use, from what the kubelets count, for `kubectl top` and autoscaling. It is a server of its own
 * behind an APIService, and answers nobody but the API servers' proxies.
 */
import { Effect, Layer, Schedule } from "effect"
import { createServer, type Server } from "node:https"
import type { AddressInfo } from "node:net"
import type { IncomingMessage, ServerResponse } from "node:http"
import { TLSSocket } from "node:tls"
import { Client } from "../../kernel/client/Client.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import type { RequestHeader } from "../apiserver/contracts/RequestHeader.ts"
import { Node, Pod } from "../resources/contracts/core/v1.ts"
import * as Answers from "./Answers.ts"
import * as Registered from "./Registered.ts"
import * as Scraping from "./Scraping.ts"

export interface Options {
  /** Where API servers reach this process. */
  readonly address: string
  /** PEM: the certificate for `host`, and its authority. */
  readonly tls: { readonly cert: string; readonly key: string; readonly ca: string }
  /** By whom the API servers' proxies are known. */
  readonly proxies: RequestHeader
  readonly kubelet: Scraping.Kubelet
}

/** Under which API servers know its certificate. */
export const host = Registered.host

const again = Schedule.spaced("2 seconds")

/** The authority signs for proxies alone: whoever shows a certificate of it is one, if his name is right. */
const isProxy = (socket: unknown, { names }: RequestHeader) => {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return false
  const { CN = "" } = socket.getPeerCertificate().subject ?? {}
  return names.length === 0 || names.includes(String(CN))
}

const send = (response: ServerResponse, { body, code }: Answers.Reply) => {
  const text = JSON.stringify(body)
  response.writeHead(code, { "content-type": "application/json", "content-length": Buffer.byteLength(text) })
  response.end(text)
}

const reply = (
  url: URL,
  { headers: { accept }, method = "GET" }: IncomingMessage,
  sources: Answers.Sources
): Answers.Reply => {
  if (method !== "GET" && method !== "HEAD") {
    return Answers.refused(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")
  }
  try {
    return Answers.answer(url.pathname, { query: url.searchParams, accept }, sources)
  } catch {
    // A broken escape in the path is all that can throw.
    return Answers.refused(400, "BadRequest", "the path of the URL has a broken escape")
  }
}

const serve = ({ proxies, tls }: Options, sources: Answers.Sources) =>
  createServer(
    { cert: tls.cert, key: tls.key, ca: proxies.ca, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      const url = new URL(request.url ?? "/", "https://metrics-server")
      if (!isProxy(request.socket, proxies)) send(response, Answers.refused(401, "Unauthorized", "Unauthorized"))
      else send(response, reply(url, request, sources))
    }
  )

const listen = (server: Server, address: string) =>
  Effect.callback<number, Error>((resume) => {
    server.once("error", (error) => resume(Effect.fail(error)))
    server.listen({ host: address, port: 0 }, () => {
      // A server that listens on a port has an address of this form, hence the cast.
      resume(Effect.succeed((server.address() as AddressInfo).port))
    })
  })

const run = Effect.fnUntraced(function* (options: Options) {
  const client = yield* Client
  const nodes = yield* client.cache(Node, { indexes: {} })
  const pods = yield* client.cache(Pod, { indexes: {} })
  const scraped = yield* Scraping.start(options.kubelet)
  const server = yield* Effect.acquireRelease(
    Effect.sync(() => serve(options, { scraped, nodes: nodes.all, pods: pods.all })),
    (server) =>
      Effect.sync(() => {
        server.close()
        server.closeAllConnections()
      })
  )
  const port = yield* listen(server, options.address)
  yield* Registered.register({ address: options.address, port }, options.tls.ca).pipe(
    Effect.tapError((error) => Effect.logDebug("not registered yet", error)),
    Effect.retry(again),
    Effect.andThen(Effect.logInfo(`metrics.k8s.io is served on ${options.address}:${port}.`)),
    Effect.forkScoped
  )
})

export const plugin = (options: Options) => Plugin.make({ name: "metrics-server", layer: Layer.effectDiscard(run(options)) })
