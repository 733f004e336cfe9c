/**
 * The sockets of the API: HTTPS with HTTP/1.1 and HTTP/2 on one or more addresses, with client certificates asked for and
 * verified. What a certificate is worth is decided by others; a client without one is let in.
 */
import { Effect, Schedule, Schema, type Scope } from "effect"
import {
  createSecureServer,
  type Http2SecureServer,
  Http2ServerRequest,
  type Http2ServerResponse,
  type Http2Session
} from "node:http2"
import { type IncomingMessage, ServerResponse } from "node:http"
import { type AddressInfo, Server as NetServer } from "node:net"
import type { Duplex } from "node:stream"
import { TLSSocket } from "node:tls"
import type { RequestHeader } from "./contracts/RequestHeader.ts"
import type { Incoming, Outgoing } from "./Exchange.ts"

export class PortInUse extends Schema.TaggedError<PortInUse>()("PortInUse", { address: Schema.String, port: Schema.Int }) {
  override get message() {
    return `Port ${this.port} on ${this.address} is in use by another program: stop that, or choose another port.`
  }
}
export class CannotListen extends Schema.TaggedError<CannotListen>()("CannotListen", {
  address: Schema.String,
  port: Schema.Int,
  reason: Schema.String
}) {
  override get message() {
    return `The API cannot listen on ${this.address}, port ${this.port}: ${this.reason}.`
  }
}

export interface ListenOptions {
  /** All on the same port. */
  readonly addresses: ReadonlyArray<string>
  /** 0: any that is free. */
  readonly port: number
  /** PEM texts of the server's certificate, with its chain, and key. */
  readonly tls: { readonly cert: string; readonly key: string }
  /** PEM text of the authority of client certificates. */
  readonly clientCa: string
  /** From whom headers count that say who asks. */
  readonly requestHeader?: RequestHeader
  /** A further port, which other processes of this user may listen on too. */
  readonly sharedPort?: number
  /** At the end, milliseconds for which clients of HTTP/1.1 may still ask, to be told to go to another server. */
  readonly linger?: number
  /** Lets several processes of one user listen on the same port; the kernel shares connections out among them. Otherwise a port that is taken is a failure. */
  readonly reusePort?: boolean
}

export interface Handler {
  readonly request: (incoming: Incoming, outgoing: Outgoing, socket: TLSSocket) => void
  readonly upgrade: (incoming: IncomingMessage, socket: TLSSocket, head: Buffer) => void
}

/** Watches are streams that stay open: a client may have very many on one connection. */
const streamsPerSession = 4096
/** In megabytes. Node's 10 refuse streams to whoever has some hundred watches. */
const sessionMemory = 1024

/** A client that keeps a connection should not find it closed when it comes back: Node's 5 seconds break writes. */
const idle = 180_000

const serverOf = ({ clientCa, requestHeader, tls }: ListenOptions): Http2SecureServer =>
  Object.assign(
    createSecureServer({
      ...tls,
      ca: requestHeader === undefined ? clientCa : [clientCa, requestHeader.ca],
      requestCert: true,
      rejectUnauthorized: false,
      allowHTTP1: true,
      minVersion: "TLSv1.2",
      maxSessionMemory: sessionMemory,
      settings: { maxConcurrentStreams: streamsPerSession, initialWindowSize: 1 << 20 },
      peerMaxConcurrentStreams: streamsPerSession
    }),
    { keepAliveTimeout: idle }
  )

const reasonOf = (error: NodeJS.ErrnoException) => {
  if (error.code === "EACCES") return "this user may not use that port"
  return error.code === "EADDRNOTAVAIL" ? "this machine does not have that address" : error.message
}

const listen = (server: Http2SecureServer, address: string, port: number, reusePort: boolean) =>
  Effect.callback<number, PortInUse | CannotListen>((resume) => {
    const failed = (error: NodeJS.ErrnoException) =>
      resume(
        Effect.fail(
          error.code === "EADDRINUSE"
            ? new PortInUse({ address, port })
            : new CannotListen({ address, port, reason: reasonOf(error) })
        )
      )
    server.once("error", failed)
    server.listen({ host: address, port, reusePort }, () => {
      server.off("error", failed)
      // A server that listens on a port has an address of this form, hence the cast.
      resume(Effect.succeed((server.address() as AddressInfo).port))
    })
  })

/** The TLS connection below a request, the same for all requests of a session. */
const socketOf = (incoming: IncomingMessage | Http2ServerRequest): TLSSocket | undefined => {
  const socket = incoming instanceof Http2ServerRequest ? incoming.stream.session?.socket : incoming.socket
  return socket instanceof TLSSocket ? socket : undefined
}

