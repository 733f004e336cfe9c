/**
 * The Container Runtime Interface, version 1, over gRPC on a socket. The names and field numbers of its messages stand in
 * `generated/cri-v1.json`; a reply is decoded with the schema of what is read of it.
 */
import * as grpc from "@grpc/grpc-js"
import { Cause, Context, type Duration, Effect, Layer, Queue, Schema, Stream } from "effect"
import * as GrpcSocket from "../GrpcSocket.ts"
import * as Description from "./Description.ts"
import description from "./generated/cri-v1.json" with { type: "json" }

export const { NOT_FOUND, DEADLINE_EXCEEDED, UNAVAILABLE, UNIMPLEMENTED } = grpc.status

export class CriFailed extends Schema.TaggedError<CriFailed>()("CriFailed", {
  method: Schema.String,
  code: Schema.Int,
  detail: Schema.String
}) {
  override get message() {
    return `${this.method}: ${this.detail}`
  }
}

const methods = Description.load(description)
const method = (name: string) => {
  const found = methods.get(name)
  if (found === undefined) throw new Error(`the CRI description has no ${name}`)
  return found
}

const failed = (name: string, error: Partial<grpc.ServiceError>) =>
  new CriFailed({
    method: name,
    code: error.code ?? grpc.status.UNKNOWN,
    detail: error.details ?? error.message ?? ""
  })
const strange = (name: string) => (cause: unknown) =>
  new CriFailed({ method: name, code: grpc.status.DATA_LOSS, detail: `${cause}` })

const make = (socket: string) =>
  Effect.gen(function* () {
    const client = yield* GrpcSocket.client(socket, { "grpc.max_receive_message_length": 64 * 1024 * 1024 })
    /** One call of any method on this socket, which is cancelled when nobody waits for it any more. */
    const invoke = <A>(
      name: string,
      { decode, encode, path }: Description.Method,
      reply: Schema.Decoder<A>,
      request: object,
      within: Duration.Input,
      metadata = new grpc.Metadata()
    ) =>
      Effect.callback<unknown, CriFailed>((resume) => {
        const running = client.makeUnaryRequest(path, encode, decode, request, metadata, (error, value) =>
          resume(error === null ? Effect.succeed(value) : Effect.fail(failed(name, error)))
        )
        return Effect.sync(() => running.cancel())
      }).pipe(
        Effect.timeoutOrElse({
          duration: within,
          orElse: () => Effect.fail(failed(name, { code: DEADLINE_EXCEEDED, details: "no answer in time" }))
        }),
        Effect.flatMap((value) => Effect.mapError(Schema.decodeUnknownEffect(reply)(value), strange(name))),
        Effect.withSpan(`cri.${name}`)
      )
    const call = <A>(name: string, reply: Schema.Decoder<A>, request: object, within: Duration.Input = "2 minutes") =>
      Effect.suspend(() => invoke(name, method(name), reply, request, within))
    /** A stream of messages of any service on this socket. */
    const serverStream = <A>(name: string, path: string, encode: () => Buffer, decode: (bytes: Buffer) => A) =>
      Stream.callback<A, CriFailed>((queue) =>
        Effect.acquireRelease(
          Effect.sync(() => {
            const running = client.makeServerStreamRequest(path, encode, decode, {})
            const end = (error: Partial<grpc.ServiceError>) => Queue.failCauseUnsafe(queue, Cause.fail(failed(name, error)))
            running.on("data", (value: A) => Queue.offerUnsafe(queue, value))
            running.on("error", end)
            running.on("end", () => end({ details: "the stream ended" }))
            return running
          }),
          (running) => Effect.sync(() => running.cancel())
        )
      )
    return { socket, call, invoke, serverStream }
  })

export class Cri extends Context.Service<Cri, Effect.Success<ReturnType<typeof make>>>()("cri/Cri") {
  static readonly layer = (socket: string) => Layer.effect(Cri, make(socket))
}
