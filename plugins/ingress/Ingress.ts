/**
 * The ingress controller: decides what the proxies on the nodes serve, and says where. All routes are one configuration, so that all
 * of them are looked at whenever something changes; what is published, and written, is only what is different then.
 */
import { Effect, Option } from "effect"
import { isDeepStrictEqual } from "node:util"
import { Client } from "../../kernel/client/Client.ts"
import type { Key, keyOf } from "../../kernel/resource/Kind.ts"
import * as Pki from "../certificates/contracts/Pki.ts"
import * as Controllers from "../controllers/contracts/Controllers.ts"
import { Namespace, Node, Secret, Service } from "../resources/contracts/core/v1.ts"
import { EndpointSlice } from "../resources/contracts/discovery/v1.ts"
import * as EventRecorder from "../resources/contracts/EventRecorder.ts"
import { Ingress, IngressClass } from "../resources/contracts/networking/v1.ts"
import type { Certificate, Configuration } from "./contracts/IngressProxy.ts"
import * as Published from "./contracts/Published.ts"
import * as Fronts from "./Fronts.ts"
import * as Gateways from "./gateway/Gateways.ts"
import * as Keep from "./gateway/Keep.ts"
import * as Ingresses from "./Ingresses.ts"
import * as Statuses from "./Statuses.ts"

export interface Options {
  /** Where the proxies listen on their nodes. */
  readonly ports: Ingresses.Ports
}

/** What an IngressClass names that is ours. */
export const controller = "keelson.io/ingress"
/** Of the class that every cluster has, and of the Service in front. */
const className = "nginx"
const front = { namespace: "kube-system", name: "keelson-ingress" }
const annotatedClass = "kubernetes.io/ingress.class"
const isDefault = "ingressclass.kubernetes.io/is-default-class"
const everything: Key = { namespace: "", name: "routes" }
/** Several changes of a moment are one. */
const pause = "100 millis"

const serviceOf = ({ metadata: { labels = {}, namespace = "" } }: EndpointSlice) => [
  `${namespace}/${labels["kubernetes.io/service-name"] ?? ""}`
]
const pathOf = ({ name, namespace }: Key) => `${namespace}/${name}`

const open = Effect.gen(function* () {
  const client = yield* Client
  const none = { indexes: {} }
  return {
    client,
    ingresses: yield* client.cache(Ingress, none),
    classes: yield* client.cache(IngressClass, none),
    services: yield* client.cache(Service, none),
    slices: yield* client.cache(EndpointSlice, { indexes: { service: serviceOf } }),
    secrets: yield* client.cache(Secret, { indexes: {}, selection: { fieldSelector: "type=kubernetes.io/tls" } }),
    published: yield* client.cache(Secret, {
      indexes: {},
      selection: { fieldSelector: `metadata.name=${Published.secret.name}` }
    }),
    nodes: yield* client.cache(Node, none),
    namespaces: yield* client.cache(Namespace, none),
    gateways: yield* Keep.open
  }
})
type World = Effect.Success<typeof open>

/** Of our classes, by the field or by the annotation that was before it. */
const isOurs =
  ({ classes }: World) =>
  ({ metadata: { annotations = {} }, spec }: Ingress) => {
    const name = spec.ingressClassName ?? annotations[annotatedClass]
    return name !== undefined && classes.get({ namespace: "", name })?.spec?.controller === controller
  }

/** Shown to who asks for a host without a certificate. It is made once, and kept with the routes. */
const fallback = Effect.fnUntraced(function* (before: Configuration) {
  const kept = before.certificates.find(({ name }) => name === Ingresses.standard)
  if (kept !== undefined) return kept
  const own = yield* Pki.authority("keelson-ingress")
  const { cert, key } = yield* Pki.issue(own, { commonName: "ingress.local", hosts: ["ingress.local"], usages: ["server"] })
  const made: Certificate = { name: Ingresses.standard, chain: cert, key }
  return made
})

const nothing: Configuration = { listeners: [], certificates: [] }
/** Each certificate once, whoever names it. */
const together = (...all: ReadonlyArray<Configuration>): Configuration => {
  const certificates = new Map(all.flatMap((one) => one.certificates).map((one) => [one.name, one]))
  return { listeners: all.flatMap(({ listeners }) => listeners), certificates: [...certificates.values()] }
}

const publish = Effect.fnUntraced(function* ({ client, published }: World, configuration: Configuration) {
  const there = published.get(Published.secret)
  if (there === undefined && configuration.listeners.length === 0) return
  const data = Published.write(configuration)
  if (there === undefined) yield* client.create(Secret, { metadata: Published.secret, type: "keelson.io/ingress", data })
  else if (!isDeepStrictEqual(there.data, data)) yield* client.update(Secret, { ...there, data })
})

