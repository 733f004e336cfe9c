/** Sends what no well-meaning client would: over HTTP/1.1 and HTTP/2, or byte by byte where these refuse to write it. */
import { Agent, type RequestOptions, request as httpsRequest } from "node:https"
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2"
import { connect as connectTls } from "node:tls"
import type { Request } from "./Requests.ts"

/** `code` 0: the connection ended without an answer. -1: none came in time. */
export interface Answer {
  readonly code: number
  readonly text: string
}

const none: Answer = { code: 0, text: "" }
const late: Answer = { code: -1, text: "" }
/** How long a server may think, on a machine that does other things besides. */
const patience = 20_000
const kept = 300

type Settle = (answer: Answer) => void
const once = (start: (settle: Settle) => void) =>
  new Promise<Answer>((resolve) => {
    const timer = setTimeout(() => resolve(late), patience)
    start((answer) => {
      clearTimeout(timer)
      resolve(answer)
    })
  })

/** `token`: as who all this is sent. */
export const make = (host: string, port: number, token?: string) => {
  const who = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const tls = { host, port, rejectUnauthorized: false }
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  let session: ClientHttp2Session | undefined

  const overOne = ({ body, headers, method, path }: Request) =>
    once((settle) => {
      const length = body === undefined ? {} : { "content-length": body.length }
      const options: RequestOptions = { ...tls, agent, method, path, headers: { ...length, ...who, ...headers } }
      const call = httpsRequest(options, (response) => {
        const code = response.statusCode ?? 0
        let text = ""
        response.setEncoding("latin1").on("data", (chunk: string) => {
          if (text.length < kept) text += chunk
          // A watch that was asked for rightly after all.
          else if (code === 200) response.destroy()
        })
        response.on("close", () => settle({ code, text }))
        if (code === 200) setTimeout(() => response.destroy(), 50).unref()
      })
      call.on("error", () => settle(none))
      call.on("upgrade", (_response, socket) => socket.destroy())
      call.end(body)
    })

  const sessionNow = () => {
    if (session !== undefined && !session.closed && !session.destroyed) return session
    const fresh = connectHttp2(`https://${host}:${port}`, { rejectUnauthorized: false })
    fresh.on("error", () => {})
    // Told to go elsewhere, as any client of HTTP/2 does: to a new session.
    fresh.on("goaway", () => {
      if (session === fresh) session = undefined
    })
    session = fresh
    return fresh
  }
  const overTwo = ({ body, headers, method, path }: Request) =>
    once((settle) => {
      const call = sessionNow().request({ ":method": method, ":path": path, ...who, ...headers })
      let [code, text] = [0, ""]
      call.on("response", (given) => {
        code = given[":status"] ?? 0
        if (code === 200) setTimeout(() => call.close(), 50).unref()
      })
      call.setEncoding("latin1").on("data", (chunk: string) => {
        if (text.length < kept) text += chunk
      })
      call.on("error", () => {})
      call.on("close", () => settle({ code, text }))
      call.end(body)
    })

  /** As it is, on a connection of its own. */
  const raw = (bytes: Buffer, protocol: "http/1.1" | "h2" = "http/1.1") =>
    once((settle) => {
      const socket = connectTls({ ...tls, ALPNProtocols: [protocol] }, () => socket.write(bytes))
      let text = ""
      const end = () => {
        socket.destroy()
        settle({ code: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text: text.slice(0, kept) })
      }
      socket.setEncoding("latin1").on("data", (chunk: string) => {
        text += chunk
        if (text.length > 12) end()
      })
      socket.setTimeout(500, end)
      socket.on("error", end).on("close", end)
    })

  const written = ({ body = Buffer.alloc(0), headers, method, path }: Request) => {
    const lines = Object.entries({ host, connection: "close", "content-length": `${body.length}`, ...who, ...headers })
    const head = [`${method} ${path} HTTP/1.1`, ...lines.map(([name, value]) => `${name}: ${value}`), "", ""].join("\r\n")
    return Buffer.concat([Buffer.from(head), body])
  }

  const send = async (asked: Request, isSecond: boolean) => {
    try {
      if (!isSecond) return await overOne(asked)
      const answer = await overTwo(asked)
      // A session that ended takes others with it that were on it.
      return answer.code === 0 ? await overTwo(asked) : answer
    } catch {
      // The client's own library refuses to say this.
      return raw(written(asked))
    }
  }
  const close = () => {
    agent.destroy()
    session?.destroy()
  }
  return { send, raw, close }
}
export type Sender = ReturnType<typeof make>
