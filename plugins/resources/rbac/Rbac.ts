/** Roles and their bindings, as the API server treats them. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import { each, inside, required } from "../../../kernel/resource/Rules.ts"
import * as Selector from "../../../kernel/resource/Selector.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import type { ObjectMeta } from "../../../kernel/resource/Metadata.ts"
import type { Column, Strategy } from "../../../kernel/resource/Strategy.ts"
import { same } from "../apps/Workloads.ts"
import { age, text, wide } from "../Columns.ts"
import type { AggregationRule, ClusterRole, PolicyRule, Role, RoleRef, Subject } from "../contracts/rbac/v1.ts"

const group = "rbac.authorization.k8s.io"

/** Roles are as old as their date: they show it instead of an age. */
export const created: Column<{ readonly metadata: ObjectMeta }> = {
  ...text("Created At", "When it was created.", ({ metadata }) => metadata.creationTimestamp),
  type: "date"
}

interface HasRules {
  readonly metadata: ObjectMeta
  readonly rules?: ReadonlyArray<PolicyRule>
}

const validateRule =
  (namespaced: boolean) =>
  ({ apiGroups = [], nonResourceURLs = [], resources = [], verbs }: PolicyRule, index: number): Causes.Causes => {
    const field = `rules[${index}]`
    const unsaid = verbs.length === 0 ? [Causes.required(`${field}.verbs`, "verbs must contain at least one value")] : []
    if (nonResourceURLs.length > 0)
      return [
        ...unsaid,
        ...(namespaced
          ? [
              Causes.invalid(
                `${field}.nonResourceURLs`,
                nonResourceURLs,
                "namespaced rules cannot apply to non-resource URLs"
              )
            ]
          : []),
        ...(apiGroups.length + resources.length > 0
          ? [
              Causes.invalid(
                `${field}.nonResourceURLs`,
                nonResourceURLs,
                "rules cannot apply to both regular resources and non-resource URLs"
              )
            ]
          : [])
      ]
    return [
      ...unsaid,
      ...(apiGroups.length === 0
        ? [Causes.required(`${field}.apiGroups`, "resource rules must supply at least one api group")]
        : []),
      ...(resources.length === 0
        ? [Causes.required(`${field}.resources`, "resource rules must supply at least one resource")]
        : [])
    ]
  }

const validateAggregation = ({ clusterRoleSelectors = [] }: AggregationRule): Causes.Causes => {
  const field = "aggregationRule.clusterRoleSelectors"
  if (clusterRoleSelectors.length === 0)
    return [Causes.required(field, "at least one clusterRoleSelector required if aggregationRule is non-nil")]
  return each(clusterRoleSelectors, field, (selector, at) => {
    const wrong = Selector.validate(selector, at)
    return wrong.length === 0 ? [] : [...wrong, Causes.invalid(at, null, "invalid label selector.")]
  })
}

const roles = <A extends HasRules>(namespaced: boolean): Strategy<A> => ({
  names: Names.pathSegment,
  validate: ({ rules = [] }) => rules.flatMap(validateRule(namespaced)),
  // A column named as Age is keeps the other one away.
  columns: [{ ...created, name: "Created At" }]
})
export const role = roles<Role>(true)
export const clusterRole: Strategy<ClusterRole> = {
  ...roles<ClusterRole>(false),
  validate: ({ aggregationRule, rules }) => [
    ...(rules ?? []).flatMap(validateRule(false)),
    ...inside(aggregationRule, validateAggregation)
  ]
}

interface Binding {
  readonly metadata: ObjectMeta
  readonly roleRef: RoleRef
  readonly subjects?: ReadonlyArray<Subject>
}

const withGroup = (subject: Subject): Subject =>
  (subject.apiGroup ?? "") === "" && (subject.kind === "User" || subject.kind === "Group")
    ? { ...subject, apiGroup: group }
    : subject

/** `namespaced`: service accounts without a namespace are those of the binding's. */
const validateSubject = (namespaced: boolean, { apiGroup = "", kind, name, namespace = "" }: Subject, index: number) => {
  const field = `subjects[${index}]`
  const named = required(`${field}.name`, name)
  switch (kind) {
    case "ServiceAccount":
      return [
        ...named,
        ...(name === "" ? [] : Causes.broken(`${field}.name`, name, Names.dns1123Subdomain(name))),
        ...(apiGroup === "" ? [] : [Causes.notSupported(`${field}.apiGroup`, apiGroup, [""])]),
        ...(namespace === "" && !namespaced ? [Causes.required(`${field}.namespace`)] : [])
      ]
    case "User":
    case "Group":
      return [...named, ...(apiGroup === group ? [] : [Causes.notSupported(`${field}.apiGroup`, apiGroup, [group])])]
    default:
      return [...named, Causes.notSupported(`${field}.kind`, kind, ["ServiceAccount", "User", "Group"])]
  }
}

const validateRef = ({ apiGroup, kind, name }: RoleRef, kinds: ReadonlyArray<string>): Causes.Causes => [
  ...(apiGroup === group ? [] : [Causes.notSupported("roleRef.apiGroup", apiGroup, [group])]),
  ...(kinds.includes(kind) ? [] : [Causes.notSupported("roleRef.kind", kind, kinds)]),
  ...(name === "" ? [Causes.required("roleRef.name")] : Causes.broken("roleRef.name", name, Names.pathSegment(name)))
]

const named = ({ subjects = [] }: Binding, kind: string) =>
  subjects
    .filter((subject) => subject.kind === kind)
    .map(({ name, namespace }) => (kind === "ServiceAccount" ? `${namespace}/${name}` : name))
    .join(", ")

const bindings = (namespaced: boolean, ...kinds: ReadonlyArray<string>): Strategy<Binding> => ({
  names: Names.pathSegment,
  defaults: (binding) => ({
    ...binding,
    // Go's clients write it as "" where they leave it to the server.
    ...(binding.roleRef.apiGroup === "" && { roleRef: { ...binding.roleRef, apiGroup: group } }),
    ...(binding.subjects !== undefined && { subjects: binding.subjects.map(withGroup) })
  }),
  validate: ({ roleRef, subjects = [] }) => [
    ...validateRef(roleRef, kinds),
    ...subjects.flatMap((subject, index) => validateSubject(namespaced, subject, index))
  ],
  validateUpdate: ({ roleRef }, { roleRef: old }) =>
    same(roleRef, old) ? [] : [Causes.invalid("roleRef", roleRef, "cannot change roleRef")],
  columns: [
    text("Role", "What is given.", ({ roleRef }) => `${roleRef.kind}/${roleRef.name}`),
    age,
    wide(text("Users", "The users it is given to.", (binding) => named(binding, "User"))),
    wide(text("Groups", "The groups it is given to.", (binding) => named(binding, "Group"))),
    wide(text("ServiceAccounts", "The service accounts it is given to.", (binding) => named(binding, "ServiceAccount")))
  ]
})
export const roleBinding = bindings(true, "Role", "ClusterRole")
export const clusterRoleBinding = bindings(false, "ClusterRole")
