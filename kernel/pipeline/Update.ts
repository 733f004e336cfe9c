/** update: replaces an object or its subresource; and what every change of an object that is there goes through. */
import { Effect } from "effect"
import type { WireObject } from "../client/Api.ts"
import { type ApiError, Conflict, Invalid } from "../client/Errors.ts"
import type { Unavailable } from "../plugin/Contract.ts"
import * as Causes from "../resource/Causes.ts"
import { equal } from "../resource/JsonEqual.ts"
import { apiVersion, type Resource } from "../resource/Kind.ts"
import type { Row } from "../table/Row.ts"
import { traced } from "../Traced.ts"
import * as Admit from "./Admit.ts"
import { attributesOf, authorize } from "./Authorize.ts"
import * as Create from "./Create.ts"
import type { Environment } from "./Environment.ts"
import * as Patience from "./Patience.ts"
import type { At, WriteOptions, Written } from "./Pipeline.ts"
import { parseRevision, where } from "./Read.ts"
import * as Scale from "./Scale.ts"
import * as Stages from "./Stages.ts"

/** What the caller wants made of what is stored. `managed`: ownership is settled already (apply). */
export interface Wanted {
  readonly object: Resource
  readonly warnings: ReadonlyArray<string>
  readonly managed?: boolean
  /** Admission sees this of it instead, and has changed it already: a Scale. */
  readonly shown?: { readonly at: At; readonly of: (object: Resource) => WireObject }
}
export type Change = (stored: Resource) => Effect.Effect<Wanted, ApiError | Unavailable>

const asked = Effect.fnUntraced(function* (environment: Environment, at: At, body: WireObject, options: WriteOptions = {}) {
  yield* authorize(environment, attributesOf(at, "update"))
  if (at.subresource === "scale") {
    const make = () => Scale.asked(at, body, options, false)
    return yield* Scale.write(environment, at, make, options, change)
  }
  const { object, warnings } = yield* Stages.decode(at, body, options)
  yield* Stages.addressed(at, object)
  const wanted =
    at.served.strategy.isConditional === true && versionOf(object) === ""
      ? Effect.fail(new Invalid({ ...where(at), kind: at.served.kind.plural, causes: [unsaid] }))
      : Effect.succeed({ object, warnings })
  const changed = change(environment, at, () => wanted, options)
  if (at.served.strategy.createOnUpdate !== true || at.subresource !== "") return yield* changed
  return yield* Effect.catchTag(changed, "NotFound", () => Create.store(environment, at, body, options))
})

export const update = traced("Pipeline.update", asked, Stages.about)

const versionOf = ({ metadata: { resourceVersion = "" } }: Resource) => (resourceVersion === "0" ? "" : resourceVersion)
const unsaid = Causes.invalid("metadata.resourceVersion", 0, "must be specified for an update")

/**
 * Read → change → prepare → admit → validate → compare-and-swap. On a conflict it waits for the feed and starts over, unless the
 * caller said by a resourceVersion what it had read.
 */
export const change = Effect.fnUntraced(function* (
  environment: Environment,
  at: At,
  make: Change,
  options: WriteOptions
): Effect.fn.Return<Written, ApiError | Unavailable> {
  const { log } = at.served.kind
  yield* Patience.current(environment.tables, log, Patience.patience.write)
  const asking = Admit.writing(at, "UPDATE", options)
  for (;;) {
    const row = yield* Stages.find(environment, at)
    const stored = row.object
    const asked = yield* make(stored)
    const wanted = { ...asked, object: Stages.sharing(stored, asked.object) }
    Admit.warn(asking, wanted.warnings)
    const { warnings } = asking
    const pinned = yield* preconditions(at, stored, wanted.object)
    const next = yield* prepare(environment, asking, stored, wanted, options)
    // What changes nothing is written all the same where the object lies as it was stored under other rules.
    if (next === stored && !row.isOutdated(apiVersion(at.served.kind.versions[0]))) return { row, created: false, warnings }
    const written = yield* write(environment, at, row, next, options).pipe(
      Effect.catchTag("Conflict", (conflict): Effect.Effect<undefined, Conflict | Unavailable> => {
        if ("last" in conflict && !pinned)
          return Effect.as(Patience.passed(environment.tables, log, conflict.last, "no"), undefined)
        return Effect.fail("last" in conflict ? modified(at) : conflict)
      })
    )
    if (written !== undefined)
      return { row: isDone(at, next) ? Stages.dryRow(at, next, row.revision) : written, created: false, warnings }
  }
})

