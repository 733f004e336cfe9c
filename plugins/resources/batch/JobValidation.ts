/** What is wrong with what a Job, or a template of one, is to do. Source: API reference of Kubernetes, Job v1. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import { each, enumerated, inside, named, nonNegative, when } from "../../../kernel/resource/Rules.ts"
import type { JobSpec, PodFailurePolicyRule, SuccessPolicyRule } from "../contracts/batch/v1.ts"
import { validateTemplate } from "../core/Template.ts"
import * as Indexes from "./Indexes.ts"

const counts = [
  "parallelism",
  "completions",
  "activeDeadlineSeconds",
  "backoffLimit",
  "ttlSecondsAfterFinished",
  "backoffLimitPerIndex",
  "maxFailedIndexes"
] as const

const most = { parallelism: 100_000, failedIndexes: 100_000, softly: 100_000, highly: 10_000, rules: 20, values: 255 }

export const validateSpec = (spec: JobSpec, field = "spec"): Causes.Causes => [
  ...counts.flatMap((name) => nonNegative(`${field}.${name}`, spec[name])),
  ...when(spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined, () =>
    Causes.required(`${field}.backoffLimitPerIndex`, "when maxFailedIndexes is specified")
  ),
  ...inside(spec.managedBy, (manager) => validateManager(manager, `${field}.managedBy`)),
  ...validateMode(spec, field),
  ...validateFailure(spec, `${field}.podFailurePolicy`),
  ...validateSuccess(spec, `${field}.successPolicy`),
  ...enumerated(
    `${field}.podReplacementPolicy`,
    spec.podReplacementPolicy,
    spec.podFailurePolicy === undefined ? ["Failed", "TerminatingOrFailed"] : ["Failed"]
  ),
  ...validateTemplate(spec.template, `${field}.template`),
  ...validateRestart(spec, `${field}.template.spec.restartPolicy`)
]

const maxManager = 63

const validateManager = (manager: string, field: string): Causes.Causes => {
  if (manager === "") return [Causes.required(field)]
  const slash = manager.indexOf("/")
  const [domain, path] = [manager.slice(0, slash), manager.slice(slash + 1)]
  if (slash <= 0 || path === "")
    return [Causes.invalid(field, manager, 'must be a domain-prefixed path (such as "acme.io/foo")')]
  return [
    ...Names.dns1123Subdomain(domain).map((why) => Causes.invalid(field, domain, why)),
    ...when(!/^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(path), () =>
      Causes.invalid(field, path, "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')")
    ),
    ...when(manager.length > maxManager, () => Causes.tooLong(field, maxManager))
  ]
}

const validateMode = (spec: JobSpec, field: string): Causes.Causes => {
  const { backoffLimitPerIndex, completionMode = "NonIndexed", completions, maxFailedIndexes, parallelism } = spec
  return [
    ...enumerated(`${field}.completionMode`, completionMode, ["NonIndexed", "Indexed"]),
    ...(completionMode === "Indexed" ? validateIndexed(spec, field) : []),
    ...when(completionMode === "Indexed" && (parallelism ?? 0) > most.parallelism, () =>
      Causes.invalid(
        `${field}.parallelism`,
        parallelism,
        `must be less than or equal to ${most.parallelism} when completion mode is Indexed`
      )
    ),
    ...when(completionMode === "Indexed" && (maxFailedIndexes ?? 0) > (completions ?? Number.POSITIVE_INFINITY), () =>
      Causes.invalid(`${field}.maxFailedIndexes`, maxFailedIndexes, "must be less than or equal to completions")
    ),
    ...(completionMode === "NonIndexed"
      ? Object.entries({ backoffLimitPerIndex, maxFailedIndexes })
          .filter(([, value]) => value !== undefined)
          .map(([name, value]) => Causes.invalid(`${field}.${name}`, value, "requires indexed completion mode"))
      : [])
  ]
}

const validateIndexed = (spec: JobSpec, field: string): Causes.Causes => {
  const { backoffLimitPerIndex, completions = 0, maxFailedIndexes, parallelism = 0 } = spec
  const isHigh = completions > most.softly && backoffLimitPerIndex !== undefined
  const tooHigh = `must be less than or equal to ${most.highly} when completions are above ${most.softly} and used with backoff limit per index`
  return [
    ...when(spec.completions === undefined, () =>
      Causes.required(`${field}.completions`, "when completion mode is Indexed")
    ),
    ...when((maxFailedIndexes ?? 0) > most.failedIndexes, () =>
      Causes.invalid(`${field}.maxFailedIndexes`, maxFailedIndexes, `must be less than or equal to ${most.failedIndexes}`)
    ),
    ...when(isHigh && maxFailedIndexes === undefined, () =>
      Causes.required(`${field}.maxFailedIndexes`, `must be specified when completions is above ${most.softly}`)
    ),
    ...when(isHigh && parallelism > most.highly, () => Causes.invalid(`${field}.parallelism`, parallelism, tooHigh)),
    ...when(isHigh && (maxFailedIndexes ?? 0) > most.highly, () =>
      Causes.invalid(`${field}.maxFailedIndexes`, maxFailedIndexes, tooHigh)
    )
  ]
}

const validateFailure = (spec: JobSpec, field: string): Causes.Causes => {
  const rules = spec.podFailurePolicy?.rules ?? []
  return [
    ...when(rules.length > most.rules, () => Causes.tooMany(`${field}.rules`, rules.length, most.rules)),
    ...each(rules, `${field}.rules`, (rule, at) => validateRule(spec, rule, at))
  ]
}

const actions = ["Count", "FailIndex", "FailJob", "Ignore"]
const wordsOf = (words: ReadonlyArray<string>) => `valid values: [${words.map((word) => JSON.stringify(word)).join(" ")}]`

/** A cause that shows no value. */
const unfit = (field: string, detail: string): Causes.Causes[number] => ({
  field,
  type: "FieldValueInvalid",
  detail: `Invalid value: ${detail}`
})

