/** `/keelson/encryption`: with which keys what is stored is encrypted; and `rotate` below it. For administrators. */
import { Effect, Schema } from "effect"
import { BadRequest } from "../kernel/client/Errors.ts"
import { Routes, type RouteRequest } from "../plugins/apiserver/contracts/Routes.ts"
import { Encryption } from "../plugins/encryption/Encryption.ts"
import * as Administrators from "./Administrators.ts"

export const path = "/keelson/encryption"

export const EncryptionStatus = Schema.Struct({
  providers: Schema.Array(Schema.Struct({ name: Schema.String, health: Schema.String, keyId: Schema.String })),
  keys: Schema.Array(
    Schema.Struct({
      provider: Schema.String,
      keyId: Schema.String,
      state: Schema.Literals(["current", "old", "retired"]),
      made: Schema.String
    })
  ),
  counts: Schema.Array(
    Schema.Struct({
      resource: Schema.String,
      provider: Schema.String,
      keyId: Schema.String,
      objects: Schema.Int,
      history: Schema.Int
    })
  )
})
export type EncryptionStatus = typeof EncryptionStatus.Type
export const Rotated = Schema.Struct({
  keyId: Schema.String,
  objects: Schema.Int,
  left: Schema.Array(Schema.String)
})
const encodeStatus = Schema.encodeSync(Schema.fromJsonString(EncryptionStatus))
const encodeRotated = Schema.encodeSync(Schema.fromJsonString(Rotated))

const json = (body: string, code = 200) => ({ code, type: "application/json", body })

const handle = Effect.fnUntraced(function* (encryption: Encryption, { method, path: asked }: RouteRequest) {
  if (asked === path && method === "GET") return json(encodeStatus(yield* encryption.status))
  if (asked !== `${path}/rotate` || method !== "POST") {
    return yield* new BadRequest({ detail: `expected GET ${path} or POST ${path}/rotate` })
  }
  return yield* encryption.rotate.pipe(
    Effect.map((rotated) => json(encodeRotated(rotated))),
    Effect.catchTag("RotationFailed", ({ message }) =>
      Effect.succeed(json(JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", code: 500, message }), 500))
    )
  )
})

export const add = Effect.gen(function* () {
  const encryption = yield* Encryption
  const routes = yield* Routes
  const guarded = yield* Administrators.only
  if (encryption !== undefined) {
    yield* routes.add(guarded({ prefix: path, handle: (request) => handle(encryption, request) }))
  }
})
