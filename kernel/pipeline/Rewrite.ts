/**
 * What the server itself makes of an object that is there, for an action that has passed authorization and admission, such as a
 * binding: read → change → compare-and-swap. It is nobody's write, so that it is neither admitted nor validated nor owned as one.
 */
import { Effect } from "effect"
import { type ApiError, Conflict } from "../client/Errors.ts"
import type { Unavailable } from "../plugin/Contract.ts"
import type { Key, Kind, Resource } from "../resource/Kind.ts"
import type { Environment } from "./Environment.ts"
import * as Patience from "./Patience.ts"
import type { At } from "./Pipeline.ts"
import * as Stages from "./Stages.ts"

/** What makes another object of the one that is stored; asked again where somebody else has written it meanwhile. */
export type Rewrite = <A extends Resource>(
  kind: Kind<A, never>,
  key: Key,
  make: (stored: A) => Effect.Effect<A, ApiError | Unavailable>
) => Effect.Effect<void, ApiError | Unavailable>

const changed = Effect.fnUntraced(function* <A extends Resource>(
  environment: Environment,
  at: At,
  make: (stored: A) => Effect.Effect<A, ApiError | Unavailable>,
  dryRun: boolean
): Effect.fn.Return<void, ApiError | Unavailable> {
  const { log } = at.served.kind
  yield* Patience.current(environment.tables, log, Patience.patience.write)
  for (;;) {
    const row = yield* Stages.find(environment, at)
    // What lies in a kind's storage is of that kind, hence the cast.
    const next = yield* make(row.object as A)
    if (dryRun) return
    const lost = yield* Stages.append(environment, at, "put", next, row.revision).pipe(
      Effect.as(undefined),
      Effect.catchTag("Conflict", (conflict) =>
        conflict instanceof Conflict ? Effect.fail(conflict) : Effect.succeed(conflict)
      )
    )
    if (lost === undefined) return
    yield* Patience.passed(environment.tables, log, lost.last, "no")
  }
})

export const rewrite =
  (environment: Environment, { user }: Pick<At, "user">, dryRun: boolean): Rewrite =>
  (kind, key, make) => {
    const served = environment.kinds.byStorage(kind.storage) ?? { kind, strategy: {} }
    const at = { user, served, version: kind.versions[0], ...key, subresource: "" }
    return changed(environment, at, make, dryRun)
  }
