/** What one rule of RBAC allows. Source: rbac.authorization.k8s.io/v1 PolicyRule, and "Using RBAC Authorization". */
import type { Attributes } from "../../kernel/pipeline/Attributes.ts"
import type { PolicyRule } from "../resources/contracts/rbac/v1.ts"

const none: ReadonlyArray<string> = []
const named = (values: ReadonlyArray<string> = none, value: string) => values.includes("*") || values.includes(value)

/** `*\/scale` is that subresource of everything; `pods` is not also `pods/log`. */
const coversResource = (resources: ReadonlyArray<string> = none, resource: string, subresource: string) =>
  subresource === ""
    ? named(resources, resource)
    : named(resources, `${resource}/${subresource}`) || resources.includes(`*/${subresource}`)

const coversPath = (urls: ReadonlyArray<string> = none, path: string) =>
  urls.some((url) => url === path || (url.endsWith("*") && path.startsWith(url.slice(0, -1))))

const coversName = (names: ReadonlyArray<string> = none, name: string) => names.length === 0 || names.includes(name)

export type Asked = Pick<Attributes, "verb" | "group" | "resource" | "subresource" | "name" | "path">

export const allows = (rule: PolicyRule, { group, name, path, resource, subresource, verb }: Asked): boolean => {
  if (!named(rule.verbs, verb)) return false
  if (path !== undefined) return coversPath(rule.nonResourceURLs, path)
  return (
    named(rule.apiGroups, group) &&
    coversResource(rule.resources, resource, subresource) &&
    coversName(rule.resourceNames, name)
  )
}

/** A rule of one verb on one resource of one group, or on one path; `name` is absent for all names. */
interface Grain {
  readonly verb: string
  readonly group: string
  readonly resource: string
  readonly name: string | undefined
  readonly path: string | undefined
}

const grains = (rule: PolicyRule): ReadonlyArray<Grain> =>
  rule.verbs.flatMap((verb) => [
    ...(rule.nonResourceURLs ?? none).map((path) => ({ verb, group: "", resource: "", name: undefined, path })),
    ...(rule.apiGroups ?? none).flatMap((group) =>
      (rule.resources ?? none).flatMap((resource) =>
        (rule.resourceNames?.length ? rule.resourceNames : [undefined]).map((name) => ({
          verb,
          group,
          resource,
          name,
          path: undefined
        }))
      )
    )
  ])

const coversGrain = (rule: PolicyRule, { group, name, path, resource, verb }: Grain) => {
  if (!named(rule.verbs, verb)) return false
  if (path !== undefined) return coversPath(rule.nonResourceURLs, path)
  const [kind = "", subresource = ""] = resource.split("/")
  const resources =
    kind === "*" && subresource === "" ? named(rule.resources, "*") : coversResource(rule.resources, kind, subresource)
  const names = rule.resourceNames ?? none
  return named(rule.apiGroups, group) && resources && (names.length === 0 || (name !== undefined && names.includes(name)))
}

/** What `asked` allows and `owned` does not, as rules of one verb each. Empty: whoever owns these may grant those. */
export const exceeding = (asked: ReadonlyArray<PolicyRule>, owned: ReadonlyArray<PolicyRule>): ReadonlyArray<PolicyRule> =>
  asked
    .flatMap(grains)
    .filter((grain) => !owned.some((rule) => coversGrain(rule, grain)))
    .map(({ group, name, path, resource, verb }) =>
      path === undefined
        ? { apiGroups: [group], resources: [resource], ...(name !== undefined && { resourceNames: [name] }), verbs: [verb] }
        : { nonResourceURLs: [path], verbs: [verb] }
    )

/** A rule in one line, as upstream shows what is missing. */
export const shown = ({ apiGroups, nonResourceURLs, resourceNames, resources, verbs }: PolicyRule): string => {
  const part = (name: string, values: ReadonlyArray<string> = none) =>
    values.length === 0 ? [] : [`${name}:[${values.map((value) => JSON.stringify(value)).join(" ")}]`]
  const parts = [
    ...part("APIGroups", apiGroups),
    ...part("NonResourceURLs", nonResourceURLs),
    ...part("Resources", resources),
    ...part("ResourceNames", resourceNames),
    ...part("Verbs", verbs)
  ]
  return `{${parts.join(", ")}}`
}
