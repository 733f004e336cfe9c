/**
 * A KMS plugin of version 2, as anybody might write one: a gRPC server on a socket with keys by their ids. Its annotations have to come
 * back as they were, and bytes in them be bytes.
 */
import * as grpc from "@grpc/grpc-js"
import { Effect } from "effect"
import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto"
import protobuf from "protobufjs"

const proto = `
syntax = "proto3";
package v2;
message StatusRequest {}
message StatusResponse { string version = 1; string healthz = 2; string key_id = 3; }
message DecryptRequest { bytes ciphertext = 1; string uid = 2; string key_id = 3; map<string, bytes> annotations = 4; }
message DecryptResponse { bytes plaintext = 1; }
message EncryptRequest { bytes plaintext = 1; string uid = 2; }
message EncryptResponse { bytes ciphertext = 1; string key_id = 2; map<string, bytes> annotations = 3; }
`
const { root } = protobuf.parse(proto, { keepCase: true })

interface Request {
  readonly plaintext: Buffer
  readonly ciphertext: Buffer
  readonly key_id: string
  readonly annotations: { readonly [name: string]: Buffer }
}
type Answer = (error: { readonly code: number; readonly details: string } | null, reply?: object) => void

const method = (name: string) => {
  const [input, output] = [root.lookupType(`v2.${name}Request`), root.lookupType(`v2.${name}Response`)]
  return {
    path: `/v2.KeyManagementService/${name}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: (message: object) => Buffer.from(input.encode(input.fromObject(message)).finish()),
    requestDeserialize: (bytes: Buffer) => input.toObject(input.decode(bytes), { defaults: true, objects: true }),
    responseSerialize: (message: object) => Buffer.from(output.encode(output.fromObject(message)).finish()),
    responseDeserialize: (bytes: Buffer) => output.toObject(output.decode(bytes), { defaults: true })
  }
}

const keyOf = (id: string) => createHash("sha256").update(`key ${id}`).digest()
const annotation = { name: "round.kms.example.org", value: Buffer.from([0, 1, 254, 255]) }

/** `current` and `healthz` may be set while it serves; `asked` counts the calls. */
export class Kms {
  current = "one"
  healthz = "ok"
  ids = ["one", "two"]
  readonly asked = { Status: 0, Encrypt: 0, Decrypt: 0 }

  readonly status = (_: { readonly request: Request }, answer: Answer) => {
    this.asked.Status++
    answer(null, { version: "v2", healthz: this.healthz, key_id: this.current })
  }
  readonly encrypt = ({ request: { plaintext } }: { readonly request: Request }, answer: Answer) => {
    this.asked.Encrypt++
    const nonce = randomBytes(12)
    const cipher = createCipheriv("aes-256-gcm", keyOf(this.current), nonce)
    const body = Buffer.concat([cipher.update(plaintext), cipher.final()])
    const annotations = { [annotation.name]: annotation.value }
    answer(null, { ciphertext: Buffer.concat([nonce, cipher.getAuthTag(), body]), key_id: this.current, annotations })
  }
  readonly decrypt = ({ request }: { readonly request: Request }, answer: Answer) => {
    this.asked.Decrypt++
    const { annotations, ciphertext, key_id: id } = request
    if (annotations[annotation.name]?.equals(annotation.value) !== true) {
      return answer({ code: grpc.status.INVALID_ARGUMENT, details: "these are not my annotations" })
    }
    if (!this.ids.includes(id)) return answer({ code: grpc.status.NOT_FOUND, details: `no key ${id}` })
    try {
      const decipher = createDecipheriv("aes-256-gcm", keyOf(id), ciphertext.subarray(0, 12))
      decipher.setAuthTag(ciphertext.subarray(12, 28))
      answer(null, { plaintext: Buffer.concat([decipher.update(ciphertext.subarray(28)), decipher.final()]) })
    } catch (error) {
      answer({ code: grpc.status.UNKNOWN, details: String(error) })
    }
  }
}

/** Serves until the scope closes. */
export const serve = (socket: string, kms = new Kms()) =>
  Effect.acquireRelease(
    Effect.callback<grpc.Server, Error>((resume) => {
      const server = new grpc.Server()
      server.addService(
        { Status: method("Status"), Encrypt: method("Encrypt"), Decrypt: method("Decrypt") },
        { Status: kms.status, Encrypt: kms.encrypt, Decrypt: kms.decrypt }
      )
      server.bindAsync(`unix://${socket}`, grpc.ServerCredentials.createInsecure(), (error) =>
        resume(error === null ? Effect.succeed(server) : Effect.fail(error))
      )
    }),
    (server) => Effect.sync(() => server.forceShutdown())
  ).pipe(Effect.as(kms))
