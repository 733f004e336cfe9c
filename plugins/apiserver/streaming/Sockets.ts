/**
 * `pods/exec`, `pods/attach` and `pods/portforward`: the client's WebSocket bridged to one of the node's kubelet, frame by frame.
 * What the frames mean is a matter of both ends. Source: KEP-4006; `remotecommand` of apimachinery for the channels.
 */
import { Effect } from "effect"
import type { IncomingMessage } from "node:http"
import type { Duplex } from "node:stream"
import { type RawData, WebSocket, WebSocketServer } from "ws"
import { BadRequest } from "../../../kernel/client/Errors.ts"
import { type At, Pipeline } from "../../../kernel/pipeline/Pipeline.ts"
import type { Pod } from "../../resources/contracts/core/v1.ts"
import type { Exchange } from "../Exchange.ts"
import { flag } from "../Query.ts"
import { internal, type Refused, statusOf } from "../Refused.ts"
import type { Kubelet } from "./Kubelet.ts"
import { optionsOf } from "./ConnectOptions.ts"
import { asPod, containerOf, kubeletOf, read } from "./Nodes.ts"
import * as Spdy from "./Spdy.ts"

/** A connection that wants to become something else. */
export interface Upgrade {
  readonly incoming: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
  readonly query: URLSearchParams
}

const commands = ["v5.channel.k8s.io", "v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io"]
const protocols: { readonly [subresource: string]: ReadonlyArray<string> } = {
  exec: commands,
  attach: commands,
  portforward: ["SPDY/3.1+portforward.k8s.io"]
}
/** What kubelets speak, by itself. */
const tunnelled = "portforward.k8s.io"
export const serves = (subresource: string) => Object.hasOwn(protocols, subresource)

/** Bytes that may wait for the slower end before the faster one is made to wait. */
export const waitingLimit = 1 << 20

/** The channel on which a command's end is told. */
const errorChannel = 3

/** Those of the known protocols that the client speaks, what it likes best first. */
export const offeredOf = ({ incoming }: Upgrade, known: ReadonlyArray<string>) =>
  (incoming.headers["sec-websocket-protocol"] ?? "")
    .split(",")
    .map((protocol) => protocol.trim())
    .filter((protocol) => known.includes(protocol))

/** Source: the kubelet's own API: `/exec/<namespace>/<pod>/<container>`. */
const pathOf = ({ name, namespace, subresource }: At, container: string, query: URLSearchParams) => {
  if (subresource === "portforward") return `/portForward/${namespace}/${name}`
  const passed = new URLSearchParams()
  for (const word of query.getAll("command")) passed.append("command", word)
  const streams = { stdin: "input", stdout: "output", stderr: "error", tty: "tty" }
  for (const [name, kubelets] of Object.entries(streams)) if (flag(query, name) === true) passed.set(kubelets, "1")
  return `/${subresource}/${namespace}/${name}/${container}?${passed}`
}

const finished = new Set(["Succeeded", "Failed"])
const located = Effect.fnUntraced(function* (pod: Pod) {
  const { name } = pod.metadata
  const { nodeName } = pod.spec
  if (finished.has(pod.status.phase ?? "")) {
    return yield* new BadRequest({
      detail: `cannot exec into a container in a completed pod; current phase is ${pod.status.phase}`
    })
  }
  if (nodeName === undefined || nodeName === "") {
    return yield* new BadRequest({ detail: `pod ${name} does not have a host assigned` })
  }
  return yield* kubeletOf(nodeName)
})

/** Resolves when the kubelet has accepted, or fails with what it says. */
const dial = (url: string, wanted: ReadonlyArray<string>, options: ReturnType<Kubelet["socket"]>["options"]) =>
  Effect.callback<WebSocket, Refused>((resume) => {
    const socket = new WebSocket(url, [...wanted], options)
    socket.once("open", () => {
      socket.pause()
      resume(Effect.succeed(socket))
    })
    socket.once("unexpected-response", (_request, response) => {
      let body = ""
      response.on("data", (chunk: Buffer) => {
        body += chunk.toString()
      })
      response.on("close", () => resume(Effect.fail(internal(body.trim() || `the kubelet answered ${response.statusCode}`))))
    })
    socket.once("error", (error) => resume(Effect.fail(internal(`error dialing backend: ${error.message}`))))
    return Effect.sync(() => socket.terminate())
  })

