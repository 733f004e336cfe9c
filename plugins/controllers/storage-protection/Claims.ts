/** Claims that a scheduled Pod names are not removed before it is gone. Source: "Storage Object in Use Protection". */
import { Effect } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { PersistentVolumeClaim, Pod } from "../../resources/contracts/core/v1.ts"
import * as Protection from "../../resources/contracts/StorageProtection.ts"
import * as Controllers from "../contracts/Controllers.ts"
import * as Release from "./Release.ts"

/** The claims that a Pod names: by volumes, and those that are made for its ephemeral volumes. */
export const claimsOf = ({ metadata, spec }: Pod): ReadonlyArray<string> =>
  (spec.volumes ?? []).flatMap(({ ephemeral, name, persistentVolumeClaim }) => {
    if (persistentVolumeClaim !== undefined) return [persistentVolumeClaim.claimName]
    return ephemeral === undefined ? [] : [`${metadata.name}-${name}`]
  })

/** Nothing starts on a node that uses a claim which is to go, so only Pods with a node count. */
const uses =
  ({ metadata: { name, namespace } }: PersistentVolumeClaim) =>
  (pod: Pod) =>
    Boolean(pod.spec.nodeName) && pod.metadata.namespace === namespace && claimsOf(pod).includes(name)

const start = Effect.gen(function* () {
  const client = yield* Client
  const cache = yield* client.cache(PersistentVolumeClaim, { indexes: {} })
  const pods = yield* client.cache(Pod, {
    indexes: { claim: (pod) => claimsOf(pod).map((name) => `${pod.metadata.namespace ?? ""}/${name}`) }
  })
  const reconcile = yield* Release.make({
    kind: PersistentVolumeClaim,
    finalizer: Protection.claim,
    cache,
    isUsed: (claim) => {
      const { name, namespace = "" } = claim.metadata
      return pods.by("claim", `${namespace}/${name}`).some(uses(claim))
    },
    isReallyUsed: (claim) =>
      Effect.map(client.list(Pod, { namespace: claim.metadata.namespace ?? "" }), (all) => all.some(uses(claim)))
  })
  const named = Controllers.on(pods, (pod) =>
    claimsOf(pod).map((name) => ({ namespace: pod.metadata.namespace ?? "", name }))
  )
  yield* Controllers.run({ name: "pvc_protection", triggers: [Controllers.each(cache), named], reconcile })
})

export const plugin = Controllers.plugin("pvc-protection", start)