/** Makes the Service in front and keeps its endpoints; the Service itself is its owner's from then on, who may change it. */
const keepFront = Effect.fnUntraced(function* (
  { client, nodes, services, slices }: World,
  ports: ReadonlyArray<Fronts.Port>
) {
  const service = services.get(front) ?? (yield* client.create(Service, Fronts.service(front, ports)))
  const slice = slices.get(front)
  const wanted = Fronts.behind(ports, nodes.all())
  if (slice === undefined) yield* client.create(EndpointSlice, { ...Fronts.slice(service), ...wanted })
  else if (!isDeepStrictEqual({ ports: slice.ports, endpoints: slice.endpoints }, wanted))
    yield* client.update(EndpointSlice, { ...slice, ...wanted })
})

const writeStatuses = Effect.fnUntraced(function* (world: World, ours: ReadonlyArray<Ingress>) {
  const { client, nodes, services } = world
  const ingress = Statuses.addresses(services.get(front), nodes.all())
  const stale = ours.filter(({ status }) => !isDeepStrictEqual(status.loadBalancer.ingress ?? [], ingress))
  yield* Effect.forEach(
    stale,
    (one) => client.update(Ingress, { ...one, status: { loadBalancer: { ingress } } }, { subresource: "status" }),
    { discard: true, concurrency: 4 }
  )
})

const start = Effect.fnUntraced(function* ({ ports }: Options) {
  const world = yield* open
  const { classes, client, gateways, ingresses, namespaces, nodes, published, secrets, services, slices } = world
  const record = yield* EventRecorder.make({ component: "keelson-ingress", host: "" })
  const told = new Map<string, string>()
  const find = {
    service: (key: Key) => services.get(key),
    slices: (key: Key) => slices.by("service", pathOf(key)),
    secret: (key: Key) => secrets.get(key)
  }
  const fronts = [
    { name: "http", port: 80, target: ports.http },
    { name: "https", port: 443, target: ports.https }
  ]
  /** Each once, until something else is amiss. */
  const tell = ({ ingress, message, reason }: Ingresses.Problem) =>
    Effect.suspend(() => {
      if (told.get(ingress.metadata.uid) === message) return Effect.void
      told.set(ingress.metadata.uid, message)
      return record({ kind: Ingress, object: ingress, type: "Warning", reason, message })
    })

  const reconcile = Effect.fn("Ingress.reconcile")(function* () {
    const ours = ingresses.all().filter(isOurs(world))
    yield* gateways.acceptClasses
    const gateway = Gateways.translate({
      ...find,
      gateways: gateways.gateways(),
      routes: gateways.routes(),
      grants: gateways.grants(),
      nodes: nodes.all(),
      labelsOf: (name) => namespaces.get({ namespace: "", name })?.metadata.labels
    })
    if (ours.length > 0 || gateway.gateways.length > 0 || published.get(Published.secret) !== undefined) {
      const before = yield* Effect.orElseSucceed(Published.read(published.get(Published.secret)?.data), () => nothing)
      const routes = Ingresses.translate(find, ours, ports, yield* fallback(before))
      yield* publish(world, together(routes, gateway))
      yield* Effect.forEach(routes.problems, tell, { discard: true })
    }
    if (ours.length > 0) yield* keepFront(world, fronts)
    const slice = (key: Key) => slices.get(key)
    // What cannot be done for one is tried again, and the others have theirs.
    const kept = yield* Effect.forEach(gateway.gateways, (one) =>
      Effect.exit(gateways.keepFront(one, { ...find, slice }, nodes.all()))
    )
    yield* gateways.write(gateway)
    yield* writeStatuses(world, ours)
    for (const exit of kept) yield* exit
    yield* Effect.sleep(pause)
  })

  const made = yield* client.find(IngressClass, { namespace: "", name: className })
  if (Option.isNone(made))
    yield* client.create(IngressClass, {
      metadata: { name: className, annotations: { [isDefault]: "true" } },
      spec: { controller }
    })
  const all = [ingresses, classes, services, slices, secrets, published, nodes, namespaces].map((cache) =>
    Controllers.on<Parameters<typeof keyOf>[0]>(cache, () => [everything])
  )
  yield* Controllers.run({ name: "ingress", triggers: [...all, gateways.trigger(everything)], concurrency: 1, reconcile })
})

export const plugin = (options: Options) => Controllers.plugin("ingress", start(options))
