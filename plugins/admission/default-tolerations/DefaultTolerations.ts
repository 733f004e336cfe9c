/** Every Pod bears a node that is not ready or not reachable for five minutes, unless it says otherwise; also after an update. */
import type { WireObject } from "../../../kernel/client/Api.ts"
import { Admissions, atOnce } from "../../../kernel/pipeline/Policy.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { Pod, type PodSpec, type Toleration } from "../../resources/contracts/core/v1.ts"

const seconds = 300
const taints = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]

const speaksOf = (key: string) => (toleration: Toleration) =>
  (!toleration.key || toleration.key === key) && (!toleration.effect || toleration.effect === "NoExecute")

/** The same, if it speaks of both taints. */
export const complete = (spec: PodSpec): PodSpec => {
  const present = spec.tolerations ?? []
  const missing = taints
    .filter((key) => !present.some(speaksOf(key)))
    .map((key) => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: seconds }))
  return missing.length === 0 ? spec : { ...spec, tolerations: [...present, ...missing] }
}

/** What is admitted has been decoded as its kind, hence the casts. */
const mutate = atOnce(({ attributes, kind, object }) => {
  if (kind.storage !== Pod.storage || attributes.subresource !== "" || object === undefined) return
  const pod = object as unknown as Pod
  if (pod.spec === undefined) return undefined
  const spec = complete(pod.spec)
  return spec === pod.spec ? undefined : ({ ...pod, spec } as unknown as WireObject)
})

export const layer = Admissions.add({ name: "DefaultTolerationSeconds", order: 300, mutate })

export const plugin = Plugin.make({ name: "admission/default-tolerations", layer })