export const modified = (at: At) =>
  new Conflict({
    ...where(at),
    detail: "the object has been modified; please apply your changes to the latest version and try again"
  })

/** Whether the caller has said which version it changes; a Conflict if it is another. */
const preconditions = Effect.fnUntraced(function* (
  at: At,
  stored: Resource,
  { metadata: { resourceVersion = "", uid = "" } }: Resource
) {
  if (uid !== "" && uid !== stored.metadata.uid) {
    return yield* new Conflict({
      ...where(at),
      detail: `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${stored.metadata.uid}`
    })
  }
  if (resourceVersion === "" || resourceVersion === "0") return false
  yield* Effect.fromResult(parseRevision(resourceVersion))
  if (resourceVersion !== stored.metadata.resourceVersion) return yield* modified(at)
  return true
})

/** What would be stored; the stored object itself if nothing changes. */
const prepare = Effect.fnUntraced(function* (
  environment: Environment,
  asking: Admit.Asking,
  stored: Resource,
  wanted: Wanted,
  options: WriteOptions
) {
  const { at } = asking
  const { strategy } = at.served
  const { shown } = wanted
  const { subresource } = shown?.at ?? at
  const kept = alone(at, stored, keep(stored, wanted))
  const whole = shown === undefined ? yield* Stages.mutate(environment, asking, kept, stored) : kept
  const mutated = Stages.featured(at, whole)
  const prepared = strategy.prepareUpdate?.(mutated, stored, at.subresource) ?? byDefault(at, mutated, stored)
  const completed = yield* Stages.allocate(environment, asking, prepared, stored)
  const isSame =
    equal(unversioned(completed), unversioned(stored)) ||
    // An apply that changes nothing does not even change when that was.
    (wanted.managed === true && equal(untimed(completed), untimed(stored)))
  const isMoved = isSame && wanted.managed !== true
  const same = isMoved ? yield* reowned({ ...at, subresource }, kept, stored, options) : stored
  const counted = isSame ? same : count(at, completed, stored)
  // What the kind and admission add is nobody's: the writer owns what was sent, with its defaults.
  const isOwned = isSame || wanted.managed === true || strategy.uncounted?.includes(at.subresource) === true
  const next = isOwned ? counted : ownedAs(yield* Stages.own({ ...at, subresource }, kept, stored, options), counted)
  if (!isSame) yield* Stages.validate(at, next, stored)
  Admit.warn(asking, strategy.warnings?.(next, stored))
  if (shown === undefined) yield* Stages.admit(environment, asking, next, stored)
  else {
    const objects = { object: shown.of(next), old: shown.of(stored) }
    yield* Admit.validate(environment, { ...asking, at: shown.at }, objects)
  }
  return next
})

/**
 * Who asks for what this path does not change takes it from its owners all the same, as upstream has it: ownership follows what was
 * asked. The stored object if nothing of it has changed, but for the time.
 */
const reowned = Effect.fnUntraced(function* (at: At, kept: Resource, stored: Resource, options: WriteOptions) {
  if (stored.metadata.managedFields === undefined || equal(unversioned(kept), unversioned(stored))) return stored
  const owned = yield* Stages.own(at, kept, stored, options)
  return equal(timeless(owned), timeless(stored)) ? stored : ownedAs(owned, stored)
})

const untimed = (object: Resource) =>
  unversioned({ ...object, metadata: { ...object.metadata, managedFields: timeless(object) } })

const timeless = ({ metadata: { managedFields = [] } }: Resource) =>
  managedFields.map(({ time: _, ...entry }) => ({ ...entry, fieldsV1: entry.fieldsV1 ?? {} }))

/** What a write of the status leaves as it was, but for who owns what. */
const alone = ({ served: { strategy }, subresource }: At, stored: Resource, wanted: Resource): Resource => {
  if (subresource !== "status" || strategy.keptByStatus === undefined) return wanted
  const { labels: _, ...metadata } = wanted.metadata
  const { labels } = stored.metadata
  if (strategy.keptByStatus === "labels") return { ...wanted, metadata: { ...metadata, ...(labels && { labels }) } }
  const { managedFields } = wanted.metadata
  return { ...wanted, metadata: { ...stored.metadata, ...(managedFields && { managedFields }) } }
}

/** The object with the owners of another. */
const ownedAs = ({ metadata: { managedFields } }: Resource, object: Resource): Resource => {
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata: managedFields === undefined ? metadata : { ...metadata, managedFields } }
}

