/**
 * The HTTP API that Podman and Docker answer on a socket: JSON in and out, streams of lines, and connections that are taken over for
 * the input and output of a process. A reply is decoded with the schema of what is read of it.
 */
import { Cause, Context, type Duration, Effect, Layer, Option, Queue, Schema, Stream } from "effect"
import { type IncomingMessage, type RequestOptions, request } from "node:http"
import type { Socket } from "node:net"
import { Unavailable } from "../../kernel/plugin/Contract.ts"

/** `status` 0: there was no answer. */
export class EngineFailed extends Schema.TaggedError<EngineFailed>()("EngineFailed", {
  request: Schema.String,
  status: Schema.Int,
  detail: Schema.String
}) {
  override get message(): string {
    return `${this.request}: ${this.detail}`
  }
}

/** Podman answers with 500 when a container goes while it is being inspected. */
export const isMissing = ({ detail, status }: EngineFailed) =>
  status === 404 || /no such container|container has already been removed/.test(detail)

/** `unknown`: the runtime may have done it all the same. */
export const unavailable = (contract: string) => (cause: EngineFailed) =>
  new Unavailable({ contract, applied: "unknown", cause })

export interface Ask {
  readonly query?: { readonly [name: string]: string }
  /** An object is sent as JSON, bytes as an archive. */
  readonly body?: object | Uint8Array
  readonly headers?: { readonly [name: string]: string }
  readonly within?: Duration.Input
}

export interface Address {
  readonly socket: string
  /** What every path begins with: the version of the API. */
  readonly base: string
}

const Problem = Schema.fromJsonString(Schema.Struct({ message: Schema.String }))

/** What the runtime says went wrong. */
const problem = (bytes: Buffer) => {
  const text = bytes.toString("utf8")
  return Option.match(Schema.decodeOption(Problem)(text), { onNone: () => text, onSome: ({ message }) => message })
}

const content = (body: Ask["body"]) => {
  if (body === undefined) return { headers: {}, bytes: Buffer.alloc(0) }
  if (body instanceof Uint8Array) return { headers: { "Content-Type": "application/x-tar" }, bytes: Buffer.from(body) }
  return { headers: { "Content-Type": "application/json" }, bytes: Buffer.from(JSON.stringify(body)) }
}

const gather = (response: IncomingMessage, done: (bytes: Buffer) => void) => {
  const chunks: Array<Buffer> = []
  response.on("data", (chunk: Buffer) => chunks.push(chunk))
  response.on("end", () => done(Buffer.concat(chunks)))
}

const make = ({ base, socket }: Address) => {
  /** A request that is ready to be heard; it goes with `send`. */
  const prepare = (method: string, path: string, { body, headers, query = {} }: Ask, more: object = {}) => {
    const name = `${method} ${path}`
    const { bytes, headers: own } = content(body)
    const search = new URLSearchParams(query).toString()
    const options: RequestOptions = {
      socketPath: socket,
      method,
      path: `${base}${path}${search === "" ? "" : `?${search}`}`,
      headers: { Host: "engine", "Content-Length": bytes.length, ...own, ...headers, ...more },
      agent: false
    }
    const running = request(options)
    const failed = (status: number, detail: string) => new EngineFailed({ request: name, status, detail })
    return { running, failed, send: () => running.end(bytes) }
  }

  const answer = (method: string, path: string, ask: Ask) =>
    Effect.callback<Buffer, EngineFailed>((resume) => {
      const { failed, running, send } = prepare(method, path, ask)
      const broken = (cause: Error) => resume(Effect.fail(failed(0, cause.message)))
      running.on("error", broken)
      running.on("response", (response) => {
        const status = response.statusCode ?? 0
        response.on("error", broken)
        gather(response, (bytes) =>
          resume(status < 400 ? Effect.succeed(bytes) : Effect.fail(failed(status, problem(bytes))))
        )
      })
      send()
      return Effect.sync(() => running.destroy())
    }).pipe(
      Effect.timeoutOrElse({
        duration: ask.within ?? "2 minutes",
        orElse: () => Effect.fail(new EngineFailed({ request: `${method} ${path}`, status: 0, detail: "no answer in time" }))
      })
    )

  const call = Effect.fnUntraced(function* <A>(method: string, path: string, reply: Schema.Decoder<A>, ask: Ask = {}) {
    const bytes = yield* answer(method, path, ask)
    // No content is null.
    const value = Schema.decodeUnknownEffect(Schema.fromJsonString(reply))(
      bytes.length === 0 ? "null" : bytes.toString("utf8")
    )
    return yield* Effect.mapError(
      value,
      (cause) => new EngineFailed({ request: `${method} ${path}`, status: 0, detail: `${cause}` })
    )
  })

  /** Of the answer nothing matters but that it is a good one. */
  const tell = (method: string, path: string, ask: Ask = {}) => Effect.asVoid(answer(method, path, ask))

  /** The lines of an answer as they come. */
  const lines = (method: string, path: string, ask: Ask = {}) =>
    Stream.callback<Uint8Array, EngineFailed>((queue) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          const { failed, running, send } = prepare(method, path, ask)
          const end = (status: number, detail: string) => Queue.failCauseUnsafe(queue, Cause.fail(failed(status, detail)))
          running.on("error", (cause) => end(0, cause.message))
          running.on("response", (response) => {
            const status = response.statusCode ?? 0
            response.on("error", (cause) => end(0, cause.message))
            if (status >= 400) return gather(response, (bytes) => end(status, problem(bytes)))
            response.on("data", (chunk: Buffer) => Queue.offerUnsafe(queue, chunk))
            response.on("end", () => Queue.endUnsafe(queue))
          })
          send()
          return running
        }),
        (running) => Effect.sync(() => running.destroy())
      )
    ).pipe(Stream.decodeText, Stream.splitLines)

  /** The connection of a request, taken over: what the process says comes out of it, and what is put in goes to it. */
  const hijack = (path: string, ask: Ask) =>
    Effect.callback<Socket, EngineFailed>((resume) => {
      const { failed, running, send } = prepare("POST", path, ask, { Connection: "Upgrade", Upgrade: "tcp" })
      running.on("error", (cause) => resume(Effect.fail(failed(0, cause.message))))
      running.on("upgrade", (_, taken: Socket, first: Buffer) => {
        if (first.length > 0) taken.unshift(first)
        resume(Effect.succeed(taken))
      })
      running.on("response", (response) =>
        gather(response, (bytes) => resume(Effect.fail(failed(response.statusCode ?? 0, problem(bytes)))))
      )
      send()
      return Effect.sync(() => running.destroy())
    })

  return { socket, call, tell, lines, hijack }
}

export class Engine extends Context.Service<Engine, ReturnType<typeof make>>()("cri/Engine") {
  static readonly layer = (address: Address) => Layer.succeed(Engine, make(address))
}
