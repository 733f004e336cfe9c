/**
 * Makes the ResourceClaims that Pods have templates of, and gives claims back when the Pods that they are reserved for are over. What is
 * allocated for them, the scheduler says. Source: KEP-4381 (dynamic resource allocation, structured parameters).
 */
import { Effect, Schedule, Schema } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import * as Status from "../../../kernel/client/Status.ts"
import { type Key, keyOf } from "../../../kernel/resource/Kind.ts"
import { Pod, type PodResourceClaim, type PodStatus } from "../../resources/contracts/core/v1.ts"
import * as EventRecorder from "../../resources/contracts/EventRecorder.ts"
import { ResourceClaim, ResourceClaimTemplate } from "../../resources/contracts/resource/v1.ts"
import * as Controllers from "../contracts/Controllers.ts"
import { isFinished, isTerminating } from "../contracts/Pods.ts"
import * as Generated from "./Generated.ts"
import * as Metrics from "./Metrics.ts"
import * as Reservations from "./Reservations.ts"

/** One queue has both, as upstream's: the names of Pods and of claims begin with what they are. */
const ofPod = "pod:"
const ofClaim = "claim:"

const claimsOf = (pod: Pod) => pod.spec.resourceClaims ?? []
const place = (namespace: string, name: string) => `${namespace}/${name}`

/** The claims by name that exist for a Pod, or should; among them the one that the scheduler made for extended resources. */
const named = (pod: Pod) => {
  const names = claimsOf(pod).map((claim) => Generated.nameOf(pod, claim))
  const extended = pod.status.extendedResourceClaimStatus?.resourceClaimName
  return [...names, extended].filter((name) => typeof name === "string")
}
const byClaim = (pod: Pod) => named(pod).map((name) => place(pod.metadata.namespace ?? "", name))
const byTemplate = (pod: Pod) =>
  claimsOf(pod).flatMap(({ resourceClaimTemplateName: name }) =>
    name === undefined ? [] : [place(pod.metadata.namespace ?? "", name)]
  )
const byPod = (claim: ResourceClaim) => {
  const owner = Generated.podOf(claim)
  return owner === undefined ? [] : [owner.uid]
}
const claimKeys = (pod: Pod) =>
  named(pod).map((name) => ({ namespace: pod.metadata.namespace ?? "", name: `${ofClaim}${name}` }))
const podKey = (pod: Pod) => ({ namespace: pod.metadata.namespace ?? "", name: `${ofPod}${pod.metadata.name}` })

/** In what words the message of an Event says it. */
export class NoTemplate extends Schema.TaggedError<NoTemplate>()("NoTemplate", { name: Schema.String }) {
  override get message() {
    const name = JSON.stringify(this.name)
    return `resource claim template ${name}: resourceclaimtemplate.resource.k8s.io ${name} not found`
  }
}

