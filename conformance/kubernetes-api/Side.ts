/** One of both servers: sends it a request as it is, and gives what it answered. */
import { Effect, Schema } from "effect"
import https from "node:https"
import { parse } from "yaml"
import type { Endpoint } from "../stage/Endpoint.ts"
import type { Json } from "./Json.ts"
import type { Answer, Request } from "./Scenario.ts"

export class Unanswered extends Schema.TaggedError<Unanswered>()("Unanswered", {
  request: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    return `${this.request} was not answered: ${this.detail}`
  }
}

/** No answer takes longer. */
const patience = 30_000

/** YAML is compared as what it says, not by the order of its keys. */
const decoded = (text: string, type = ""): Json => {
  if (type === "application/yaml") return parse(text)
  try {
    return JSON.parse(text)
  } catch {
    // What a watch tells is a line each, and a text is an answer, too.
    return /^\{.*\}\n\{/.test(text)
      ? text
          .trim()
          .split("\n")
          .map((line) => decoded(line))
      : text
  }
}

const bytesOf = (body: Request["body"]) =>
  body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body)

/** `299 - "unknown field \"spec.x\""` */
const warningsOf = (header: string | undefined) =>
  [...(header ?? "").matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) => text.replace(/\\(.)/g, "$1"))

export interface Side {
  readonly send: (request: Request) => Effect.Effect<Answer, Unanswered>
}

/** For as long as the scope is open. */
export const make = Effect.fnUntraced(function* ({ ca, cert, insecure = false, key, server, token }: Endpoint) {
  const agent = yield* Effect.acquireRelease(
    Effect.sync(() => new https.Agent({ keepAlive: true, ca, cert, key, rejectUnauthorized: !insecure })),
    (open) => Effect.sync(() => open.destroy())
  )
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const send = ({ body, headers = {}, method, path }: Request) =>
    Effect.callback<Answer, Unanswered>((resume) => {
      const bytes = bytesOf(body)
      const type = bytes === undefined ? {} : { "content-type": "application/json" }
      const all = { accept: "application/json", "user-agent": "conformance", ...authorization, ...type, ...headers }
      const fail = ({ message: detail }: Error) =>
        resume(Effect.fail(new Unanswered({ request: `${method} ${server}${path}`, detail })))
      const length = bytes === undefined ? {} : { "content-length": Buffer.byteLength(bytes) }
      const request = https.request(`${server}${path}`, { agent, method, headers: { ...all, ...length } }, (answer) => {
        const chunks: Array<Buffer> = []
        answer.on("data", (chunk: Buffer) => void chunks.push(chunk))
        answer.on("error", fail)
        answer.on("end", () => {
          const warnings = warningsOf(answer.headers["warning"]?.toString())
          const [contentType = ""] = (answer.headers["content-type"] ?? "").split(";")
          const text = Buffer.concat(chunks).toString()
          const body = decoded(text, contentType)
          resume(Effect.succeed({ code: answer.statusCode ?? 0, type: contentType, warnings, body }))
        })
      })
      request.on("error", fail)
      // One that does not end is seen as a difference, not as the end of all.
      request.setTimeout(patience, () => {
        resume(Effect.succeed({ code: 0, type: "", warnings: [], body: "it did not come to an end" }))
        request.destroy()
      })
      request.end(bytes)
      return Effect.sync(() => request.destroy())
    })
  return { send } satisfies Side
})
