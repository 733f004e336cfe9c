/** What is wrong with where a Pod wants to run: node selectors, and what it wants to be near to and far from. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import { each, enumerated, inside, named, when } from "../../../kernel/resource/Rules.ts"
import * as Selector from "../../../kernel/resource/Selector.ts"
import type {
  Affinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinityTerm,
  PreferredSchedulingTerm,
  Toleration,
  TopologySpreadConstraint,
  WeightedPodAffinityTerm
} from "../contracts/core/v1.ts"

const validateExpression = (
  { key, operator, values = [] }: NodeSelectorRequirement,
  field: string,
  isRequired: boolean
): Causes.Causes => [
  ...validateOperator(operator, values, field),
  ...named(`${field}.key`, key, Names.labelKey),
  // What is only preferred may ask for what no label can be.
  ...each(isRequired ? values : [], `${field}.values`, (value, at) => named(at, value, Names.labelValue))
]

const validateOperator = (operator: string, values: ReadonlyArray<string>, field: string): Causes.Causes => {
  const at = `${field}.values`
  switch (operator) {
    case "In":
    case "NotIn":
      return when(values.length === 0, () => Causes.required(at, "must be specified when `operator` is 'In' or 'NotIn'"))
    case "Exists":
    case "DoesNotExist":
      return when(values.length > 0, () =>
        Causes.forbidden(at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
      )
    case "Gt":
    case "Lt":
      return when(values.length !== 1, () =>
        Causes.required(at, "must be specified single value when `operator` is 'Lt' or 'Gt'")
      )
    default:
      return [Causes.invalid(`${field}.operator`, operator, "not a valid selector operator")]
  }
}

const validateField = ({ key, operator, values = [] }: NodeSelectorRequirement, field: string): Causes.Causes => [
  ...(operator === "In" || operator === "NotIn"
    ? when(values.length !== 1, () =>
        Causes.required(
          `${field}.values`,
          "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
        )
      )
    : [Causes.invalid(`${field}.operator`, operator, "not a valid selector operator")]),
  ...(key === "metadata.name"
    ? each(values, `${field}.values`, (value, at) => named(at, value, Names.dns1123Subdomain))
    : [Causes.invalid(`${field}.key`, key, "not a valid field selector key")])
]

const validateTerm = (
  { matchExpressions, matchFields }: NodeSelectorTerm,
  field: string,
  isRequired: boolean
): Causes.Causes => [
  ...each(matchExpressions, `${field}.matchExpressions`, (one, at) => validateExpression(one, at, isRequired)),
  ...each(matchFields, `${field}.matchFields`, validateField)
]

export const validateNodeSelector = ({ nodeSelectorTerms }: NodeSelector, field: string): Causes.Causes =>
  nodeSelectorTerms.length === 0
    ? [Causes.required(`${field}.nodeSelectorTerms`, "must have at least one node selector term")]
    : each(nodeSelectorTerms, `${field}.nodeSelectorTerms`, (term, at) => validateTerm(term, at, true))

const validateWeight = (weight: number, field: string) =>
  when(weight < 1 || weight > 100, () => Causes.invalid(`${field}.weight`, weight, "must be in the range 1-100"))

const validatePreferred = ({ preference, weight }: PreferredSchedulingTerm, field: string): Causes.Causes => [
  ...validateWeight(weight, field),
  ...validateTerm(preference, `${field}.preference`, false)
]

const labelOrder = "must not be specified when labelSelector is not set"

const validatePodTerm = (term: PodAffinityTerm, field: string): Causes.Causes => {
  const { labelSelector, matchLabelKeys, mismatchLabelKeys, namespaces, namespaceSelector, topologyKey } = term
  const both = (matchLabelKeys ?? []).filter((key) => mismatchLabelKeys?.includes(key))
  return [
    ...inside(labelSelector, (selector) => Selector.validate(selector, `${field}.labelSelector`)),
    ...inside(namespaceSelector, (selector) => Selector.validate(selector, `${field}.namespaceSelector`)),
    // Upstream does not say which of them.
    ...(namespaces ?? []).flatMap((one) => named(`${field}.namespace`, one, Names.dns1123Label)),
    ...validateKeys(matchLabelKeys, `${field}.matchLabelKeys`, labelSelector !== undefined),
    ...validateKeys(mismatchLabelKeys, `${field}.mismatchLabelKeys`, labelSelector !== undefined),
    ...both.map((key) =>
      Causes.invalid(
        `${field}.matchLabelKeys[${matchLabelKeys?.indexOf(key)}]`,
        key,
        "exists in both matchLabelKeys and mismatchLabelKeys"
      )
    ),
    ...when(topologyKey === "", () => Causes.required(`${field}.topologyKey`, "can not be empty")),
    ...named(`${field}.topologyKey`, topologyKey, Names.labelKey)
  ]
}

const validateKeys = (keys: ReadonlyArray<string> | undefined, field: string, hasSelector: boolean): Causes.Causes =>
  (keys ?? []).length > 0 && !hasSelector
    ? [Causes.forbidden(field, labelOrder)]
    : each(keys, field, (key, at) => named(at, key, Names.labelKey))

const validateWeighted = ({ podAffinityTerm, weight }: WeightedPodAffinityTerm, field: string): Causes.Causes => [
  ...validateWeight(weight, field),
  ...validatePodTerm(podAffinityTerm, `${field}.podAffinityTerm`)
]

export const validateAffinity = (affinity: Affinity, field: string): Causes.Causes => {
  const [must, may] = ["requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution"]
  const { nodeAffinity: node } = affinity
  return [
    ...inside(node?.requiredDuringSchedulingIgnoredDuringExecution, (selector) =>
      validateNodeSelector(selector, `${field}.nodeAffinity.${must}`)
    ),
    ...each(node?.preferredDuringSchedulingIgnoredDuringExecution, `${field}.nodeAffinity.${may}`, validatePreferred),
    ...(["podAffinity", "podAntiAffinity"] as const).flatMap((name) => [
      ...each(affinity[name]?.requiredDuringSchedulingIgnoredDuringExecution, `${field}.${name}.${must}`, validatePodTerm),
      ...each(affinity[name]?.preferredDuringSchedulingIgnoredDuringExecution, `${field}.${name}.${may}`, validateWeighted)
    ])
  ]
}

export const validateToleration = (
  { effect = "", key = "", operator = "", tolerationSeconds, value = "" }: Toleration,
  field: string
): Causes.Causes => [
  ...(key === "" ? [] : named(`${field}.key`, key, Names.labelKey)),
  ...when(key === "" && operator !== "Exists", () =>
    Causes.invalid(
      `${field}.operator`,
      operator,
      'operator must be Exists when `key` is empty, which means "match all values and all keys"'
    )
  ),
  ...when(tolerationSeconds !== undefined && effect !== "NoExecute", () =>
    Causes.invalid(`${field}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set")
  ),
  ...validateMatch(operator, value, `${field}.operator`),
  ...(effect === "" ? [] : enumerated(`${field}.effect`, effect, ["NoSchedule", "PreferNoSchedule", "NoExecute"]))
]

const validateMatch = (operator: string, value: string, field: string): Causes.Causes => {
  switch (operator) {
    case "Equal":
    case "":
      return named(field, value, Names.labelValue)
    case "Exists":
      return when(value !== "", () => Causes.invalid(field, value, "value must be empty when `operator` is 'Exists'"))
    default:
      // Numbers are compared where a feature for it is on.
      return [
        Causes.notSupported(field, operator, ["Equal", "Exists", ...(/^(?:Lt|Gt)$/.test(operator) ? ["Lt", "Gt"] : [])])
      ]
  }
}

const policies = ["Honor", "Ignore"]
const actions = ["DoNotSchedule", "ScheduleAnyway"]

export const validateSpreads = (
  constraints: ReadonlyArray<TopologySpreadConstraint> | undefined,
  field: string
): Causes.Causes =>
  each(constraints, field, (one, at, index) => [
    ...validateSpread(one, at),
    ...when(
      (constraints ?? [])
        .slice(index + 1)
        .some((other) => other.topologyKey === one.topologyKey && other.whenUnsatisfiable === one.whenUnsatisfiable),
      () => Causes.duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, `{${one.topologyKey}, ${one.whenUnsatisfiable}}`)
    )
  ])

const validateSpread = (constraint: TopologySpreadConstraint, field: string): Causes.Causes => {
  const { labelSelector, matchLabelKeys, maxSkew, minDomains, topologyKey, whenUnsatisfiable } = constraint
  return [
    ...when(maxSkew <= 0, () => Causes.invalid(`${field}.maxSkew`, maxSkew, "must be greater than zero")),
    ...when(topologyKey === "", () => Causes.required(`${field}.topologyKey`, "can not be empty")),
    ...enumerated(`${field}.whenUnsatisfiable`, whenUnsatisfiable, actions),
    ...when(minDomains !== undefined && minDomains <= 0, () =>
      Causes.invalid(`${field}.minDomains`, minDomains, "must be greater than zero")
    ),
    ...when(minDomains !== undefined && whenUnsatisfiable !== "DoNotSchedule", () =>
      Causes.invalid(
        `${field}.minDomains`,
        minDomains,
        `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`
      )
    ),
    ...enumerated(`${field}.nodeAffinityPolicy`, constraint.nodeAffinityPolicy, policies),
    ...enumerated(`${field}.nodeTaintsPolicy`, constraint.nodeTaintsPolicy, policies),
    ...validateKeys(matchLabelKeys, `${field}.matchLabelKeys`, labelSelector !== undefined),
    ...inside(labelSelector, (selector) => Selector.validate(selector, `${field}.labelSelector`))
  ]
}