const start = Effect.gen(function* () {
  const client = yield* Client
  const record = yield* EventRecorder.make({ component: "resource_claim" })
  const pods = yield* client.cache(Pod, { indexes: { claim: byClaim, template: byTemplate } })
  const claims = yield* client.cache(ResourceClaim, { indexes: { pod: byPod } })
  const templates = yield* client.cache(ResourceClaimTemplate, { indexes: {} })

  const make = Effect.fnUntraced(function* (pod: Pod, wanted: PodResourceClaim, templateName: string) {
    const { namespace } = keyOf(pod)
    const template = templates.get({ namespace, name: templateName })
    if (template === undefined) return yield* new NoTemplate({ name: templateName })
    const isAdmin = Generated.wantsAdminAccess(template.spec)
    return yield* client.create(ResourceClaim, Generated.draftOf(pod, wanted, template)).pipe(
      Effect.tap(Metrics.created("success", isAdmin)),
      Effect.tapError(() => Metrics.created("failure", isAdmin))
    )
  })

  /** The name of the claim that a Pod has for a template: of the one it knows, of one that it does not know of yet, or of a new one. */
  const claimFor = Effect.fnUntraced(function* (pod: Pod, wanted: PodResourceClaim, templateName: string) {
    const { namespace } = keyOf(pod)
    const known = Generated.nameOf(pod, wanted)
    if (known === Generated.skipped) return undefined
    const found = known === undefined ? undefined : claims.get({ namespace, name: known })
    if (found !== undefined && Generated.isFor(found, pod)) return found.metadata.name
    const isIt = ({ metadata }: ResourceClaim) => metadata.annotations?.[Generated.annotation] === wanted.name
    const orphan = claims.by("pod", pod.metadata.uid).find(isIt)
    const claim = orphan ?? (yield* make(pod, wanted, templateName))
    return claim.metadata.name
  })

  const describe = (error: NoTemplate | Status.Failure) =>
    error._tag === "NoTemplate" ? error.message : `create ResourceClaim : ${Status.messageOf(error)}`

  /** All claims of templates that the Pod has, as its status says it. One that cannot be made is told of, and the next is tried another time. */
  const makeAll = Effect.fnUntraced(function* (pod: Pod) {
    const statuses: Array<{ readonly name: string; readonly resourceClaimName?: string }> = []
    for (const wanted of claimsOf(pod)) {
      const { name, resourceClaimTemplateName: template } = wanted
      if (template === undefined) continue
      const message = (error: NoTemplate | Status.Failure) => `PodResourceClaim ${name}: ${describe(error)}`
      const claimName = yield* claimFor(pod, wanted, template).pipe(
        Effect.tapError((error) =>
          record({
            kind: Pod,
            object: pod,
            type: "Warning",
            reason: "FailedResourceClaimCreation",
            message: message(error)
          })
        )
      )
      statuses.push({ name, ...(claimName !== undefined && { resourceClaimName: claimName }) })
    }
    return statuses
  })

  const publish = Effect.fnUntraced(function* (pod: Pod, resourceClaimStatuses: PodStatus["resourceClaimStatuses"] = []) {
    const known = new Map(pod.status.resourceClaimStatuses?.map((one) => [one.name, one.resourceClaimName]))
    if (resourceClaimStatuses.every(({ name, resourceClaimName }) => known.get(name) === resourceClaimName)) return pod
    const { name, namespace } = keyOf(pod)
    const statuses = resourceClaimStatuses.map((one) => ({ ...one }))
    const body = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace, uid: pod.metadata.uid },
      status: { resourceClaimStatuses: statuses }
    }
    const options = { subresource: "status", fieldManager: "ResourceClaimController" }
    return yield* client.patch(Pod, keyOf(pod), "apply", body, options)
  })

  const reserveAll = Effect.fnUntraced(function* (pod: Pod) {
    if (!pod.spec.nodeName) return
    for (const wanted of claimsOf(pod)) {
      const name = Generated.nameOf(pod, wanted)
      const claim = typeof name === "string" ? claims.get({ namespace: keyOf(pod).namespace, name }) : undefined
      if (claim === undefined) continue
      const isOurs = wanted.resourceClaimTemplateName === undefined || Generated.isFor(claim, pod)
      if (isOurs && Reservations.wantsReservation(claim, pod)) yield* Reservations.reserve(claim, pod)
    }
  })

  const syncPod = Effect.fn("ResourceClaim.pod")(function* (key: Key) {
    const pod = pods.get(key)
    if (pod === undefined || isTerminating(pod) || isFinished(pod)) return
    const statuses = yield* makeAll(pod)
    const now = yield* publish(pod, statuses)
    yield* reserveAll(now)
  })

  const syncClaim = Effect.fn("ResourceClaim.claim")(function* (key: Key) {
    const claim = claims.get(key)
    if (claim !== undefined) yield* Reservations.release(pods, claim)
  })

  const reconcile = ({ name, namespace }: Key) =>
    (name.startsWith(ofPod)
      ? syncPod({ namespace, name: name.slice(ofPod.length) })
      : syncClaim({ namespace, name: name.slice(ofClaim.length) })
    ).pipe(
      // A template that comes brings its Pods here again.
      Effect.catchTag("NoTemplate", () => Effect.void),
      Effect.provideService(Client, client)
    )

  const triggers = [
    Controllers.on(pods, (pod) => (claimsOf(pod).length + named(pod).length === 0 ? [] : [podKey(pod), ...claimKeys(pod)])),
    Controllers.on(claims, (claim) => {
      const { name, namespace } = keyOf(claim)
      const owner = Generated.podOf(claim)
      const users = pods.by("claim", place(namespace, name)).map(podKey)
      const owners = owner === undefined ? [] : [{ namespace, name: `${ofPod}${owner.name}` }]
      return [{ namespace, name: `${ofClaim}${name}` }, ...owners, ...users]
    }),
    Controllers.on(templates, (template) => {
      const { name, namespace } = keyOf(template)
      return pods.by("template", place(namespace, name)).map(podKey)
    })
  ]
  const count = Metrics.counting()
  yield* Effect.suspend(() => count(claims.all())).pipe(Effect.repeat(Schedule.spaced("15 seconds")), Effect.forkScoped)
  yield* Controllers.run({ name: "resource_claim", concurrency: 10, triggers, reconcile })
})

export const plugin = Controllers.plugin("resource-claim", start)
