/**
 * Keeps the objects that Fairness works by: makes the mandatory and the suggested ones, keeps their specs where it is told to, and
 * says of each FlowSchema whether its priority level is there. Source: "API Priority and Fairness", maintenance of the objects.
 */
import { DateTime, Effect, Option, Stream } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { equal } from "../../../kernel/resource/JsonEqual.ts"
import type { Key, Kind, Resource, ResourceDraft } from "../../../kernel/resource/Kind.ts"
import * as Controllers from "../../controllers/contracts/Controllers.ts"
import { withCondition } from "../../controllers/contracts/Statuses.ts"
import { FlowSchema, PriorityLevelConfiguration } from "../../resources/contracts/flowcontrol/v1.ts"
import {
  autoupdate,
  mandatoryFlows,
  mandatoryLevels,
  suggestedFlows,
  suggestedLevels
} from "../../resources/contracts/FlowDefaults.ts"

interface WithSpec<Spec> extends Resource {
  readonly spec: Spec
}

interface Defaults<Spec> {
  readonly mandatory: { readonly [name: string]: Spec }
  readonly suggested: { readonly [name: string]: Spec }
}

/** A typed object as the JSON that it is. */
const plain = (value: object) => Object(value)

/** Told by nobody, it is ours as long as nobody has changed it. */
const isKept = ({ metadata: { annotations, generation } }: Resource) =>
  annotations?.[autoupdate] === undefined ? generation === 1 : annotations[autoupdate] === "true"

/** What exempt requests count for is for people to say. */
const wanted = <Spec extends object>(name: string, spec: Spec, found: Spec): Spec =>
  name === "exempt" && "exempt" in found ? { ...spec, exempt: found.exempt } : spec

const keeper = <Spec extends object, A extends WithSpec<Spec>, D extends ResourceDraft & { readonly spec?: Spec }>(
  client: Client["Service"],
  kind: Kind<A, D>,
  { mandatory, suggested }: Defaults<Spec>,
  draft: (name: string, spec: Spec) => D
) =>
  Effect.fnUntraced(function* (name: string, found: A | undefined) {
    const fixed = mandatory[name]
    const spec = fixed ?? suggested[name]
    if (found === undefined) {
      if (spec === undefined) return
      yield* client.create(kind, draft(name, spec), { fieldManager })
      return
    }
    const annotated = found.metadata.annotations?.[autoupdate]
    if (spec === undefined) {
      // Suggested by an earlier release, and by none since.
      if (annotated === "true") yield* client.delete(kind, { namespace: "", name })
      return
    }
    const keeps = fixed !== undefined || isKept(found)
    const annotations = { ...found.metadata.annotations, [autoupdate]: `${keeps}` }
    const after = keeps ? wanted(name, spec, found.spec) : found.spec
    if (annotated === `${keeps}` && equal(plain(found.spec), plain(after))) return
    yield* client.update(kind, { ...found, metadata: { ...found.metadata, annotations }, spec: after }, { fieldManager })
  })

const fieldManager = "api-priority-and-fairness-config-producer-v1"
const consumer = "api-priority-and-fairness-config-consumer-v1"
const annotations = { [autoupdate]: "true" }

const dangling = (level: string, isThere: boolean) => ({
  type: "Dangling",
  status: isThere ? "False" : "True",
  reason: isThere ? "Found" : "NotFound",
  message: `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(level)} ${
    isThere ? "and it exists" : "but there is no such object"
  }`
})

interface Condition {
  readonly type: string
  readonly status: string
  readonly reason?: string
  readonly message?: string
  readonly lastTransitionTime?: string
}
const known = ({ status: { conditions = [] } }: FlowSchema): ReadonlyArray<Condition> =>
  conditions.map(({ status = "", type = "", ...rest }) => ({ ...rest, type, status }))

const say = Effect.fnUntraced(function* (client: Client["Service"], schema: FlowSchema, isThere: boolean) {
  const wish = dangling(schema.spec.priorityLevelConfiguration.name, isThere)
  const before = schema.status.conditions?.find(({ type }) => type === wish.type)
  if (before !== undefined && before.status === wish.status && before.message === wish.message) return
  const now = DateTime.formatIso(yield* DateTime.now).replace(/\.\d+Z$/, "Z")
  const conditions = withCondition(known(schema), wish, now)
  const body = {
    apiVersion: "flowcontrol.apiserver.k8s.io/v1",
    kind: "FlowSchema",
    metadata: { name: schema.metadata.name },
    status: { conditions: conditions.filter(({ type }) => type === wish.type).map(plain) }
  }
  const key = { namespace: "", name: schema.metadata.name }
  yield* client.patch(FlowSchema, key, "apply", body, { subresource: "status", fieldManager: consumer })
})

const keysOf = (...all: ReadonlyArray<{ readonly [name: string]: unknown }>): ReadonlyArray<Key> =>
  all.flatMap((one) => Object.keys(one)).map((name) => ({ namespace: "", name }))

/** Now, and from time to time: of what is not there nobody is told. */
const always = (keys: ReadonlyArray<Key>): ReadonlyArray<Controllers.Trigger> => [
  Stream.succeed(keys),
  Controllers.every("1 minute", () => keys)
]

const keepLevels = Effect.fnUntraced(function* (client: Client["Service"]) {
  const levels = yield* client.cache(PriorityLevelConfiguration, { indexes: {} })
  const defaults = { mandatory: mandatoryLevels, suggested: suggestedLevels }
  const keep = keeper(client, PriorityLevelConfiguration, defaults, (name, spec) => ({
    metadata: { name, annotations },
    spec
  }))
  yield* Controllers.run({
    name: "priority-levels",
    triggers: [Controllers.each(levels), ...always(keysOf(mandatoryLevels, suggestedLevels))],
    reconcile: (key: Key) => keep(key.name, levels.get(key))
  })
  return levels
})

const start = Effect.gen(function* () {
  const client = yield* Client
  const levels = yield* keepLevels(client)
  const schemas = yield* client.cache(FlowSchema, {
    indexes: { level: ({ spec }: FlowSchema) => [spec.priorityLevelConfiguration.name] }
  })
  const defaults = { mandatory: mandatoryFlows, suggested: suggestedFlows }
  const keep = keeper(client, FlowSchema, defaults, (name, spec) => ({ metadata: { name, annotations }, spec }))
  yield* Controllers.run({
    name: "flow-schemas",
    triggers: [
      Controllers.each(schemas),
      Controllers.on(levels, ({ metadata }) =>
        schemas.by("level", metadata.name).map((schema) => ({ namespace: "", name: schema.metadata.name }))
      ),
      ...always(keysOf(mandatoryFlows, suggestedFlows))
    ],
    reconcile: Effect.fnUntraced(function* (key: Key) {
      yield* keep(key.name, schemas.get(key))
      const schema = Option.getOrUndefined(yield* client.find(FlowSchema, key))
      if (schema === undefined) return
      const level = { namespace: "", name: schema.spec.priorityLevelConfiguration.name }
      yield* say(client, schema, levels.get(level) !== undefined)
    })
  })
})

export const plugin = Controllers.plugin("flow-schemas", start)
