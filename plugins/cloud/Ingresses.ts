/**
 * Has the cloud make a load balancer that knows HTTP for each Ingress of the cloud's class, and take it away again. A finalizer keeps an
 * Ingress until its balancer is gone; balancers whose Ingress is gone all the same are found in the cloud's list, and removed.
 */
import { Effect, Layer, Option, Stream } from "effect"
import { isDeepStrictEqual } from "node:util"
import { Client } from "../../kernel/client/Client.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { type Key, keyOf } from "../../kernel/resource/Kind.ts"
import * as Controllers from "../controllers/contracts/Controllers.ts"
import { patchMetadata } from "../controllers/contracts/Writes.ts"
import { Node, Secret, Service } from "../resources/contracts/core/v1.ts"
import * as EventRecorder from "../resources/contracts/EventRecorder.ts"
import { Ingress, IngressClass, type IngressLoadBalancerIngress } from "../resources/contracts/networking/v1.ts"
import * as Balanced from "./Balanced.ts"
import { IngressBalancers } from "./contracts/IngressBalancers.ts"
import type { Target } from "./contracts/LoadBalancers.ts"
import { targetsOf } from "./Reference.ts"

export interface Options {
  /** What this cluster is called in the cloud. */
  readonly cluster: string
  /** Of Ingresses that the cloud serves; made if there is none of that name. */
  readonly className: string
}

/** What an IngressClass names that the cloud serves. */
export const controller = "keelson.io/cloud-ingress"
const finalizer = "cloud.keelson.io/ingress-cleanup"

const hasFinalizer = ({ metadata }: Ingress) => (metadata.finalizers ?? []).includes(finalizer)
const idsOf = (targets: ReadonlyArray<Target>) => targets.map(({ providerID }) => providerID)
const textOf = (value: unknown) => JSON.stringify(value)

/** Milliseconds: from the first failure to those after many. */
const delay = (failures: number) => Math.min(1000 * 2 ** failures, 300_000)

