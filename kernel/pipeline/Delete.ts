/** delete: removes an object, or marks it for whoever has to act first. Source: API concepts, "Resource deletion"; garbage collection. */
import { Effect } from "effect"
import type { DeleteOptions } from "../client/Api.ts"
import { type ApiError, Conflict } from "../client/Errors.ts"
import type { Unavailable } from "../plugin/Contract.ts"
import type { Resource } from "../resource/Kind.ts"
import { traced } from "../Traced.ts"
import * as Admit from "./Admit.ts"
import { attributesOf, authorize } from "./Authorize.ts"
import type { Environment } from "./Environment.ts"
import * as Patience from "./Patience.ts"
import type { At, Deleted, DeletedAll, SelectOptions } from "./Pipeline.ts"
import { list, where } from "./Read.ts"
import * as Stages from "./Stages.ts"
import * as Stamp from "./Stamp.ts"
import { isDone, modified } from "./Update.ts"

const asked = Effect.fnUntraced(function* (environment: Environment, at: At, options: DeleteOptions = {}) {
  yield* authorize(environment, attributesOf(at, "delete"))
  return yield* one(environment, at, options)
})

export const remove = traced("Pipeline.delete", asked, Stages.about)

export const removeAll = Effect.fnUntraced(function* (
  environment: Environment,
  at: At,
  options: DeleteOptions & SelectOptions
) {
  yield* authorize(environment, attributesOf(at, "deletecollection"))
  const { fieldSelector, labelSelector, ...deletion } = options
  const selectors = {
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
    ...(labelSelector === undefined ? {} : { labelSelector })
  }
  const { revision, rows } = yield* list(environment, at, selectors)
  // They are answered as they were found.
  const each = rows.map((row) =>
    Effect.map(one(environment, { ...at, name: row.name, namespace: row.namespace }, deletion), (deleted) => [
      { ...deleted, row }
    ]).pipe(Effect.catchTag("NotFound", () => Effect.succeed([])))
  )
  return { revision, deleted: (yield* Effect.all(each, { concurrency: 16 })).flat() } satisfies DeletedAll
})

const one = Effect.fnUntraced(function* (
  environment: Environment,
  at: At,
  options: DeleteOptions
): Effect.fn.Return<Deleted, ApiError | Unavailable> {
  const { log } = at.served.kind
  yield* Patience.current(environment.tables, log, Patience.patience.write)
  const asking = Admit.deleting(at, options)
  const { warnings } = asking
  for (;;) {
    const row = yield* Stages.find(environment, at)
    const stored = row.object
    yield* preconditions(at, stored, options)
    const objects = { old: Stages.asWire(stored) }
    yield* Admit.mutate(environment, asking, objects)
    yield* Admit.validate(environment, asking, objects)
    const marked = mark(at, stored, options, yield* Stages.nowMillis)
    const gone = isDone(at, marked)
    const next = gone && isAtOnce(at, stored) ? stored : marked
    if (options.dryRun === true) return { row: Stages.dryRow(at, next, row.revision), gone, warnings }
    if (!gone && next === stored) return { row, gone: false, warnings }
    const written = yield* Stages.append(environment, at, gone ? "delete" : "put", next, row.revision).pipe(
      Effect.catchTag(
        "Conflict",
        ({ last }): Effect.Effect<undefined, Conflict | Unavailable> =>
          options.resourceVersion === undefined
            ? Effect.as(Patience.passed(environment.tables, log, last, "no"), undefined)
            : Effect.fail(modified(at))
      )
    )
    if (written !== undefined) return { row: written, gone, warnings }
  }
})

/** Nobody had to act on its deletion, so it never came to show one. */
const isAtOnce = ({ served: { strategy } }: At, { metadata: { deletionTimestamp } }: Resource) =>
  deletionTimestamp === undefined && strategy.graceSeconds === undefined

const preconditions = (at: At, { metadata }: Resource, { resourceVersion, uid }: DeleteOptions) => {
  // Upstream names the kind here, and not the resource.
  const failed = (field: string, asked: string, found: string, what: string) =>
    Effect.fail(
      new Conflict({
        ...where(at),
        resource: at.served.kind.kind,
        detail: `the ${field} in the precondition (${asked}) does not match the ${field} in record (${found}). The object might have been ${what}`
      })
    )
  if (uid !== undefined && uid !== metadata.uid) return failed("UID", uid, metadata.uid, "deleted and then recreated")
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    return failed("ResourceVersion", resourceVersion, metadata.resourceVersion, "modified")
  }
  return Effect.void
}

const foreground = "foregroundDeletion"
const orphan = "orphan"

/** The finalizers by which the garbage collector is told what becomes of dependents. */
const finalizersOf = ({ finalizers = [] }: Resource["metadata"], policy: DeleteOptions["propagationPolicy"]) => {
  if (policy === undefined) return finalizers
  const others = finalizers.filter((one) => one !== foreground && one !== orphan)
  if (policy === "Background") return others.length === finalizers.length ? finalizers : others
  return [...others, policy === "Foreground" ? foreground : orphan]
}

/** What its finalizers say is not said again. */
const policyOf = ({ isOrphaning = false }: At["served"]["strategy"], { finalizers = [] }: Resource["metadata"]) =>
  isOrphaning && !finalizers.includes(foreground) ? "Orphan" : undefined

/** The object with its deletion in it. One that is marked already is marked again only if its grace gets shorter. */
export const mark = ({ served: { strategy } }: At, stored: Resource, options: DeleteOptions, now: number): Resource => {
  const isTimeOnly = strategy.deletionTimeOnly === true
  const { deletionTimestamp, finalizers: _, ...metadata } = stored.metadata
  const { deletionGracePeriodSeconds: before = isTimeOnly ? 0 : undefined } = stored.metadata
  const asked = strategy.graceSeconds?.(stored, options.gracePeriodSeconds) ?? 0
  const grace = deletionTimestamp === undefined ? asked : Math.min(before ?? 0, asked)
  const policy = options.propagationPolicy ?? policyOf(strategy, stored.metadata)
  const finalizers = finalizersOf(stored.metadata, policy)
  if (deletionTimestamp !== undefined && grace === before && finalizers.length === (stored.metadata.finalizers ?? []).length)
    return stored
  const marked = {
    ...stored,
    metadata: {
      ...metadata,
      ...(finalizers.length > 0 ? { finalizers } : {}),
      ...(metadata.generation !== undefined && deletionTimestamp === undefined && !isTimeOnly
        ? { generation: metadata.generation + 1 }
        : {}),
      deletionTimestamp:
        deletionTimestamp !== undefined && grace === before ? deletionTimestamp : Stamp.time(now + grace * 1000),
      ...(isTimeOnly ? {} : { deletionGracePeriodSeconds: grace })
    }
  }
  return strategy.prepareDelete?.(marked) ?? marked
}
