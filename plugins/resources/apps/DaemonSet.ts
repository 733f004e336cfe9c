/** DaemonSets, as the API server treats them. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { age, containers, integer, labels, text } from "../Columns.ts"
import type { DaemonSet, DaemonSetUpdateStrategy } from "../contracts/apps/v1.ts"
import { oneOf } from "../core/ContainerValidation.ts"
import * as Workloads from "./Workloads.ts"

const withRollingUpdate = (set: DaemonSet): DaemonSet => {
  const { updateStrategy } = set.spec
  if (updateStrategy.type !== "RollingUpdate" || updateStrategy.rollingUpdate !== undefined) return set
  const rollingUpdate = { maxSurge: 0, maxUnavailable: 1 }
  return { ...set, spec: { ...set.spec, updateStrategy: { ...updateStrategy, rollingUpdate } } }
}

const validateStrategy = ({ rollingUpdate, type }: DaemonSetUpdateStrategy): Causes.Causes => {
  const field = "spec.updateStrategy"
  const known = oneOf(`${field}.type`, type, ["RollingUpdate", "OnDelete"])
  if (type !== "RollingUpdate" || rollingUpdate === undefined) return known
  const { maxSurge, maxUnavailable } = rollingUpdate
  const at = `${field}.rollingUpdate`
  return [
    ...Workloads.validateShare(maxUnavailable, `${at}.maxUnavailable`),
    ...Workloads.validateShare(maxSurge, `${at}.maxSurge`),
    ...(Workloads.isZero(maxUnavailable) && Workloads.isZero(maxSurge)
      ? [Causes.required(`${at}.maxUnavailable`, "cannot be 0 when maxSurge is 0")]
      : []),
    ...(!Workloads.isZero(maxUnavailable) && !Workloads.isZero(maxSurge)
      ? [Causes.invalid(`${at}.maxSurge`, maxSurge, "may not be set when maxUnavailable is non-zero")]
      : [])
  ]
}

export const strategy: Strategy<DaemonSet> = {
  defaults: (set) => withRollingUpdate(Workloads.withTemplate(set)),
  validate: (set) => [...Workloads.validate(set, "daemonset"), ...validateStrategy(set.spec.updateStrategy)],
  validateUpdate: Workloads.fixedSelector,
  columns: [
    integer("Desired", "How many nodes should run a Pod.", ({ status }) => status.desiredNumberScheduled),
    integer("Current", "How many nodes run a Pod that should.", ({ status }) => status.currentNumberScheduled),
    integer("Ready", "How many of them are ready.", ({ status }) => status.numberReady),
    integer("Up-to-date", "How many are of the newest template.", ({ status }) => status.updatedNumberScheduled),
    integer("Available", "How many have been ready long enough.", ({ status }) => status.numberAvailable),
    text("Node Selector", "Which nodes it runs on.", ({ spec }) => labels(spec.template.spec.nodeSelector)),
    age,
    ...containers<DaemonSet>(({ spec }) => spec.template.spec),
    Workloads.selector()
  ]
}
