/**
 * Has the cloud make a load balancer for each Service of type LoadBalancer, and take it away again. A finalizer keeps a Service until its
 * balancer is gone; balancers whose Service is gone all the same are found in the cloud's list, and removed. Source: upstream's
 * service-lb-controller, whose events these are.
 */
import { Effect, Layer, Stream } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import { same } from "../../kernel/resource/JsonEqual.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { type Key, keyOf } from "../../kernel/resource/Kind.ts"
import * as Controllers from "../controllers/contracts/Controllers.ts"
import { patchMetadata } from "../controllers/contracts/Writes.ts"
import { type LoadBalancerIngress, Node, Service } from "../resources/contracts/core/v1.ts"
import * as EventRecorder from "../resources/contracts/EventRecorder.ts"
import { type Ingress, LoadBalancers, type Target, type Wanted } from "./contracts/LoadBalancers.ts"
import { serviceReference, targetsOf, wantedOf, wantsBalancer } from "./Reference.ts"

export interface Options {
  /** What this cluster is called in the cloud. */
  readonly cluster: string
}

const finalizer = "service.kubernetes.io/load-balancer-cleanup"

const hasFinalizer = ({ metadata }: Service) => (metadata.finalizers ?? []).includes(finalizer)
/** Its balancer shall go, or was never there. */
const isLeaving = (service: Service) => service.metadata.deletionTimestamp !== undefined || !wantsBalancer(service)

const ingressOf = ({ hostname, ip, ipMode }: Ingress): LoadBalancerIngress =>
  ip === "" ? { hostname } : { ip, ipMode, ...(hostname !== "" && { hostname }) }

/** What was last made; the names of nodes do not matter. */
interface Made {
  readonly wanted: Wanted
  readonly targets: ReadonlyArray<string>
}
const idsOf = (targets: ReadonlyArray<Target>) => targets.map(({ providerID }) => providerID)

/** Milliseconds: from the first failure to those after many. */
const delay = (failures: number) => Math.min(5000 * 2 ** failures, 300_000)

