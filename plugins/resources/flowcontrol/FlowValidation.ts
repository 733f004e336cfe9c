/** What is wrong with a FlowSchema, in upstream's words. */
import { equal } from "../../../kernel/resource/JsonEqual.ts"
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import type {
  FlowSchema,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject
} from "../contracts/flowcontrol/v1.ts"
import { mandatoryFlows } from "../contracts/FlowDefaults.ts"

/** A typed object as the JSON that it is. */
export const plain = (value: object) => Object(value)

const verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"]
const greatest = 10_000

/** A star stands for all, and then for nothing else beside it. */
const alone = (at: string, values: ReadonlyArray<string>, what: string): Causes.Causes =>
  values.includes("*") && values.length > 1
    ? [Causes.invalid(at, values, `if '*' is present, must not specify other ${what}`)]
    : []

const verbsOf = (at: string, values: ReadonlyArray<string>): Causes.Causes => {
  if (values.length === 0) return [Causes.required(at, "verbs must contain at least one value")]
  if (values.includes("*")) return alone(at, values, "verbs")
  return values.every((verb) => verbs.includes(verb)) ? [] : [Causes.notSupported(at, values, verbs)]
}

const url = (at: string, path: string): Causes.Causes => {
  const wrong = (why: string) => [Causes.invalid(at, path, why)]
  if (path === "") return wrong("must not be empty")
  if (path === "/") return []
  if (!path.startsWith("/")) return wrong("must start with slash")
  if (path.includes(" ")) return wrong("must not contain white-space")
  if (path.includes("//")) return wrong("must not contain double slash")
  const stars = path.split("*").length - 1
  return stars > 1 || (stars === 1 && !path.endsWith("/*")) ? wrong("wildcard can only do suffix matching") : []
}

const urls = (at: string, values: ReadonlyArray<string>): Causes.Causes => {
  if (values.length === 0) return [Causes.required(at, "nonResourceURLs must contain at least one value")]
  if (values.includes("*")) return alone(at, values, "non-resource URLs")
  return values.flatMap((path, index) => url(`${at}[${index}]`, path))
}

const nonResource = (at: string, { nonResourceURLs, verbs }: NonResourcePolicyRule): Causes.Causes => [
  ...verbsOf(`${at}.verbs`, verbs),
  ...urls(`${at}.nonResourceURLs`, nonResourceURLs)
]

const namespacesOf = (at: string, { clusterScope, namespaces = [] }: ResourcePolicyRule): Causes.Causes => {
  if (namespaces.length === 0) {
    const why = "resource rules that are not cluster scoped must supply at least one namespace"
    return clusterScope === true ? [] : [Causes.required(at, why)]
  }
  if (namespaces.includes("*")) return alone(at, namespaces, "namespaces")
  const words = "each member of this list must be '*' or a DNS-1123 label; "
  return namespaces.flatMap((name, index) =>
    Names.dns1123Label(name).map((message) => Causes.invalid(`${at}[${index}]`, name, words + message))
  )
}

const some = (at: string, values: ReadonlyArray<string>, none: string, what: string): Causes.Causes =>
  values.length === 0 ? [Causes.required(at, none)] : alone(at, values, what)

const resource = (at: string, rule: ResourcePolicyRule): Causes.Causes => [
  ...verbsOf(`${at}.verbs`, rule.verbs),
  ...some(`${at}.apiGroups`, rule.apiGroups, "resource rules must supply at least one api group", "api groups"),
  ...some(`${at}.resources`, rule.resources, "resource rules must supply at least one resource", "resources"),
  ...namespacesOf(`${at}.namespaces`, rule)
]

const kinds = {
  Group: { field: "group", lacking: "group is required when subject kind is 'Group'" },
  ServiceAccount: {
    field: "serviceAccount",
    lacking: "serviceAccount is required when subject kind is 'ServiceAccount'"
  },
  User: { field: "user", lacking: "user is required when subject kind is 'User'" }
} as const

const named = (at: string, name: string): Causes.Causes => (name === "" ? [Causes.required(at)] : [])

