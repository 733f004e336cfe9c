/** How kinds that plugins from outside bring come to be, and are judged, in this process. */
import { Effect, Layer, Schema } from "effect"
import type { WireObject } from "../../../kernel/client/Api.ts"
import { Client } from "../../../kernel/client/Client.ts"
import { Invalid, internalError } from "../../../kernel/client/Errors.ts"
import * as PipelineClient from "../../../kernel/client/PipelineClient.ts"
import type { Pipeline } from "../../../kernel/pipeline/Pipeline.ts"
import { type Admission, Admissions } from "../../../kernel/pipeline/Policy.ts"
import type { Kinds } from "../../../kernel/resource/Kinds.ts"
import type { Tables } from "../../../kernel/table/Tables.ts"
import * as Asking from "../../packages/contracts/Asking.ts"
import { type About, Attachments } from "../../packages/contracts/Attachments.ts"
import { userOf } from "../../packages/contracts/PluginUser.ts"
import { CustomResourceDefinition } from "../../resources/contracts/apiextensions/v1.ts"
import { KindPoints } from "../contracts/KindPoints.ts"

type Points = KindPoints["Service"]
type Given = Pipeline | Tables | Kinds

/** Beside what else admission of plugins has to say. */
const order = 8950

const Definition = Schema.Struct({
  metadata: Schema.Struct({ name: Schema.String }),
  spec: Schema.Struct({ group: Schema.String, names: Schema.Struct({ plural: Schema.String }) })
})
const decode = Schema.decodeUnknownEffect(Definition)

/** By its storage. As its own user, so that it has to be allowed to define kinds; the server processes beside this one do the same. */
const defined = Effect.fnUntraced(function* (definition: WireObject, { name: plugin }: About) {
  const client = yield* Effect.provide(Client, yield* Layer.build(PipelineClient.layer(userOf(plugin))))
  const { metadata, spec } = yield* decode(definition)
  const key = { namespace: "", name: metadata.name }
  yield* client.patch(CustomResourceDefinition, key, "apply", definition, { fieldManager: `plugin-${plugin}` })
  return `${spec.names.plural}.${spec.group}`
})

type Patiently = ReturnType<typeof Asking.make>
const judging = (
  points: Points,
  brought: ReadonlySet<string>,
  { fallback, name }: About,
  patiently: Patiently
): Admission => ({
  name,
  order,
  validate: Effect.fnUntraced(function* ({ attributes, kind, object, old }) {
    if (object === undefined || attributes.subresource !== "" || !brought.has(kind.storage)) return
    const { group, namespace, resource } = attributes
    const asked = { group, resource, object, ...(old !== undefined && { old }) }
    const { mistakes } = yield* patiently(points.validate(asked)).pipe(
      Effect.catch(({ message }) => {
        const words = `${name} did not say what is wrong with ${resource}.${group}: ${message}`
        return fallback === "Ignore"
          ? Effect.as(Effect.logWarning(words), { mistakes: [] })
          : Effect.fail(internalError(words))
      })
    )
    if (mistakes.length === 0) return
    const causes = mistakes.map(({ field, message }) => ({
      field,
      type: "FieldValueInvalid" as const,
      detail: `Invalid value: ${message}`
    }))
    const own = Object(object["metadata"])["name"]
    return yield* new Invalid({
      group,
      resource,
      namespace,
      name: attributes.name || String(own ?? ""),
      kind: kind.kind,
      causes
    })
  })
})

export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const attachments = yield* Attachments
    const admissions = yield* Admissions
    const context = yield* Effect.context<Given>()
    yield* attachments.add({
      contract: KindPoints,
      attach: Effect.fnUntraced(function* (points, about) {
        const { definitions } = yield* points.describe()
        const all = Effect.forEach(definitions, (definition) => defined(definition, about))
        const brought = yield* Effect.provideContext(all, context)
        yield* admissions.add(judging(points, new Set(brought), about, Asking.make(KindPoints, about)))
      })
    })
  })
)
