/**
 * Says of ranges of Services that they are ready, and keeps those that are to go until no address depends on them. Source: KEP-1880.
 */
import { Clock, Effect, Stream } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { type Key, keyOf } from "../../../kernel/resource/Kind.ts"
import * as Addresses from "../../resources/contracts/Addresses.ts"
import * as EventRecorder from "../../resources/contracts/EventRecorder.ts"
import { IPAddress, ServiceCIDR } from "../../resources/contracts/networking/v1.ts"
import { millisOf, time } from "../../resources/contracts/Time.ts"
import * as Controllers from "../contracts/Controllers.ts"

const name = "service-cidr-controller"
const finalizer = "networking.k8s.io/service-cidr-finalizer"

export interface Options {
  /** By then every API server has seen that a range is going, and gives no address of it any more. In milliseconds. */
  readonly grace: number
}

const ready = { status: "True", reason: "", message: "Kubernetes Service CIDR is ready" }
const waiting = {
  status: "False",
  reason: "Terminating",
  message: "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR"
}

const rangesOf = ({ spec }: ServiceCIDR) => (spec.cidrs ?? []).flatMap((text) => Addresses.cidr(text) ?? [])
const hasAddress = (one: ServiceCIDR, address: string) =>
  rangesOf(one).some((range) => Addresses.indexOf(range, address) !== undefined)

/** Whether one range lies in another. */
const isIn = (inner: Addresses.Cidr, outer: Addresses.Cidr) =>
  inner.family === outer.family && inner.base >= outer.base && inner.base + inner.size <= outer.base + outer.size
const overlaps = (a: ServiceCIDR, b: ServiceCIDR) =>
  rangesOf(a).some((one) => rangesOf(b).some((other) => isIn(one, other) || isIn(other, one)))

const isGiven = ({ metadata: { labels = {} } }: IPAddress) =>
  labels["ipaddress.kubernetes.io/managed-by"] === "ipallocator.k8s.io"

/** No address would be without a range, if this one went. */
export const isFree = (one: ServiceCIDR, all: ReadonlyArray<ServiceCIDR>, addresses: ReadonlyArray<IPAddress>) => {
  const others = all.filter(({ metadata }) => metadata.name !== one.metadata.name)
  const hasParent = (range: Addresses.Cidr) => others.some((other) => rangesOf(other).some((outer) => isIn(range, outer)))
  if (rangesOf(one).every(hasParent)) return true
  const depends = ({ metadata }: IPAddress) =>
    hasAddress(one, metadata.name) && !others.some((other) => hasAddress(other, metadata.name))
  return !addresses.some((address) => isGiven(address) && depends(address))
}

const isEnding = ({ metadata }: ServiceCIDR) => metadata.deletionTimestamp !== undefined

const start = Effect.fnUntraced(function* ({ grace }: Options) {
  const client = yield* Client
  const record = yield* EventRecorder.make({ component: name })
  const cidrs = yield* client.cache(ServiceCIDR, { indexes: {} })
  const addresses = yield* client.cache(IPAddress, { indexes: {} })

  const publish = Effect.fnUntraced(function* (one: ServiceCIDR, condition: typeof ready) {
    const before = one.status.conditions?.find(({ type }) => type === "Ready")
    const isSame = (field: keyof typeof ready) => (before?.[field] ?? "") === condition[field]
    if (before !== undefined && isSame("status") && isSame("reason") && isSame("message")) return
    const lastTransitionTime = time(yield* Clock.currentTimeMillis)
    const body = {
      apiVersion: "networking.k8s.io/v1",
      kind: "ServiceCIDR",
      metadata: { name: one.metadata.name, uid: one.metadata.uid },
      status: { conditions: [{ type: "Ready", ...condition, lastTransitionTime }] }
    }
    yield* client.patch(ServiceCIDR, keyOf(one), "apply", body, { subresource: "status", fieldManager: name })
  })

  const patchFinalizers = (one: ServiceCIDR, metadata: { readonly [field: string]: ReadonlyArray<string> }) =>
    client
      .patch(ServiceCIDR, keyOf(one), "strategic", { metadata: { uid: one.metadata.uid, ...metadata } })
      .pipe(Effect.catchTag("NotFound", () => Effect.void))

  const end = Effect.fnUntraced(function* (one: ServiceCIDR) {
    if (!isFree(one, cidrs.all(), addresses.all())) return yield* publish(one, waiting)
    const left = millisOf(one.metadata.deletionTimestamp) + grace - (yield* Clock.currentTimeMillis)
    if (left > 0) return Controllers.again(left)
    if (one.metadata.finalizers?.includes(finalizer) === true)
      yield* patchFinalizers(one, { "$deleteFromPrimitiveList/finalizers": [finalizer] })
    return Controllers.done
  })

  const reconcile = Effect.fn("ServiceCidrs.reconcile")(function* (key: Key) {
    const one = cidrs.get(key)
    if (one === undefined) return Controllers.done
    if (isEnding(one)) return yield* end(one)
    if (one.metadata.finalizers?.includes(finalizer) !== true) yield* patchFinalizers(one, { finalizers: [finalizer] })
    const message = "The ServiceCIDR Status can not be set to Ready=True"
    const tell = record({
      kind: ServiceCIDR,
      object: one,
      type: "Warning",
      reason: "KubernetesServiceCIDRError",
      message
    })
    yield* Effect.tapError(publish(one, ready), () => tell)
    return Controllers.done
  })

  const triggers = [
    Controllers.on(cidrs, (one) => [
      keyOf(one),
      ...cidrs
        .all()
        .filter((other) => overlaps(one, other))
        .map(keyOf)
    ]),
    // An address that comes or goes concerns what waits for the last one.
    Stream.map(addresses.changes, () => cidrs.all().filter(isEnding).map(keyOf))
  ]
  yield* Controllers.run({ name: "ipaddresses", concurrency: 5, triggers, reconcile })
})

export const plugin = (options: Options = { grace: 10_000 }) => Controllers.plugin("service-cidrs", start(options))
