/**
 * What each controller may do. One acts as the account `kube-system:<name>`, and its role is `system:controller:<name>`: the names
 * that upstream's controllers have, so that either side's can take the place of the other's.
 */
import type { PolicyRule } from "../../resources/contracts/rbac/v1.ts"
import { change, events, may, mayNamed, mayReach, maySign, read } from "./May.ts"

const podsOf = [...may([...read, "create", "delete", "patch", "update"], { "": "pods" }), ...events]
const scaled = (group: string, plural: string) => [
  ...may([...read, ...change], { [group]: `${plural} ${plural}/status` }),
  ...may("update", { [group]: `${plural}/finalizers` })
]
const revisions = may([...read, "create", "delete", ...change], { apps: "controllerrevisions" })

export const rules: { readonly [name: string]: ReadonlyArray<PolicyRule> } = {
  "namespace-controller": [
    ...may([...read, "delete", ...change], { "": "namespaces" }),
    ...may(change, { "": "namespaces/finalize namespaces/status" }),
    ...may([...read, "delete", "deletecollection"], { "*": "*" }),
    ...mayReach("get", "/api /api/* /apis /apis/*")
  ],
  "service-account-controller": [
    ...may([...read, "create", ...change], { "": "serviceaccounts" }),
    ...may(read, { "": "namespaces" }),
    ...events
  ],
  // Upstream's acts as the controller manager itself.
  "service-account-token-controller": [
    ...may([...read, "delete", ...change], { "": "secrets" }),
    ...may([...read, ...change], { "": "serviceaccounts" })
  ],
  "root-ca-cert-publisher": [
    ...may([...read, "create", ...change], { "": "configmaps" }),
    ...may(read, { "": "namespaces" }),
    ...events
  ],
  "replicaset-controller": [...scaled("apps", "replicasets"), ...podsOf],
  "replication-controller": [...scaled("", "replicationcontrollers"), ...podsOf],
  "deployment-controller": [
    ...scaled("apps", "deployments"),
    ...may([...read, "create", "delete", ...change], { apps: "replicasets" }),
    ...may([...read, ...change], { "": "pods" }),
    ...events
  ],
  "statefulset-controller": [
    ...scaled("apps", "statefulsets"),
    ...podsOf,
    ...revisions,
    ...may([...read, "create", "delete", ...change], { "": "persistentvolumeclaims" })
  ],
  "daemon-set-controller": [
    ...scaled("apps", "daemonsets"),
    ...podsOf,
    ...revisions,
    ...may(read, { "": "nodes" }),
    ...may("create", { "": "pods/binding" })
  ],
  "job-controller": [...scaled("batch", "jobs"), ...podsOf],
  "cronjob-controller": [
    ...scaled("batch", "cronjobs"),
    ...may([...read, "create", "delete", ...change], { batch: "jobs" }),
    ...may([...read, "delete"], { "": "pods" }),
    ...events
  ],
  "volumeattributesclass-protection-controller": [
    ...may(read, { "": "persistentvolumeclaims persistentvolumes" }),
    ...may([...read, "update"], { "storage.k8s.io": "volumeattributesclasses" }),
    ...events
  ],
  "ttl-after-finished-controller": [...may([...read, "delete"], { batch: "jobs" }), ...events],
  "endpoint-controller": [
    ...may(read, { "": "nodes pods services" }),
    ...may([...read, "create", "delete", ...change], { "": "endpoints" }),
    ...may("create", { "": "endpoints/restricted" }),
    ...events
  ],
  "endpointslice-controller": [
    ...may(read, { "": "nodes pods services" }),
    ...may("update", { "": "services/finalizers" }),
    ...may([...read, "create", "delete", ...change], { "discovery.k8s.io": "endpointslices" }),
    ...may("create", { "discovery.k8s.io": "endpointslices/restricted" }),
    ...events
  ],
  "endpointslicemirroring-controller": [
    ...may(read, { "": "endpoints services" }),
    ...may("update", { "": "endpoints/finalizers services/finalizers" }),
    ...may([...read, "create", "delete", ...change], { "discovery.k8s.io": "endpointslices" }),
    ...may("create", { "discovery.k8s.io": "endpointslices/restricted" }),
    ...events
  ],
  "generic-garbage-collector": [
    ...may([...read, "delete", ...change], { "*": "*" }),
    ...mayReach("get", "/api /api/* /apis /apis/*"),
    ...events
  ],
  "node-controller": [
    ...may([...read, "delete", ...change], { "": "nodes" }),
    ...may(change, { "": "nodes/status pods/status" }),
    ...may([...read, "delete", ...change], { "": "pods" }),
    ...may(read, { "coordination.k8s.io": "leases" }),
    ...may(read, { "networking.k8s.io": "servicecidrs" }),
    ...events
  ],
  "node-ipam-controller": [...may([...read, ...change], { "": "nodes" }), ...may(change, { "": "nodes/status" }), ...events],
  "taint-eviction-controller": [
    ...may(read, { "": "nodes" }),
    ...may([...read, "delete"], { "": "pods" }),
    ...may(change, { "": "pods/status" }),
    ...events
  ],
  "ttl-controller": [...may([...read, ...change], { "": "nodes" }), ...events],
  "pod-garbage-collector": [
    ...may([...read, "delete"], { "": "pods" }),
    ...may(read, { "": "nodes" }),
    ...may(change, { "": "pods/status" }),
    ...events
  ],
  "service-controller": [
    ...may([...read, ...change], { "": "services" }),
    ...may(change, { "": "services/status" }),
    ...may(read, { "": "nodes" }),
    ...events
  ],
  "cloud-ingress-controller": [
    ...may([...read, ...change], { "networking.k8s.io": "ingresses" }),
    ...may(change, { "networking.k8s.io": "ingresses/status" }),
    ...may([...read, "create"], { "networking.k8s.io": "ingressclasses" }),
    ...may(read, { "": "nodes secrets services" }),
    ...events
  ],
  "route-controller": [...may(read, { "": "nodes" }), ...may(["patch", "update"], { "": "nodes/status" }), ...events],
  "ingress-controller": [
    ...may(read, { "": "namespaces nodes secrets services", "apiextensions.k8s.io": "customresourcedefinitions" }),
    ...may(read, { "gateway.networking.k8s.io": "gatewayclasses gateways httproutes referencegrants" }),
    ...may("update", { "gateway.networking.k8s.io": "gatewayclasses/status gateways/status httproutes/status" }),
    ...may(["create", "update"], { "": "secrets services", "discovery.k8s.io": "endpointslices" }),
    ...may("create", { "discovery.k8s.io": "endpointslices/restricted" }),
    ...may("update", { "": "services/finalizers", "networking.k8s.io": "ingresses/status" }),
    ...may(read, { "discovery.k8s.io": "endpointslices", "networking.k8s.io": "ingressclasses ingresses" }),
    ...may("create", { "networking.k8s.io": "ingressclasses" }),
    ...events
  ],
  "service-cidrs-controller": [
    ...may([...read, "create", "delete", ...change], { "networking.k8s.io": "ipaddresses servicecidrs" }),
    ...may(change, { "networking.k8s.io": "servicecidrs/finalizers servicecidrs/status" }),
    ...may(read, { "": "services" }),
    ...events
  ],
  "resourcequota-controller": [
    ...may("list watch", { "*": "*" }),
    ...may(change, { "": "resourcequotas/status" }),
    ...may(read, { "": "resourcequotas" }),
    ...events
  ],
  "disruption-controller": [
    ...may(read, { "": "pods replicationcontrollers", apps: "deployments replicasets statefulsets" }),
    ...may(read, { policy: "poddisruptionbudgets" }),
    ...may(change, { policy: "poddisruptionbudgets/status", "": "pods/status" }),
    ...may("get", { "*": "*/scale" }),
    ...events
  ],
  "horizontal-pod-autoscaler": [
    ...may(read, { autoscaling: "horizontalpodautoscalers", "": "pods" }),
    ...may(change, { autoscaling: "horizontalpodautoscalers/status" }),
    ...may("get patch update", { "*": "*/scale" }),
    ...may("get list", { "metrics.k8s.io": "pods", "custom.metrics.k8s.io": "*", "external.metrics.k8s.io": "*" }),
    // What it scales may be of a custom kind, which ours learns from its definition and upstream's from discovery.
    ...may(read, { "apiextensions.k8s.io": "customresourcedefinitions" }),
    ...events
  ],
  "certificate-controller": [
    ...may([...read, "delete"], { "certificates.k8s.io": "certificatesigningrequests" }),
    ...may(change, {
      "certificates.k8s.io": "certificatesigningrequests/approval certificatesigningrequests/status"
    }),
    ...maySign("approve", "kube-apiserver-client-kubelet", "kubelet-serving", "kube-apiserver-client"),
    ...maySign("sign", "kube-apiserver-client", "kube-apiserver-client-kubelet", "kubelet-serving", "legacy-unknown"),
    ...may(read, { "": "nodes" }),
    ...may("create", { "authorization.k8s.io": "subjectaccessreviews" }),
    ...events
  ],
  "cluster-info": may(read, { "": "namespaces" }),
  "clusterrole-aggregation-controller": may(["escalate", ...read, ...change], {
    "rbac.authorization.k8s.io": "clusterroles"
  }),
  "legacy-service-account-token-cleaner": [
    ...may([...read, "delete", "patch"], { "": "secrets" }),
    ...may(read, { "": "configmaps pods serviceaccounts" })
  ],
  "persistent-volume-binder": [
    ...may([...read, "create", "delete", ...change], { "": "persistentvolumes" }),
    ...may(change, { "": "persistentvolumes/status persistentvolumeclaims/status" }),
    ...may([...read, ...change], { "": "persistentvolumeclaims" }),
    ...may([...read, "create", "delete"], { "": "pods" }),
    ...may(read, { "storage.k8s.io": "storageclasses" }),
    ...may("list watch", { "": "nodes" }),
    ...events
  ],
  "expand-controller": [
    ...may([...read, ...change], { "": "persistentvolumes" }),
    ...may(change, { "": "persistentvolumeclaims/status" }),
    ...may(read, { "": "persistentvolumeclaims" }),
    ...events
  ],
  "ephemeral-volume-controller": [
    ...may(read, { "": "pods" }),
    ...may("update", { "": "pods/finalizers" }),
    ...may([...read, "create"], { "": "persistentvolumeclaims" }),
    ...events
  ],
  "storage-version-migrator-controller": [
    ...may("create list patch", { "*": "*" }),
    ...may(read, { "apiextensions.k8s.io": "customresourcedefinitions" }),
    ...may("patch", { "apiextensions.k8s.io": "customresourcedefinitions/status" }),
    ...may(read, { "storagemigration.k8s.io": "storageversionmigrations" }),
    ...may("update", { "storagemigration.k8s.io": "storageversionmigrations/status" })
  ],
  "resource-claim-controller": [
    ...may(read, { "": "pods", "resource.k8s.io": "resourceclaimtemplates" }),
    ...may(change, { "": "pods/finalizers pods/status" }),
    ...may([...read, "create", "delete", ...change], { "resource.k8s.io": "resourceclaims" }),
    ...may(change, { "resource.k8s.io": "resourceclaims/binding resourceclaims/status" }),
    ...events
  ],
  "attachdetach-controller": [
    ...may("list watch", { "": "persistentvolumeclaims persistentvolumes pods" }),
    ...may(read, { "": "nodes" }),
    ...may(change, { "": "nodes/status" }),
    ...may([...read, "create", "delete"], { "storage.k8s.io": "volumeattachments" }),
    ...may(read, { "storage.k8s.io": "csidrivers csinodes" }),
    ...events
  ],
  "pvc-protection-controller": [
    ...may([...read, ...change], { "": "persistentvolumeclaims" }),
    ...may(read, { "": "pods" }),
    ...events
  ],
  "pv-protection-controller": [...may([...read, ...change], { "": "persistentvolumes" }), ...events]
}

/** What those may that act in one namespace alone: `<namespace>/<name>`. */
export const within: { readonly [place: string]: ReadonlyArray<PolicyRule> } = {
  "kube-system/bootstrap-signer": may(read, { "": "secrets" }),
  // On nodes: it knows the certificates that it shows, and no other Secret.
  "kube-system/ingress-proxy": mayNamed(read, "secrets", "keelson-ingress"),
  "kube-public/bootstrap-signer": [
    ...may(read, { "": "configmaps" }),
    ...mayNamed("update", "configmaps", "cluster-info"),
    ...events
  ],
  "kube-system/token-cleaner": [...may([...read, "delete"], { "": "secrets" }), ...events],
  "kube-public/cluster-info": [
    ...may([...read, "create"], { "": "configmaps" }),
    ...mayNamed("update", "configmaps", "cluster-info")
  ],
  "kube-system/cluster-info": [
    ...may([...read, "create"], { "": "configmaps" }),
    ...mayNamed("update", "configmaps", "keelson-config")
  ]
}
