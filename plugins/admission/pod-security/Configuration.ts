/**
 * What upstream's API server takes by `--admission-control-config-file`, as far as it is about PodSecurity: what counts where labels say
 * nothing, and whom nothing is asked of. Source: apiserver.config.k8s.io/v1, pod-security.admission.config.k8s.io/v1.
 */
import { Effect, Schema, SchemaIssue } from "effect"
import { parse } from "yaml"
import type { Options } from "./PodSecurity.ts"
import * as Policy from "./Policy.ts"

export class BadConfiguration extends Schema.TaggedError<BadConfiguration>()("BadConfiguration", {
  message: Schema.String
}) {}

const Level = Schema.optionalKey(Schema.Literals(Policy.levels))
const Version = Schema.optionalKey(
  Schema.String.check(Schema.isPattern(/^(latest|v1\.(0|[1-9]\d*))$/, { expected: '"latest" or "v1.x"' }))
)
const Names = Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.NonEmptyString)))
const PodSecurity = Schema.Struct({
  apiVersion: Schema.Literals(["v1", "v1beta1", "v1alpha1"].map((one) => `pod-security.admission.config.k8s.io/${one}`)),
  kind: Schema.Literal("PodSecurityConfiguration"),
  defaults: Schema.optionalKey(
    Schema.Struct({
      ...{ enforce: Level, "enforce-version": Version, audit: Level, "audit-version": Version },
      ...{ warn: Level, "warn-version": Version }
    })
  ),
  exemptions: Schema.optionalKey(Schema.Struct({ usernames: Names, runtimeClasses: Names, namespaces: Names }))
})
const File = Schema.Struct({
  apiVersion: Schema.Literals(["apiserver.config.k8s.io/v1", "apiserver.k8s.io/v1alpha1"]),
  kind: Schema.Literal("AdmissionConfiguration"),
  plugins: Schema.optionalKey(
    Schema.Array(
      Schema.Struct({
        name: Schema.String,
        /** Of a file, in place of what stands here. */
        path: Schema.optionalKey(Schema.String),
        configuration: Schema.optionalKey(Schema.NullOr(Schema.Unknown))
      })
    )
  )
})

const format = SchemaIssue.makeFormatterStandardSchemaV1()
const decoder = <A>(schema: Schema.Decoder<A>) => {
  const decode = Schema.decodeUnknownEffect(schema, { errors: "all", onExcessProperty: "error" })
  return (value: unknown, source: string) =>
    Effect.mapError(decode(value), ({ issue }) => {
      const lines = format(issue).issues.map(
        ({ message, path = [] }) => `${source}: ${path.map(String).join(".")}: ${message}`
      )
      return new BadConfiguration({ message: lines.join("\n") })
    })
}
const [file, podSecurity] = [decoder(File), decoder(PodSecurity)]

const yaml = (text: string, source: string) =>
  Effect.try({
    try: (): unknown => parse(text),
    catch: (cause) => new BadConfiguration({ message: `${source}: expected YAML: ${String(cause).split("\n")[0]}` })
  })

const optionsOf = ({ defaults = {}, exemptions = {} }: typeof PodSecurity.Type): Options => {
  const of = (level: Policy.Level = "privileged", version = "latest") => ({
    level,
    minor: version === "latest" ? Policy.latest : Number(version.slice("v1.".length))
  })
  return {
    defaults: {
      enforce: of(defaults.enforce, defaults["enforce-version"]),
      audit: of(defaults.audit, defaults["audit-version"]),
      warn: of(defaults.warn, defaults["warn-version"])
    },
    exemptions: {
      usernames: exemptions.usernames ?? [],
      runtimeClasses: exemptions.runtimeClasses ?? [],
      namespaces: exemptions.namespaces ?? []
    }
  }
}

/** `source` is the file, for people; `other` reads one that it names. */
export const read = Effect.fn("Configuration.read")(function* <E>(
  text: string,
  source: string,
  other: (path: string) => Effect.Effect<string, E>
): Effect.fn.Return<Options, BadConfiguration | E> {
  const { plugins = [] } = yield* file(yield* yaml(text, source), source)
  let options: Options = {}
  for (const { configuration, name, path = "" } of plugins) {
    // What is configured and would do nothing is told rather than forgotten.
    if (name !== "PodSecurity")
      return yield* new BadConfiguration({
        message: `${source}: plugins: ${name} takes no configuration: only PodSecurity does`
      })
    const given = path === "" ? configuration : yield* yaml(yield* other(path), path)
    options = optionsOf(yield* podSecurity(given, path === "" ? source : path))
  }
  return options
})
