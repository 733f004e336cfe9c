/** Providers and rules, made of a configuration: the same one is one provider, however often it is named. */
import { Effect, type Scope } from "effect"
import type { KeyManagement } from "./contracts/KeyManagement.ts"
import { covers, type Group, type KmsPlugin, type Spec } from "./Configuration.ts"
import type { Provider } from "./DataKeys.ts"
import type { Rule } from "./EncryptedLog.ts"
import * as Keyring from "./Keyring.ts"
import type { Keyring as Ring } from "./KeyringFile.ts"

/** What the keyring's name is in what is stored. */
export const keyringName = "keyring"

const keyring = (ring: Ring): Provider => ({
  name: keyringName,
  keys: Keyring.make(ring.keys, {
    reload: Effect.ignore(ring.reload),
    missing: `it is not in ${ring.file}: copy that file from a server of the cluster that has it`
  })
})

/** `connect`: a KMS plugin behind its socket, or a package. The keyring decrypts always, also where no resource names it any more. */
export const make = Effect.fnUntraced(function* <E>(
  groups: ReadonlyArray<Group>,
  ring: Ring,
  connect: (plugin: KmsPlugin) => Effect.Effect<KeyManagement["Service"], E, Scope.Scope>
) {
  const own = keyring(ring)
  const plugins = new Map<string, Provider>()
  const providers: Array<Provider> = [own]
  const providerOf = Effect.fnUntraced(function* (spec: Spec) {
    if (spec._tag === "identity") return undefined
    if (spec._tag === "keyring") return own
    if (spec._tag === "aesgcm") {
      const missing = "it is not among the keys of aesgcm in the configuration"
      const provider = { name: "aesgcm", keys: Keyring.make(() => spec.keys, { missing }) }
      providers.push(provider)
      return provider
    }
    const found = plugins.get(spec.name)
    if (found !== undefined) return found
    const provider = { name: `kms/${spec.name}`, keys: yield* connect(spec) }
    plugins.set(spec.name, provider)
    providers.push(provider)
    return provider
  })
  const rules: Array<Rule> = []
  for (const { providers: specs, resources } of groups) {
    const made = yield* Effect.forEach(specs, providerOf)
    rules.push({
      covers: (storage) => covers(resources, storage),
      writes: made[0],
      plain: specs.some(({ _tag }) => _tag === "identity")
    })
  }
  return { providers, rules, keyring: { provider: keyringName, ring } }
})
