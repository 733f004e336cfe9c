/** To which Pods a Pod belongs that says nothing about its spreading: those of its services and of the controller that made it. */
import { Effect } from "effect"
import { Client } from "../../../../kernel/client/Client.ts"
import { controllerOf } from "../../../../kernel/resource/Kind.ts"
import type { LabelSelector } from "../../../../kernel/resource/Selector.ts"
import { ReplicaSet, StatefulSet } from "../../../resources/contracts/apps/v1.ts"
import { type Pod, ReplicationController, Service } from "../../../resources/contracts/core/v1.ts"

/** Nothing: to none in particular. */
export type SelectorOf = (pod: Pod) => LabelSelector | undefined

const isChosen = (selector: { readonly [key: string]: string }, labels: { readonly [key: string]: string }) => {
  for (const key in selector) if (labels[key] !== selector[key]) return false
  return true
}

const caches = Effect.gen(function* () {
  const client = yield* Client
  const byNamespace = { namespace: ({ metadata }: Service) => [metadata.namespace ?? ""] }
  return {
    services: yield* client.cache(Service, { indexes: byNamespace }),
    replicaSets: yield* client.cache(ReplicaSet, { indexes: {} }),
    statefulSets: yield* client.cache(StatefulSet, { indexes: {} }),
    controllers: yield* client.cache(ReplicationController, { indexes: {} })
  }
})

const selectorOf = ({ controllers, replicaSets, services, statefulSets }: Effect.Success<typeof caches>): SelectorOf => {
  const ofOwner = (pod: Pod): LabelSelector | undefined => {
    const owner = controllerOf(pod)
    if (owner === undefined) return undefined
    const key = { namespace: pod.metadata.namespace ?? "", name: owner.name }
    switch (`${owner.apiVersion} ${owner.kind}`) {
      case "apps/v1 ReplicaSet":
        return replicaSets.get(key)?.spec.selector
      case "apps/v1 StatefulSet":
        return statefulSets.get(key)?.spec.selector
      case "v1 ReplicationController": {
        const matchLabels = controllers.get(key)?.spec.selector
        return matchLabels && { matchLabels }
      }
      default:
        return undefined
    }
  }
  return (pod) => {
    const { labels = {}, namespace = "" } = pod.metadata
    const matchLabels: Record<string, string> = {}
    for (const { spec } of services.by("namespace", namespace))
      if (spec.selector !== undefined && isChosen(spec.selector, labels)) Object.assign(matchLabels, spec.selector)
    const owner = ofOwner(pod)
    Object.assign(matchLabels, owner?.matchLabels)
    const { matchExpressions = [] } = owner ?? {}
    return Object.keys(matchLabels).length + matchExpressions.length === 0 ? undefined : { matchLabels, matchExpressions }
  }
}

export const make = Effect.map(caches, selectorOf)
