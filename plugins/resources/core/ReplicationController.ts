/** ReplicationControllers, as the API server treats them: its selector is the template's labels, if nothing else is said. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import { nonNegative, when } from "../../../kernel/resource/Rules.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { validateCounts } from "../apps/Workloads.ts"
import { age, containers, integer, labels, text, wide } from "../Columns.ts"
import type { ReplicationController } from "../contracts/core/v1.ts"
import * as PodDefaults from "./PodDefaults.ts"
import * as PodWarnings from "./PodWarnings.ts"
import { validateAlways, validateTemplate } from "./Template.ts"

const defaults = (controller: ReplicationController): ReplicationController => {
  const { metadata, spec } = controller
  if (spec.template === undefined) return controller
  const given = spec.template.metadata?.labels
  const selector = Object.keys(spec.selector ?? {}).length > 0 ? spec.selector : given
  const own = Object.keys(metadata.labels ?? {}).length > 0 ? metadata.labels : given
  return {
    ...controller,
    metadata: { ...metadata, ...(own && { labels: own }) },
    spec: { ...spec, ...(selector && { selector }), template: PodDefaults.template(spec.template) }
  }
}

const validate = ({
  spec: { minReadySeconds, replicas, selector = {}, template }
}: ReplicationController): Causes.Causes => {
  const unsaid = when(Object.keys(selector).length === 0, () => Causes.required("spec.selector"))
  if (template === undefined) return [...unsaid, Causes.required("spec.template")]
  const given = template.metadata?.labels ?? {}
  const isChosen = Object.entries(selector).every(([key, value]) => given[key] === value)
  return [
    ...nonNegative("spec.replicas", replicas),
    ...nonNegative("spec.minReadySeconds", minReadySeconds),
    ...unsaid,
    ...(isChosen
      ? []
      : [
          Causes.invalid(
            "spec.template.metadata.labels",
            template.metadata?.labels ?? null,
            "`selector` does not match template `labels`"
          )
        ]),
    ...validateTemplate(template),
    ...validateAlways(template, "replicationcontroller")
  ]
}

export const strategy: Strategy<ReplicationController> = {
  warnings: PodWarnings.ofWorkload(({ spec }) => spec.template),
  defaults,
  validate,
  validateStatus: ({ status }) =>
    validateCounts(
      status,
      ["replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration"],
      [
        ["fullyLabeledReplicas", "replicas"],
        ["readyReplicas", "replicas"],
        ["availableReplicas", "replicas"],
        ["availableReplicas", "readyReplicas"]
      ]
    ),
  selectable: { "status.replicas": ({ status }) => `${status.replicas}` },
  scale: { spec: "spec.replicas", status: "status.replicas", selector: "spec.selector" },
  columns: [
    integer("Desired", "How many Pods there should be.", ({ spec }) => spec.replicas),
    integer("Current", "How many Pods there are.", ({ status }) => status.replicas),
    integer("Ready", "How many Pods are ready.", ({ status }) => status.readyReplicas),
    age,
    ...containers<ReplicationController>(({ spec }) => spec.template?.spec ?? { containers: [] }),
    wide(text("Selector", "Which Pods belong to it.", ({ spec }) => labels(spec.selector)))
  ]
}
