/** Calls to a CSI driver, or to what registers one, over gRPC on a socket of this machine. */
import * as grpc from "@grpc/grpc-js"
import { Effect, Schema } from "effect"
import * as GrpcSocket from "../../GrpcSocket.ts"
import { codecs, type Method, replies } from "./Messages.ts"

/** `code` is gRPC's. */
export class CallFailed extends Schema.TaggedError<CallFailed>()("CallFailed", {
  method: Schema.String,
  code: Schema.Int,
  message: Schema.String
}) {}

/** As upstream's driver code waits. */
const within = "2 minutes"

export const make = Effect.fnUntraced(function* (socket: string) {
  const client = yield* GrpcSocket.client(socket)
  const failed = (method: string, { code = grpc.status.UNKNOWN, details, message }: Partial<grpc.ServiceError>) =>
    new CallFailed({ method, code, message: details ?? message ?? "" })

  return <M extends Method>(method: M, request: object): Effect.Effect<(typeof replies)[M]["Type"], CallFailed> =>
    Effect.callback<unknown, CallFailed>((resume) => {
      const codec = codecs.get(method)
      if (codec === undefined) return resume(Effect.fail(failed(method, { code: grpc.status.UNIMPLEMENTED })))
      const { decode, encode, path } = codec
      const running = client.makeUnaryRequest(path, encode, decode, request, new grpc.Metadata(), (error, reply) =>
        resume(error === null ? Effect.succeed(reply) : Effect.fail(failed(method, error)))
      )
      return Effect.sync(() => running.cancel())
    }).pipe(
      Effect.timeoutOrElse({
        duration: within,
        orElse: () => Effect.fail(failed(method, { code: grpc.status.DEADLINE_EXCEEDED, details: "no answer in time" }))
      }),
      Effect.flatMap((reply) =>
        Effect.mapError(Schema.decodeUnknownEffect(replies[method])(reply), (error) =>
          failed(method, { code: grpc.status.DATA_LOSS, details: `its answer is not as CSI has it: ${error.message}` })
        )
      ),
      Effect.withSpan(`csi.${method}`)
    )
})
export type Calls = Effect.Success<ReturnType<typeof make>>
