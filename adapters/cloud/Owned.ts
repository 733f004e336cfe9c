/**
 * What the parts of a load balancer are called, and whose turn it is to change them: the same for every cloud. A name follows from the
 * cluster and the Service, so that a part that was made is found again by whoever asks next, also if nobody ever heard that it was made.
 */
import { Effect, Schema, Semaphore } from "effect"
import { createHash } from "node:crypto"
import { ServiceReference } from "../../plugins/cloud/contracts/LoadBalancers.ts"

export const hash = (text: string, length: number) => createHash("sha256").update(text).digest("hex").slice(0, length)

/** Of all that belongs to a cluster. */
export const ofCluster = (cluster: string) => `k8s-${hash(cluster, 6)}-`
export const ofBalancer = (cluster: string, { uid }: ServiceReference) => `${ofCluster(cluster)}${hash(uid, 13)}`
/** What leads somewhere has one name, wherever it leads. */
export const ofRoute = (cluster: string, destination: string) => `${ofCluster(cluster)}route-${hash(destination, 13)}`

/** Whose a part is, as it is written where the cloud has room for a text. */
export const Mark = Schema.Struct({ cluster: Schema.String, service: ServiceReference })
export type Mark = typeof Mark.Type
const text = Schema.fromJsonString(Mark)
export const write: (mark: Mark) => string = Schema.encodeSync(text)
const decoded = Schema.decodeUnknownOption(text)
/** Absent: it is of another cluster, or nobody's. */
export const read = (cluster: string, written: unknown): ServiceReference | undefined => {
  const found = decoded(written)
  return found._tag === "Some" && found.value.cluster === cluster ? found.value.service : undefined
}

/** One call after another for one thing; what is done for others does not wait. */
export const turns = () => {
  const all = new Map<string, { readonly turn: Semaphore.Semaphore; waiting: number }>()
  return (key: string) =>
    <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
      Effect.suspend(() => {
        const entry = all.get(key) ?? { turn: Semaphore.makeUnsafe(1), waiting: 0 }
        all.set(key, entry)
        entry.waiting++
        return Effect.ensuring(
          entry.turn.withPermit(effect),
          Effect.sync(() => {
            if (--entry.waiting === 0) all.delete(key)
          })
        )
      })
}