const start = Effect.fnUntraced(function* ({ className, cluster }: Options) {
  const client = yield* Client
  const balancers = yield* IngressBalancers
  const record = yield* EventRecorder.make({ component: "keelson-cloud-ingress", host: "" })
  const none = { indexes: {} }
  const ingresses = yield* client.cache(Ingress, { indexes: { uid: ({ metadata }) => [metadata.uid] } })
  const classes = yield* client.cache(IngressClass, none)
  const services = yield* client.cache(Service, none)
  const nodes = yield* client.cache(Node, none)
  const secrets = yield* client.cache(Secret, { indexes: {}, selection: { fieldSelector: "type=kubernetes.io/tls" } })
  /** By uid, as a text. What was made before this began is ensured once. */
  const made = new Map<string, string>()
  const failures = new Map<string, number>()
  const told = new Map<string, string>()

  const isOurs = ({ spec }: Ingress) =>
    spec.ingressClassName !== undefined &&
    classes.get({ namespace: "", name: spec.ingressClassName })?.spec?.controller === controller
  const isLeaving = (ingress: Ingress) => ingress.metadata.deletionTimestamp !== undefined || !isOurs(ingress)

  const tell = (object: Ingress, type: "Normal" | "Warning", reason: string, message: string) =>
    record({ kind: Ingress, object, type, reason, message })
  /** What is amiss is told once, until something else is. */
  const warn = (ingress: Ingress, problems: ReadonlyArray<string>) =>
    Effect.suspend(() => {
      const message = problems.join("; ")
      if (told.get(ingress.metadata.uid) === message) return Effect.void
      told.set(ingress.metadata.uid, message)
      return message === ""
        ? Effect.void
        : tell(ingress, "Warning", "FailedBuildModel", `Failed build model due to ${message}`)
    })

  const publish = (ingress: Ingress, addresses: ReadonlyArray<IngressLoadBalancerIngress>) => {
    if (isDeepStrictEqual(ingress.status.loadBalancer.ingress ?? [], addresses)) return Effect.void
    const status = { loadBalancer: { ingress: addresses.map((one) => ({ ...one })) } }
    return Effect.asVoid(client.update(Ingress, { ...ingress, status }, { subresource: "status" }))
  }
  const finalize = (ingress: Ingress, finalizers: ReadonlyArray<string>) =>
    patchMetadata(client, Ingress, ingress, { finalizers })

  const release = Effect.fnUntraced(function* (ingress: Ingress) {
    const { finalizers = [], name, namespace = "", uid } = ingress.metadata
    yield* balancers.remove({ cluster, ingress: { uid, namespace, name } })
    made.delete(uid)
    // One that lives on is served by somebody else now, who may have said where already.
    const rest = finalizers.filter((name) => name !== finalizer)
    yield* finalize(ingress, rest).pipe(Effect.catchTag("NotFound", () => Effect.void))
  })

  const keep = Effect.fnUntraced(function* (ingress: Ingress) {
    const { problems, wanted } = Balanced.translate(
      { service: (key) => services.get(key), secret: (key) => secrets.get(key) },
      ingress
    )
    yield* warn(ingress, problems)
    const targets = targetsOf(nodes.all())
    const now = textOf([wanted, idsOf(targets)])
    const { uid } = ingress.metadata
    const isThere = (ingress.status.loadBalancer.ingress ?? []).length > 0
    if (made.get(uid) === now && isThere && hasFinalizer(ingress)) return
    const kept = hasFinalizer(ingress)
      ? ingress
      : yield* finalize(ingress, [...(ingress.metadata.finalizers ?? []), finalizer])
    const { addresses } = yield* balancers.ensure({ cluster, wanted, targets })
    yield* publish(
      kept,
      addresses.map(({ hostname, ip }) => ({ ...(ip !== "" && { ip }), ...(hostname !== "" && { hostname }) }))
    )
    made.set(uid, now)
    yield* tell(ingress, "Normal", "SuccessfullyReconciled", "Successfully reconciled")
  })

  const failed = Effect.fnUntraced(function* (ingress: Ingress, error: { readonly _tag: string; readonly message: string }) {
    const { uid } = ingress.metadata
    // What a stale read leads to is tried again at once.
    if (error._tag === "Conflict") return Controllers.again("100 millis")
    const count = failures.get(uid) ?? 0
    failures.set(uid, count + 1)
    yield* tell(ingress, "Warning", "FailedDeployModel", `Failed deploy model due to ${error.message}`)
    return Controllers.again(delay(count))
  })

  const reconcile = Effect.fn("CloudIngress.reconcile")(function* (key: Key) {
    const ingress = ingresses.get(key)
    if (ingress === undefined) return Controllers.done
    const act = !isLeaving(ingress) ? keep(ingress) : hasFinalizer(ingress) ? release(ingress) : Effect.void
    return yield* act.pipe(
      Effect.map(() => {
        failures.delete(ingress.metadata.uid)
        return Controllers.done
      }),
      Effect.catchTag("NotReady", ({ retryAfterSeconds }) =>
        Effect.succeed(Controllers.again(`${retryAfterSeconds} seconds`))
      ),
      Effect.catch((error) => failed(ingress, error))
    )
  })

  /** Balancers of Ingresses that are not there, because somebody has taken their finalizer. */
  const sweep = Effect.fn("CloudIngress.sweep")(function* () {
    const all = yield* balancers.list({ cluster })
    const isGone = (uid: string) => ingresses.by("uid", uid).length === 0
    yield* Effect.forEach(
      all.filter(({ uid }) => isGone(uid)),
      (ingress) =>
        Effect.andThen(
          Effect.logInfo(`the load balancer of ${ingress.namespace}/${ingress.name} is removed: its Ingress is gone`),
          balancers.remove({ cluster, ingress })
        ),
      { discard: true }
    )
    for (const book of [made, failures, told]) for (const uid of book.keys()) if (isGone(uid)) book.delete(uid)
  })

  if (Option.isNone(yield* client.find(IngressClass, { namespace: "", name: className })))
    yield* client.create(IngressClass, { metadata: { name: className }, spec: { controller } })

  const ours = () =>
    ingresses
      .all()
      .filter((one) => isOurs(one) || hasFinalizer(one))
      .map(keyOf)
  yield* Controllers.run({
    name: "cloud_ingress",
    triggers: [
      Controllers.each(ingresses),
      ...[classes, services, nodes, secrets].map((cache) => Controllers.on<Parameters<typeof keyOf>[0]>(cache, ours))
    ],
    concurrency: 4,
    reconcile
  })
  const one = [{ namespace: "", name: "cloud" }]
  yield* Controllers.run({
    name: "cloud_ingress_orphans",
    triggers: [
      Stream.succeed(one),
      // One that goes while it is served may have left a balancer.
      Controllers.on(ingresses, (ingress) => (isOurs(ingress) && !hasFinalizer(ingress) ? one : [])),
      Controllers.every("5 minutes", () => one)
    ],
    reconcile: sweep
  })
})

export const plugin = (options: Options) =>
  Plugin.make({ name: "cloud-ingress", needs: [IngressBalancers], layer: Layer.effectDiscard(start(options)) })
