/**
 * The Container Runtime Interface, version 1, over gRPC on a socket. The names and field numbers of its messages stand in
 * `generated/cri-v1.json`; a reply is decoded with the schema of what is read of it.
 */
import * as grpc from "@grpc/grpc-js"
import { Cause, Context, type Duration, Effect, Layer, Queue, Schema, Stream } from "effect"
import protobuf from "protobufjs"
import description from "./generated/cri-v1.json" with { type: "json" }

export const { NOT_FOUND, DEADLINE_EXCEEDED } = grpc.status

export class CriFailed extends Schema.TaggedError<CriFailed>()("CriFailed", {
  method: Schema.String,
  code: Schema.Int,
  detail: Schema.String
}) {}

/** `id type`, `id repeated type` or `id map type`. */
const field = (text: string) => {
  const [id = "", ...words] = text.split(" ")
  const type = words.at(-1) ?? ""
  const rule = words.length === 2 && words[0] === "repeated" ? { rule: "repeated" } : {}
  return { id: Number(id), type, ...rule, ...(words[0] === "map" && { keyType: "string" }) }
}

const mapValues = <A, B>(record: { readonly [key: string]: A }, each: (value: A) => B) =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, each(value)]))

const messages: { readonly [name: string]: { readonly [field: string]: string } } = description.messages
const root = protobuf.Root.fromJSON({
  nested: {
    ...mapValues(messages, (fields) => ({ fields: mapValues(fields, field) })),
    ...mapValues(description.enums, (names) => ({ values: Object.fromEntries(names.map((name, value) => [name, value])) }))
  }
})

const reading = { longs: String, enums: String, defaults: true, arrays: true, objects: true } as const
const methods = new Map(
  Object.entries(description.services).flatMap(([service, ofService]) =>
    Object.entries(ofService).map(([name, [request = "", response = ""]]) => {
      const input = root.lookupType(request)
      const output = root.lookupType(response)
      return [
        name,
        {
          path: `/${description.package}.${service}/${name}`,
          encode: (message: object) => Buffer.from(input.encode(input.fromObject(message)).finish()),
          decode: (bytes: Buffer): unknown => output.toObject(output.decode(bytes), reading)
        }
      ] as const
    })
  )
)

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
    const client = yield* Effect.acquireRelease(
      Effect.sync(
        () =>
          new grpc.Client(`unix://${socket}`, grpc.credentials.createInsecure(), {
            "grpc.default_authority": "localhost",
            "grpc.initial_reconnect_backoff_ms": 100,
            "grpc.max_reconnect_backoff_ms": 1000,
            "grpc.max_receive_message_length": 64 * 1024 * 1024
          })
      ),
      (open) => Effect.sync(() => open.close())
    )
    /** One call, which is cancelled when nobody waits for it any more. */
    const call = <A>(name: string, reply: Schema.Decoder<A>, request: object, within: Duration.Input = "2 minutes") =>
      Effect.callback<unknown, CriFailed>((resume) => {
        const { decode, encode, path } = method(name)
        const running = client.makeUnaryRequest(path, encode, decode, request, (error, value) =>
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
    return { socket, call, serverStream }
  })

export class Cri extends Context.Service<Cri, Effect.Success<ReturnType<typeof make>>>()("cri/Cri") {
  static readonly layer = (socket: string) => Layer.effect(Cri, make(socket))
}
