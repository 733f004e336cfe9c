/**
 * Kubernetes' EncryptionConfiguration: which resources are encrypted by which provider. The first provider of a resource encrypts, all of
 * them decrypt. What cannot be kept is refused by its name. Source: apiserver.config.k8s.io/v1, "Encrypting Confidential Data at Rest".
 */
import { Effect, Schema, SchemaIssue } from "effect"
import { parse } from "yaml"

export class BadConfiguration extends Schema.TaggedError<BadConfiguration>()("BadConfiguration", {
  message: Schema.String
}) {}

const NamedKey = Schema.Struct({ name: Schema.NonEmptyString, secret: Schema.Uint8ArrayFromBase64 })
const Keys = Schema.Struct({ keys: Schema.NonEmptyArray(NamedKey) })
const Kms = Schema.Struct({
  apiVersion: Schema.optionalKey(Schema.String),
  name: Schema.String.check(Schema.isPattern(/^[^:/\s]+$/, { expected: "a name without ':' and '/'" })),
  endpoint: Schema.String,
  /** As Go writes a duration. */
  timeout: Schema.optionalKey(Schema.String),
  /** Of version 1 alone. */
  cachesize: Schema.optionalKey(Schema.Int)
})
const Provider = Schema.Struct({
  identity: Schema.optionalKey(Schema.Struct({})),
  /** The keys of this machine: not Kubernetes' word. */
  keyring: Schema.optionalKey(Schema.Struct({})),
  aesgcm: Schema.optionalKey(Keys),
  kms: Schema.optionalKey(Kms),
  aescbc: Schema.optionalKey(Schema.Unknown),
  secretbox: Schema.optionalKey(Schema.Unknown)
})
const File = Schema.Struct({
  apiVersion: Schema.Literal("apiserver.config.k8s.io/v1"),
  kind: Schema.Literal("EncryptionConfiguration"),
  resources: Schema.NonEmptyArray(
    Schema.Struct({
      resources: Schema.NonEmptyArray(Schema.String),
      providers: Schema.NonEmptyArray(Provider)
    })
  )
})
const decode = Schema.decodeUnknownEffect(File, { errors: "all", onExcessProperty: "error" })
const format = SchemaIssue.makeFormatterStandardSchemaV1()

export interface Aesgcm {
  readonly _tag: "aesgcm"
  readonly keys: ReadonlyArray<{ readonly id: string; readonly secret: Uint8Array }>
}
export interface KmsPlugin {
  readonly _tag: "kms"
  readonly name: string
  /** Where it is: its socket, `unix:///run/kms.sock`; or a package, `plugin:///home/me/keys`, which is not Kubernetes' word. */
  readonly endpoint: string
  readonly timeoutMillis: number
}
export type Spec = { readonly _tag: "identity" } | { readonly _tag: "keyring" } | Aesgcm | KmsPlugin
export interface Group {
  readonly resources: ReadonlyArray<string>
  readonly providers: ReadonlyArray<Spec>
}

/** What counts without a file. */
export const standard: ReadonlyArray<Group> = [
  { resources: ["secrets"], providers: [{ _tag: "keyring" }, { _tag: "identity" }] }
]

/** `secrets`, `deployments.apps`, `*.apps` (all of a group), `*.` (all of the core group), `*.*`. */
export const covers = (resources: ReadonlyArray<string>, storage: string) => {
  const dot = storage.indexOf(".")
  const group = dot < 0 ? "" : storage.slice(dot + 1)
  return resources.some((one) => one === storage || one === "*.*" || one === `*.${group}`)
}

const units: { readonly [unit: string]: number } = { ms: 1, s: 1000, m: 60_000 }
const millis = (text: string) => {
  const [, count, unit = ""] = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text) ?? []
  return count === undefined ? undefined : Number(count) * (units[unit] ?? 1)
}

type Refuse = (place: string, why: string) => Effect.Effect<never, BadConfiguration>

const lengths = new Set([16, 24, 32])
const aesgcm = Effect.fnUntraced(function* (place: string, { keys }: typeof Keys.Type, refuse: Refuse) {
  for (const [index, { secret }] of keys.entries()) {
    if (!lengths.has(secret.length)) {
      return yield* refuse(
        `${place}.keys[${index}].secret`,
        `expected 16, 24 or 32 bytes in base64, and not ${secret.length}`
      )
    }
  }
  return { _tag: "aesgcm", keys: keys.map(({ name, secret }) => ({ id: name, secret })) } satisfies Aesgcm
})

