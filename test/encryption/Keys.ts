/** What tests of encryption are given: keys in a folder of their own, and logs around which they encrypt. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, FileSystem, Layer } from "effect"
import { randomBytes } from "node:crypto"
import type { Log } from "../../kernel/store/Log.ts"
import * as Encryption from "../../plugins/encryption/Encryption.ts"
import * as Keyring from "../../plugins/encryption/Keyring.ts"
import * as KeyringFile from "../../plugins/encryption/KeyringFile.ts"

export const temporary = Effect.provide(
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped({ prefix: "keelson-encryption-" })),
  NodeServices.layer
)

export const ringIn = (directory: string) =>
  Effect.provide(KeyringFile.open(`${directory}/encryption-keys.json`), NodeServices.layer)

export const providerOf = (ring: KeyringFile.Keyring) => ({
  name: "keyring",
  keys: Keyring.make(ring.keys, { reload: Effect.ignore(ring.reload), missing: `it is not in ${ring.file}` })
})

/** Everything is encrypted with a keyring, unless it is said otherwise. */
export const optionsOf = (ring: KeyringFile.Keyring, more: Partial<Encryption.Options> = {}): Encryption.Options => {
  const provider = providerOf(ring)
  return {
    providers: [provider],
    rules: [{ covers: () => true, writes: provider, plain: true }],
    keyring: { provider: "keyring", ring },
    maintains: false,
    ...more
  }
}

export const encrypted = <E>(inner: Layer.Layer<Log, E>, more?: Partial<Encryption.Options>) =>
  Layer.unwrap(
    Effect.map(Effect.flatMap(temporary, ringIn), (ring) => Layer.provide(Encryption.layer(optionsOf(ring, more)), inner))
  )

/** Letters that occur nowhere else, and do not look like those of another encoding. */
export const secret = () => `canary-${randomBytes(12).toString("hex")}`
