/** Which rule of a policy a request is under. Source: the fields of audit.k8s.io/v1 Policy, which say what each matches. */
import type { Request } from "./contracts/Auditor.ts"
import type { Level, Policy, Rule, Stage } from "./contracts/Policy.ts"

export interface Wanted {
  readonly level: Level
  readonly omitStages: ReadonlySet<Stage>
  readonly omitManagedFields: boolean
}

const nothing: Wanted = { level: "None", omitStages: new Set(), omitManagedFields: false }

type Strings = ReadonlyArray<string> | null | undefined
const isGiven = (values: Strings): values is ReadonlyArray<string> =>
  values !== undefined && values !== null && values.length > 0

/** `pods` is not also `pods/log`; `pods/*` is all below pods, `*\/scale` that subresource of everything. */
const isResource = (wanted: string, resource: string, subresource: string) =>
  wanted === "*" ||
  wanted === (subresource === "" ? resource : `${resource}/${subresource}`) ||
  (subresource !== "" && wanted === `*/${subresource}`) ||
  (wanted.endsWith("/*") && wanted.slice(0, -2) === resource)

const coversObject = ({ namespaces, resources }: Rule, object: Request["object"]) => {
  if (object === undefined) return false
  const { group, name, namespace, resource, subresource } = object
  if (isGiven(namespaces) && !namespaces.includes(namespace)) return false
  if (resources === undefined || resources === null || resources.length === 0) return true
  return resources.some((one) => {
    if ((one.group ?? "") !== group) return false
    if (!isGiven(one.resources)) return true
    if (isGiven(one.resourceNames) && !one.resourceNames.includes(name)) return false
    return one.resources.some((wanted) => isResource(wanted, resource, subresource))
  })
}

const coversPath = (urls: ReadonlyArray<string>, { object, path }: Request) =>
  object === undefined &&
  urls.some((url) => url === "*" || url === path || (url.endsWith("*") && path.startsWith(url.slice(0, -1))))

const matches = (rule: Rule, request: Request): boolean => {
  const { namespaces, nonResourceURLs, resources, userGroups, users, verbs } = rule
  const { user, verb } = request
  if (isGiven(users) && (user === undefined || !users.includes(user.name))) return false
  if (isGiven(userGroups) && (user === undefined || !userGroups.some((group) => user.groups.includes(group)))) return false
  if (isGiven(verbs) && !verbs.includes(verb)) return false
  if (isGiven(namespaces) || (resources !== undefined && resources !== null && resources.length > 0))
    return coversObject(rule, request.object)
  return isGiven(nonResourceURLs) ? coversPath(nonResourceURLs, request) : true
}

export const wanted = (policy: Policy, request: Request): Wanted => {
  const rule = policy.rules.find((one) => matches(one, request))
  if (rule === undefined) return nothing
  return {
    level: rule.level,
    omitStages: new Set([...(policy.omitStages ?? []), ...(rule.omitStages ?? [])]),
    omitManagedFields: rule.omitManagedFields ?? policy.omitManagedFields ?? false
  }
}