const isNobodys = (entry: object) => Object.keys(entry).length === 0

/** What only the server may set stays as it is. */
const keep = (stored: Resource, { managed = false, object: wanted }: Wanted): Resource => {
  const {
    creationTimestamp,
    deletionGracePeriodSeconds,
    deletionTimestamp,
    generation,
    name,
    namespace,
    resourceVersion,
    uid
  } = stored.metadata
  const {
    deletionGracePeriodSeconds: grace,
    deletionTimestamp: ending,
    generation: _n,
    namespace: _ns,
    selfLink: _s,
    ...rest
  } = wanted.metadata
  // Who empties the owners of an object that has none changes nothing.
  const { managedFields: owners, ...bare } = rest
  const isEmptied = owners !== undefined && stored.metadata.managedFields === undefined && owners.every(isNobodys)
  // Of one that is not being deleted, who says so is told that he cannot.
  const end = deletionTimestamp ?? ending
  const seconds = deletionTimestamp === undefined ? grace : deletionGracePeriodSeconds
  return {
    ...wanted,
    metadata: {
      ...(isEmptied && !managed ? bare : rest),
      name,
      uid,
      creationTimestamp,
      resourceVersion,
      ...(namespace === undefined ? {} : { namespace }),
      ...(generation === undefined ? {} : { generation }),
      ...(end === undefined ? {} : { deletionTimestamp: end }),
      ...(seconds === undefined ? {} : { deletionGracePeriodSeconds: seconds }),
      ...(!managed && rest.managedFields === undefined && stored.metadata.managedFields !== undefined
        ? { managedFields: stored.metadata.managedFields }
        : {})
    }
  }
}

/** Without a strategy: the main resource keeps its status, and `status` changes nothing but status and labels. */
const byDefault = ({ served: { kind }, subresource }: At, wanted: Resource, stored: Resource): Resource => {
  if (!kind.subresources.includes("status")) return wanted
  const [from, status] = subresource === "status" ? [stored, wanted] : [wanted, stored]
  const { status: _, ...rest } = Stages.asWire(from)
  const { ownerReferences, finalizers } = stored.metadata
  const metadata =
    subresource === "status"
      ? { ...wanted.metadata, ...(ownerReferences && { ownerReferences }), ...(finalizers && { finalizers }) }
      : wanted.metadata
  const { status: kept } = Stages.asWire(status)
  return { ...Stages.asResource(rest), metadata, ...(kept === undefined ? {} : { status: kept }) }
}

const unversioned = (object: Resource) => {
  const { apiVersion: _a, kind: _k, metadata, ...rest } = Stages.asWire(object)
  const { resourceVersion: _r, ...meta } = Object(metadata)
  return { ...rest, metadata: meta }
}

/** The generation grows when anything but metadata and status has changed. */
const count = (at: At, next: Resource, stored: Resource): Resource => {
  const { kind, strategy } = at.served
  if (!(strategy.generation ?? kind.subresources.includes("status"))) return next
  if (strategy.uncounted?.includes(at.subresource) === true) return next
  const isApart = kind.subresources.includes("status") || strategy.generation === undefined
  if (equal(desired(next, isApart), desired(stored, isApart)) && strategy.isCounted?.(next, stored) !== true) return next
  return { ...next, metadata: { ...next.metadata, generation: (stored.metadata.generation ?? 0) + 1 } }
}
/** Without a subresource of its own, the status of a custom resource is as good as any other part. */
const desired = (object: Resource, isStatusApart: boolean) => {
  const { apiVersion: _a, kind: _k, metadata: _m, status, ...rest } = Stages.asWire(object)
  return isStatusApart || status === undefined ? rest : { ...rest, status }
}

/** Writes it; or, if it was only waiting for its last finalizer, removes it. */
const write = (environment: Environment, at: At, row: Row, next: Resource, { dryRun = false }: WriteOptions) => {
  if (dryRun) return Effect.succeed(Stages.dryRow(at, next, row.revision))
  return Stages.append(environment, at, isDone(at, next) ? "delete" : "put", next, row.revision)
}

/** Marked, its grace is over, and nobody keeps it. */
export const isDone = ({ served: { strategy } }: At, object: Resource): boolean => {
  const { deletionGracePeriodSeconds = 0, deletionTimestamp, finalizers = [] } = object.metadata
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds > 0 || finalizers.length > 0) return false
  return (strategy.finalizers?.(object) ?? []).length === 0
}
