/** Keys made of passphrases, a line each in a file that somebody brings: the first encrypts, all of them decrypt. A new first line is a rotation. */
import { Effect, Layer } from "effect"
import { createCipheriv, createDecipheriv, createHash, randomBytes, scryptSync } from "node:crypto"
import { readFileSync } from "node:fs"
import { KeyManagement, Undecipherable } from "keelson/encryption/KeyManagement"
import * as Plugin from "keelson/kernel/plugin/Plugin"

const cipher = "aes-256-gcm"
const [nonceBytes, tagBytes] = [12, 16]
const salt = "keys-passphrases"

const made = new Map<string, { readonly id: string; readonly key: Uint8Array }>()
const keyOf = (passphrase: string) => {
  const key = scryptSync(passphrase, salt, 32)
  const one = made.get(passphrase) ?? { id: createHash("sha256").update(key).digest("hex").slice(0, 16), key }
  made.set(passphrase, one)
  return one
}

export const plugin = ({ file = "" }: { readonly file?: string } = {}) => {
  // Without a file there is one that everybody knows, to try it with.
  const keys = Effect.try(() => (file === "" ? salt : readFileSync(file, "utf8")).trim().split("\n").map(keyOf))
  const first = Effect.map(Effect.orDie(keys), ([one = keyOf(salt)]) => one)
  return Plugin.make({
    name: "keys-passphrases",
    offers: [KeyManagement],
    layer: Layer.succeed(KeyManagement, {
      status: () => Effect.map(first, ({ id }) => ({ version: "v2", healthz: "ok", keyId: id })),
      encrypt: ({ plaintext }) =>
        Effect.map(first, ({ id, key }) => {
          const nonce = randomBytes(nonceBytes)
          const sealing = createCipheriv(cipher, key, nonce)
          const sealed = Buffer.concat([nonce, sealing.update(plaintext), sealing.final(), sealing.getAuthTag()])
          return { ciphertext: new Uint8Array(sealed), keyId: id, annotations: {} }
        }),
      decrypt: ({ ciphertext, keyId }) =>
        Effect.flatMap(Effect.orDie(keys), (all) =>
          Effect.try({
            try: () => {
              const found = all.find(({ id }) => id === keyId)
              if (found === undefined) throw new Error("no passphrase makes this key")
              const opening = createDecipheriv(cipher, found.key, ciphertext.subarray(0, nonceBytes))
              opening.setAuthTag(ciphertext.subarray(-tagBytes))
              const plain = [opening.update(ciphertext.subarray(nonceBytes, -tagBytes)), opening.final()]
              return new Uint8Array(Buffer.concat(plain))
            },
            catch: (cause) => new Undecipherable({ keyId, detail: String(cause) })
          })
        )
    })
  })
}
