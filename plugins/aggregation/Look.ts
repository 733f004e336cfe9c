/** What a server behind an APIService says that it serves: by aggregated discovery, or by the documents of old. */
import { Effect, Schema } from "effect"
import type { Discovered, Reached } from "../apiserver/contracts/Backends.ts"
import { ask, NoAnswer } from "./Ask.ts"

const { Array: List, Boolean: Bool, optionalKey, Record, String: Text, Struct } = Schema

const Aggregated = Struct({
  kind: Schema.Literal("APIGroupDiscoveryList"),
  items: List(
    Struct({
      metadata: optionalKey(Struct({ name: optionalKey(Text) })),
      versions: List(Struct({ version: Text, resources: optionalKey(List(Record(Text, Schema.Json))) }))
    })
  )
})
const OfOld = Struct({
  resources: List(
    Struct({
      name: Text,
      singularName: optionalKey(Text),
      namespaced: Bool,
      kind: Text,
      group: optionalKey(Text),
      version: optionalKey(Text),
      verbs: List(Text),
      shortNames: optionalKey(List(Text)),
      categories: optionalKey(List(Text))
    })
  )
})
const Index = Struct({ paths: Record(Text, Struct({ serverRelativeURL: Text })) })

interface Version {
  readonly group: string
  readonly version: string
}

const form = (version: string) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`
const accept = `${form("v2")},${form("v2beta1")},application/json`

const read = <A>(schema: Schema.Codec<A, unknown>) => {
  const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(schema))
  return ({ code, text }: { readonly code: number; readonly text: string }) =>
    code === 200
      ? Effect.mapError(decode(text), () => new NoAnswer({ detail: "what it says is no such document" }))
      : Effect.fail(new NoAnswer({ detail: `it answers with ${code}` }))
}
const readAggregated = read(Aggregated)
const readOfOld = read(OfOld)
const readIndex = read(Index)

const aggregated = Effect.fnUntraced(function* (reached: Reached, { group, version }: Version) {
  const { items } = yield* readAggregated(yield* ask(reached, "/apis", accept))
  const mine = items.find(({ metadata }) => metadata?.name === group)
  const found = mine?.versions.find((one) => one.version === version)
  if (found === undefined) return yield* new NoAnswer({ detail: "it does not serve that version" })
  return { version, resources: found.resources ?? [] } satisfies Discovered
})

type Old = (typeof OfOld.Type)["resources"][number]

const responseKind = ({ group, kind, version }: Old, at: Version) => ({
  group: group ?? at.group,
  version: version ?? at.version,
  kind
})

/** A list of names in which subresources follow their resources, as what it would be today. */
const renewed = (all: ReadonlyArray<Old>, at: Version): Discovered["resources"] =>
  all
    .filter(({ name }) => !name.includes("/"))
    .map((one): Schema.JsonObject => {
      const below = all.filter(({ name }) => name.startsWith(`${one.name}/`))
      return {
        resource: one.name,
        responseKind: responseKind(one, at),
        scope: one.namespaced ? "Namespaced" : "Cluster",
        singularResource: one.singularName ?? "",
        verbs: one.verbs,
        ...(one.shortNames !== undefined && { shortNames: one.shortNames }),
        ...(one.categories !== undefined && { categories: one.categories }),
        ...(below.length > 0 && {
          subresources: below.map((sub) => ({
            subresource: sub.name.slice(one.name.length + 1),
            responseKind: responseKind(sub, at),
            verbs: sub.verbs
          }))
        })
      }
    })

const ofOld = Effect.fnUntraced(function* (reached: Reached, at: Version) {
  const { resources } = yield* readOfOld(yield* ask(reached, `/apis/${at.group}/${at.version}`))
  return { version: at.version, resources: renewed(resources, at) } satisfies Discovered
})

export const discovered = (reached: Reached, at: Version): Effect.Effect<Discovered, NoAnswer> =>
  Effect.catch(aggregated(reached, at), () => ofOld(reached, at))

/** `undefined`: it describes nothing by OpenAPI v3. */
export const openApi = (reached: Reached, { group, version }: Version): Effect.Effect<string | undefined> =>
  Effect.flatMap(ask(reached, "/openapi/v3"), readIndex).pipe(
    Effect.map(({ paths }) => paths[`apis/${group}/${version}`]?.serverRelativeURL),
    Effect.catch(() => Effect.undefined)
  )
