/** Deployments, as the API server treats them. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import { equal } from "../../../kernel/resource/JsonEqual.ts"
import { nonNegative, when } from "../../../kernel/resource/Rules.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { age, containers, text } from "../Columns.ts"
import type { Deployment, DeploymentStrategy } from "../contracts/apps/v1.ts"
import * as PodWarnings from "../core/PodWarnings.ts"
import * as Workloads from "./Workloads.ts"

const withRollingUpdate = (deployment: Deployment): Deployment => {
  const { strategy } = deployment.spec
  if (strategy.type !== "RollingUpdate" || strategy.rollingUpdate !== undefined) return deployment
  const rollingUpdate = { maxSurge: "25%", maxUnavailable: "25%" }
  return { ...deployment, spec: { ...deployment.spec, strategy: { ...strategy, rollingUpdate } } }
}

const validateStrategy = ({ rollingUpdate, type }: DeploymentStrategy): Causes.Causes => {
  const field = "spec.strategy"
  const types = ["Recreate", "RollingUpdate"]
  if (!types.includes(type)) {
    const shown = {
      Type: type,
      RollingUpdate: rollingUpdate
        ? { MaxUnavailable: rollingUpdate.maxUnavailable, MaxSurge: rollingUpdate.maxSurge }
        : null
    }
    return [Causes.notSupported(field, shown, types)]
  }
  if (rollingUpdate === undefined) return []
  if (type === "Recreate")
    return [Causes.forbidden(`${field}.rollingUpdate`, "may not be specified when strategy `type` is 'Recreate'")]
  const { maxSurge, maxUnavailable } = rollingUpdate
  return [
    ...Workloads.validateShare(maxUnavailable, `${field}.rollingUpdate.maxUnavailable`),
    ...Workloads.validateShare(maxSurge, `${field}.rollingUpdate.maxSurge`).filter(
      ({ detail }) => !detail.endsWith("than 100%")
    ),
    ...(Workloads.isZero(maxUnavailable) && Workloads.isZero(maxSurge)
      ? [Causes.invalid(`${field}.rollingUpdate.maxUnavailable`, maxUnavailable, "may not be 0 when `maxSurge` is 0")]
      : [])
  ]
}

const validateDeadline = ({ minReadySeconds = 0, progressDeadlineSeconds }: Deployment["spec"]): Causes.Causes => {
  const field = "spec.progressDeadlineSeconds"
  return [
    ...nonNegative(field, progressDeadlineSeconds),
    ...when(progressDeadlineSeconds <= minReadySeconds, () =>
      Causes.invalid(field, progressDeadlineSeconds, "must be greater than minReadySeconds")
    )
  ]
}

export const strategy: Strategy<Deployment> = {
  warnings: PodWarnings.ofWorkload(({ spec }) => spec.template),
  defaults: (deployment) => withRollingUpdate(Workloads.withTemplate(deployment)),
  validate: (deployment) => [
    ...Workloads.validate(deployment, "deployment"),
    ...validateStrategy(deployment.spec.strategy),
    ...validateDeadline(deployment.spec),
    ...nonNegative("spec.revisionHistoryLimit", deployment.spec.revisionHistoryLimit)
  ],
  validateStatus: ({ status }, { status: old }) => [
    ...Workloads.validateCounts(
      status,
      ["observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas"],
      [
        ["updatedReplicas", "replicas"],
        ["readyReplicas", "replicas"],
        ["availableReplicas", "replicas"],
        ["availableReplicas", "readyReplicas"]
      ]
    ),
    ...Workloads.neverLess(status.collisionCount, old.collisionCount)
  ],
  validateUpdate: Workloads.fixedSelector,
  isCounted: ({ metadata }, old) => !equal(metadata.annotations ?? {}, old.metadata.annotations ?? {}),
  scale: { spec: "spec.replicas", status: "status.replicas", selector: "spec.selector" },
  columns: [
    text("Ready", "How many Pods are ready.", ({ spec, status }) => `${status.readyReplicas ?? 0}/${spec.replicas}`),
    text("Up-to-date", "How many Pods are of the newest template.", ({ status }) => status.updatedReplicas ?? 0),
    text("Available", "How many Pods have been ready long enough.", ({ status }) => status.availableReplicas ?? 0),
    age,
    ...containers<Deployment>(({ spec }) => spec.template.spec),
    Workloads.selector()
  ]
}
