/** Upstream's `CredentialProviderConfig`: which programs know logins, and for which images. Source: kubelet.config.k8s.io/v1. */
import { Effect, Schema, SchemaIssue } from "effect"
import { readFileSync } from "node:fs"
import { parse } from "yaml"

const { Array: List, Boolean: Bool, Literals, NonEmptyString, optionalKey, String: Text, Struct } = Schema

export class BadConfiguration extends Schema.TaggedError<BadConfiguration>()("BadConfiguration", { message: Text }) {}

const units: { readonly [unit: string]: number } = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 }
const duration = /^(?:0|(?:\d+(?:\.\d+)?(?:h|ms|m|s))+)$/
/** Of a text as Go has it: `12h`, `1m30s`. Milliseconds. */
export const millisOf = (text: string) =>
  [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)].reduce((sum, [, n, unit = ""]) => sum + Number(n) * (units[unit] ?? 0), 0)
export const Duration = Text.check(Schema.isPattern(duration, { expected: "a time such as 12h or 1m30s" }))

const versions = ["v1", "v1beta1", "v1alpha1"] as const
const Version = Literals(versions.map((version) => `credentialprovider.kubelet.k8s.io/${version}` as const))

const Provider = Struct({
  name: NonEmptyString.check(
    Schema.isPattern(/^(?!\.{1,2}$)[^/\\\s]+$/, { expected: "the name of a program, without a path" })
  ),
  matchImages: Schema.NonEmptyArray(NonEmptyString),
  defaultCacheDuration: Duration,
  apiVersion: Version,
  args: optionalKey(List(Text)),
  env: optionalKey(List(Struct({ name: NonEmptyString, value: Text }))),
  tokenAttributes: optionalKey(
    Struct({
      serviceAccountTokenAudience: NonEmptyString,
      cacheType: Literals(["Token", "ServiceAccount"]),
      requireServiceAccount: Bool,
      requiredServiceAccountAnnotationKeys: optionalKey(List(Text)),
      optionalServiceAccountAnnotationKeys: optionalKey(List(Text))
    })
  )
})
export type Provider = typeof Provider.Type

const Configuration = Struct({
  apiVersion: Literals(versions.map((version) => `kubelet.config.k8s.io/${version}` as const)),
  kind: Literals(["CredentialProviderConfig"]),
  providers: Schema.NonEmptyArray(Provider)
})
const decode = Schema.decodeUnknownEffect(Configuration, { errors: "all", onExcessProperty: "error" })
const format = SchemaIssue.makeFormatterStandardSchemaV1()

/** The providers of a file. The error names the field. */
export const read = Effect.fnUntraced(function* (file: string) {
  const bad = (message: string) => new BadConfiguration({ message: `${file}: ${message}` })
  const value: unknown = yield* Effect.try({
    try: () => parse(readFileSync(file, "utf8")),
    catch: (cause) => bad(cause instanceof Error ? cause.message : String(cause))
  })
  const { providers } = yield* Effect.mapError(decode(value), ({ issue }) =>
    bad(
      format(issue)
        .issues.map(({ message, path = [] }) => `${path.map(String).join(".")}: ${message}`)
        .join("; ")
    )
  )
  const names = providers.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) return yield* bad(`providers: ${twice} stands there twice`)
  return providers
})
