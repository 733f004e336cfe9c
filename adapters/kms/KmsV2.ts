/**
 * A KMS plugin of Kubernetes, version 2, over gRPC on a socket: keys that lie in a key service, such as a cloud's or a hardware
 * module. Source: k8s.io/kms/apis/v2/api.proto.
 */
import * as grpc from "@grpc/grpc-js"
import { Effect, Layer, Schema, type Scope } from "effect"
import protobuf from "protobufjs"
import * as GrpcSocket from "../GrpcSocket.ts"
import { Unavailable } from "../../kernel/plugin/Contract.ts"
import { KeyManagement, Undecipherable } from "../../plugins/encryption/contracts/KeyManagement.ts"

const bytes = (id: number) => ({ id, type: "bytes" })
const text = (id: number) => ({ id, type: "string" })
const annotations = (id: number) => ({ id, type: "bytes", keyType: "string" })

/** Its messages, by the numbers of their fields. */
export const messages = protobuf.Root.fromJSON({
  nested: {
    StatusRequest: { fields: {} },
    StatusResponse: { fields: { version: text(1), healthz: text(2), keyId: text(3) } },
    DecryptRequest: { fields: { ciphertext: bytes(1), uid: text(2), keyId: text(3), annotations: annotations(4) } },
    DecryptResponse: { fields: { plaintext: bytes(1) } },
    EncryptRequest: { fields: { plaintext: bytes(1), uid: text(2) } },
    EncryptResponse: { fields: { ciphertext: bytes(1), keyId: text(2), annotations: annotations(3) } }
  }
})
export const service = "/v2.KeyManagementService"

const between = (most: number, what: string) =>
  Schema.makeFilter((value: Uint8Array | string) => {
    const length = Buffer.byteLength(value)
    return (length > 0 && length <= most) || `expected ${what} of 1 to ${most} bytes`
  })
const KeyId = Schema.String.check(between(1024, "a key id"))
/** Upstream's rule for names of annotations. */
const domain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+$/
const Annotations = Schema.Record(Schema.String, Schema.Uint8Array).check(
  Schema.makeFilter((all) => Object.keys(all).every((name) => domain.test(name)) || "expected annotations with domain names")
)
const replies = {
  Status: Schema.Struct({
    version: Schema.Literals(["v2", "v2beta1"]),
    healthz: Schema.String,
    keyId: KeyId
  }),
  Encrypt: Schema.Struct({
    ciphertext: Schema.Uint8Array.check(between(1024, "a ciphertext")),
    keyId: KeyId,
    annotations: Annotations
  }),
  Decrypt: Schema.Struct({ plaintext: Schema.Uint8Array })
}
type Method = keyof typeof replies

/** Those that say that the question itself was wrong. A plugin whose service is away may use them all the same. */
const final: ReadonlySet<number> = new Set([
  grpc.status.UNKNOWN,
  grpc.status.INVALID_ARGUMENT,
  grpc.status.NOT_FOUND,
  grpc.status.FAILED_PRECONDITION,
  grpc.status.INTERNAL,
  grpc.status.DATA_LOSS
])

class Refused extends Schema.TaggedError<Refused>()("Refused", { method: Schema.String, detail: Schema.String }) {}

const unavailable = (socket: string, method: string, detail: string) =>
  new Unavailable({ contract: KeyManagement.key, applied: "no", cause: `${socket}: ${method}: ${detail}` })

export interface Options {
  readonly socket: string
  readonly timeoutMillis: number
}

/** Out of the buffer that a message came in: what is kept would be the whole. */
const copied = (value: Uint8Array) => new Uint8Array(value)

export const make = Effect.fnUntraced(function* ({
  socket,
  timeoutMillis
}: Options): Effect.fn.Return<KeyManagement["Service"], never, Scope.Scope> {
  const client = yield* GrpcSocket.client(socket)
  const call = <M extends Method>(
    method: M,
    request: object
  ): Effect.Effect<(typeof replies)[M]["Type"], Refused | Unavailable> =>
    Effect.callback<unknown, Refused | Unavailable>((resume) => {
      const [input, output] = [messages.lookupType(`${method}Request`), messages.lookupType(`${method}Response`)]
      const running = client.makeUnaryRequest(
        `${service}/${method}`,
        (message: object) => Buffer.from(input.encode(input.fromObject(message)).finish()),
        (message: Buffer): unknown => output.toObject(output.decode(message), { defaults: true, objects: true }),
        request,
        new grpc.Metadata(),
        { deadline: performance.timeOrigin + performance.now() + timeoutMillis },
        (error, reply) => {
          if (error === null) return resume(Effect.succeed(reply))
          const isFinal = final.has(error.code)
          resume(
            Effect.fail(
              isFinal ? new Refused({ method, detail: error.details }) : unavailable(socket, method, error.details)
            )
          )
        }
      )
      return Effect.sync(() => running.cancel())
    }).pipe(
      Effect.flatMap((reply) =>
        Effect.mapError(Schema.decodeUnknownEffect(replies[method])(reply), (error) =>
          unavailable(socket, method, `its answer is not as KMS v2 has it: ${error.message}`)
        )
      ),
      Effect.withSpan(`kms.${method}`)
    )
  /** Asked again later, it may answer. */
  const passing = ({ detail, method }: Refused) => Effect.fail(unavailable(socket, method, detail))

  const status = Effect.catchTag(call("Status", {}), "Refused", passing)
  return {
    status: () => status,
    encrypt: (request) =>
      call("Encrypt", request).pipe(
        Effect.catchTag("Refused", passing),
        Effect.map(({ annotations, ciphertext, keyId }) => ({
          ciphertext: copied(ciphertext),
          keyId,
          annotations: Object.fromEntries(Object.entries(annotations).map(([name, value]) => [name, copied(value)]))
        }))
      ),
    decrypt: (request) =>
      call("Decrypt", request).pipe(
        Effect.map(({ plaintext }) => copied(plaintext)),
        Effect.catchTag(
          "Refused",
          (refused): Effect.Effect<never, Unavailable | Undecipherable> =>
            // Only from a plugin that is well is a no an answer.
            Effect.flatMap(
              status,
              ({ healthz }): Effect.Effect<never, Unavailable | Undecipherable> =>
                healthz === "ok"
                  ? Effect.fail(new Undecipherable({ keyId: request.keyId, detail: refused.detail }))
                  : passing(refused)
            )
        )
      )
  }
})

export const layer = (options: Options) => Layer.effect(KeyManagement, make(options))
