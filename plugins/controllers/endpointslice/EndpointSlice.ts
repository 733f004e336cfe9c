/** Keeps the EndpointSlices of every Service with a selector: the addresses behind it, and in what condition they are. */
import { Effect } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { type Key, keyOf } from "../../../kernel/resource/Kind.ts"
import { Node, Pod, Service } from "../../resources/contracts/core/v1.ts"
import { EndpointSlice } from "../../resources/contracts/discovery/v1.ts"
import * as Controllers from "../contracts/Controllers.ts"
import { isEnding } from "../contracts/Writes.ts"
import { backendsOf, isSelecting, servicesOf } from "./Backends.ts"
import { manager, managerLabel, plan, serviceLabel } from "./Slices.ts"

/** Slices that somebody else keeps are none of ours. */
const serviceOf = ({ metadata: { labels = {}, namespace = "" } }: EndpointSlice): ReadonlyArray<Key> => {
  const name = labels[serviceLabel]
  return name === undefined || labels[managerLabel] !== manager ? [] : [{ namespace, name }]
}

const start = Effect.gen(function* () {
  const client = yield* Client
  const pods = yield* client.cache(Pod, { indexes: Controllers.byNamespace })
  const services = yield* client.cache(Service, { indexes: Controllers.byNamespace })
  const nodes = yield* client.cache(Node, { indexes: {} })
  const byService = (slice: EndpointSlice) => serviceOf(slice).map(({ name, namespace }) => `${namespace}/${name}`)
  const slices = yield* client.cache(EndpointSlice, { indexes: { service: byService } })

  const nodeOf = (name: string | undefined) => (name ? nodes.get({ namespace: "", name }) : undefined)

  const reconcile = Effect.fn("EndpointSlice.reconcile")(function* (key: Key) {
    const service = services.get(key)
    if (service === undefined || service.metadata.deletionTimestamp !== undefined || !isSelecting(service)) return
    const existing = slices.by("service", `${key.namespace}/${key.name}`)
    const all = pods.by("namespace", key.namespace)
    const { create, remove, update } = plan(service, backendsOf(service, all), existing, nodeOf)
    yield* Effect.forEach(update, (slice) => client.update(EndpointSlice, slice), { discard: true })
    yield* Effect.forEach(
      create,
      (draft) => Effect.catchIf(client.create(EndpointSlice, draft), isEnding, () => Effect.void),
      {
        discard: true
      }
    )
    yield* Effect.forEach(remove, (slice) => client.delete(EndpointSlice, keyOf(slice), { uid: slice.metadata.uid }), {
      discard: true
    })
    return Controllers.after(all.length)
  })

  const behind = (pod: Pod) => servicesOf(pod, services.by("namespace", keyOf(pod).namespace))
  const triggers = [Controllers.each(services), Controllers.on(pods, behind), Controllers.on(slices, serviceOf)]
  yield* Controllers.run({ name: "endpoint_slice", triggers, concurrency: 5, reconcile })
})

export const plugin = Controllers.plugin("endpointslice", start)
