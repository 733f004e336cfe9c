/** Keeps the Endpoints of every Service with a selector, for clients from before EndpointSlices. */
import { Effect } from "effect"
import { same } from "../../../kernel/resource/JsonEqual.ts"
import { Client } from "../../../kernel/client/Client.ts"
import { type Key, keyOf } from "../../../kernel/resource/Kind.ts"
import { type EndpointAddress, Endpoints, type EndpointSubset, Pod, Service } from "../../resources/contracts/core/v1.ts"
import * as Controllers from "../contracts/Controllers.ts"
import { isEnding } from "../contracts/Writes.ts"
import * as Backends from "../endpointslice/Backends.ts"

const managerLabel = "endpoints.kubernetes.io/managed-by"
const manager = "endpoint-controller"
/** More addresses than this do not fit into one object that many read. */
const most = 1000

const order = (a: EndpointAddress, b: EndpointAddress) => (a.ip < b.ip ? -1 : a.ip > b.ip ? 1 : 0)

const addressOf = (service: Service, pod: Pod, ip: string): EndpointAddress => {
  const hostname = Backends.hostnameOf(service, pod)
  return {
    ip,
    ...(hostname !== undefined && { hostname }),
    ...(pod.spec.nodeName && { nodeName: pod.spec.nodeName }),
    targetRef: Backends.targetOf(pod)
  }
}

/** Pods that end are none of them any more, unless the Service publishes also what is not ready. */
export const subsetsOf = (service: Service, pods: ReadonlyArray<Pod>): ReadonlyArray<EndpointSubset> => {
  const [family = "IPv4"] = Backends.familiesOf(service)
  const backends = Backends.backendsOf(service, pods).filter(
    ({ terminating }) => !terminating || service.spec.publishNotReadyAddresses === true
  )
  let room = most
  return Backends.byPorts(service, backends)
    .filter(({ ports }) => ports.length > 0 || Backends.isHeadless(service))
    .map(({ backends, ports }) => {
      const all = backends.flatMap(({ pod, ready }) =>
        Backends.addressesOf(pod, family)
          .slice(0, 1)
          .map((ip) => ({ ready, address: addressOf(service, pod, ip) }))
      )
      const some = all.toSorted((a, b) => order(a.address, b.address)).slice(0, room)
      room -= some.length
      const addresses = some.filter(({ ready }) => ready).map(({ address }) => address)
      const notReadyAddresses = some.filter(({ ready }) => !ready).map(({ address }) => address)
      return {
        ...(addresses.length > 0 && { addresses }),
        ...(notReadyAddresses.length > 0 && { notReadyAddresses }),
        ...(ports.length > 0 && { ports: ports.toSorted((a, b) => a.port - b.port) })
      }
    })
    .filter(({ addresses, notReadyAddresses }) => addresses !== undefined || notReadyAddresses !== undefined)
}

const labelsOf = (service: Service) => {
  const { [Backends.headlessLabel]: _, ...labels } = service.metadata.labels ?? {}
  return { ...labels, [managerLabel]: manager, ...(Backends.isHeadless(service) && { [Backends.headlessLabel]: "" }) }
}

const start = Effect.gen(function* () {
  const client = yield* Client
  const pods = yield* client.cache(Pod, { indexes: Controllers.byNamespace })
  const services = yield* client.cache(Service, { indexes: Controllers.byNamespace })
  const endpoints = yield* client.cache(Endpoints, { indexes: {} })

  const reconcile = Effect.fn("Endpoints.reconcile")(function* (key: Key) {
    const service = services.get(key)
    const before = endpoints.get(key)
    if (service === undefined) {
      const isOurs = before?.metadata.labels?.[managerLabel] === manager
      if (isOurs) yield* client.delete(Endpoints, key, { uid: before.metadata.uid })
      return
    }
    if (!Backends.isSelecting(service)) return
    const all = pods.by("namespace", key.namespace)
    const subsets = subsetsOf(service, all)
    const labels = labelsOf(service)
    if (before === undefined) {
      const draft = { metadata: { ...key, labels }, subsets }
      yield* client.create(Endpoints, draft).pipe(Effect.catchIf(isEnding, () => Effect.void))
    } else if (!same(before.subsets ?? [], subsets) || !same(before.metadata.labels, labels)) {
      yield* client.update(Endpoints, { ...before, metadata: { ...before.metadata, labels }, subsets })
    }
    return Controllers.after(all.length)
  })

  const behind = (pod: Pod) => Backends.servicesOf(pod, services.by("namespace", keyOf(pod).namespace))
  const triggers = [Controllers.each(services), Controllers.on(pods, behind), Controllers.each(endpoints)]
  yield* Controllers.run({ name: "endpoint", triggers, concurrency: 5, reconcile })
})

export const plugin = Controllers.plugin("endpoint", start)
