/** DaemonSets, as the API server treats them. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import { nonNegative } from "../../../kernel/resource/Rules.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { age, containers, integer, labels, text } from "../Columns.ts"
import type { DaemonSet, DaemonSetUpdateStrategy } from "../contracts/apps/v1.ts"
import * as PodWarnings from "../core/PodWarnings.ts"
import { statusApart } from "../Updates.ts"
import * as Workloads from "./Workloads.ts"

const withRollingUpdate = (set: DaemonSet): DaemonSet => {
  const { updateStrategy } = set.spec
  if (updateStrategy.type !== "RollingUpdate" || updateStrategy.rollingUpdate !== undefined) return set
  const rollingUpdate = { maxSurge: 0, maxUnavailable: 1 }
  return { ...set, spec: { ...set.spec, updateStrategy: { ...updateStrategy, rollingUpdate } } }
}

const validateStrategy = ({ rollingUpdate, type }: DaemonSetUpdateStrategy): Causes.Causes => {
  const field = "spec.updateStrategy"
  const types = ["RollingUpdate", "OnDelete"]
  if (!types.includes(type)) {
    const shown = {
      Type: type,
      RollingUpdate: rollingUpdate
        ? { MaxUnavailable: rollingUpdate.maxUnavailable, MaxSurge: rollingUpdate.maxSurge }
        : null
    }
    return [Causes.notSupported(field, shown, types)]
  }
  if (type !== "RollingUpdate") return []
  if (rollingUpdate === undefined) return [Causes.required(`${field}.rollingUpdate`)]
  const { maxSurge, maxUnavailable } = rollingUpdate
  const at = `${field}.rollingUpdate`
  const wrong = [
    ...Workloads.validateShare(maxUnavailable, `${at}.maxUnavailable`),
    ...Workloads.validateShare(maxSurge, `${at}.maxSurge`)
  ]
  if (wrong.length > 0) return wrong
  return [
    ...(Workloads.isZero(maxUnavailable) && Workloads.isZero(maxSurge)
      ? [Causes.required(`${at}.maxUnavailable`, "cannot be 0 when maxSurge is 0")]
      : []),
    ...(!Workloads.isZero(maxUnavailable) && !Workloads.isZero(maxSurge)
      ? [Causes.invalid(`${at}.maxSurge`, maxSurge, "may not be set when maxUnavailable is non-zero")]
      : [])
  ]
}

/** Which template it is, for clients of old. Who does not say it, says it is the first that is not there yet: 0. */
const generation = "deprecated.daemonset.template.generation"
const generationOf = ({ metadata }: DaemonSet) => Number(metadata.annotations?.[generation] ?? 0)
const counted = (set: DaemonSet, count: number): DaemonSet =>
  set.metadata.annotations?.[generation] === `${count}`
    ? set
    : { ...set, metadata: { ...set.metadata, annotations: { ...set.metadata.annotations, [generation]: `${count}` } } }

const noStatus: DaemonSet["status"] = {
  currentNumberScheduled: 0,
  numberMisscheduled: 0,
  desiredNumberScheduled: 0,
  numberReady: 0
}
const counts = [
  ...["currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady", "observedGeneration"],
  ...["updatedNumberScheduled", "numberAvailable", "numberUnavailable"]
]

export const strategy: Strategy<DaemonSet> = {
  warnings: PodWarnings.ofWorkload(({ spec }) => spec.template, "spec.template", false),
  defaults: (set) => counted(withRollingUpdate(Workloads.withTemplate(set)), generationOf(set)),
  prepareCreate: (set) => ({ ...counted(set, 1), status: noStatus }),
  prepareUpdate: (set, old, subresource) => {
    const next = statusApart(set, old, subresource)
    const before = generationOf(old)
    return subresource === "" && !Workloads.same(next.spec.template, old.spec.template)
      ? counted(next, before + 1)
      : counted(next, before)
  },
  validate: (set, old) => [
    // Upstream looks at it before anything else.
    ...(old === undefined ? [] : Workloads.fixedSelector(set, old)),
    ...Workloads.validate(set, "daemonset"),
    ...validateStrategy(set.spec.updateStrategy),
    ...nonNegative("spec.revisionHistoryLimit", set.spec.revisionHistoryLimit)
  ],
  validateStatus: ({ status }, { status: old }) => [
    ...Workloads.validateCounts(status, counts, []),
    ...Workloads.neverLess(status.collisionCount, old.collisionCount)
  ],
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
