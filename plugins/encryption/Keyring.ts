/** Keys that are here, as the contract has it: AES-GCM, with the key's id as associated data. */
import { Effect, Result } from "effect"
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto"
import { type KeyManagement, Undecipherable } from "./contracts/KeyManagement.ts"

/** 16, 24 or 32 bytes by an id. */
export interface Secret {
  readonly id: string
  readonly secret: Uint8Array
}

const sizes = { nonce: 12, tag: 16 }

const algorithmOf = (secret: Uint8Array) => {
  switch (secret.length) {
    case 16:
      return "aes-128-gcm"
    case 24:
      return "aes-192-gcm"
    default:
      return "aes-256-gcm"
  }
}

/** Nonce, tag, ciphertext. */
export const encrypt = ({ id, secret }: Secret, plaintext: Uint8Array): Uint8Array => {
  const nonce = randomBytes(sizes.nonce)
  const cipher = createCipheriv(algorithmOf(secret), secret, nonce, { authTagLength: sizes.tag })
  cipher.setAAD(Buffer.from(id))
  const body = Buffer.concat([cipher.update(plaintext), cipher.final()])
  return new Uint8Array(Buffer.concat([nonce, cipher.getAuthTag(), body]))
}

/** Nothing if it was not encrypted with this key. */
export const decrypt = ({ id, secret }: Secret, bytes: Uint8Array): Uint8Array | undefined => {
  if (bytes.length < sizes.nonce + sizes.tag) return undefined
  const decipher = createDecipheriv(algorithmOf(secret), secret, bytes.subarray(0, sizes.nonce), {
    authTagLength: sizes.tag
  })
  decipher.setAAD(Buffer.from(id))
  decipher.setAuthTag(bytes.subarray(sizes.nonce, sizes.nonce + sizes.tag))
  return Result.getOrUndefined(
    Result.try(() => {
      const begun = decipher.update(bytes.subarray(sizes.nonce + sizes.tag))
      return new Uint8Array(Buffer.concat([begun, decipher.final()]))
    })
  )
}

/** The first key encrypts. `missing` is what is said of a key that is not there. */
export const make = (
  keys: () => ReadonlyArray<Secret>,
  { reload = Effect.void, missing }: { readonly reload?: Effect.Effect<void>; readonly missing: string }
): KeyManagement["Service"] => {
  const first = () => {
    const [key] = keys()
    if (key === undefined) throw new Error("a keyring has at least one key")
    return key
  }
  const find = (id: string) => keys().find((key) => key.id === id)
  return {
    status: () => Effect.sync(() => ({ version: "v2", healthz: "ok", keyId: first().id })),
    encrypt: ({ plaintext }) =>
      Effect.sync(() => ({ ciphertext: encrypt(first(), plaintext), keyId: first().id, annotations: {} })),
    decrypt: Effect.fnUntraced(function* ({ ciphertext, keyId }) {
      if (find(keyId) === undefined) yield* reload
      const key = find(keyId)
      if (key === undefined) return yield* new Undecipherable({ keyId, detail: missing })
      const plaintext = decrypt(key, ciphertext)
      return (
        plaintext ??
        (yield* new Undecipherable({ keyId, detail: "it was changed, or was made by another key of this name" }))
      )
    })
  }
}
