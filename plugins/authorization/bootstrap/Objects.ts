/** The roles and bindings that every cluster has, as objects. */
import type {
  ClusterRoleBindingDraft,
  ClusterRoleDraft,
  RoleBindingDraft,
  RoleDraft,
  Subject
} from "../../resources/contracts/rbac/v1.ts"
import * as Components from "./Components.ts"
import * as Controllers from "./Controllers.ts"
import { may, mayNamed } from "./May.ts"
import * as Users from "./Users.ts"

const apiGroup = "rbac.authorization.k8s.io"
/** What carries it is brought up to date at every start; who wants to keep a change sets it to false. */
export const autoupdate = `${apiGroup}/autoupdate`

const metadata = (name: string, labels: { readonly [key: string]: string } = {}) => ({
  name,
  labels: { "kubernetes.io/bootstrapping": "rbac-defaults", ...labels },
  annotations: { [autoupdate]: "true" }
})

const account = (name: string): Subject => ({ kind: "ServiceAccount", namespace: "kube-system", name })
/** From `group:…`, `user:…` or `sa:…`. */
const subject = (text: string): Subject => {
  const [kind, name] = [text.slice(0, text.indexOf(":")), text.slice(text.indexOf(":") + 1)]
  return kind === "sa" ? account(name) : { apiGroup, kind: kind === "group" ? "Group" : "User", name }
}

const controllers = Object.entries(Controllers.rules)
/** Some of upstream's accounts do not end in `-controller`; here all do. */
const accounts = (name: string) => [...new Set([name, name.replace(/(-controller)?$/, "-controller")])].map(account)

export const clusterRoles: ReadonlyArray<ClusterRoleDraft> = [
  ...Users.clusterRoles.map((role) => ({
    ...role,
    metadata: metadata(role.metadata.name ?? "", role.metadata.labels)
  })),
  ...Object.entries(Components.clusterRoles).map(([name, rules]) => ({ metadata: metadata(name), rules })),
  ...controllers.map(([name, rules]) => ({ metadata: metadata(`system:controller:${name}`), rules }))
]

const clusterBinding = (role: string, subjects: ReadonlyArray<Subject>): ClusterRoleBindingDraft => ({
  metadata: metadata(role),
  roleRef: { apiGroup, kind: "ClusterRole", name: role },
  subjects
})

export const clusterRoleBindings: ReadonlyArray<ClusterRoleBindingDraft> = [
  ...Object.entries(Components.bindings).map(([role, subjects]) => clusterBinding(role, subjects.map(subject))),
  ...controllers.map(([name]) => clusterBinding(`system:controller:${name}`, accounts(name)))
]

const within = (name: string, namespace: string) => ({ ...metadata(name), namespace })

const election = "keelson:leader-election"
const reader = "extension-apiserver-authentication-reader"

/** What anybody may read before he joins, and what one may with a token: by namespace, ConfigMap and who. */
const published = [
  ["kube-public", "cluster-info", "user:system:anonymous", "group:system:bootstrappers"],
  ["kube-system", "keelson-config", "group:system:bootstrappers"]
] as const
const readerOf = (map: string) => `keelson:${map}-reader`

const local = Object.entries(Controllers.within).map(([place, rules]) => {
  const [namespace = "", name = ""] = place.split("/")
  return { namespace, name, rules, role: `system:controller:${name}` }
})

export const roles: ReadonlyArray<RoleDraft> = [
  ...local.map(({ namespace, role, rules }) => ({ metadata: within(role, namespace), rules })),
  ...published.map(([namespace, map]) => ({
    metadata: within(readerOf(map), namespace),
    rules: mayNamed("get", "configmaps", map)
  })),
  {
    metadata: within(election, "kube-system"),
    rules: may("create get list update watch", { "coordination.k8s.io": "leases" })
  },
  {
    metadata: within(reader, "kube-system"),
    rules: mayNamed("get list watch", "configmaps", "extension-apiserver-authentication")
  }
]

const binding = (name: string, namespace: string, subjects: ReadonlyArray<Subject>): RoleBindingDraft => ({
  metadata: within(name, namespace),
  roleRef: { apiGroup, kind: "Role", name },
  subjects
})

/** Where one must act, the Lease of kube-system says who: every controller may hold one. */
export const roleBindings: ReadonlyArray<RoleBindingDraft> = [
  ...local.map(({ name, namespace, role }) => binding(role, namespace, accounts(name))),
  ...published.map(([namespace, map, ...who]) => binding(readerOf(map), namespace, who.map(subject))),
  binding(election, "kube-system", [
    subject("user:system:kube-controller-manager"),
    subject("user:system:kube-scheduler"),
    ...[...new Set([...controllers.map(([name]) => name), ...local.map(({ name }) => name)])].flatMap(accounts)
  ]),
  binding(reader, "kube-system", [subject("user:system:kube-controller-manager"), subject("user:system:kube-scheduler")])
]

export const namespaces = ["default", "kube-node-lease", "kube-public", "kube-system"]
