/** The template of Pods that workloads have: its labels, and the Pods it makes. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as MetadataRules from "../../../kernel/resource/MetadataRules.ts"
import * as Selector from "../../../kernel/resource/Selector.ts"
import type { PodTemplateSpec } from "../contracts/core/v1.ts"
import { validatePodSpec } from "./PodValidation.ts"

export const validateTemplate = ({ metadata = {}, spec }: PodTemplateSpec, field = "spec.template"): Causes.Causes => [
  ...Selector.validateLabels(metadata.labels, `${field}.labels`),
  ...MetadataRules.validateAnnotations(metadata.annotations ?? {}, `${field}.annotations`),
  ...validatePodSpec(spec, `${field}.spec`),
  ...((spec.ephemeralContainers ?? []).length > 0
    ? [Causes.forbidden(`${field}.spec.ephemeralContainers`, "ephemeral containers not allowed in pod template")]
    : [])
]

/** A workload owns the Pods that its selector chooses: those of its template have to be among them. */
export const validateSelector = (
  selector: Selector.LabelSelector | undefined,
  { metadata = {} }: PodTemplateSpec,
  word: string
): Causes.Causes => {
  const labels = metadata.labels ?? null
  const unfit = Causes.invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")
  // A DaemonSet is content with what it cannot select by.
  const isDaemon = word === "daemonset"
  if (selector === undefined) return isDaemon ? [unfit] : [Causes.required("spec.selector"), unfit]
  const wrong = Selector.validate(selector, "spec.selector")
  const isEmpty = Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length === 0
  if (isEmpty) return [Causes.invalid("spec.selector", selector, `empty selector is invalid for ${word}`)]
  if (wrong.length > 0)
    return isDaemon
      ? wrong
      : [...wrong, Causes.invalid("spec.selector", selector, word === "statefulset" ? "" : "invalid label selector")]
  return Selector.matcher(selector)(metadata.labels) ? [] : [unfit]
}

/** As messages call the kinds. */
const titles: { readonly [word: string]: string } = {
  daemonset: "DaemonSet",
  replicationcontroller: "ReplicationController",
  statefulset: "StatefulSet"
}

/** Pods of these are always started again. */
export const validateAlways = ({ spec }: PodTemplateSpec, word = ""): Causes.Causes => [
  ...(spec.restartPolicy === "Always"
    ? []
    : [Causes.notSupported("spec.template.spec.restartPolicy", spec.restartPolicy, ["Always"])]),
  ...(spec.activeDeadlineSeconds === undefined
    ? []
    : [
        Causes.forbidden(
          "spec.template.spec.activeDeadlineSeconds",
          `activeDeadlineSeconds in ${titles[word] ?? "ReplicaSet"} is not Supported`
        )
      ])
]
