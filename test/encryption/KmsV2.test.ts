/** Keys behind a KMS plugin: the laws over gRPC, and what is done when it is away, ill, or has rotated. */
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import * as Suite from "../../conformance/KeyManagement.ts"
import * as KmsV2 from "../../adapters/kms/KmsV2.ts"
import { verify } from "../Verify.ts"
import { temporary } from "./Keys.ts"
import { Kms, serve } from "./KmsServer.ts"

const served = Effect.map(temporary, (directory) => `${directory}/kms.sock`).pipe(
  Effect.tap((socket) => serve(socket)),
  Effect.map((socket) => KmsV2.layer({ socket, timeoutMillis: 3000 }))
)
verify("a KMS plugin", Suite.suite, Layer.unwrap(Effect.orDie(served)))

it.live("a plugin that is away, or says of itself that it is ill, is unavailable and not final", () =>
  Effect.scoped(
    Effect.gen(function* () {
      const socket = `${yield* temporary}/kms.sock`
      const keys = yield* KmsV2.make({ socket, timeoutMillis: 3000 })
      assert.strictEqual((yield* Effect.flip(keys.status()))._tag, "Unavailable")
      const kms = yield* serve(socket, new Kms())
      const plaintext = new Uint8Array(32)
      const encrypted = yield* Effect.retry(keys.encrypt({ plaintext, uid: "1" }), Schedule.spaced("50 millis")).pipe(
        Effect.timeout("20 seconds")
      )
      const wrong = { ...encrypted, keyId: "three", uid: "2" }
      assert.strictEqual((yield* Effect.flip(keys.decrypt(wrong)))._tag, "Undecipherable")
      kms.healthz = "the vault is closed"
      assert.strictEqual((yield* Effect.flip(keys.decrypt(wrong)))._tag, "Unavailable")
      assert.strictEqual((yield* keys.status()).healthz, "the vault is closed")
    })
  )
)

it.live("an answer that is not as KMS v2 has it is refused", () =>
  Effect.scoped(
    Effect.gen(function* () {
      const socket = `${yield* temporary}/kms.sock`
      const kms = yield* serve(socket, new Kms())
      kms.current = "x".repeat(2000)
      const keys = yield* KmsV2.make({ socket, timeoutMillis: 3000 })
      const refused = yield* Effect.flip(keys.encrypt({ plaintext: new Uint8Array(32), uid: "1" }))
      assert.include(refused.message, "a key id of 1 to 1024 bytes")
    })
  )
)
