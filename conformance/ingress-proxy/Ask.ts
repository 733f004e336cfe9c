/** Requests as a check sends them: each over a connection of its own, so that none hides what becomes of connections. */
import { Effect, Schema } from "effect"
import * as Http from "node:http"
import * as Http2 from "node:http2"
import * as Https from "node:https"
import { connect, type Socket } from "node:net"
import * as Tls from "node:tls"
import type { Seen } from "./Backend.ts"

/** No answer: the connection was refused or cut. */
export class NoAnswer extends Schema.TaggedError<NoAnswer>()("NoAnswer", { detail: Schema.String }) {}

export interface Asked {
  readonly path?: string
  readonly method?: string
  readonly headers?: Http.OutgoingHttpHeaders
  readonly body?: Buffer
  readonly tls?: boolean
  readonly agent?: Http.Agent
}
export interface Answer {
  readonly status: number
  readonly headers: Http.IncomingHttpHeaders
  readonly body: string
  readonly raw: ReadonlyArray<string>
}

const address = "127.0.0.1"

/** `heard` is told of each part of the answer as it comes. */
export const ask = (port: number, host: string, asked: Asked = {}, heard: (part: string) => void = () => undefined) =>
  Effect.callback<Answer, NoAnswer>((resume) => {
    const { agent = false, body, headers = {}, method = "GET", path = "/", tls = false } = asked
    const [name = ""] = host.split(":")
    const options = { host: address, port, path, method, agent, headers: { host, ...headers } }
    const secured = { ...options, servername: name, rejectUnauthorized: false }
    const request = tls ? Https.request(secured) : Http.request(options)
    const fail = (cause: Error) => resume(Effect.fail(new NoAnswer({ detail: cause.message })))
    request.on("error", fail)
    request.on("response", (response) => {
      let text = ""
      response.setEncoding("utf8")
      response.on("data", (part: string) => {
        text += part
        heard(part)
      })
      response.on("error", fail)
      response.on("end", () => {
        const { headers: given, rawHeaders: raw, statusCode: status = 0 } = response
        resume(Effect.succeed({ status, headers: given, body: text, raw }))
      })
    })
    request.end(body)
    return Effect.sync(() => request.destroy())
  })

/** What the backend saw. It is what our own backends write. */
export const seenIn = ({ body }: Pick<Answer, "body">): Seen => JSON.parse(body)

/** The common name of the certificate that is shown to who asks for a host, and the protocol that was agreed on. */
export const handshake = (port: number, servername: string, protocols: ReadonlyArray<string> = ["http/1.1"]) =>
  Effect.callback<{ readonly name: string; readonly protocol: string }, NoAnswer>((resume) => {
    const socket = Tls.connect({ host: address, port, servername, rejectUnauthorized: false, ALPNProtocols: [...protocols] })
    socket.on("error", ({ message }) => resume(Effect.fail(new NoAnswer({ detail: message }))))
    socket.on("secureConnect", () => {
      const { CN = "" } = socket.getPeerCertificate().subject
      const name = typeof CN === "string" ? CN : (CN[0] ?? "")
      resume(Effect.succeed({ name, protocol: socket.alpnProtocol || "" }))
      socket.destroy()
    })
    return Effect.sync(() => socket.destroy())
  })

/** The same over HTTP/2. */
export const ask2 = (port: number, host: string) =>
  Effect.callback<{ readonly status: number; readonly body: string }, NoAnswer>((resume) => {
    const session = Http2.connect(`https://${host}:${port}`, {
      createConnection: () =>
        Tls.connect({ host: address, port, servername: host, rejectUnauthorized: false, ALPNProtocols: ["h2"] })
    })
    const fail = ({ message }: Error) => resume(Effect.fail(new NoAnswer({ detail: message })))
    session.on("error", fail)
    const stream = session.request({ ":path": "/", ":authority": host })
    let [status, body] = [0, ""]
    stream.setEncoding("utf8")
    stream.on("error", fail)
    stream.on("response", (headers) => void (status = headers[":status"] ?? 0))
    stream.on("data", (part: string) => void (body += part))
    stream.on("end", () => {
      session.close()
      resume(Effect.succeed({ status, body }))
    })
    return Effect.sync(() => session.destroy())
  })

/** A connection that was upgraded: what is said over it comes back. Open until the scope closes. */
export const upgraded = (port: number, host: string) =>
  Effect.acquireRelease(
    Effect.callback<Socket, NoAnswer>((resume) => {
      const request = Http.request({
        ...{ host: address, port, agent: false },
        headers: { host, connection: "Upgrade", upgrade: "laws" }
      })
      request.on("error", ({ message }) => resume(Effect.fail(new NoAnswer({ detail: message }))))
      request.on("response", ({ statusCode }) => resume(Effect.fail(new NoAnswer({ detail: `answered ${statusCode}` }))))
      request.on("upgrade", (_, socket) => resume(Effect.succeed(socket)))
      request.end()
    }),
    (socket) => Effect.sync(() => socket.destroy())
  )

export const said = (socket: Socket, text: string) =>
  Effect.callback<string, NoAnswer>((resume) => {
    const fail = () => resume(Effect.fail(new NoAnswer({ detail: "the connection was closed" })))
    socket.once("data", (bytes) => resume(Effect.succeed(String(bytes))))
    socket.once("close", fail)
    socket.once("error", fail)
    if (socket.destroyed) fail()
    else socket.write(text)
  })

export const listens = (port: number) =>
  Effect.callback<boolean>((resume) => {
    const socket = connect(port, address)
    socket.on("connect", () => {
      socket.destroy()
      resume(Effect.succeed(true))
    })
    socket.on("error", () => resume(Effect.succeed(false)))
  })
