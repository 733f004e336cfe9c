/**
 * Role-based access control: what the roles allow that a user is bound to, cluster-wide and in a namespace. Synchronous, from
 * tables that are indexed by subject: a decision costs what the user's bindings cost, and not what the cluster has.
 */
import { Effect } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import type { Attributes, User } from "../../kernel/pipeline/Attributes.ts"
import type { Authorizer } from "../../kernel/pipeline/Policy.ts"
import {
  ClusterRole,
  ClusterRoleBinding,
  type PolicyRule,
  Role,
  RoleBinding,
  type RoleRef,
  type Subject
} from "../resources/contracts/rbac/v1.ts"
import { allows } from "./Rules.ts"

const accountPrefix = "system:serviceaccount:"

/** A subject as the users' names have it, so that an account is found by the name that its token speaks for. */
const subjectKey = ({ kind, name, namespace }: Subject, own = ""): string =>
  kind === "ServiceAccount" ? `User/${accountPrefix}${namespace ?? own}:${name}` : `${kind}/${name}`
const keysOf = ({ groups, name }: User) => [`User/${name}`, ...groups.map((group) => `Group/${group}`)]

/** What somebody is bound to, and how. `rules` is absent when the role is not there. */
export interface Grant {
  readonly binding: string
  readonly role: RoleRef
  readonly rules: ReadonlyArray<PolicyRule> | undefined
}

export const make = Effect.gen(function* () {
  const client = yield* Client
  const indexes = {}
  const clusterRoles = yield* client.cache(ClusterRole, { indexes })
  const roles = yield* client.cache(Role, { indexes })
  const clusterBindings = yield* client.cache(ClusterRoleBinding, {
    indexes: { subject: ({ subjects = [] }) => subjects.map((subject) => subjectKey(subject)) }
  })
  const bindings = yield* client.cache(RoleBinding, {
    indexes: {
      subject: ({ metadata: { namespace = "" }, subjects = [] }) =>
        subjects.map((subject) => `${namespace}/${subjectKey(subject, namespace)}`)
    }
  })

  const rulesOf = (role: RoleRef, namespace: string) =>
    role.kind === "ClusterRole"
      ? clusterRoles.get({ namespace: "", name: role.name })
      : roles.get({ namespace, name: role.name })

  /** Of the role itself; absent when it is not there. */
  const roleRules = (role: RoleRef, namespace: string): ReadonlyArray<PolicyRule> | undefined => {
    const found = rulesOf(role, namespace)
    return found === undefined ? undefined : (found.rules ?? [])
  }

  function* grants(user: User, namespace: string): Generator<Grant> {
    const keys = keysOf(user)
    for (const key of keys) {
      for (const { metadata, roleRef } of clusterBindings.by("subject", key)) {
        yield {
          binding: `ClusterRoleBinding ${JSON.stringify(metadata.name)}`,
          role: roleRef,
          rules: roleRules(roleRef, "")
        }
      }
    }
    if (namespace === "") return
    for (const key of keys) {
      for (const { metadata, roleRef } of bindings.by("subject", `${namespace}/${key}`)) {
        const binding = `RoleBinding ${JSON.stringify(`${metadata.name}/${namespace}`)}`
        yield { binding, role: roleRef, rules: roleRules(roleRef, namespace) }
      }
    }
  }

  return {
    grants,
    roleRules,
    /** All that a user may do there. */
    rules: (user: User, namespace: string): ReadonlyArray<PolicyRule> =>
      [...grants(user, namespace)].flatMap(({ rules }) => rules ?? [])
  }
})
export type Rbac = Effect.Success<typeof make>

/** A namespace lies in itself: who may get namespaces by a role in `a`, may get the namespace `a`. */
const namespaceOf = ({ group, name, namespace, resource }: Attributes) =>
  namespace === "" && group === "" && resource === "namespaces" ? name : namespace

const missing = ({ role }: Grant) =>
  `${role.kind.toLowerCase()}.rbac.authorization.k8s.io ${JSON.stringify(role.name)} not found`

export const authorizer =
  (rbac: Rbac): Authorizer =>
  (attributes) => {
    let lost: Array<string> | undefined
    for (const grant of rbac.grants(attributes.user, namespaceOf(attributes))) {
      if (grant.rules === undefined) (lost ??= []).push(missing(grant))
      else if (grant.rules.some((rule) => allows(rule, attributes))) {
        const reason = `RBAC: allowed by ${grant.binding} of ${grant.role.kind} ${JSON.stringify(grant.role.name)}`
        return { decision: "allow", reason }
      }
    }
    return lost === undefined ? { decision: "noOpinion" } : { decision: "noOpinion", reason: `RBAC: ${lost.join(", ")}` }
  }
