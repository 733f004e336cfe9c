/**
 * Nobody grants what he may not do himself: who writes a role must hold its rules (or may `escalate` it), who writes a binding
 * those of its role (or may `bind` it). Source: "Privilege escalation prevention and bootstrapping" of the RBAC documentation.
 */
import { Effect } from "effect"
import { Forbidden, NotFound } from "../../kernel/client/Errors.ts"
import { type Attributes, masters, type User } from "../../kernel/pipeline/Attributes.ts"
import { decided } from "../../kernel/pipeline/Authorize.ts"
import type { Admission, Admitted, Authorizers } from "../../kernel/pipeline/Policy.ts"
import {
  ClusterRole,
  ClusterRoleBinding,
  type PolicyRule,
  Role,
  RoleBinding,
  type RoleRef
} from "../resources/contracts/rbac/v1.ts"
import type { Rbac } from "./Rbac.ts"
import { exceeding, shown } from "./Rules.ts"

const group = "rbac.authorization.k8s.io"
const everything: ReadonlyArray<PolicyRule> = [
  { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
  { nonResourceURLs: ["*"], verbs: ["*"] }
]

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

const refusal = ({ groups, name }: User, missing: ReadonlyArray<PolicyRule>) => {
  const of = groups.length === 0 ? "" : ` (groups=[${groups.map((group) => JSON.stringify(group)).join(" ")}])`
  const rules = missing.map(shown).join("\n")
  return `user ${JSON.stringify(name)}${of} is attempting to grant RBAC permissions not currently held:\n${rules}`
}

export const admission = (rbac: Rbac, authorizers: Authorizers["Service"]): Admission => {
  const may = (asked: Attributes, verb: string, resource: string, name: string) =>
    Effect.map(
      decided({ authorizers }, { ...asked, verb, group, version: "v1", resource, subresource: "", name }),
      (refusal) => refusal === undefined
    )

  const holds = (attributes: Attributes, rules: ReadonlyArray<PolicyRule>) => {
    const missing = exceeding(rules, rbac.rules(attributes.user, attributes.namespace))
    if (missing.length === 0) return Effect.void
    const { group, name, namespace, resource, user } = attributes
    return Effect.fail(new Forbidden({ group, resource, namespace, name, detail: refusal(user, missing) }))
  }

  const role = ({ attributes }: Admitted, after: ClusterRole, before: ClusterRole | undefined) => {
    const aggregates = after.aggregationRule !== undefined && !same(after.aggregationRule, before?.aggregationRule)
    const grants = !same(after.rules ?? [], before?.rules ?? [])
    return Effect.flatMap(may(attributes, "escalate", attributes.resource, after.metadata.name), (may) => {
      if (may) return Effect.void
      // Whoever may choose what is aggregated may get everything into it.
      if (aggregates) return holds(attributes, everything)
      return grants ? holds(attributes, after.rules ?? []) : Effect.void
    })
  }

  const binding = ({ attributes }: Admitted, after: RoleBinding, before: RoleBinding | undefined) => {
    const { roleRef } = after
    if (before !== undefined && same(before.roleRef, roleRef) && same(before.subjects, after.subjects)) return Effect.void
    return Effect.flatMap(
      may(attributes, "bind", pluralOf(roleRef), roleRef.name),
      (may): Effect.Effect<void, Forbidden | NotFound> => {
        if (may) return Effect.void
        const rules = rbac.roleRules(roleRef, attributes.namespace)
        if (rules !== undefined) return holds(attributes, rules)
        const namespace = roleRef.kind === "Role" ? attributes.namespace : ""
        return Effect.fail(new NotFound({ group, resource: pluralOf(roleRef), namespace, name: roleRef.name }))
      }
    )
  }

  return {
    name: "RoleEscalation",
    order: 900,
    validate: (request): Effect.Effect<void, Forbidden | NotFound> => {
      const { attributes, kind, object, old } = request
      if (object === undefined || attributes.user.groups.includes(masters)) return Effect.void
      // What is admitted has been decoded as its kind, whose fields these are.
      if (kind.storage === Role.storage || kind.storage === ClusterRole.storage) {
        return role(request, object as unknown as ClusterRole, old as unknown as ClusterRole | undefined)
      }
      if (kind.storage === RoleBinding.storage || kind.storage === ClusterRoleBinding.storage) {
        return binding(request, object as unknown as RoleBinding, old as unknown as RoleBinding | undefined)
      }
      return Effect.void
    }
  }
}

const pluralOf = ({ kind }: RoleRef) => (kind === "ClusterRole" ? ClusterRole.plural : Role.plural)