const validateRule = (spec: JobSpec, rule: PodFailurePolicyRule, field: string): Causes.Causes => {
  const { action, onExitCodes, onPodConditions = [] } = rule
  return [
    ...(action === ""
      ? [Causes.required(`${field}.action`, wordsOf(actions))]
      : enumerated(`${field}.action`, action, actions)),
    ...when(action === "FailIndex" && spec.backoffLimitPerIndex === undefined, () =>
      Causes.invalid(`${field}.action`, action, "requires the backoffLimitPerIndex to be set")
    ),
    ...inside(onExitCodes, (codes) => validateCodes(spec, codes, `${field}.onExitCodes`)),
    ...when(onPodConditions.length > most.rules, () =>
      Causes.tooMany(`${field}.onPodConditions`, onPodConditions.length, most.rules)
    ),
    ...each(onPodConditions, `${field}.onPodConditions`, ({ status, type }, at) => [
      ...named(`${at}.type`, type, Names.labelKey),
      ...enumerated(`${at}.status`, status, ["False", "True", "Unknown"])
    ]),
    ...when(onExitCodes !== undefined && onPodConditions.length > 0, () =>
      unfit(field, "specifying both OnExitCodes and OnPodConditions is not supported")
    ),
    ...when(onExitCodes === undefined && onPodConditions.length === 0, () =>
      unfit(field, "specifying one of OnExitCodes and OnPodConditions is required")
    )
  ]
}

const operators = ["In", "NotIn"]

const validateCodes = (
  { template: { spec } }: JobSpec,
  { containerName, operator, values }: NonNullable<PodFailurePolicyRule["onExitCodes"]>,
  field: string
): Causes.Causes => {
  const names = [...spec.containers, ...(spec.initContainers ?? [])].map(({ name }) => name)
  const at = `${field}.values`
  return [
    ...(operator === ""
      ? [Causes.required(`${field}.operator`, wordsOf(operators))]
      : enumerated(`${field}.operator`, operator, operators)),
    ...when(containerName !== undefined && !names.includes(containerName), () =>
      Causes.invalid(
        `${field}.containerName`,
        containerName,
        "must be one of the container or initContainer names in the pod template"
      )
    ),
    ...when(values.length === 0, () => Causes.invalid(at, null, "at least one value is required")),
    ...when(values.length > most.values, () => Causes.tooMany(at, values.length, most.values)),
    ...each(values, at, (value, one, index) => [
      ...when(operator === "In" && value === 0, () => Causes.invalid(one, value, "must not be 0 for the In operator")),
      ...when(values.indexOf(value) < index, () => Causes.duplicate(one, value))
    ]),
    ...when(
      values.some((value, index) => value < (values[index - 1] ?? value)),
      () => Causes.invalid(at, values, "must be ordered")
    )
  ]
}

const validateSuccess = ({ completionMode, completions, successPolicy }: JobSpec, field: string): Causes.Causes => {
  if (successPolicy === undefined) return []
  const { rules } = successPolicy
  if (completionMode !== "Indexed") {
    const shown = rules.map(({ succeededCount, succeededIndexes }) => ({
      SucceededIndexes: succeededIndexes ?? null,
      SucceededCount: succeededCount ?? null
    }))
    return [Causes.invalid(field, { Rules: shown }, "requires indexed completion mode")]
  }
  return [
    ...when(rules.length === 0, () =>
      Causes.required(`${field}.rules`, "at least one rules must be specified when the successPolicy is specified")
    ),
    ...when(rules.length > most.rules, () => Causes.tooMany(`${field}.rules`, rules.length, most.rules)),
    ...each(rules, `${field}.rules`, (rule, at) => validateSuccessRule(rule, at, completions ?? 0))
  ]
}

const validateSuccessRule = (rule: SuccessPolicyRule, field: string, completions: number): Causes.Causes => {
  const { succeededCount: count, succeededIndexes: indexes } = rule
  const parsed = indexes === undefined ? undefined : Indexes.parse(indexes, completions)
  const all = parsed?._tag === "Success" ? parsed.success : 0
  const at = `${field}.succeededCount`
  const tooMany = (limit: number, what: string) => () =>
    Causes.invalid(at, count, `must be less than or equal to ${limit} (the number of ${what})`)
  return [
    ...when(count === undefined && indexes === undefined, () =>
      Causes.required(field, "at least one of succeededCount or succeededIndexes must be specified")
    ),
    ...(parsed?._tag === "Failure"
      ? [Causes.invalid(`${field}.succeededIndexes`, indexes, `error parsing succeededIndexes: ${parsed.failure}`)]
      : []),
    ...nonNegative(at, count),
    ...when((count ?? 0) > completions && count !== undefined, tooMany(completions, "specified completions")),
    ...when(
      indexes !== undefined && count !== undefined && count > all,
      tooMany(all, "indexes in the specified succeededIndexes field")
    )
  ]
}

const validateRestart = ({ podFailurePolicy, template }: JobSpec, field: string): Causes.Causes => {
  const { restartPolicy } = template.spec
  if (restartPolicy === "Always") return [Causes.required(field, 'valid values: "OnFailure", "Never"')]
  return [
    ...enumerated(field, restartPolicy, ["OnFailure", "Never"]),
    ...when(podFailurePolicy !== undefined && restartPolicy === "OnFailure", () =>
      Causes.invalid(field, restartPolicy, 'only "Never" is supported when podFailurePolicy is specified')
    )
  ]
}
