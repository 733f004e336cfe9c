/** ReplicaSets, as the API server treats them. */
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { age, containers, integer } from "../Columns.ts"
import type { ReplicaSet } from "../contracts/apps/v1.ts"
import * as PodWarnings from "../core/PodWarnings.ts"
import * as Workloads from "./Workloads.ts"

export const strategy: Strategy<ReplicaSet> = {
  warnings: PodWarnings.ofWorkload(({ spec }) => spec.template),
  defaults: Workloads.withTemplate,
  validate: (set) => Workloads.validate(set, "deployment"),
  validateStatus: ({ status }) =>
    Workloads.validateCounts(
      status,
      ["replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration"],
      [
        ["fullyLabeledReplicas", "replicas"],
        ["readyReplicas", "replicas"],
        ["availableReplicas", "replicas"],
        ["availableReplicas", "readyReplicas"]
      ]
    ),
  validateUpdate: Workloads.fixedSelector,
  scale: { spec: "spec.replicas", status: "status.replicas", selector: "spec.selector" },
  columns: [
    integer("Desired", "How many Pods there should be.", ({ spec }) => spec.replicas),
    integer("Current", "How many Pods there are.", ({ status }) => status.replicas),
    integer("Ready", "How many Pods are ready.", ({ status }) => status.readyReplicas),
    age,
    ...containers<ReplicaSet>(({ spec }) => spec.template.spec),
    Workloads.selector()
  ]
}
