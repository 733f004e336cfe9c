/** Quotas and limits of namespaces: what is wrong with them, and how they are shown. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import * as Quantity from "../../../kernel/resource/Quantity.ts"
import { each, named, when } from "../../../kernel/resource/Rules.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { text } from "../Columns.ts"
import type { LimitRange, LimitRangeItem, ResourceQuota, ScopedResourceSelectorRequirement } from "../contracts/core/v1.ts"
import { created } from "../rbac/Rbac.ts"
import {
  isStandardAnywhere,
  ofContainer,
  validateName as validateResourceName,
  validateQuantity
} from "./ResourceValidation.ts"

/** Used of what is given, by resource. */
const used =
  (isLimit: boolean) =>
  ({ status: { hard = {}, used = {} } }: ResourceQuota) =>
    Object.keys(hard)
      .toSorted()
      .filter((name) => name.startsWith("limits.") === isLimit)
      .map((name) => `${name}: ${used[name] ?? "0"}/${hard[name]}`)
      .join(", ")

/** Resources without a domain have to be known. */
const validateName = (name: string, field: string): Causes.Causes => {
  const wrong = Causes.broken(field, name, Names.labelKey(name))
  const isKnown = name.includes("/") || isStandardAnywhere(name)
  return [
    ...wrong,
    ...when(!isKnown && wrong.length === 0, () =>
      Causes.invalid(field, name, "must be a standard resource type or fully qualified")
    ),
    ...when(!isKnown || (wrong.length > 0 && !name.includes("/")), () =>
      Causes.invalid(field, name, "must be a standard resource for quota")
    )
  ]
}

const scopes = [
  ...["BestEffort", "CrossNamespacePodAffinity", "NotBestEffort", "NotTerminating", "PriorityClass", "Terminating"],
  "VolumeAttributesClass"
]
const opposite: ReadonlyArray<readonly [string, string]> = [
  ["BestEffort", "NotBestEffort"],
  ["Terminating", "NotTerminating"]
]
const validateScopes = ({ hard = {}, scopeSelector, scopes: given = [] }: ResourceQuota["spec"]): Causes.Causes => [
  ...given.flatMap((scope) =>
    when(!scopes.includes(scope), () => Causes.invalid("spec.scopes", given, "unsupported scope"))
  ),
  ...given.flatMap((scope) =>
    Object.keys(hard).flatMap((name) =>
      when(scope === "BestEffort" && name !== "pods", () =>
        Causes.invalid("spec.scopes", given, `unsupported scope applied to resource`)
      )
    )
  ),
  ...opposite.flatMap(([one, other]) =>
    when(given.includes(one) && given.includes(other), () => Causes.invalid("spec.scopes", given, "conflicting scopes"))
  ),
  ...(scopeSelector?.matchExpressions ?? []).flatMap(validateScope)
]

/** Upstream does not say which of them it is. */
const validateScope = ({ operator, scopeName, values = [] }: ScopedResourceSelectorRequirement): Causes.Causes => {
  const field = "spec.scopeSelector.matchExpressions"
  const isMany = operator === "In" || operator === "NotIn"
  const isOne = operator === "Exists" || operator === "DoesNotExist"
  const needsExists = ["BestEffort", "CrossNamespacePodAffinity", "NotBestEffort", "NotTerminating", "Terminating"]
  return [
    ...when(!scopes.includes(scopeName), () => Causes.invalid(`${field}.scopeName`, scopeName, "unsupported scope")),
    ...when(needsExists.includes(scopeName) && operator !== "Exists", () =>
      Causes.invalid(
        `${field}.operator`,
        operator,
        `must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity`
      )
    ),
    ...when(isMany && values.length === 0, () =>
      Causes.required(`${field}.values`, "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector")
    ),
    ...when(isOne && values.length > 0, () =>
      Causes.invalid(
        `${field}.values`,
        values,
        "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
      )
    ),
    ...when(!isMany && !isOne, () => Causes.invalid(`${field}.operator`, operator, "not a valid selector operator"))
  ]
}

export const quota: Strategy<ResourceQuota> = {
  generation: false,
  validate: ({ spec }) => [
    ...Object.entries(spec.hard ?? {}).flatMap(([name, amount]) => [
      ...validateName(name, `spec.hard[${name}]`),
      ...validateQuantity(amount, `spec.hard[${name}]`)
    ]),
    ...validateScopes(spec)
  ],
  validateUpdate: ({ spec }, { spec: old }, subresource) => {
    const now = new Set(spec.scopes)
    const isSame = subresource !== "" || now.symmetricDifference(new Set(old.scopes)).size === 0
    return isSame ? [] : [Causes.immutable("spec.scopes", spec.scopes ?? [])]
  },
  columns: [
    text("Request", "How much of it is used.", used(false)),
    text("Limit", "How much of the limits is used.", used(true))
  ]
}

