/** The kubelet's HTTPS server: logs, commands, and what the node knows of itself. The API server is its client. */
import { Effect, FiberSet, Stream } from "effect"
import type { IncomingMessage, ServerResponse } from "node:http"
import { createServer } from "node:https"
import type { Duplex } from "node:stream"
import { type WebSocket, WebSocketServer } from "ws"
import { Exec } from "../contracts/Exec.ts"
import { Logs } from "../contracts/Logs.ts"
import { Stats } from "../contracts/Stats.ts"
import type { Site } from "../Site.ts"
import * as Answers from "./Answers.ts"
import * as Caller from "./Caller.ts"
import * as Channels from "./Channels.ts"
import * as PortForward from "./PortForward.ts"
import * as SpdyCommands from "./SpdyCommands.ts"
import * as Upgrades from "./Upgrades.ts"
import * as ResourceMetrics from "./ResourceMetrics.ts"
import * as Runtimes from "./Runtimes.ts"

/** PEM texts. `clientCa` signs the certificates of those who may ask. */
export interface Tls {
  readonly cert: string
  readonly key: string
  readonly clientCa: string
}
export interface Options {
  readonly host?: string
  /** 0: any free one. */
  readonly port: number
  readonly tls: Tls
  /** What is shown to new connections from then on. */
  readonly renewed?: Stream.Stream<Tls>
}

const flag = (query: URLSearchParams, ...names: ReadonlyArray<string>) =>
  names.some((name) => ["1", "true"].includes(query.get(name) ?? ""))

const partOf = (path: string): Caller.Part =>
  path.startsWith("/containerLogs/") || path.startsWith("/logs")
    ? "log"
    : path.startsWith("/stats")
      ? "stats"
      : path.startsWith("/metrics")
        ? "metrics"
        : path === "/healthz"
          ? "healthz"
          : "proxy"

const reasons: { readonly [code: number]: string } = { 401: "Unauthorized", 403: "Forbidden", 404: "Not Found" }

/** `/exec/<namespace>/<pod>[/<uid>]/<container>`. */
const placeOf = (path: string) => {
  const [action = "", namespace = "", pod = "", ...rest] = path.split("/").slice(1).map(decodeURIComponent)
  return { action, namespace, pod, container: rest.at(-1) ?? "" }
}

const secured = ({ cert, clientCa, key }: Tls) => ({ cert, key, ca: clientCa, minVersion: "TLSv1.2" as const })

