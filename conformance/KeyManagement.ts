/** The checks of the laws of `KeyManagement`, the same for every provider of keys. */
import { Effect } from "effect"
import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { KeyManagement } from "../plugins/encryption/contracts/KeyManagement.ts"
import * as Suite from "./Suite.ts"

type Service = KeyManagement["Service"]

/** A data key, encrypted. */
const use = Effect.gen(function* () {
  const keys = yield* KeyManagement
  const plaintext = new Uint8Array(randomBytes(32))
  const encrypt = keys.encrypt({ plaintext, uid: "laws" })
  return { keys, plaintext, encrypt, encrypted: yield* encrypt }
})
type Use = Effect.Success<typeof use>

const check = (
  holds: (use: Use) => Generator<Effect.Effect<unknown, unknown>, void, never>,
  saboteur: (honest: Service) => Partial<Service>
) => ({ holds: Suite.inTime(Effect.flatMap(use, Effect.fnUntraced(holds))), saboteur })

const shows = (whole: Uint8Array, part: Uint8Array) => Buffer.from(whole).includes(Buffer.from(part))

export const suite = Suite.make(KeyManagement, {
  "status/key": check(
    function* ({ encrypted, keys }) {
      const { healthz, keyId } = yield* keys.status()
      assert.equal(healthz, "ok")
      assert.equal(keyId, encrypted.keyId)
    },
    ({ status }) => ({ status: () => Effect.map(status(), (honest) => ({ ...honest, keyId: "another" })) })
  ),
  "encrypt/back": check(
    function* ({ encrypted, keys, plaintext }) {
      assert.deepEqual([...(yield* keys.decrypt({ ...encrypted, uid: "laws" }))], [...plaintext])
    },
    ({ decrypt }) => ({ decrypt: (of) => Effect.map(decrypt(of), (bytes) => bytes.toReversed()) })
  ),
  "encrypt/anew": check(
    function* ({ encrypt, encrypted, plaintext }) {
      const again = yield* encrypt
      assert.notDeepEqual([...again.ciphertext], [...encrypted.ciphertext])
      assert.ok(!shows(encrypted.ciphertext, plaintext) && !shows(again.ciphertext, plaintext))
    },
    ({ encrypt }) => ({
      encrypt: (of) => Effect.map(encrypt(of), (honest) => ({ ...honest, ciphertext: of.plaintext }))
    })
  ),
  "encrypt/small": check(
    function* ({ encrypted: { annotations, ciphertext, keyId } }) {
      const isBetween = (length: number, most: number) => length > 0 && length <= most
      assert.ok(isBetween(Buffer.byteLength(keyId), 1024), `a key id of ${Buffer.byteLength(keyId)} bytes`)
      assert.ok(isBetween(ciphertext.length, 1024), `a ciphertext of ${ciphertext.length} bytes`)
      const all = Object.entries(annotations).reduce((sum, [key, value]) => sum + key.length + value.length, 0)
      assert.ok(all <= 32 * 1024, `annotations of ${all} bytes`)
    },
    ({ encrypt }) => ({ encrypt: (of) => Effect.map(encrypt(of), (honest) => ({ ...honest, keyId: "" })) })
  ),
  "decrypt/changed": check(
    function* ({ encrypted, keys }) {
      const { ciphertext } = encrypted
      const changed = ciphertext.with(ciphertext.length - 1, (ciphertext.at(-1) ?? 0) ^ 1)
      for (const wrong of [changed, ciphertext.slice(0, -1), new Uint8Array(1)]) {
        const refused = yield* Effect.flip(keys.decrypt({ ...encrypted, ciphertext: wrong, uid: "laws" }))
        assert.equal(refused._tag, "Undecipherable")
      }
    },
    ({ decrypt }) => ({
      decrypt: (of) => Effect.catchTag(decrypt(of), "Undecipherable", () => Effect.succeed(new Uint8Array(32)))
    })
  ),
  "decrypt/unknown": check(
    function* ({ encrypted, keys }) {
      const refused = yield* Effect.flip(keys.decrypt({ ...encrypted, keyId: "there is no such key", uid: "laws" }))
      assert.equal(refused._tag, "Undecipherable")
    },
    ({ decrypt, status }) => ({
      decrypt: (of) => Effect.flatMap(status(), ({ keyId }) => decrypt({ ...of, keyId }))
    })
  )
})
