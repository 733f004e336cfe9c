/** The roles of everybody who is known, and of the parts of a cluster: node agents, proxies, DNS, scheduler, monitoring. */
import type { PolicyRule } from "../../resources/contracts/rbac/v1.ts"
import { change, events, may, mayReach, maySign, read } from "./May.ts"

const leases = { "coordination.k8s.io": "leases" }
const reviews = { "authentication.k8s.io": "tokenreviews", "authorization.k8s.io": "subjectaccessreviews" }
const publicPaths = "/healthz /livez /readyz /version /version/"
const serviceRouting = {
  "": "endpoints services",
  "discovery.k8s.io": "endpointslices",
  "networking.k8s.io": "servicecidrs"
}

const node: ReadonlyArray<PolicyRule> = [
  ...may("create", reviews),
  ...may("create", { "authorization.k8s.io": "localsubjectaccessreviews" }),
  ...may([...read, "create", "delete", ...change], { "": "nodes" }),
  ...may(change, { "": "nodes/status pods/status persistentvolumeclaims/status" }),
  ...may([...read, "create", "delete"], { "": "pods" }),
  ...may("create", { "": "pods/eviction serviceaccounts/token" }),
  ...may("patch update", { "": "pods/ephemeralcontainers" }),
  ...may(read, {
    "": "configmaps persistentvolumeclaims persistentvolumes secrets serviceaccounts services",
    "node.k8s.io": "runtimeclasses",
    "resource.k8s.io": "resourceclaims",
    "storage.k8s.io": "csidrivers volumeattachments",
    "certificates.k8s.io": "clustertrustbundles"
  }),
  ...may([...read, "create"], { "certificates.k8s.io": "certificatesigningrequests podcertificaterequests" }),
  ...may(["get", "create", "delete", ...change], { ...leases, "storage.k8s.io": "csinodes" }),
  ...may([...read, "create", "delete", "deletecollection", ...change], { "resource.k8s.io": "resourceslices" }),
  ...events
]

const proxier: ReadonlyArray<PolicyRule> = [...may(read, serviceRouting), ...may(read, { "": "nodes" }), ...events]

const dns = may(read, { "": "endpoints namespaces nodes pods services", "discovery.k8s.io": "endpointslices" })

/** What upstream's provisioner, resizer and attacher may, without Secrets. */
const volumes: ReadonlyArray<PolicyRule> = [
  ...may([...read, "create", "delete", ...change], { "": "persistentvolumes" }),
  ...may([...read, ...change], { "": "persistentvolumeclaims", "storage.k8s.io": "volumeattachments" }),
  ...may(change, { "": "persistentvolumeclaims/status", "storage.k8s.io": "volumeattachments/status" }),
  ...may(read, { "storage.k8s.io": "storageclasses" }),
  ...events
]

const scheduler: ReadonlyArray<PolicyRule> = [
  ...events,
  ...may("create get list update watch", leases),
  ...may(read, {
    "": "namespaces nodes persistentvolumeclaims persistentvolumes replicationcontrollers services",
    apps: "replicasets statefulsets",
    policy: "poddisruptionbudgets",
    "resource.k8s.io": "deviceclasses resourceclaims resourceslices",
    "storage.k8s.io": "csidrivers csinodes csistoragecapacities storageclasses volumeattachments"
  }),
  ...may([...read, "delete"], { "": "pods" }),
  ...may("create", { "": "bindings pods/binding", ...reviews }),
  ...may(change, { "": "pods/status persistentvolumeclaims persistentvolumes", "resource.k8s.io": "resourceclaims" }),
  ...may(change, { "resource.k8s.io": "resourceclaims/status" })
]

/** An upstream kube-controller-manager, which acts by accounts of its own and asks for their tokens. */
const controllerManager: ReadonlyArray<PolicyRule> = [
  ...events,
  ...may("create get list update watch", leases),
  ...may("create delete get update", { "": "secrets serviceaccounts" }),
  ...may("create", { "": "serviceaccounts/token", ...reviews }),
  ...may("list watch", { "*": "*" }),
  ...may("get", { "": "configmaps namespaces secrets serviceaccounts" })
]

