/**
 * Requests over one HTTP/2 session, or another beside it when that has no stream left; over kept-alive HTTP/1.1 connections to
 * servers that speak nothing newer. A session that does not answer a ping is given up, so that no watch waits on a dead peer.
 */
import { type Duration, Effect, Schedule, Schema, type Scope, Semaphore } from "effect"
import * as Http from "node:http"
import * as Http2 from "node:http2"
import * as Https from "node:https"
import * as Net from "node:net"
import { PassThrough, type Readable } from "node:stream"
import * as Tls from "node:tls"

/** A client certificate and its key, as PEM texts. */
export interface Identity {
  readonly cert: string
  readonly key: string
}

export interface Target {
  readonly server: string
  /** PEM texts. Without `ca` the authorities of the system are trusted. */
  readonly ca?: string
  readonly clientCertificate?: string
  readonly clientKey?: string
  /** In place of these two, where they are renewed: what it gives now is shown to the server from now on. */
  readonly identity?: () => Identity
  /** The name to expect in the server's certificate, if it is not that of its address. */
  readonly serverName?: string
  readonly insecure?: boolean
  /** Whether somebody else answers the same: then nobody waits long for this one. */
  readonly hasOthers?: boolean
}

export interface Request {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}
export interface Answer {
  readonly status: number
  readonly body: Readable
}

/** `applied`: whether the server may have acted on the request. */
export class Lost extends Schema.TaggedError<Lost>()("Lost", {
  applied: Schema.Literals(["no", "unknown"]),
  cause: Schema.Defect()
}) {}

/** The answer's body is read until the scope closes. */
export type Send = (request: Request) => Effect.Effect<Answer, Lost, Scope.Scope>

const unsent = (cause: unknown) => new Lost({ applied: "no", cause })

const window = 1024 * 1024
/** In megabytes. Node's own limit of 10 refuses streams when lists are long. */
const maxSessionMemory = 256
const patience = { alone: "10 seconds", oneOfMany: "3 seconds" } as const
/** How often a session is asked whether it lives. */
const pulse = { alone: "20 seconds", oneOfMany: "5 seconds" } as const

const isRefused = (cause: unknown) => String(cause).includes("NGHTTP2_REFUSED_STREAM")
/** By a server that ends its session: another session, with it or with whoever is there in its place, takes the same request. */
const isTurnedAway = ({ applied, cause }: Lost) =>
  applied === "no" && (isRefused(cause) || /ERR_HTTP2_(GOAWAY|INVALID)_SESSION/.test(codeOf(cause)))
const codeOf = (cause: unknown) => (cause instanceof Error && "code" in cause ? String(cause.code) : "")

/**
 * What comes on a stream of HTTP/2, read from the moment that it begins. Node drops what nobody has begun to read when the stream
 * closes, which on a busy machine is before whoever waits for the answer gets to run.
 */
const bodyOf = (stream: Http2.ClientHttp2Stream) => {
  const body = stream.pipe(new PassThrough())
  stream.once("close", () => {
    if (!stream.readableEnded) body.destroy(new Error("the answer was cut off"))
  })
  body.once("close", () => {
    if (!stream.readableEnded) stream.close(Http2.constants.NGHTTP2_CANCEL)
  })
  // Without a listener an error would end the process; who reads has it thrown.
  body.on("error", () => {})
  return body
}

const over2 = (session: Http2.ClientHttp2Session, { body, headers, method, path }: Request) =>
  Effect.callback<Answer, Lost>((resume) => {
    const fail = (cause: unknown) => resume(Effect.fail(new Lost({ applied: isRefused(cause) ? "no" : "unknown", cause })))
    let stream: Http2.ClientHttp2Stream
    try {
      stream = session.request({ ...headers, ":method": method, ":path": path }, { endStream: body === undefined })
    } catch (cause) {
      return resume(Effect.fail(unsent(cause)))
    }
    stream.on("error", fail)
    stream.once("close", () => fail(new Error("the connection was closed")))
    stream.once("response", (answer) => resume(Effect.succeed({ status: Number(answer[":status"]), body: bodyOf(stream) })))
    if (body !== undefined) stream.end(body)
    return Effect.sync(() => stream.close(Http2.constants.NGHTTP2_CANCEL))
  })

const over1 = (url: URL, agent: Http.Agent, shown: Partial<Identity>, { body, headers, method, path }: Request) =>
  Effect.callback<Answer, Lost>((resume) => {
    const { request } = url.protocol === "https:" ? Https : Http
    // Node says a body's length by itself only for the methods that usually have one, and DELETE is none of them.
    const length = body === undefined ? {} : { "content-length": `${Buffer.byteLength(body)}` }
    const call = request(new URL(path, url), { agent, method, headers: { ...headers, ...length }, ...shown })
    let isSent = false
    call.on("error", (cause) => resume(Effect.fail(new Lost({ applied: isSent ? "unknown" : "no", cause }))))
    call.on("socket", (socket) => {
      if (!socket.connecting) isSent = true
      else socket.once(url.protocol === "https:" ? "secureConnect" : "connect", () => (isSent = true))
    })
    call.once("response", (body) => {
      body.on("error", () => {})
      resume(Effect.succeed({ status: body.statusCode ?? 0, body }))
    })
    call.end(body)
    return Effect.sync(() => call.destroy())
  })