export const make = Effect.fnUntraced(function* (site: Site, options: Options) {
  const exec = yield* Exec
  const logs = yield* Logs
  const stats = yield* Stats
  const refusal = Caller.make(site.client, site.settings.nodeName)
  const run = yield* FiberSet.makeRuntime<never>()
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    handleProtocols: (offered) => Channels.protocols.find((protocol) => offered.has(protocol)) ?? false
  })

  const route = (url: URL, response: ServerResponse) => {
    const { pathname, searchParams } = url
    if (pathname === "/healthz") return Answers.send(response, 200, "text/plain", "ok")
    if (pathname === "/pods" || pathname === "/pods/") {
      const items = site.pods.all().map((pod) => ({ apiVersion: "v1", kind: "Pod", ...pod }))
      return Answers.json(response, { kind: "PodList", apiVersion: "v1", metadata: {}, items })
    }
    if (pathname === "/metrics") {
      return Effect.flatMap(Answers.metrics(site), (text) => Answers.send(response, 200, "text/plain; version=0.0.4", text))
    }
    if (pathname === "/metrics/resource") {
      const text = ResourceMetrics.text(site, stats)
      return Effect.flatMap(text, (body) => Answers.send(response, 200, "text/plain; version=0.0.4", body))
    }
    if (pathname === "/stats/summary")
      return Effect.flatMap(Answers.summary(site, stats), (value) => Answers.json(response, value))
    if (pathname === "/runtimes") return Effect.flatMap(Runtimes.report(site), (value) => Answers.json(response, value))
    if (pathname.startsWith("/containerLogs/")) return Answers.logs(site, logs, placeOf(pathname), searchParams, response)
    return Answers.refused(404, "404 page not found")
  }

  const admitted = Effect.fnUntraced(function* (request: IncomingMessage, path: string) {
    const code = yield* Effect.catch(refusal(request, partOf(path)), () => Effect.succeed(503))
    if (code !== undefined) return yield* Answers.refused(code, reasons[code] ?? "the cluster does not answer")
  })

  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? "/", "https://kubelet")
    const answered = Effect.andThen(
      admitted(request, url.pathname),
      Effect.suspend(() => route(url, response))
    ).pipe(
      Effect.catch(({ code, message }) => Answers.send(response, code, "text/plain; charset=utf-8", message)),
      Effect.catchCause((cause) =>
        Effect.andThen(
          Effect.logWarning("a request failed", cause),
          Effect.sync(() => response.destroy())
        )
      ),
      Effect.withSpan("kubelet.request", { attributes: { path: url.pathname } })
    )
    const gone = Effect.callback<void>((resume) => {
      response.once("close", () => resume(Effect.void))
    })
    run(Effect.raceFirst(answered, gone))
  }

  const begin = Effect.fnUntraced(function* (url: URL) {
    const { action, container, namespace, pod: name } = placeOf(url.pathname)
    if (action !== "exec" && action !== "attach") return yield* Answers.refused(404, "404 page not found")
    const pod = yield* Answers.findPod(site, namespace, name)
    const running = (yield* Answers.attemptsOf(site, pod, container)).findLast(({ state }) => state === "Running")
    if (running === undefined) return yield* Answers.refused(404, `container not found ("${container}")`)
    const query = url.searchParams
    const how = { id: running.id, tty: flag(query, "tty"), stdin: flag(query, "input", "stdin") }
    const started = action === "exec" ? exec.start({ ...how, command: query.getAll("command") }) : exec.attach(how)
    return yield* Effect.catch(started, (failure) => Answers.refused(500, failure._tag))
  })

  /** What API servers of others speak. */
  const overSpdy = Effect.fnUntraced(function* (request: IncomingMessage, url: URL, socket: Duplex, head: Buffer) {
    const query = url.searchParams
    const { action, namespace, pod: name } = placeOf(url.pathname)
    if (action === "portForward") {
      const { status } = yield* Answers.findPod(site, namespace, name)
      const host = status.podIP
      if (host === undefined) return yield* Answers.refused(400, `pod "${name}" has no address yet`)
      yield* Upgrades.accept(request, socket, PortForward.protocols)
      return yield* PortForward.serve(socket, head, host)
    }
    const process = yield* begin(url)
    yield* Upgrades.accept(request, socket, SpdyCommands.protocols)
    const wanted = {
      stdin: flag(query, "input", "stdin"),
      stdout: flag(query, "output", "stdout"),
      stderr: flag(query, "error", "stderr"),
      tty: flag(query, "tty")
    }
    yield* SpdyCommands.join(socket, head, wanted, exec, process)
  })

  const reject = (socket: Duplex, { code, message }: Answers.Refused) =>
    Effect.sync(() => {
      const head = `HTTP/1.1 ${code} ${reasons[code] ?? "Error"}\r\ncontent-type: text/plain\r\nconnection: close`
      socket.end(`${head}\r\ncontent-length: ${Buffer.byteLength(message)}\r\n\r\n${message}`)
    })

  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const url = new URL(request.url ?? "/", "https://kubelet")
    const opened = Effect.callback<WebSocket>((resume) =>
      sockets.handleUpgrade(request, socket, head, (open) => {
        // Until somebody listens.
        open.pause()
        resume(Effect.succeed(open))
      })
    )
    const joined = Effect.gen(function* () {
      yield* admitted(request, url.pathname)
      if (Upgrades.isSpdy(request)) return yield* overSpdy(request, url, socket, head)
      const process = yield* begin(url)
      yield* Channels.join(yield* opened, exec, process)
    }).pipe(
      Effect.catch((refused) => reject(socket, refused)),
      Effect.catchCause((cause) =>
        Effect.andThen(
          Effect.logWarning("a stream failed", cause),
          Effect.sync(() => socket.destroy())
        )
      )
    )
    socket.on("error", () => socket.destroy())
    run(joined)
  }

  const { host = "0.0.0.0", port, renewed = Stream.empty, tls } = options
  // Who shows no certificate may show a token.
  const server = createServer({ ...secured(tls), requestCert: true, rejectUnauthorized: false })
  yield* Effect.forkScoped(Stream.runForEach(renewed, (next) => Effect.sync(() => server.setSecureContext(secured(next)))))
  server.on("request", answer)
  server.on("upgrade", upgrade)
  yield* Effect.acquireRelease(
    Effect.callback<void, Error>((resume) => {
      server.once("error", (error) => resume(Effect.fail(error)))
      server.listen(port, host, () => resume(Effect.void))
    }),
    () =>
      Effect.sync(() => {
        server.close()
        server.closeAllConnections()
        sockets.clients.forEach((open) => open.terminate())
      })
  )
  const bound = server.address()
  return typeof bound === "object" && bound !== null ? bound.port : port
})
