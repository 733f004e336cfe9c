/** Owners that another server answers for: nobody tells when they go, so they are asked for. */
import { Effect, Option, Predicate } from "effect"
import { Aggregated } from "../../../kernel/client/Aggregated.ts"
import { Api } from "../../../kernel/client/Api.ts"
import type { OwnerReference } from "../../../kernel/resource/Metadata.ts"
import type { Found } from "./References.ts"

/** How soon what has such an owner is looked at again. */
export const again = "1 minute"

/** Nothing is known of them in a thread of its own, or outside of the server. */
export const make = Effect.gen(function* () {
  const [aggregated, found] = [yield* Effect.serviceOption(Aggregated), yield* Effect.serviceOption(Api)]
  if (Option.isNone(aggregated) || Option.isNone(found)) return () => undefined
  const api = found.value
  const servedBy = ({ apiVersion, kind }: OwnerReference) =>
    aggregated.value
      .resources()
      .find((one) => `${one.group}/${one.version}` === apiVersion && one.kind === kind && one.verbs.includes("get"))

  /** `undefined`: nobody serves such a kind. */
  return (reference: OwnerReference, inside: string) => {
    const served = servedBy(reference)
    // What lives in no namespace has no owner in one.
    if (served === undefined || (served.namespaced && inside === "")) return undefined
    const { group, namespaced, resource, version } = served
    const where = { group, version, resource, namespace: namespaced ? inside : "", name: reference.name }
    return api.get(where).pipe(
      Effect.map(({ metadata }): Found => {
        const isSame = Predicate.hasProperty(metadata, "uid") && metadata.uid === reference.uid
        return isSame ? "solid" : "absent"
      }),
      Effect.catchTag("NotFound", () => Effect.succeed<Found>("absent"))
    )
  }
})