/** Without a word before the colon: `system:` is put there. */
const system: { readonly [name: string]: ReadonlyArray<PolicyRule> } = {
  "basic-user": [
    ...may("create", { "authorization.k8s.io": "selfsubjectaccessreviews selfsubjectrulesreviews" }),
    ...may("create", { "authentication.k8s.io": "selfsubjectreviews" })
  ],
  discovery: mayReach("get", `${publicPaths} /api /api/* /apis /apis/* /openapi /openapi/*`),
  "public-info-viewer": mayReach("get", publicPaths),
  monitoring: mayReach("get", "/healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*"),
  "service-account-issuer-discovery": mayReach(
    "get",
    "/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/"
  ),
  node,
  "node-proxier": proxier,
  "node-bootstrapper": may([...read, "create"], { "certificates.k8s.io": "certificatesigningrequests" }),
  "node-problem-detector": [...may("get", { "": "nodes" }), ...may("patch", { "": "nodes/status" }), ...events],
  "kubelet-api-admin": [
    ...may([...read, "proxy"], { "": "nodes" }),
    ...may("*", {
      "": "nodes/checkpoint nodes/configz nodes/healthz nodes/log nodes/metrics nodes/pods nodes/proxy nodes/spec nodes/stats"
    })
  ],
  "auth-delegator": may("create", reviews),
  "kube-dns": dns,
  "kube-scheduler": scheduler,
  "volume-scheduler": [
    ...may([...read, ...change], { "": "persistentvolumeclaims persistentvolumes" }),
    ...may(read, { "storage.k8s.io": "storageclasses" })
  ],
  "kube-controller-manager": controllerManager,
  "persistent-volume-provisioner": [
    ...may([...read, "create", "delete"], { "": "persistentvolumes" }),
    ...may([...read, "update"], { "": "persistentvolumeclaims" }),
    ...may(read, { "storage.k8s.io": "storageclasses" }),
    ...events
  ]
}

const requests = "certificatesigningrequests"
/** Upstream's names: what may be asked for and is then approved without anybody, and who may approve for whom. */
const certificates: { readonly [name: string]: ReadonlyArray<PolicyRule> } = {
  ...Object.fromEntries(
    ["nodeclient", "selfnodeclient"].map((what) => [
      `system:certificates.k8s.io:${requests}:${what}`,
      may("create", { "certificates.k8s.io": `${requests}/${what}` })
    ])
  ),
  ...Object.fromEntries(
    ["legacy-unknown", "kubelet-serving", "kube-apiserver-client", "kube-apiserver-client-kubelet"].map((signer) => [
      `system:certificates.k8s.io:${signer}-approver`,
      maySign("approve", signer)
    ])
  ),
  "keelson:node-plugins": may(read, { "plugins.keelson.io": "plugins pluginconfigurations" }),
  "keelson:node-certificates": may("create", { "certificates.k8s.io": `${requests}/selfnodeserver ${requests}/nodeparts` })
}

export const clusterRoles: { readonly [name: string]: ReadonlyArray<PolicyRule> } = {
  ...Object.fromEntries(Object.entries(system).map(([name, rules]) => [`system:${name}`, rules])),
  ...certificates,
  "keelson:dns": dns,
  "keelson:volumes": volumes
}

/** To whom they are bound, each under the role's own name. `sa:` stands for an account of kube-system. */
export const bindings: { readonly [role: string]: ReadonlyArray<string> } = {
  "cluster-admin": ["group:system:masters"],
  "system:basic-user": ["group:system:authenticated"],
  "system:discovery": ["group:system:authenticated"],
  "system:public-info-viewer": ["group:system:authenticated", "group:system:unauthenticated"],
  "system:monitoring": ["group:system:monitoring"],
  "system:service-account-issuer-discovery": ["group:system:serviceaccounts"],
  "system:node": ["group:system:nodes"],
  "system:node-bootstrapper": ["group:system:bootstrappers"],
  "system:certificates.k8s.io:certificatesigningrequests:nodeclient": ["group:system:bootstrappers"],
  "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient": ["group:system:nodes"],
  "keelson:node-certificates": ["group:system:nodes"],
  "keelson:node-plugins": ["group:system:nodes"],
  "system:node-proxier": ["user:system:kube-proxy"],
  "system:kubelet-api-admin": ["user:kube-apiserver-kubelet-client"],
  "system:kube-dns": ["sa:kube-dns"],
  "system:kube-scheduler": ["user:system:kube-scheduler"],
  "system:volume-scheduler": ["user:system:kube-scheduler"],
  "system:kube-controller-manager": ["user:system:kube-controller-manager"],
  "keelson:dns": ["sa:dns"],
  "keelson:volumes": ["sa:volumes"]
}