const account = (at: string, { name, namespace }: NonNullable<Subject["serviceAccount"]>): Causes.Causes => [
  ...(name === "" || name === "*"
    ? named(`${at}.name`, name)
    : Causes.broken(`${at}.name`, name, Names.dns1123Subdomain(name))),
  ...(namespace === ""
    ? [Causes.required(`${at}.namespace`, "must specify namespace for service account")]
    : Causes.broken(`${at}.namespace`, namespace, Names.dns1123Label(namespace)))
]

const subject = (at: string, one: Subject): Causes.Causes => {
  const known = Object.entries(kinds).find(([kind]) => kind === one.kind)?.[1]
  if (known === undefined) return [Causes.notSupported(`${at}.kind`, one.kind, Object.keys(kinds).toSorted())]
  const others = Object.entries(kinds).filter(([kind, { field }]) => kind !== one.kind && one[field] !== undefined)
  const own = one[known.field] === undefined ? [Causes.required(`${at}.${known.field}`, known.lacking)] : []
  const { group, serviceAccount, user } = one
  const inside =
    one.kind === "ServiceAccount" && serviceAccount !== undefined
      ? account(`${at}.serviceAccount`, serviceAccount)
      : one.kind === "Group" && group !== undefined
        ? named(`${at}.group.name`, group.name)
        : one.kind === "User" && user !== undefined
          ? named(`${at}.user.name`, user.name)
          : []
  return [
    ...own,
    ...inside,
    ...others.map(([kind, { field }]) =>
      Causes.forbidden(`${at}.${field}`, `${field} is forbidden when subject kind is not '${kind}'`)
    )
  ]
}

const rules = (
  at: string,
  { nonResourceRules = [], resourceRules = [], subjects }: PolicyRulesWithSubjects
): Causes.Causes => [
  ...(subjects.length === 0 ? [Causes.required(`${at}.subjects`, "subjects must contain at least one value")] : []),
  ...subjects.flatMap((one, index) => subject(`${at}.subjects[${index}]`, one)),
  ...(resourceRules.length + nonResourceRules.length === 0
    ? [Causes.required(at, "at least one of resourceRules and nonResourceRules has to be non-empty")]
    : []),
  ...resourceRules.flatMap((one, index) => resource(`${at}.resourceRules[${index}]`, one)),
  ...nonResourceRules.flatMap((one, index) => nonResource(`${at}.nonResourceRules[${index}]`, one))
]

const precedence = (name: string, value: number): Causes.Causes => {
  const at = "spec.matchingPrecedence"
  if (value <= 0) return [Causes.invalid(at, value, "must be a positive value")]
  if (value > greatest) return [Causes.invalid(at, value, `must not be greater than ${greatest}`)]
  return value === 1 && name !== "exempt"
    ? [Causes.invalid(at, value, "only the schema named 'exempt' may have matchingPrecedence 1")]
    : []
}

const level = (name: string): Causes.Causes => {
  const at = "spec.priorityLevelConfiguration.name"
  return name === ""
    ? [Causes.required(at, "must reference a priority level")]
    : Causes.broken(at, name, Names.dns1123Subdomain(name))
}

const methods = ["ByNamespace", "ByUser"]

export const flow = ({ metadata: { name }, spec }: FlowSchema): Causes.Causes => {
  const { distinguisherMethod: method, matchingPrecedence, priorityLevelConfiguration } = spec
  const fixed = mandatoryFlows[name]
  return [
    ...precedence(name, matchingPrecedence),
    ...(method !== undefined && !methods.includes(method.type)
      ? [Causes.notSupported("spec.distinguisherMethod.type", { Type: method.type }, methods)]
      : []),
    ...level(priorityLevelConfiguration.name),
    ...(spec.rules ?? []).flatMap((one, index) => rules(`spec.rules[${index}]`, one)),
    ...(fixed !== undefined && !equal(plain(fixed), plain(spec))
      ? [Causes.invalid("spec", spec, `spec of '${name}' must equal the fixed value`)]
      : [])
  ]
}
