/** One request and its response, alike over HTTP/1.1 and HTTP/2: what the door needs of Node's two kinds of them. */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http"
import type { User } from "../../kernel/pipeline/Attributes.ts"
import type { Recording } from "../audit/contracts/Auditor.ts"

export interface Incoming {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly headers: IncomingHttpHeaders
  on(event: "data", listener: (chunk: Buffer) => void): unknown
  on(event: "end" | "aborted" | "close", listener: () => void): unknown
  on(event: "error", listener: (error: Error) => void): unknown
  pause(): unknown
  resume(): unknown
}

export interface Outgoing {
  readonly headersSent: boolean
  readonly writableEnded: boolean
  /** Of the answer, whoever writes it. */
  setHeader(name: string, value: string): unknown
  writeHead(code: number, headers?: OutgoingHttpHeaders): unknown
  /** HTTP/2 sends headers when they are written. */
  flushHeaders?(): unknown
  write(chunk: Uint8Array, done: (error?: Error | null) => void): boolean
  end(chunk?: string | Uint8Array): unknown
  destroy(error?: Error): unknown
  once(event: "close" | "drain", listener: () => void): unknown
  off(event: "close" | "drain", listener: () => void): unknown
}

export interface Exchange {
  readonly incoming: Incoming
  readonly outgoing: Outgoing
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly user: User
  /** If it is audited. */
  readonly recording?: Recording | undefined
  /** Called by a watch when it has sent what there was. */
  readonly initialized?: () => void
}

const empty = new URLSearchParams()

/** A URL without a query costs no parsing. */
export const split = (url: string): { readonly path: string; readonly query: URLSearchParams } => {
  const mark = url.indexOf("?")
  if (mark < 0) return { path: url, query: empty }
  return { path: url.slice(0, mark), query: new URLSearchParams(url.slice(mark + 1)) }
}

export const header = ({ headers }: Incoming, name: string): string | undefined => {
  const value = headers[name]
  return Array.isArray(value) ? value.join(",") : value
}

/** As upstream names managers of fields that give themselves no name: the user agent up to its version. */
export const managerOf = (incoming: Incoming): string =>
  (header(incoming, "user-agent") ?? "").split("/")[0]?.slice(0, 128) || "unknown"

/** People with a browser or curl get indented JSON, unless they say otherwise; programs do if they ask for it. */
export const isPretty = ({ incoming, query }: Exchange): boolean => {
  const asked = query.get("pretty")
  if (asked !== null) return asked !== "false" && asked !== "0"
  return /^(curl|Wget|Mozilla\/5\.0)/.test(header(incoming, "user-agent") ?? "")
}
