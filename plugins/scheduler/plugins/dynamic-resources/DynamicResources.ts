/**
 * The claims of a Pod to devices that have been allocated: the Pod goes where the devices are and is written down as their user.
 * A claim that nobody has allocated keeps its Pod waiting: this plugin allocates none itself.
 */
import { Effect } from "effect"
import { Client } from "../../../../kernel/client/Client.ts"
import { keyOf } from "../../../../kernel/resource/Kind.ts"
import type { Pod } from "../../../resources/contracts/core/v1.ts"
import { ResourceClaim } from "../../../resources/contracts/resource/v1.ts"
import { onNode, onResourceClaim } from "../../contracts/Changes.ts"
import {
  type Failure,
  type Filtering,
  type Plugin,
  type Refusal,
  type Remedy,
  unresolvable
} from "../../contracts/Framework.ts"
import * as NodeSelectors from "../../contracts/NodeSelectors.ts"
import type { PodInfo } from "../../contracts/Nodes.ts"
import type { Storage } from "../../storage/Storage.ts"

/** Source: resource.k8s.io/v1, ResourceClaimReservedForMaxSize. */
const users = 256

const away = unresolvable("resourceclaim not available on the node")

interface Wanted {
  readonly key: string
  /** Absent while nobody has made it. */
  readonly name: string | undefined
  readonly claim: ResourceClaim | undefined
}

const isUser = ({ status }: ResourceClaim, { metadata }: Pod) =>
  (status.reservedFor ?? []).some(({ uid }) => uid === metadata.uid)

/** Without an allocation there is nowhere to go. */
const obstacle = (pod: Pod, claim: ResourceClaim): string | undefined => {
  if (claim.metadata.deletionTimestamp !== undefined) return `resourceclaim "${claim.metadata.name}" is being deleted`
  if (claim.status.allocation === undefined) return "cannot allocate all claims"
  const { reservedFor = [] } = claim.status
  return reservedFor.length >= users && !isUser(claim, pod) ? "resourceclaim in use" : undefined
}

/** Where its devices can be reached; without a word about it, everywhere. */
const placesOf = ({ status: { allocation } }: ResourceClaim) => {
  const terms = allocation?.nodeSelector?.nodeSelectorTerms.map(NodeSelectors.term)
  return terms === undefined ? [] : [terms]
}

/** Upstream's message where an earlier plugin refused all nodes: then nothing is looked for. */
const postFilter = ({ isWhole }: Failure): Remedy =>
  isWhole ? { message: "not found", isLast: true } : { message: "no new claims to deallocate" }

export const make = Effect.fnUntraced(function* ({ caches: { resourceClaims: claims } }: Storage) {
  const client = yield* Client

  const wantedBy = ({ metadata: { namespace = "" }, spec, status }: Pod): ReadonlyArray<Wanted> =>
    (spec.resourceClaims ?? []).flatMap(({ name: key, resourceClaimName }) => {
      const made = status.resourceClaimStatuses?.find(({ name }) => name === key)
      // That none is needed is said by a status without a name.
      if (made !== undefined && made.resourceClaimName === undefined) return []
      const name = resourceClaimName ?? made?.resourceClaimName
      return [{ key, name, claim: name === undefined ? undefined : claims.get({ namespace, name }) }]
    })

  const missing = (pod: Pod): string | undefined => {
    for (const { claim, key, name } of wantedBy(pod)) {
      if (name === undefined)
        return `pod "${pod.metadata.namespace}/${pod.metadata.name}": waiting for dynamic resource controller to create the resourceclaim of "${key}"`
      if (claim === undefined) return `resourceclaim "${name}" not found`
    }
    return undefined
  }

  const preFilter = ({ pod }: PodInfo): Filtering | Refusal | undefined => {
    if ((pod.spec.resourceClaims ?? []).length === 0) return undefined
    const absent = missing(pod)
    if (absent !== undefined) return unresolvable(absent)
    const found = wantedBy(pod).flatMap(({ claim }) => claim ?? [])
    const against = found.map((claim) => obstacle(pod, claim)).find((reason) => reason !== undefined)
    if (against !== undefined) return unresolvable(against)
    const places = found.flatMap(placesOf)
    return { filter: ({ node }) => (places.every((terms) => terms.some((chooses) => chooses(node))) ? undefined : away) }
  }

  const use = Effect.fnUntraced(function* (pod: Pod, claim: ResourceClaim) {
    if (isUser(claim, pod)) return
    const { name, uid } = pod.metadata
    const reservedFor = [...(claim.status.reservedFor ?? []), { resource: "pods", name, uid }]
    yield* client.update(ResourceClaim, { ...claim, status: { ...claim.status, reservedFor } }, { subresource: "status" })
  })

  const plugin: Plugin = {
    name: "DynamicResources",
    hints: [
      onNode(["Add", "UpdateLabels"]),
      onResourceClaim(["Add", "Update"], ({ metadata }, { after }) => after?.metadata.namespace === metadata.namespace)
    ],
    preEnqueue: (pod) => {
      const absent = (pod.spec.resourceClaims ?? []).length === 0 ? undefined : missing(pod)
      return absent === undefined ? undefined : unresolvable(absent)
    },
    preFilter,
    postFilter,
    preBind: ({ pod }) =>
      Effect.forEach(
        wantedBy(pod).flatMap(({ claim }) => claim ?? []),
        (claim) => use(pod, claims.get(keyOf(claim)) ?? claim),
        { discard: true }
      )
  }
  return plugin
})