const kms = Effect.fnUntraced(function* (place: string, about: typeof Kms.Type, refuse: Refuse) {
  const { apiVersion = "v1", endpoint, name, timeout = "3s" } = about
  if (apiVersion !== "v2") return yield* refuse(`${place}.apiVersion`, `KMS ${apiVersion} is not supported: expected v2`)
  if (!/^(unix|plugin):\/\/\/[^@]/.test(endpoint)) {
    return yield* refuse(
      `${place}.endpoint`,
      "expected the path of a socket such as unix:///run/kms.sock, or of a package such as plugin:///home/me/keys"
    )
  }
  const timeoutMillis = millis(timeout)
  if (timeoutMillis === undefined || timeoutMillis <= 0)
    return yield* refuse(`${place}.timeout`, "expected a time such as 3s")
  return { _tag: "kms", name, endpoint, timeoutMillis } satisfies KmsPlugin
})

const spec = Effect.fnUntraced(function* (
  place: string,
  provider: typeof Provider.Type,
  refuse: Refuse
): Effect.fn.Return<Spec, BadConfiguration> {
  const named = Object.keys(provider)
  if (named.length !== 1) return yield* refuse(place, "expected one provider: keyring, aesgcm, kms or identity")
  if (provider.aesgcm !== undefined) return yield* aesgcm(`${place}.aesgcm`, provider.aesgcm, refuse)
  if (provider.kms !== undefined) return yield* kms(`${place}.kms`, provider.kms, refuse)
  if (provider.identity !== undefined) return { _tag: "identity" }
  if (provider.keyring !== undefined) return { _tag: "keyring" }
  return yield* refuse(place, `${named.join()} is not supported: use keyring, aesgcm or kms`)
})

/** One name is one key, wherever it stands: what is stored says the name alone. */
const contradiction = (groups: ReadonlyArray<Group>) => {
  const secrets = new Map<string, Uint8Array>()
  const endpoints = new Map<string, string>()
  for (const provider of groups.flatMap(({ providers }) => providers)) {
    if (provider._tag === "kms") {
      const before = endpoints.get(provider.name)
      if (before !== undefined && before !== provider.endpoint) return `the KMS ${provider.name} has two endpoints`
      endpoints.set(provider.name, provider.endpoint)
    }
    for (const { id, secret } of provider._tag === "aesgcm" ? provider.keys : []) {
      const before = secrets.get(id)
      if (before !== undefined && Buffer.compare(before, secret) !== 0) return `the key ${id} of aesgcm has two secrets`
      secrets.set(id, secret)
    }
  }
  return undefined
}

/** `source` is the file, for people. */
export const read = Effect.fn("Configuration.read")(function* (text: string, source: string) {
  const refuse: Refuse = (place, why) => Effect.fail(new BadConfiguration({ message: `${source}: ${place}: ${why}` }))
  const value: unknown = yield* Effect.try({
    try: () => parse(text),
    catch: (cause) => new BadConfiguration({ message: `${source}: expected YAML: ${String(cause).split("\n")[0]}` })
  })
  const file = yield* Effect.mapError(decode(value), ({ issue }) => {
    const lines = format(issue).issues.map(
      ({ message, path = [] }) => `${source}: ${path.map(String).join(".")}: ${message}`
    )
    return new BadConfiguration({ message: lines.join("\n") })
  })
  const groups: Array<Group> = []
  for (const [index, { providers, resources }] of file.resources.entries()) {
    const place = `resources[${index}]`
    const odd = resources.find((name) => !/^(\*|[a-z0-9]+)(\.([a-z0-9.-]*|\*))?$/.test(name) || name === "*")
    if (odd !== undefined)
      return yield* refuse(`${place}.resources`, `${odd}: expected names such as secrets, deployments.apps or *.apps`)
    const specs = yield* Effect.forEach(providers, (provider, at) => spec(`${place}.providers[${at}]`, provider, refuse))
    groups.push({ resources, providers: specs })
  }
  const wrong = contradiction(groups)
  if (wrong !== undefined) return yield* refuse("resources", wrong)
  return groups
})
