/** One question of our own to a server behind an APIService: as somebody who may ask anything there, or as another user. */
import { Effect, Schema } from "effect"
import { request as httpsRequest } from "node:https"
import { isIPv6 } from "node:net"
import type { User } from "../../kernel/pipeline/Attributes.ts"
import type { Reached } from "../apiserver/contracts/Backends.ts"
import { reasonOf } from "../apiserver/contracts/JsonCall.ts"
import * as RequestHeader from "../apiserver/contracts/RequestHeader.ts"

export class NoAnswer extends Schema.TaggedError<NoAnswer>()("NoAnswer", { detail: Schema.String }) {
  override get message() {
    return this.detail
  }
}

export interface Reply {
  readonly code: number
  readonly text: string
}

const self: User = { name: "system:kube-aggregator", groups: ["system:masters"] }
const patience = "5 seconds"
const answerLimit = 32 << 20

const inUrl = (host: string) => (isIPv6(host) ? `[${host}]` : host)
export const urlOf = ({ host, port }: Reached, path: string): string => `https://${inUrl(host)}:${port}${path}`

interface What {
  readonly method: "GET" | "DELETE"
  /** JSON. */
  readonly body?: string
}
const get: What = { method: "GET" }

export const ask = (
  reached: Reached,
  path: string,
  accept = "application/json",
  user = self,
  { body = "", method }: What = get
): Effect.Effect<Reply, NoAnswer> => {
  const { agent, host, port, servername } = reached
  const url = urlOf(reached, path)
  const failed = (why: string) =>
    new NoAnswer({ detail: `${method === "GET" ? "Get" : "Delete"} ${JSON.stringify(url)}: ${why}` })
  return Effect.callback<Reply, NoAnswer>((resume) => {
    const about = { ...RequestHeader.encode(user), host: servername, accept, "user-agent": "kube-aggregator" }
    const sent = { "content-type": "application/json", "content-length": Buffer.byteLength(body) }
    const headers = body === "" ? about : { ...about, ...sent }
    const fail = (error: Error) => resume(Effect.fail(failed(reasonOf(error, { host, port, servername, path, url }))))
    const request = httpsRequest({ method, agent, host, port, servername, path, headers })
    request.on("error", fail)
    request.on("response", (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk
        if (text.length > answerLimit) response.destroy(new Error(`the answer is larger than ${answerLimit} bytes`))
      })
      response.on("error", fail)
      response.on("end", () => resume(Effect.succeed({ code: response.statusCode ?? 0, text })))
    })
    request.end(body)
    return Effect.sync(() => request.destroy())
  }).pipe(
    Effect.timeoutOrElse({
      duration: patience,
      orElse: () => Effect.fail(failed("net/http: request canceled (Client.Timeout exceeded while awaiting headers)"))
    })
  )
}
