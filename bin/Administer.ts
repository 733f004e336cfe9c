/** What commands ask of a running server's own paths, as the administrator whom a kubeconfig names. */
import { Cause, Effect, Option, Queue, Schema, Stream } from "effect"
import type { IncomingMessage } from "node:http"
import { request } from "node:https"
import * as Kubeconfig from "../adapters/client/https/Kubeconfig.ts"

/** What a person reads, in the server's words. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", { code: Schema.Int, message: Schema.String }) {}

export interface Asked {
  readonly method?: "GET" | "POST" | "DELETE"
  readonly path: string
  readonly headers?: { readonly [name: string]: string }
}

const Status = Schema.fromJsonString(Schema.Struct({ message: Schema.String }))
const said = (code: number, text: string) =>
  Option.match(Schema.decodeUnknownOption(Status)(text), {
    onNone: () => `the server answers ${code}: ${text.slice(0, 500)}`,
    onSome: ({ message }) => message
  })

/** The answer, once its head is there. It ends with the scope. */
const open = Effect.fnUntraced(function* (kubeconfig: string, { headers = {}, method = "GET", path }: Asked) {
  const target = yield* Kubeconfig.read(kubeconfig)
  const about = {
    method,
    agent: false,
    headers: {
      ...headers,
      "user-agent": "keelson",
      ...(target.token !== undefined && { authorization: `Bearer ${target.token}` })
    },
    ...(target.ca !== undefined && { ca: target.ca }),
    ...(target.clientCertificate !== undefined && { cert: target.clientCertificate }),
    ...(target.clientKey !== undefined && { key: target.clientKey }),
    ...(target.serverName !== undefined && { servername: target.serverName }),
    rejectUnauthorized: target.insecure !== true
  }
  return yield* Effect.acquireRelease(
    Effect.callback<IncomingMessage, Refused>((resume) => {
      const call = request(new URL(path, target.server), about, (response) => resume(Effect.succeed(response)))
      call.on("error", ({ message }) =>
        resume(Effect.fail(new Refused({ code: 0, message: `${target.server} does not answer: ${message}` })))
      )
      call.end()
      return Effect.sync(() => call.destroy())
    }),
    (response) => Effect.sync(() => response.destroy())
  )
})

const chunks = (response: IncomingMessage) =>
  Stream.callback<Buffer, Refused>((queue) =>
    Effect.sync(() => {
      response.on("data", (chunk: Buffer) => Queue.offerUnsafe(queue, chunk))
      response.on("end", () => Queue.endUnsafe(queue))
      response.on("error", ({ message }) => Queue.failCauseUnsafe(queue, Cause.fail(new Refused({ code: 0, message }))))
    })
  )

const whole = (response: IncomingMessage) =>
  Effect.map(Stream.runCollect(chunks(response)), (all) => Buffer.concat(all).toString())

/** The whole answer. */
export const ask = Effect.fn("Administer.ask")(function* (kubeconfig: string, asked: Asked) {
  const response = yield* open(kubeconfig, asked)
  const text = yield* whole(response)
  const { statusCode: code = 0 } = response
  return code === 200 ? text : yield* new Refused({ code, message: said(code, text) })
}, Effect.scoped)

/** Lines, as they come. */
export const lines = (kubeconfig: string, asked: Asked) =>
  Stream.unwrap(
    Effect.gen(function* () {
      const response = yield* open(kubeconfig, asked)
      const { statusCode: code = 0 } = response
      if (code !== 200) return yield* new Refused({ code, message: said(code, yield* whole(response)) })
      return chunks(response).pipe(Stream.decodeText, Stream.splitLines)
    })
  )

/** Bytes, as they come. */
export const bytes = (kubeconfig: string, asked: Asked) =>
  Stream.unwrap(
    Effect.gen(function* () {
      const response = yield* open(kubeconfig, asked)
      const { statusCode: code = 0 } = response
      if (code !== 200) return yield* new Refused({ code, message: said(code, yield* whole(response)) })
      return chunks(response)
    })
  )