/** What is open: to be ended with what is still on its way. */
interface Open {
  readonly sockets: Set<TLSSocket>
  readonly sessions: Set<Http2Session>
  readonly servers: Set<Http2SecureServer>
  isDraining: boolean
}

const attach = (server: Http2SecureServer, { request, upgrade }: Handler, open: Open) => {
  const { sessions, sockets } = open
  server.on("secureConnection", (socket) => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.once("close", () => sockets.delete(socket))
  })
  server.on("session", (session) => {
    sessions.add(session)
    session.once("close", () => sessions.delete(session))
    // Who came in while the door was being closed is sent elsewhere before he has asked.
    if (open.isDraining) session.close()
  })
  server.on("request", (incoming: IncomingMessage | Http2ServerRequest, outgoing: ServerResponse | Http2ServerResponse) => {
    const socket = socketOf(incoming)
    if (open.isDraining && outgoing instanceof ServerResponse) outgoing.shouldKeepAlive = false
    if (socket !== undefined) request(incoming, outgoing, socket)
    // The connection has gone in the meantime.
    else outgoing.destroy()
  })
  server.on("upgrade", (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (socket instanceof TLSSocket) upgrade(incoming, socket, head)
    else socket.destroy()
  })
  // What goes wrong below a request (a handshake, a reset) concerns that connection alone.
  server.on("sessionError", () => {})
  server.on("tlsClientError", () => {})
}

/** How long clients have to take what was written for them. */
const patience = "1 second"

const closed = (socket: TLSSocket) =>
  Effect.callback<void>((resume) => {
    socket.once("close", () => resume(Effect.void))
  })

const end = ({ sessions, sockets }: Open) =>
  Effect.suspend(() => {
    for (const session of sessions) session.close()
    for (const socket of sockets) if (socket.alpnProtocol !== "h2") socket.end()
    return Effect.forEach([...sockets], closed, { discard: true, concurrency: "unbounded" })
  }).pipe(
    Effect.timeoutOption(patience),
    Effect.andThen(
      Effect.sync(() => {
        for (const socket of sockets) socket.destroy()
      })
    )
  )

const isOld = ({ alpnProtocol, destroyed }: TLSSocket) => alpnProtocol !== "h2" && !destroyed

/**
 * Nobody new is let in, and whoever is there is told to go elsewhere with what he asks next; what he has asked is answered. Clients
 * of HTTP/2 notice nothing: what they sent after the server's GOAWAY they send again to another one by themselves. Those of HTTP/1.1 hear it
 * with their next answer, for which they have `linger`: what is sent on a connection that is being closed is lost.
 */
const drainOf = (open: Open, linger: number) =>
  Effect.sync(() => {
    open.isDraining = true
    // Not `close` of HTTP, which also closes the connections on which nothing is asked at this moment.
    for (const server of open.servers) NetServer.prototype.close.call(server)
    for (const session of open.sessions) session.close()
  }).pipe(
    Effect.andThen(
      Effect.suspend(() => ([...open.sockets].some(isOld) ? Effect.fail("not yet" as const) : Effect.void)).pipe(
        Effect.retry(Schedule.spaced("20 millis")),
        Effect.timeoutOption(linger),
        Effect.ignore
      )
    )
  )

export interface Listening {
  readonly port: number
  /** The first step of an orderly end. */
  readonly drain: Effect.Effect<void>
}

/** Listens until the scope closes. `port`: where. */
export const start = Effect.fnUntraced(function* (
  options: ListenOptions,
  handler: Handler
): Effect.fn.Return<Listening, PortInUse | CannotListen, Scope.Scope> {
  const open: Open = { sockets: new Set(), sessions: new Set(), servers: new Set(), isDraining: false }
  const on = Effect.fnUntraced(function* (address: string, port: number, reusePort: boolean) {
    const server = yield* Effect.acquireRelease(
      Effect.sync(() => serverOf(options)),
      (server) => Effect.sync(() => server.close())
    )
    open.servers.add(server)
    attach(server, handler, open)
    return yield* listen(server, address, port, reusePort)
  })
  const { addresses, reusePort = false, sharedPort } = options
  let port = options.port
  for (const address of addresses) port = yield* on(address, port, reusePort)
  if (sharedPort !== undefined) {
    yield* Effect.forEach(addresses, (address) => on(address, sharedPort, true), { discard: true })
  }
  // Before the servers are closed: that would cut off what has been answered and is not yet sent.
  yield* Effect.addFinalizer(() => end(open))
  return { port, drain: drainOf(open, options.linger ?? 0) }
})
