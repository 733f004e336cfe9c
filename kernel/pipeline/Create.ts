/** create: an object, or what is posted to an action. */
import { Effect, Result, type Schema } from "effect"
import type { WireObject } from "../client/Api.ts"
import { AlreadyExists, BadRequest, MethodNotAllowed } from "../client/Errors.ts"
import * as Decoder from "../resource/Decoder.ts"
import type { Resource } from "../resource/Kind.ts"
import { Row } from "../table/Row.ts"
import { traced } from "../Traced.ts"
import type { Action } from "./Actions.ts"
import * as Admit from "./Admit.ts"
import { attributesOf, authorize } from "./Authorize.ts"
import type { Environment } from "./Environment.ts"
import * as Patience from "./Patience.ts"
import type { At, WriteOptions, Written } from "./Pipeline.ts"
import { where } from "./Read.ts"
import { rewrite } from "./Rewrite.ts"
import * as Stages from "./Stages.ts"
import * as Stamp from "./Stamp.ts"

/** How often a generated name may be taken before that is the caller's problem. */
const attempts = 8

const asked = Effect.fnUntraced(function* (environment: Environment, at: At, body: WireObject, options: WriteOptions = {}) {
  yield* authorize(environment, attributesOf(at, "create"))
  const action = environment.actions.find(at.served.kind.storage, at.subresource)
  if (action !== undefined) return yield* act(environment, at, action, body, options)
  if (at.subresource !== "" || !at.served.kind.verbs.includes("create"))
    return yield* new MethodNotAllowed({ ...where(at), verb: "create" })
  return yield* store(environment, at, body, options)
})

export const create = traced("Pipeline.create", asked, Stages.about)

const act = Effect.fnUntraced(function* (
  environment: Environment,
  at: At,
  action: Action,
  body: WireObject,
  options: WriteOptions
) {
  const asking = Admit.writing(at, "CREATE", options)
  const placed = inNamespace(at, body)
  const object = (yield* Admit.mutate(environment, asking, { object: placed })) ?? placed
  yield* Admit.validate(environment, asking, { object })
  const change = rewrite(environment, at, asking.dryRun)
  return answerOf(at, yield* action.act(at, object, options, change), asking.warnings)
})

/** What is posted to an action says where it belongs, as what is stored does. */
const inNamespace = ({ namespace, served }: At, body: WireObject): WireObject => {
  const metadata: { readonly [key: string]: Schema.Json } = Object(body["metadata"])
  const isElsewhere = metadata["namespace"] !== undefined && metadata["namespace"] !== ""
  return !served.kind.namespaced || isElsewhere ? body : { ...body, metadata: { ...metadata, namespace } }
}

/** The same without asking whether the user may: for a PUT or an apply that finds nothing. `managed`: ownership is settled already. */
export const store = Effect.fnUntraced(function* (
  environment: Environment,
  at: At,
  body: WireObject,
  options: WriteOptions,
  managed = false
) {
  const { object, warnings } = yield* Stages.decode(at, body, options)
  const asking = Admit.writing(at, "CREATE", options)
  Admit.warn(asking, warnings)
  const placed = yield* place(at, object)
  // What the kind and admission add is nobody's: the author owns what was sent, with its defaults.
  const owned = managed ? placed : yield* Stages.own(at, placed, undefined, options)
  const mutated = Stages.featured(at, yield* Stages.mutate(environment, asking, owned, undefined))
  Admit.warn(asking, at.served.strategy.earlyWarnings?.(mutated))
  const prepared = at.served.strategy.prepareCreate?.(mutated) ?? withoutStatus(at, mutated)
  for (let attempt = 1; ; attempt++) {
    const row = yield* one(environment, asking, prepared).pipe(
      Effect.catchTag("AlreadyExists", (taken) =>
        prepared.metadata.name === "" && attempt < attempts ? Effect.succeed(undefined) : Effect.fail(taken)
      )
    )
    if (row !== undefined) return { row, created: true, warnings: asking.warnings } satisfies Written
  }
})

/** In the namespace of the path, without what only the server may set. */
const place = Effect.fnUntraced(function* (at: At, object: Resource) {
  const { namespaced } = at.served.kind
  const {
    deletionTimestamp: _d,
    deletionGracePeriodSeconds: _g,
    namespace = "",
    selfLink: _s,
    uid: _u,
    resourceVersion = "",
    ...metadata
  } = object.metadata
  if (resourceVersion !== "")
    return yield* new BadRequest({ detail: "resourceVersion should not be set on objects to be created" })
  if (namespaced && namespace !== "" && namespace !== at.namespace) return yield* Stages.elsewhere
  const { namespace: _n, ...rest } = { namespace, ...metadata }
  const meta = {
    ...rest,
    name: rest.name ?? "",
    uid: "",
    resourceVersion: "",
    ...(namespaced ? { namespace: at.namespace } : {})
  }
  return { ...object, metadata: meta }
})

