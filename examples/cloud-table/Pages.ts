/** What this cloud knows of itself, in ConfigMaps: a page of text each, which is written as it was read or not at all. */
import { Effect, Option } from "effect"
import { NotReady, Refused } from "keelson/cloud/Cloud"
import type { Client } from "keelson/kernel/client/Client"
import type { ApiError } from "keelson/kernel/client/Errors"
import type { Unavailable } from "keelson/kernel/plugin/Contract"
import { ConfigMap } from "keelson/resources/core/v1"

const namespace = "kube-system"
/** As `bed.ts` finds what there is of balancers. */
const field = "balancer"

const refused = (error: ApiError | Unavailable) =>
  error._tag === "Unavailable" ? error : new Refused({ reason: error.message })
/** Somebody else was first: asked again, it is done on what that one wrote. */
const writing = (error: ApiError | Unavailable) =>
  error._tag === "Conflict" || error._tag === "AlreadyExists"
    ? new NotReady({ reason: error.message, retryAfterSeconds: 0.1 })
    : refused(error)

export const make = (client: Client["Service"], labels: { readonly [name: string]: string }) => {
  const find = (name: string) =>
    Effect.map(Effect.mapError(client.find(ConfigMap, { namespace, name }), refused), Option.getOrUndefined)
  return {
    read: (name: string) => Effect.map(find(name), (found) => found?.data?.[field]),
    write: Effect.fnUntraced(function* (name: string, text: string) {
      const found = yield* find(name)
      if (found?.data?.[field] === text) return
      const data = { [field]: text }
      const made =
        found === undefined
          ? client.create(ConfigMap, { metadata: { namespace, name, labels }, data })
          : client.update(ConfigMap, { ...found, data })
      yield* Effect.mapError(made, writing)
    }),
    remove: (name: string) =>
      client.delete(ConfigMap, { namespace, name }).pipe(
        Effect.asVoid,
        Effect.catchTag("NotFound", () => Effect.void),
        Effect.mapError(writing)
      ),
    all: client
      .list(ConfigMap, {
        namespace,
        labelSelector: Object.entries(labels)
          .map(([name, value]) => `${name}=${value}`)
          .join(",")
      })
      .pipe(
        Effect.mapError(refused),
        Effect.map((found) => found.flatMap(({ data = {} }) => data[field] ?? []))
      )
  }
}
