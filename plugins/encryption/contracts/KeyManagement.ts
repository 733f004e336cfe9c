/**
 * Who holds the keys that the store's data keys are encrypted with: a keyring on this machine, or a service elsewhere. What is
 * stored is never given to it, only a data key of 32 bytes, once for each start of a server. Source: KMS v2, KEP-3299.
 */
import { Schema } from "effect"
import * as Contract from "../../../kernel/plugin/Contract.ts"

/** Names the key with which something was encrypted, for as long as that shall be decrypted: up to 1 KiB. */
const KeyId = Schema.String
/** What the key service wants back at decryption. Their names are domain names. */
const Annotations = Schema.Record(Schema.String, Contract.Bytes)

export const Encrypted = Schema.Struct({ ciphertext: Contract.Bytes, keyId: KeyId, annotations: Annotations })
export type Encrypted = typeof Encrypted.Type

/** It is there, and cannot decrypt this: the key is gone, or this is not what was encrypted. To ask again is of no use. */
export class Undecipherable extends Schema.TaggedError<Undecipherable>()("Undecipherable", {
  keyId: KeyId,
  detail: Schema.String
}) {
  override get message() {
    return `it cannot be decrypted with the key ${JSON.stringify(this.keyId)}: ${this.detail}`
  }
}

export class KeyManagement extends Contract.make<KeyManagement>()(
  "encryption/KeyManagement",
  {
    version: "1.0.0",
    laws: {
      "status/key": "Status says whether it is well, and names the key that encrypt uses.",
      "encrypt/back":
        "What was encrypted is decrypted to the same bytes, with the key id and annotations that came with it.",
      "encrypt/anew": "The same bytes encrypted twice are two ciphertexts, and neither shows the bytes.",
      "encrypt/small":
        "A key id has 1 to 1024 bytes, a ciphertext of a data key at most 1024, and annotations 32 KiB in all.",
      "decrypt/changed": "A ciphertext that was changed or cut off is Undecipherable, and never other bytes.",
      "decrypt/unknown": "A key id that there is no key for is Undecipherable."
    }
  },
  Contract.method("status", {
    doc: "`healthz` is `ok`, or what is wrong. Another key id than before says that the key was rotated.",
    success: Schema.Struct({ version: Schema.String, healthz: Schema.String, keyId: KeyId }),
    errors: []
  }),
  Contract.method("encrypt", {
    doc: "Encrypts a data key. `uid` is for the logs of both sides.",
    payload: { plaintext: Contract.Bytes, uid: Schema.String },
    success: Encrypted,
    errors: []
  }),
  Contract.method("decrypt", {
    doc: "The bytes that were given to encrypt.",
    payload: { ...Encrypted.fields, uid: Schema.String },
    success: Contract.Bytes,
    errors: [Undecipherable]
  })
) {}
