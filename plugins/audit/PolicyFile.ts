/** Reads a file with an audit Policy; what is wrong is said with its place. */
import { Effect, Schema, SchemaIssue } from "effect"
import { parse } from "yaml"
import { Policy, type Rule } from "./contracts/Policy.ts"

export class BadPolicy extends Schema.TaggedError<BadPolicy>()("BadPolicy", { message: Schema.String }) {}

const File = Schema.Struct({
  apiVersion: Schema.Literal("audit.k8s.io/v1"),
  kind: Schema.Literal("Policy"),
  ...Policy.fields
})
const decode = Schema.decodeUnknownEffect(File, { errors: "all" })
const words = SchemaIssue.makeFormatterStandardSchemaV1()

/** What no rule can be. Source: upstream's validation of policies. */
const mistakes = ({ namespaces, nonResourceURLs, resources }: Rule, index: number) => {
  const place = `rules[${index}]`
  const urls = nonResourceURLs ?? []
  const isMixed = urls.length > 0 && ((resources ?? []).length > 0 || (namespaces ?? []).length > 0)
  return [
    ...(isMixed ? [`${place}.nonResourceURLs: rules cannot apply to both regular resources and non-resource URLs`] : []),
    ...urls.flatMap((url, at) => {
      if (url === "*") return []
      const where = `${place}.nonResourceURLs[${at}]: Invalid value: ${JSON.stringify(url)}: `
      if (!url.startsWith("/")) return [`${where}non-resource URL rules must begin with a '/' character`]
      return url.slice(0, -1).includes("*")
        ? [`${where}non-resource URL wildcards '*' must be the final character of the rule`]
        : []
    }),
    ...(resources ?? []).flatMap(({ resourceNames, resources: names }, at) =>
      (resourceNames ?? []).length > 0 && (names ?? []).length === 0
        ? [`${place}.resources[${at}].resourceNames: using resourceNames requires at least one resource`]
        : []
    )
  ]
}

/** `source` is the file, for people. */
export const read = Effect.fnUntraced(function* (text: string, source: string) {
  const bad = (why: string) => new BadPolicy({ message: `${source}: ${why}` })
  const value: unknown = yield* Effect.try({
    try: () => parse(text),
    catch: (cause) => bad(`expected YAML: ${String(cause).split("\n")[0]}`)
  })
  const file = yield* Effect.mapError(decode(value), ({ issue }) =>
    bad(
      words(issue)
        .issues.map(({ message, path = [] }) => `${path.map(String).join(".")}: ${message}`)
        .join("; ")
    )
  )
  if (file.rules.length === 0) return yield* bad("loaded illegal policy with 0 rules")
  const wrong = file.rules.flatMap(mistakes)
  return wrong.length > 0 ? yield* bad(wrong.join("; ")) : file
})
