/** The roles for people: everything, and by aggregation what may be done, changed and seen in a namespace. */
import type { ClusterRoleDraft, PolicyRule } from "../../resources/contracts/rbac/v1.ts"
import { all, may, mayReach, read, write } from "./May.ts"

const rbac = "rbac.authorization.k8s.io"
const label = (part: string) => `${rbac}/aggregate-to-${part}`

const workloads = {
  apps: "daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale",
  autoscaling: "horizontalpodautoscalers",
  batch: "cronjobs jobs",
  networking: "ingresses networkpolicies"
}

const view: ReadonlyArray<PolicyRule> = [
  ...may(read, {
    "": "bindings configmaps endpoints events limitranges namespaces namespaces/status persistentvolumeclaims persistentvolumeclaims/status pods pods/log pods/status replicationcontrollers replicationcontrollers/scale replicationcontrollers/status resourcequotas resourcequotas/status serviceaccounts services services/status",
    apps: `controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status`,
    autoscaling: "horizontalpodautoscalers horizontalpodautoscalers/status",
    batch: "cronjobs cronjobs/status jobs jobs/status",
    "discovery.k8s.io": "endpointslices",
    "networking.k8s.io": "ingresses ingresses/status networkpolicies",
    policy: "poddisruptionbudgets poddisruptionbudgets/status"
  })
]

const edit: ReadonlyArray<PolicyRule> = [
  ...may(read, { "": "pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy" }),
  ...may("impersonate", { "": "serviceaccounts" }),
  ...may(write, {
    "": "configmaps events persistentvolumeclaims pods pods/attach pods/exec pods/portforward pods/proxy replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy",
    apps: workloads.apps,
    autoscaling: workloads.autoscaling,
    batch: workloads.batch,
    "networking.k8s.io": workloads.networking,
    policy: "poddisruptionbudgets"
  }),
  ...may("create", { "": "pods/eviction serviceaccounts/token" }),
  ...may(all, { "coordination.k8s.io": "leases" })
]

const admin: ReadonlyArray<PolicyRule> = [
  ...may("create", { "authorization.k8s.io": "localsubjectaccessreviews" }),
  ...may(all, { [rbac]: "rolebindings roles" })
]

const part = (name: string, rules: ReadonlyArray<PolicyRule>): ClusterRoleDraft => ({
  metadata: { name: `system:aggregate-to-${name}`, labels: { [label(name)]: "true" } },
  rules
})
/** Its rules are those of the roles with its label; `into` is the next larger one, which it is part of. */
const whole = (name: string, into?: string): ClusterRoleDraft => ({
  metadata: { name, labels: into === undefined ? {} : { [label(into)]: "true" } },
  aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [label(name)]: "true" } }] }
})

export const clusterRoles: ReadonlyArray<ClusterRoleDraft> = [
  { metadata: { name: "cluster-admin" }, rules: [...may("*", { "*": "*" }), ...mayReach("*", "*")] },
  whole("admin"),
  whole("edit", "admin"),
  whole("view", "edit"),
  part("admin", admin),
  part("edit", edit),
  part("view", view)
]
