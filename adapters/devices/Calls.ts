/** Calls to a program at a socket of this machine, over gRPC. */
import * as grpc from "@grpc/grpc-js"
import { Cause, Effect, Queue, Schema, Stream } from "effect"
import * as GrpcSocket from "../GrpcSocket.ts"
import { calls, decoder, encoder } from "./Messages.ts"

/** Its message is as Go prints it: scripts match that. */
export class CallFailed extends Schema.TaggedError<CallFailed>()("CallFailed", {
  code: Schema.Int,
  detail: Schema.String
}) {
  override get message() {
    const name = grpc.status[this.code] ?? "UNKNOWN"
    const words = name
      .split("_")
      .map((word) => word.slice(0, 1) + word.slice(1).toLowerCase())
      .join("")
    return `rpc error: code = ${words} desc = ${this.detail}`
  }
}

const failed = ({ code = grpc.status.UNKNOWN, details, message }: Partial<grpc.ServiceError>) =>
  new CallFailed({ code, detail: details ?? message ?? "" })

const decoded = <S extends Schema.Decoder<unknown>>(reply: S) => {
  const decode = Schema.decodeUnknownEffect(reply)
  return (answer: unknown): Effect.Effect<S["Type"], CallFailed> =>
    Effect.mapError(decode(answer), ({ message }) => new CallFailed({ code: grpc.status.DATA_LOSS, detail: message }))
}

/** A connection as long as the scope is open. */
export const connect = (socket: string) =>
  Effect.map(GrpcSocket.client(socket), (client) => ({
    call: <Name extends Exclude<keyof typeof calls, "devices">>(name: Name, request: object) => {
      const { answers, asks, path, reply } = calls[name]
      return Effect.callback<unknown, CallFailed>((resume) => {
        const running = client.makeUnaryRequest(
          path,
          encoder(asks),
          decoder(answers),
          request,
          new grpc.Metadata(),
          (error, answer) => resume(error === null ? Effect.succeed(answer) : Effect.fail(failed(error)))
        )
        return Effect.sync(() => running.cancel())
      }).pipe(Effect.flatMap(decoded<(typeof calls)[Name]["reply"]>(reply)))
    },
    /** Ends when the program does not tell any more. */
    devices: Stream.callback<unknown, CallFailed>((queue) =>
      Effect.acquireRelease(
        Effect.try({
          try: () => {
            const { answers, asks, path } = calls.devices
            const running = client.makeServerStreamRequest(path, encoder(asks), decoder(answers), {}, new grpc.Metadata())
            running.on("data", (answer: unknown) => Queue.offerUnsafe(queue, answer))
            running.on("error", (error: Partial<grpc.ServiceError>) =>
              Queue.failCauseUnsafe(queue, Cause.fail(failed(error)))
            )
            running.on("end", () => Queue.endUnsafe(queue))
            return running
          },
          catch: (error) => failed({ code: grpc.status.UNAVAILABLE, details: String(error) })
        }),
        (running) => Effect.sync(() => running.cancel())
      )
    ).pipe(Stream.mapEffect(decoded(calls.devices.reply)))
  }))
export type Calls = Effect.Success<ReturnType<typeof connect>>
