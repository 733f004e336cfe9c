/** What several plugins ask: is this an object of that kind that is being made? */
import type { Admitted } from "../../kernel/pipeline/Policy.ts"
import type * as Kind from "../../kernel/resource/Kind.ts"

/** It has been decoded as its kind, hence the cast. */
export const fresh = <A extends Kind.Resource>(kind: Kind.Kind<A, never>, request: Admitted): A | undefined =>
  request.operation === "CREATE" && request.kind.storage === kind.storage && request.attributes.subresource === ""
    ? (request.object as unknown as A | undefined)
    : undefined

/** Of several that say they are the default, the youngest counts, as upstream chooses. */
export const youngest = <A extends Kind.Resource>(all: ReadonlyArray<A>): A | undefined =>
  all.toSorted(({ metadata: a }, { metadata: b }) =>
    a.creationTimestamp === b.creationTimestamp
      ? a.name < b.name
        ? -1
        : 1
      : a.creationTimestamp > b.creationTimestamp
        ? -1
        : 1
  )[0]
