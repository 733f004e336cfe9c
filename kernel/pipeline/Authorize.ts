/** May this user do this? The first authorizer with an opinion decides; without one the answer is no. */
import { Effect } from "effect"
import { Forbidden } from "../client/Errors.ts"
import { type Attributes, masters } from "./Attributes.ts"
import type { Environment } from "./Environment.ts"
import type { At } from "./Pipeline.ts"

export const attributesOf = ({ name, namespace, served, subresource, user, version }: At, verb: string): Attributes => ({
  user,
  verb,
  group: version.group,
  version: version.version,
  resource: served.kind.plural,
  subresource,
  namespace: served.kind.namespaced ? namespace : "",
  name
})

/** As upstream words it. */
const refusal = ({ group, namespace, path, resource, subresource, user, verb }: Attributes, reason: string) => {
  const why = reason === "" ? "" : `: ${reason}`
  if (path !== undefined) return `User ${JSON.stringify(user.name)} cannot ${verb} path ${JSON.stringify(path)}${why}`
  const what = subresource === "" ? resource : `${resource}/${subresource}`
  const where = namespace === "" ? "at the cluster scope" : `in the namespace ${JSON.stringify(namespace)}`
  return `User ${JSON.stringify(user.name)} cannot ${verb} resource ${JSON.stringify(what)} in API group ${JSON.stringify(group)} ${where}${why}`
}

/** `undefined`: it may. Otherwise why not. */
export const decide = ({ authorizers }: Pick<Environment, "authorizers">, attributes: Attributes): string | undefined => {
  if (attributes.user.groups.includes(masters)) return undefined
  for (const { use } of authorizers.all()) {
    const { decision, reason = "" } = use(attributes)
    if (decision === "allow") return undefined
    if (decision === "deny") return refusal(attributes, reason)
  }
  return refusal(attributes, "")
}

export const authorize = (
  environment: Pick<Environment, "authorizers">,
  attributes: Attributes
): Effect.Effect<void, Forbidden> =>
  Effect.suspend(() => {
    const detail = decide(environment, attributes)
    if (detail === undefined) return Effect.void
    const { group, name, namespace, resource } = attributes
    return Effect.fail(new Forbidden({ group, resource, namespace, name, detail }))
  })