const one = Effect.fnUntraced(function* (environment: Environment, asking: Admit.Asking, prepared: Resource) {
  const { at, dryRun } = asking
  const { kind, strategy } = at.served
  const completed = yield* Stages.allocate(environment, asking, yield* name(prepared), undefined)
  const counted = strategy.generation ?? kind.subresources.includes("status")
  const metadata = {
    ...completed.metadata,
    uid: yield* Stamp.uid,
    creationTimestamp: yield* Stamp.now,
    ...(counted ? { generation: 1 } : {})
  }
  const stamped = { ...completed, metadata }
  const object = strategy.identified?.(stamped) ?? stamped
  yield* Stages.validate(at, object, undefined)
  Admit.warn(asking, strategy.warnings?.(object, undefined))
  yield* Stages.admit(environment, asking, object, undefined)
  return yield* put(environment, at, object, dryRun)
})

const name = Effect.fnUntraced(function* (object: Resource) {
  // What admission has changed has no name at all, where its author gave it none.
  const { generateName = "", name = "" } = object.metadata
  if (name !== "" || generateName === "") return object
  // Names end where Kubernetes' longest may: 63 characters, five of them made up.
  return { ...object, metadata: { ...object.metadata, name: `${generateName.slice(0, 58)}${yield* Stamp.letters(5)}` } }
})

/** A status is written by who observes it, not by who creates: it begins as the kind says. */
const withoutStatus = (at: At, object: Resource): Resource => {
  if (!at.served.kind.subresources.includes("status")) return object
  const { status: _, ...rest } = Stages.asWire(object)
  const shape = Stages.storageShape(at)
  const field = shape.type === "object" ? shape.fields.get("status") : undefined
  if (field?.default === undefined) return Stages.asResource(rest)
  const status = Result.getOrThrow(Decoder.decode(field.shape)(field.default)).object
  return Stages.asResource({ ...rest, status })
}

const put = Effect.fnUntraced(function* (environment: Environment, at: At, object: Resource, dryRun: boolean) {
  const { name, namespace = "" } = object.metadata
  const rows = environment.tables.of(at.served.kind)
  // An error costs a stack: it is made where it is needed.
  const taken = () => new AlreadyExists({ ...where(at), name })
  const before = rows.get(`${namespace}/${name}`)
  if (before !== undefined) {
    const isEnding = before.object.metadata.deletionTimestamp !== undefined
    return yield* isEnding ? new AlreadyExists({ ...where(at), name, isEnding }) : taken()
  }
  if (dryRun) return unstored(object)
  return yield* Stages.append(environment, at, "put", object, 0).pipe(
    Effect.catchTag("Conflict", ({ last }) => after(environment, at, object, last)),
    Effect.catchTag("Conflict", () => Effect.fail(taken()))
  )
})

/** A key that was deleted goes on from its deletion. */
const after = Effect.fnUntraced(function* (environment: Environment, at: At, object: Resource, last: number) {
  const { name, namespace = "" } = object.metadata
  yield* Patience.passed(environment.tables, at.served.kind.log, last, "no")
  const now = environment.tables.of(at.served.kind).get(`${namespace}/${name}`)
  if (now !== undefined) return yield* new AlreadyExists({ ...where(at), name })
  return yield* Stages.append(environment, at, "put", object, last)
})

/** What a dry run would have made. It has no version, because it was never there. */
const unstored = (object: Resource): Row => {
  const { resourceVersion: _, ...metadata } = object.metadata
  return new Row({
    namespace: metadata.namespace ?? "",
    name: metadata.name,
    revision: 0,
    bytes: () => new TextEncoder().encode(JSON.stringify({ ...object, metadata }))
  })
}

/** What an action answers, in the form in which every write is answered. It has no revision of its own. */
const answerOf = (at: At, object: WireObject, warnings: ReadonlyArray<string>): Written => ({
  row: new Row({
    namespace: at.namespace,
    name: at.name,
    revision: 0,
    bytes: () => new TextEncoder().encode(JSON.stringify(object))
  }),
  created: true,
  warnings
})
