/** StatefulSets, as the API server treats them. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { age, containers, text } from "../Columns.ts"
import type { StatefulSet } from "../contracts/apps/v1.ts"
import { oneOf } from "../core/ContainerValidation.ts"
import * as Workloads from "./Workloads.ts"

const withDefaults = (set: StatefulSet): StatefulSet => {
  const { spec } = set
  const { updateStrategy, volumeClaimTemplates } = spec
  const isRolling = updateStrategy.type === "RollingUpdate"
  return {
    ...set,
    spec: {
      ...spec,
      updateStrategy: isRolling
        ? { ...updateStrategy, rollingUpdate: { partition: 0, ...updateStrategy.rollingUpdate } }
        : updateStrategy,
      // A template of claims says what it is a template of.
      ...(volumeClaimTemplates && {
        volumeClaimTemplates: volumeClaimTemplates.map((claim) => ({
          apiVersion: "v1",
          kind: "PersistentVolumeClaim",
          ...claim,
          status: { phase: "Pending", ...claim.status }
        }))
      })
    }
  }
}

const mutable = [
  "replicas",
  "ordinals",
  "template",
  "updateStrategy",
  "revisionHistoryLimit",
  "persistentVolumeClaimRetentionPolicy",
  "minReadySeconds"
]
const names = mutable.map((name) => `'${name}'`)
const forbidden = `updates to statefulset spec for fields other than ${names.slice(0, -1).join(", ")} and ${names.at(-1)} are forbidden`

const validateUpdate = ({ spec }: StatefulSet, { spec: old }: StatefulSet): Causes.Causes => {
  const before = new Map<string, unknown>(Object.entries(old))
  const fixed = [...new Set([...Object.keys(spec), ...before.keys()])].filter((name) => !mutable.includes(name))
  const now = new Map<string, unknown>(Object.entries(spec))
  return fixed.every((name) => Workloads.same(now.get(name), before.get(name))) ? [] : [Causes.forbidden("spec", forbidden)]
}

const validate = (set: StatefulSet): Causes.Causes => {
  const { podManagementPolicy, updateStrategy } = set.spec
  const partition = updateStrategy.rollingUpdate?.partition ?? 0
  return [
    ...Workloads.validate(set, "statefulset"),
    ...oneOf("spec.podManagementPolicy", podManagementPolicy, ["OrderedReady", "Parallel"]),
    ...oneOf("spec.updateStrategy.type", updateStrategy.type, ["OnDelete", "RollingUpdate"]),
    ...(partition < 0
      ? [Causes.invalid("spec.updateStrategy.rollingUpdate.partition", partition, "must be greater than or equal to 0")]
      : [])
  ]
}

export const strategy: Strategy<StatefulSet> = {
  defaults: (set) => withDefaults(Workloads.withTemplate(set)),
  validate,
  validateUpdate,
  scale: { spec: "spec.replicas", status: "status.replicas", selector: "spec.selector" },
  columns: [
    text("Ready", "How many Pods are ready.", ({ spec, status }) => `${status.readyReplicas ?? 0}/${spec.replicas}`),
    age,
    ...containers<StatefulSet>(({ spec }) => spec.template.spec)
  ]
}
