/** StatefulSets, as the API server treats them. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import { each, enumerated, namedIfGiven, nonNegative, when } from "../../../kernel/resource/Rules.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { age, containers, text } from "../Columns.ts"
import type { StatefulSet } from "../contracts/apps/v1.ts"
import * as PodWarnings from "../core/PodWarnings.ts"
import { validateClaimSpec } from "../core/ClaimValidation.ts"
import * as Workloads from "./Workloads.ts"

const withDefaults = (set: StatefulSet): StatefulSet => {
  const { spec } = set
  const { updateStrategy, volumeClaimTemplates } = spec
  // How many may be missing at once is not for everybody yet.
  const { rollingUpdate } = updateStrategy
  return {
    ...set,
    spec: {
      ...spec,
      updateStrategy: rollingUpdate
        ? { ...updateStrategy, rollingUpdate: { partition: rollingUpdate.partition } }
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

/** The Pods have the claims as volumes, whatever the template says of volumes of these names. */
const withClaims = (set: StatefulSet): StatefulSet => {
  const { template, volumeClaimTemplates = [] } = set.spec
  const names = [...new Set(volumeClaimTemplates.map(({ metadata }) => metadata.name ?? ""))]
  const claims = names.map((name) => ({ name, persistentVolumeClaim: { claimName: name } }))
  const others = (template.spec.volumes ?? []).filter(({ name }) => !names.includes(name))
  const spec = { ...template.spec, ...(claims.length > 0 && { volumes: [...claims, ...others] }) }
  return { ...set, spec: { ...set.spec, template: { ...template, spec } } }
}

const validateStrategy = ({ rollingUpdate, type }: StatefulSet["spec"]["updateStrategy"]): Causes.Causes => {
  const field = "spec.updateStrategy"
  const at = `${field}.rollingUpdate`
  switch (type) {
    case "OnDelete":
      return when(rollingUpdate !== undefined, () =>
        Causes.invalid(at, rollingUpdate, "only allowed for updateStrategy 'RollingUpdate'")
      )
    case "RollingUpdate":
      return nonNegative(`${at}.partition`, rollingUpdate?.partition)
    default: {
      const rolling = rollingUpdate ? { Partition: rollingUpdate.partition, MaxUnavailable: null } : null
      const shown = { Type: type, RollingUpdate: rolling }
      return [Causes.invalid(field, shown, "must be 'RollingUpdate' or 'OnDelete'")]
    }
  }
}

const retentions = ["Retain", "Delete"]

const validate = (set: StatefulSet, old: StatefulSet | undefined): Causes.Causes => {
  const { ordinals, persistentVolumeClaimRetentionPolicy: kept, podManagementPolicy, serviceName } = set.spec
  const isKnown = podManagementPolicy === "OrderedReady" || podManagementPolicy === "Parallel"
  return [
    ...when(!isKnown, () =>
      Causes.invalid("spec.podManagementPolicy", podManagementPolicy, "must be 'OrderedReady' or 'Parallel'")
    ),
    ...validateStrategy(set.spec.updateStrategy),
    ...enumerated("spec.persistentVolumeClaimRetentionPolicy.whenDeleted", kept?.whenDeleted, retentions),
    ...enumerated("spec.persistentVolumeClaimRetentionPolicy.whenScaled", kept?.whenScaled, retentions),
    ...nonNegative("spec.ordinals.start", ordinals?.start),
    // Neither can change, so that old ones stay as they are.
    ...(old === undefined
      ? [
          ...each(set.spec.volumeClaimTemplates, "spec.volumeClaimTemplates", ({ spec }, at) =>
            validateClaimSpec({ resources: {}, volumeMode: "Filesystem", ...spec }, `${at}.spec`)
          ),
          ...namedIfGiven("spec.serviceName", serviceName, Names.dns1123Label)
        ]
      : []),
    ...Workloads.validate(withClaims(set), "statefulset")
  ]
}

export const strategy: Strategy<StatefulSet> = {
  names: Names.dns1123Label,
  warnings: PodWarnings.ofWorkload(({ spec }) => spec.template, "spec.template", false),
  defaults: (set) => withDefaults(Workloads.withTemplate(set)),
  validate,
  validateStatus: ({ status }, { status: old }) => [
    ...Workloads.validateCounts(
      status,
      ["replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas", "observedGeneration"],
      [
        ["readyReplicas", "replicas"],
        ["currentReplicas", "replicas"],
        ["updatedReplicas", "replicas"],
        ["availableReplicas", "replicas"],
        ["availableReplicas", "readyReplicas"]
      ]
    ),
    ...Workloads.neverLess(status.collisionCount, old.collisionCount)
  ],
  validateUpdate,
  scale: { spec: "spec.replicas", status: "status.replicas", selector: "spec.selector" },
  columns: [
    text("Ready", "How many Pods are ready.", ({ spec, status }) => `${status.readyReplicas ?? 0}/${spec.replicas}`),
    age,
    ...containers<StatefulSet>(({ spec }) => spec.template.spec)
  ]
}
