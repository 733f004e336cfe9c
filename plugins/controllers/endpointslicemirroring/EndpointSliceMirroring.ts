/** Makes EndpointSlices of the Endpoints that somebody writes by hand, because slices are all that a proxy reads. */
import { Effect } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { type Key, keyOf } from "../../../kernel/resource/Kind.ts"
import { Endpoints, Service } from "../../resources/contracts/core/v1.ts"
import { EndpointSlice } from "../../resources/contracts/discovery/v1.ts"
import * as Controllers from "../contracts/Controllers.ts"
import { isEnding } from "../contracts/Writes.ts"
import { isMirrored, manager, managerLabel, plan, serviceLabel } from "./Mirrored.ts"

const mirrors = ({ metadata: { labels = {}, namespace = "" } }: EndpointSlice): ReadonlyArray<Key> => {
  const name = labels[serviceLabel]
  return name === undefined || labels[managerLabel] !== manager ? [] : [{ namespace, name }]
}
const pathOf = ({ name, namespace }: Key) => `${namespace}/${name}`

const start = Effect.gen(function* () {
  const client = yield* Client
  const services = yield* client.cache(Service, { indexes: {} })
  const all = yield* client.cache(Endpoints, { indexes: {} })
  const slices = yield* client.cache(EndpointSlice, { indexes: { mirror: (slice) => mirrors(slice).map(pathOf) } })

  const reconcile = Effect.fn("EndpointSliceMirroring.reconcile")(function* (key: Key) {
    const endpoints = all.get(key)
    const source = endpoints !== undefined && isMirrored(endpoints, services.get(key)) ? endpoints : undefined
    const { create, remove, update } = plan(source, slices.by("mirror", pathOf(key)))
    yield* Effect.forEach(update, (slice) => client.update(EndpointSlice, slice), { discard: true })
    yield* Effect.forEach(
      create,
      (draft) => Effect.catchIf(client.create(EndpointSlice, draft), isEnding, () => Effect.void),
      { discard: true }
    )
    yield* Effect.forEach(remove, (slice) => client.delete(EndpointSlice, keyOf(slice), { uid: slice.metadata.uid }), {
      discard: true
    })
  })

  const triggers = [Controllers.each(all), Controllers.each(services), Controllers.on(slices, mirrors)]
  yield* Controllers.run({ name: "endpoint_slice_mirroring", triggers, concurrency: 5, reconcile })
})

export const plugin = Controllers.plugin("endpointslicemirroring", start)