const start = Effect.fnUntraced(function* ({ cluster }: Options) {
  const client = yield* Client
  const balancers = yield* LoadBalancers
  const record = yield* EventRecorder.make({ component: "service-controller" })
  const services = yield* client.cache(Service, { indexes: { uid: ({ metadata }) => [metadata.uid] } })
  const nodes = yield* client.cache(Node, { indexes: {} })
  /** By uid. What was made before this began is ensured once. */
  const made = new Map<string, Made>()
  const failures = new Map<string, number>()

  const tell = (object: Service, type: "Normal" | "Warning", reason: string, message: string) =>
    record({ kind: Service, object, type, reason, message })

  const publish = (service: Service, ingress: ReadonlyArray<LoadBalancerIngress>) => {
    if (same(ingress, service.status.loadBalancer.ingress ?? [])) return Effect.void
    const body = { status: { loadBalancer: { ingress: ingress.map((one) => ({ ...one })) } } }
    // Atomic lists of plain objects are JSON, whatever the types of ports say, which balancers do not tell.
    return client
      .patch(Service, keyOf(service), "merge", JSON.parse(JSON.stringify(body)), { subresource: "status" })
      .pipe(Effect.catchTag("NotFound", () => Effect.void))
  }
  const finalize = (service: Service, finalizers: ReadonlyArray<string>) =>
    patchMetadata(client, Service, service, { finalizers })

  const release = Effect.fnUntraced(function* (service: Service) {
    const reference = serviceReference(service)
    if ((yield* balancers.get({ cluster, service: reference })) !== null) {
      yield* tell(service, "Normal", "DeletingLoadBalancer", "Deleting load balancer")
      yield* balancers.remove({ cluster, service: reference })
    }
    made.delete(service.metadata.uid)
    yield* publish(service, [])
    const fresh = services.get(keyOf(service)) ?? service
    const others = (fresh.metadata.finalizers ?? []).filter((name) => name !== finalizer)
    yield* finalize(fresh, others).pipe(Effect.catchTag("NotFound", () => Effect.void))
    yield* tell(service, "Normal", "DeletedLoadBalancer", "Deleted load balancer")
  })

  const ensure = Effect.fnUntraced(function* (service: Service, wanted: Wanted, targets: ReadonlyArray<Target>) {
    yield* tell(service, "Normal", "EnsuringLoadBalancer", "Ensuring load balancer")
    const kept = hasFinalizer(service)
      ? service
      : yield* finalize(service, [...(service.metadata.finalizers ?? []), finalizer])
    if (targets.length === 0)
      yield* tell(service, "Warning", "UnAvailableLoadBalancer", "There are no available nodes for LoadBalancer")
    const { ingress } = yield* balancers.ensure({ cluster, wanted, targets })
    yield* publish(kept, ingress.map(ingressOf))
    made.set(service.metadata.uid, { wanted, targets: idsOf(targets) })
    yield* tell(service, "Normal", "EnsuredLoadBalancer", "Ensured load balancer")
  })

  const update = Effect.fnUntraced(function* (service: Service, wanted: Wanted, targets: ReadonlyArray<Target>) {
    yield* balancers.update({ cluster, wanted, targets })
    made.set(service.metadata.uid, { wanted, targets: idsOf(targets) })
    if (targets.length === 0)
      return yield* tell(service, "Warning", "UnAvailableLoadBalancer", "There are no available nodes for LoadBalancer")
    yield* tell(service, "Normal", "UpdatedLoadBalancer", "Updated load balancer with new hosts")
  })

  const keep = Effect.fnUntraced(function* (service: Service) {
    const wanted = wantedOf(service)
    if (wanted === undefined) return
    const targets = targetsOf(nodes.all())
    const before = made.get(service.metadata.uid)
    const isThere = (service.status.loadBalancer.ingress ?? []).length > 0
    if (before === undefined || !same(before.wanted, wanted) || !isThere || !hasFinalizer(service))
      return yield* ensure(service, wanted, targets)
    if (same(before.targets, idsOf(targets))) return
    yield* update(service, wanted, targets).pipe(
      Effect.catchTag("LoadBalancerNotFound", () => ensure(service, wanted, targets))
    )
  })

  const sync = (service: Service) => {
    if (!isLeaving(service)) return keep(service)
    return hasFinalizer(service) ? release(service) : Effect.void
  }

  const failed = Effect.fnUntraced(function* (service: Service, error: { readonly _tag: string; readonly message: string }) {
    const { uid } = service.metadata
    // What a stale read leads to is tried again at once.
    if (error._tag === "Conflict") return Controllers.again("100 millis")
    const count = failures.get(uid) ?? 0
    failures.set(uid, count + 1)
    const [verb, what] = isLeaving(service) ? ["delete", "DeleteLoadBalancerFailed"] : ["ensure", "SyncLoadBalancerFailed"]
    const message = `Error ${verb === "delete" ? "deleting" : "syncing"} load balancer: failed to ${verb} load balancer: ${error.message}`
    yield* tell(service, "Warning", what ?? "", message)
    return Controllers.again(delay(count))
  })

  const reconcile = Effect.fn("ServiceController.reconcile")(function* (key: Key) {
    const service = services.get(key)
    if (service === undefined) return Controllers.done
    return yield* sync(service).pipe(
      Effect.map(() => {
        failures.delete(service.metadata.uid)
        return Controllers.done
      }),
      Effect.catchTag("NotReady", ({ retryAfterSeconds }) =>
        Effect.succeed(Controllers.again(`${retryAfterSeconds} seconds`))
      ),
      Effect.catch((error) => failed(service, error))
    )
  })

  /** Balancers for Services that are not there, because somebody has taken their finalizer. */
  const sweep = Effect.fn("ServiceController.sweep")(function* () {
    const all = yield* balancers.list({ cluster })
    const orphans = all.filter(({ uid }) => services.by("uid", uid).length === 0)
    yield* Effect.forEach(
      orphans,
      (service) =>
        Effect.andThen(
          Effect.logInfo(`the load balancer of ${service.namespace}/${service.name} is removed: its Service is gone`),
          balancers.remove({ cluster, service })
        ),
      { discard: true }
    )
    for (const uid of made.keys()) if (services.by("uid", uid).length === 0) made.delete(uid)
  })

  const balanced = () => services.all().filter(wantsBalancer).map(keyOf)
  const ofNodes = Controllers.on(nodes, balanced)
  yield* Controllers.run({
    name: "service",
    triggers: [Controllers.each(services), ofNodes],
    concurrency: 4,
    reconcile
  })
  const one = [{ namespace: "", name: "cloud" }]
  yield* Controllers.run({
    name: "service_orphans",
    // A Service that goes while it wants a balancer may have left one.
    triggers: [
      Stream.succeed(one),
      Controllers.on(services, (service) => (wantsBalancer(service) && !hasFinalizer(service) ? one : [])),
      Controllers.every("5 minutes", () => one)
    ],
    reconcile: sweep
  })
})

export const plugin = (options: Options) =>
  Plugin.make({ name: "service-lb", needs: [LoadBalancers], layer: Layer.effectDiscard(start(options)) })