/** What a connection turned out to speak. */
type Spoken = Http2.ClientHttp2Session | "http/1.1"

const connect = (url: URL, tls: Tls.ConnectionOptions, patience: Duration.Input) =>
  Effect.callback<Spoken, Lost>((resume) => {
    const host = url.hostname.replace(/^\[|\]$/g, "")
    const name = Net.isIP(host) === 0 ? { servername: host } : {}
    const port = Number(url.port || 443)
    const socket = Tls.connect({ host, port, ...name, ...tls, ALPNProtocols: ["h2", "http/1.1"] })
    const fail = (cause: unknown) => resume(Effect.fail(unsent(cause)))
    socket.on("error", fail)
    socket.once("secureConnect", () => {
      if (socket.alpnProtocol !== "h2") {
        socket.destroy()
        return resume(Effect.succeed("http/1.1"))
      }
      const settings = { initialWindowSize: window, enablePush: false }
      const session = Http2.connect(url, { createConnection: () => socket, settings, maxSessionMemory })
      session.on("error", fail)
      session.once("close", () => fail(new Error("the connection was closed")))
      // How many streams it may have is known only now.
      session.once("remoteSettings", () => {
        session.setLocalWindowSize(16 * window)
        resume(Effect.succeed(session))
      })
    })
    return Effect.sync(() => socket.destroy())
  }).pipe(
    Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.fail(unsent(new Error(`${url.host} does not answer`))) })
  )

const ping = (session: Http2.ClientHttp2Session, patience: Duration.Input) =>
  Effect.callback<boolean>((resume) => {
    if (session.destroyed) return resume(Effect.succeed(false))
    session.ping((error) => resume(Effect.succeed(error === null)))
  }).pipe(
    Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.succeed(false) }),
    Effect.tap((isAlive) => Effect.sync(() => isAlive || session.destroy()))
  )

interface Session {
  readonly http2: Http2.ClientHttp2Session
  /** The certificate that it was opened with. */
  readonly cert: string | undefined
  streams: number
}
const hasRoom = ({ http2, streams }: Session) =>
  !http2.closed && !http2.destroyed && streams < (http2.remoteSettings.maxConcurrentStreams ?? 100)

export const make = Effect.fnUntraced(function* (target: Target): Effect.fn.Return<Send, never, Scope.Scope> {
  const url = new URL(target.server)
  const place = target.hasOthers === true ? "oneOfMany" : "alone"
  const fixed: Partial<Identity> = {
    ...(target.clientCertificate !== undefined && { cert: target.clientCertificate }),
    ...(target.clientKey !== undefined && { key: target.clientKey })
  }
  const identity = () => target.identity?.() ?? fixed
  const tls: Tls.ConnectionOptions = {
    ...(target.ca !== undefined && { ca: target.ca }),
    ...(target.serverName !== undefined && { servername: target.serverName }),
    rejectUnauthorized: target.insecure !== true
  }
  let sessions: ReadonlyArray<Session> = []
  let isOld = url.protocol === "http:"
  const agent = isOld ? new Http.Agent({ keepAlive: true }) : new Https.Agent({ keepAlive: true, ...tls })
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      for (const { http2 } of sessions) http2.destroy()
      agent.destroy()
    })
  )

  const keep = (http2: Http2.ClientHttp2Session, cert: string | undefined): Session => {
    const session = { http2, cert, streams: 0 }
    const drop = () => (sessions = sessions.filter((other) => other !== session))
    http2.once("goaway", drop).once("close", drop)
    sessions = [...sessions, session]
    return session
  }
  /** One at a time: who waits finds the session that another has made. */
  const one = yield* Semaphore.make(1)
  /** What was opened with a certificate that has been renewed since goes when its last stream ends. */
  const retire = (cert: string | undefined) => {
    for (const session of sessions) if (session.cert !== cert) session.http2.close()
    sessions = sessions.filter((session) => session.cert === cert)
  }
  const session = Effect.suspend(() => {
    const shown = identity()
    retire(shown.cert)
    const found = sessions.find(hasRoom)
    if (found !== undefined || isOld) return Effect.succeed(found)
    return Effect.map(connect(url, { ...tls, ...shown }, patience[place]), (spoken) => {
      if (spoken !== "http/1.1") return keep(spoken, shown.cert)
      isOld = true
      return undefined
    })
  })
  const enter = Effect.map(session, (free) => {
    if (free !== undefined) free.streams++
    return free
  })
  const leave = (free: Session | undefined) => Effect.sync(() => free !== undefined && free.streams--)
  const pings = Effect.suspend(() =>
    Effect.forEach(sessions, ({ http2 }) => ping(http2, patience[place]), { concurrency: 8, discard: true })
  )
  yield* Effect.forkScoped(Effect.repeat(pings, Schedule.spaced(pulse[place])))

  const send = Effect.fnUntraced(function* (request: Request) {
    const free = yield* Effect.acquireRelease(one.withPermits(1)(enter), leave, { interruptible: true })
    const answer = free === undefined ? over1(url, agent, identity(), request) : over2(free.http2, request)
    return yield* Effect.acquireRelease(answer, ({ body }) => Effect.sync(() => body.destroy()), { interruptible: true })
  })
  return (request) => Effect.retry(send(request), { times: 3, while: isTurnedAway })
})
