/** The health check of gRPC: one string asked (`service = 1`), one number answered (`status = 1`, 1 is SERVING). Source: grpc.health.v1. */
import { Effect } from "effect"

const encode = (service: string) => {
  const text = Buffer.from(service, "utf8")
  return text.length === 0 ? text : Buffer.concat([Buffer.of(0x0a, text.length), text])
}
const isServing = (answer: Buffer) => answer[0] === 0x08 && answer[1] === 1

/** Read when the first Pod has such a probe: few have. */
const library = Effect.promise(() => import("@grpc/grpc-js"))

/** Fails with what went wrong. */
export const checkGrpc = Effect.fnUntraced(function* (host: string, port: number, service: string) {
  const grpc = yield* library
  yield* Effect.callback<void, string>((resume) => {
    const client = new grpc.Client(`${host}:${port}`, grpc.credentials.createInsecure())
    const plain = (bytes: Buffer) => bytes
    client.makeUnaryRequest("/grpc.health.v1.Health/Check", encode, plain, service, (error, answer) => {
      client.close()
      if (error !== null) return resume(Effect.fail(error.message))
      return resume(answer && isServing(answer) ? Effect.void : Effect.fail("service is not serving"))
    })
    return Effect.sync(() => client.close())
  })
})