/** A protocol whose name is none by RFC 6455, which the library would refuse: the header is ours to read and to write. */
const acceptTunnel = ({ head, incoming, socket }: Upgrade, protocol: string) =>
  Effect.callback<WebSocket>((resume) => {
    const server = new WebSocketServer({ noServer: true, perMessageDeflate: false })
    server.on("headers", (lines) => lines.push(`Sec-WebSocket-Protocol: ${protocol}`))
    delete incoming.headers["sec-websocket-protocol"]
    server.handleUpgrade(incoming, socket, head, (client) => resume(Effect.succeed(client)))
  })

/** Without a protocol: the client has named none that we know. */
export const accept = ({ head, incoming, socket }: Upgrade, protocol: string) =>
  Effect.callback<WebSocket>((resume) => {
    const handleProtocols = () => (protocol === "" ? false : protocol)
    const server = new WebSocketServer({ noServer: true, handleProtocols, perMessageDeflate: false })
    server.handleUpgrade(incoming, socket, head, (client) => resume(Effect.succeed(client)))
  })

/** Codes that stand for no close frame at all, and cannot be sent. */
const sendable = (code: number) => (code === 1005 || code === 1006 || code === 1015 ? 1000 : code)

const forward = (from: WebSocket, to: WebSocket) => {
  from.on("message", (data: RawData, isBinary) => {
    if (to.readyState !== WebSocket.OPEN) return
    to.send(data, { binary: isBinary }, () => {
      if (from.isPaused && to.bufferedAmount < waitingLimit) from.resume()
    })
    if (to.bufferedAmount > waitingLimit) from.pause()
  })
  from.on("close", (code, reason) => to.close(sendable(code), reason))
  from.on("error", () => to.close(1011))
}

/** Until either end closes. */
const bridge = (client: WebSocket, kubelet: WebSocket) =>
  Effect.callback<void>((resume) => {
    forward(client, kubelet)
    forward(kubelet, client)
    kubelet.resume()
    client.once("close", () => resume(Effect.void))
    return Effect.sync(() => {
      client.close(1001)
      kubelet.terminate()
    })
  })

/** A refusal after the handshake: told as the end of the command, which every client shows. */
const tell = (client: WebSocket, error: Refused) => {
  client.send(Buffer.concat([Buffer.from([errorChannel]), Buffer.from(JSON.stringify(statusOf(error)))]))
  client.close(1000)
}

/** Whether it may be, and where it leads to. */
const ways = Effect.fnUntraced(function* (at: At, method: string | undefined, query: URLSearchParams) {
  const pipeline = yield* Pipeline
  yield* pipeline.connect(at, method === "POST" ? "create" : "get", optionsOf(at, query))
  const pod = asPod(yield* read("pods", at.namespace, at.name))
  const container = at.subresource === "portforward" ? "" : yield* containerOf(pod, query.get("container"))
  return { location: yield* located(pod), path: pathOf(at, container, query) }
})

/** Who asks for no upgrade is told so, if nothing else stands in the way. */
export const withoutUpgrade = Effect.fnUntraced(function* ({ method, query }: Exchange, at: At) {
  yield* ways(at, method, query)
  return yield* new BadRequest({ detail: "Upgrade request required" })
})

/** Everything up to the handshake can still be refused as an ordinary answer. */
export const serve = Effect.fnUntraced(function* (upgrade: Upgrade, at: At, kubelet: Kubelet) {
  const { location, path } = yield* ways(at, upgrade.incoming.method, upgrade.query)
  const { head, incoming, socket } = upgrade
  if (Spdy.isSpdy(incoming)) {
    const backend = yield* Spdy.dial(kubelet.target(location, path), Spdy.offeredBy(incoming))
    return yield* Spdy.pass(socket, head, backend)
  }
  const wanted = offeredOf(upgrade, protocols[at.subresource] ?? [])
  const [first] = wanted
  if (upgrade.incoming.headers.upgrade?.toLowerCase() !== "websocket" || first === undefined) {
    const known = protocols[at.subresource]?.join(", ")
    return yield* new BadRequest({
      detail: `this server takes WebSockets for ${at.subresource}, with one of the protocols ${known}`
    })
  }
  if (at.subresource === "portforward") {
    const backend = yield* Spdy.dial(kubelet.target(location, path), tunnelled)
    return yield* Effect.flatMap(acceptTunnel(upgrade, first), (client) => Spdy.tunnel(client, backend))
  }
  const { options, url } = kubelet.socket(location, path)
  yield* dial(url, wanted, options).pipe(
    Effect.flatMap((backend) =>
      Effect.flatMap(accept(upgrade, backend.protocol || first), (client) => bridge(client, backend))
    ),
    Effect.catchTag("Refused", (error) => Effect.map(accept(upgrade, first), (client) => tell(client, error)))
  )
})