/** For containers the bounds are what is given to who states nothing, unless something else is. */
const withDefaults = (item: LimitRangeItem): LimitRangeItem => {
  if (item.type !== "Container") return item
  const limits = { ...item.max, ...item.default }
  const requests = { ...item.min, ...limits, ...item.defaultRequest }
  return {
    ...item,
    ...(Object.keys(limits).length > 0 && { default: limits }),
    ...(Object.keys(requests).length > 0 && { defaultRequest: requests })
  }
}

const amounts = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] as const

/** Which of two amounts may not be more than which other. */
const orders = [
  ["min", "max"],
  ["min", "defaultRequest"],
  ["defaultRequest", "max"],
  ["min", "default"],
  ["default", "max"],
  ["defaultRequest", "default"]
] as const
const words: { readonly [name: string]: string } = {
  defaultRequest: "default request value",
  default: "default value",
  min: "min value",
  max: "max value"
}

const validateItem = (item: LimitRangeItem, field: string, isAgain: boolean): Causes.Causes => {
  const { default: given, defaultRequest, max, min, type } = item
  const names = new Set(amounts.flatMap((name) => Object.keys(item[name] ?? {})))
  const isClaim = type === "PersistentVolumeClaim"
  const isPod = type === "Pod"
  const isKnown = type === "Container" || isPod || isClaim
  const namesIn = (name: (typeof amounts)[number]) =>
    Object.keys(item[name] ?? {}).flatMap((resource) => validateResource(type, resource, `${field}.${name}[${resource}]`))
  return [
    ...named(`${field}.type`, type, Names.labelKey),
    ...when(!isKnown && !type.includes("/") && Names.labelKey(type).length === 0, () =>
      Causes.invalid(`${field}.type`, type, "must be a standard limit type or fully qualified")
    ),
    ...when(isAgain, () => Causes.duplicate(`${field}.type`, type)),
    ...[...namesIn("max"), ...namesIn("min")],
    ...(isPod ? [] : [...namesIn("default"), ...namesIn("defaultRequest")]),
    ...when(isPod && Object.keys(given ?? {}).length > 0, () =>
      Causes.forbidden(`${field}.default`, "may not be specified when `type` is 'Pod'")
    ),
    ...when(isPod && Object.keys(defaultRequest ?? {}).length > 0, () =>
      Causes.forbidden(`${field}.defaultRequest`, "may not be specified when `type` is 'Pod'")
    ),
    ...when(isClaim && max?.["storage"] === undefined && min?.["storage"] === undefined, () =>
      Causes.required(`${field}.limits`, "either minimum or maximum storage value is required, but neither was provided")
    ),
    ...namesIn("maxLimitRequestRatio"),
    ...[...names].flatMap((resource) => [
      ...validateOrder(item, resource, field),
      ...validateRatio(item, resource, `${field}.maxLimitRequestRatio[${resource}]`)
    ])
  ]
}

const validateResource = (type: string, name: string, field: string): Causes.Causes =>
  type === "Container" || type === "Pod" ? ofContainer(name, field) : validateResourceName(name, field, isStandardAnywhere)

const validateRatio = ({ maxLimitRequestRatio }: LimitRangeItem, resource: string, field: string): Causes.Causes => {
  const ratio = maxLimitRequestRatio?.[resource]
  const isLess = ratio !== undefined && Quantity.compare(Quantity.of(ratio), Quantity.of("1")) < 0
  return when(isLess, () => Causes.invalid(field, ratio, `ratio ${ratio} is less than 1`))
}

const validateOrder = (item: LimitRangeItem, resource: string, field: string): Causes.Causes =>
  orders.flatMap(([less, more]) => {
    const [a, b] = [item[less]?.[resource], item[more]?.[resource]]
    if (a === undefined || b === undefined || Quantity.compare(Quantity.of(a), Quantity.of(b)) <= 0) return []
    // The field that is named is the one that was said for its own sake.
    const at = less === "min" && more !== "max" ? more : less
    const [one, other] = at === less ? [a, b] : [b, a]
    const [first, second] = at === less ? [less, more] : [more, less]
    return [
      Causes.invalid(
        `${field}.${at}[${resource}]`,
        one,
        `${words[first]} ${one} is ${at === less ? "greater" : "less"} than ${words[second]} ${other}`
      )
    ]
  })

export const limitRange: Strategy<LimitRange> = {
  validate: ({ spec: { limits } }) =>
    each(limits, "spec.limits", (item, at, index) =>
      validateItem(item, at, limits.findIndex(({ type }) => type === item.type) < index)
    ),
  defaults: (range) => ({ ...range, spec: { ...range.spec, limits: range.spec.limits.map(withDefaults) } }),
  columns: [created]
}
