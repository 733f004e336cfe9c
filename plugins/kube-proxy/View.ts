/** The proxy's view of its cluster: which Services have to be looked at again, and what each of them asks of this node now. */
import { type Key, keyOf, type Resource } from "../../kernel/resource/Kind.ts"
import type { Batch, Cache } from "../../kernel/table/Table.ts"
import type { Node, Service } from "../resources/contracts/core/v1.ts"
import type { EndpointSlice } from "../resources/contracts/discovery/v1.ts"
import type { ProxiedService } from "./contracts/ServiceProxy.ts"
import * as Routing from "./Routing.ts"

export const nameOf = ({ name, namespace }: Key) => `${namespace}/${name}`

export const serviceOf = ({ metadata: { labels = {}, namespace = "" } }: EndpointSlice): Key | undefined => {
  const name = labels[Routing.serviceName]
  return name === undefined ? undefined : { namespace, name }
}

export interface Caches {
  readonly services: Cache<Service, never>
  readonly slices: Cache<EndpointSlice, "service">
  readonly nodes: Cache<Node, never>
}

/** What a load balancer asks of a node that has an own port for it. */
export interface HealthCheck {
  readonly namespace: string
  readonly name: string
  readonly port: number
  readonly localEndpoints: number
}

const zoneLabel = "topology.kubernetes.io/zone"
const changedAt = "endpoints.kubernetes.io/last-change-trigger-time"

/** Whether a Service is reached from outside through those nodes only that have its Pods. */
const healthPort = ({ spec }: Service) =>
  spec?.type === "LoadBalancer" && spec.externalTrafficPolicy === "Local" ? (spec.healthCheckNodePort ?? 0) : 0

export class View {
  readonly healthChecks = new Map<string, HealthCheck>()
  private readonly caches: Caches
  private readonly node: string
  /** Services that have ports here, and those that are to be looked at. */
  private readonly known = new Map<string, Key>()
  private dirty = new Map<string, Key>()
  private triggers: Array<number> = []
  private zone: string

  constructor(caches: Caches, node: string) {
    this.caches = caches
    this.node = node
    this.zone = this.zoneNow()
    for (const service of caches.services.all()) this.look(keyOf(service))
  }

  get isDirty() {
    return this.dirty.size > 0
  }

  readonly service = (batch: Batch<Service>) => this.follow(batch, keyOf)

  readonly slice = (batch: Batch<EndpointSlice>) => {
    this.follow(batch, serviceOf)
    for (const event of batch.events) {
      const trigger =
        event._tag === "Applied" ? Date.parse(event.object.metadata.annotations?.[changedAt] ?? "") : Number.NaN
      if (!Number.isNaN(trigger)) this.triggers.push(trigger)
    }
  }

  /** A node that moves to another zone has other neighbours. */
  readonly nodeChanged = () => {
    if (this.zone === this.zoneNow()) return
    this.zone = this.zoneNow()
    this.lookAtAll()
  }

  /** Whether new connections should be led to this node: not if it is about to go. */
  isEligible() {
    const node = this.caches.nodes.get({ namespace: "", name: this.node })
    return (
      node === undefined ||
      (node.metadata.deletionTimestamp === undefined &&
        !(node.spec?.taints ?? []).some(({ key }) => key === "ToBeDeletedByClusterAutoscaler"))
    )
  }

  lookAtAll() {
    for (const key of [...this.known.values(), ...this.caches.services.all().map(keyOf)]) this.look(key)
  }

  /** What is to be programmed, and since when; from here on it counts as seen. */
  take(): { readonly services: ReadonlyArray<ProxiedService>; readonly triggers: ReadonlyArray<number> } {
    const [keys, triggers] = [[...this.dirty.values()], this.triggers]
    this.dirty = new Map()
    this.triggers = []
    return { services: keys.map((key) => this.route(key)), triggers }
  }

  private route(key: Key): ProxiedService {
    const { services, slices } = this.caches
    const [name, service] = [nameOf(key), services.get(key)]
    const here = { node: this.node, zone: this.zone }
    const own = slices.by("service", name)
    const ports = service === undefined ? [] : Routing.route(service, own, here)
    if (ports.length === 0) this.known.delete(name)
    else this.known.set(name, key)
    const port = service === undefined || ports.length === 0 ? 0 : healthPort(service)
    if (port === 0) this.healthChecks.delete(name)
    else this.healthChecks.set(name, { ...key, port, localEndpoints: Routing.localReady(own, here) })
    return { name, ports }
  }

  private follow<A extends Resource>({ events }: Batch<A>, keyFor: (object: A) => Key | undefined) {
    for (const event of events) {
      if (event._tag !== "Snapshot") this.look(keyFor(event.object))
      else for (const key of [...this.known.values(), ...event.objects.map(keyFor)]) this.look(key)
    }
  }

  private look(key: Key | undefined) {
    if (key !== undefined) this.dirty.set(nameOf(key), key)
  }

  private zoneNow() {
    return this.caches.nodes.get({ namespace: "", name: this.node })?.metadata.labels?.[zoneLabel] ?? ""
  }
}
