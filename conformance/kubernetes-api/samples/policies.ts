/** A small, right object of each kind about who may what, and about the API itself. */
import type { JsonObject } from "../Json.ts"

const rules = [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list"] }]
const subjects = [{ kind: "User", apiGroup: "rbac.authorization.k8s.io", name: "u" }]
const roleRef = (kind: string) => ({ apiGroup: "rbac.authorization.k8s.io", kind, name: "r" })
const matched = [{ apiGroups: ["example.com"], apiVersions: ["v1"], operations: ["CREATE"], resources: ["widgets"] }]
const webhook = {
  name: "w.example.com",
  clientConfig: { url: "https://127.0.0.1:1/hook" },
  rules: matched,
  sideEffects: "None",
  admissionReviewVersions: ["v1"]
}

/** For O=g, CN=u; its key is nowhere. */
const request = [
  "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIVE1Ib0NBUUF3R0RFS01BZ0dBMVVFQ2d3Qlp6RUtNQWdHQTFV",
  "RUF3d0JkVEJaTUJNR0J5cUdTTTQ5QWdFRwpDQ3FHU000OUF3RUhBMElBQkdNaGpjbFNDVTI0dGFkUlRyRkxMQnVuODU3WlhhVlVq",
  "SlgxaXExaVJPRUcwNUtMCkNVeUE0OUhhQktFS0ZOYTBaSnlqSFlTNFRVdERhdFVUYmo4bmtzQ2dBREFLQmdncWhrak9QUVFEQWdO",
  "SkFEQkcKQWlFQXZUajBOWlZpTXVsNVVzKzJ0bTV6TlduR0NqV1R0dVNCUHZ3MFZjL1JZY2dDSVFENzh6cjYydmJyT1JEZQozd3hw",
  "NTNWeGFIOFpTMkNDNHFRRzQ1MFU2eDJmQ3c9PQotLS0tLUVORCBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0K"
].join("")

export const samples: { readonly [kind: string]: JsonObject } = {
  "rbac.authorization.k8s.io/Role": { rules },
  "rbac.authorization.k8s.io/ClusterRole": { rules },
  "rbac.authorization.k8s.io/RoleBinding": { subjects, roleRef: roleRef("Role") },
  "rbac.authorization.k8s.io/ClusterRoleBinding": { subjects, roleRef: roleRef("ClusterRole") },
  "admissionregistration.k8s.io/ValidatingWebhookConfiguration": { webhooks: [webhook] },
  "admissionregistration.k8s.io/MutatingWebhookConfiguration": { webhooks: [webhook] },
  "admissionregistration.k8s.io/ValidatingAdmissionPolicy": {
    spec: { matchConstraints: { resourceRules: matched }, validations: [{ expression: "object.spec.replicas < 5" }] }
  },
  "admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding": {
    spec: { policyName: "p", validationActions: ["Deny"] }
  },
  "admissionregistration.k8s.io/MutatingAdmissionPolicy": {
    spec: {
      matchConstraints: { resourceRules: matched },
      reinvocationPolicy: "Never",
      mutations: [
        {
          patchType: "ApplyConfiguration",
          applyConfiguration: { expression: 'Object{metadata: Object.metadata{labels: {"a": "b"}}}' }
        }
      ]
    }
  },
  "admissionregistration.k8s.io/MutatingAdmissionPolicyBinding": { spec: { policyName: "p" } },
  "flowcontrol.apiserver.k8s.io/FlowSchema": {
    spec: { priorityLevelConfiguration: { name: "exempt" }, matchingPrecedence: 9000 }
  },
  "flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration": {
    spec: { type: "Limited", limited: { nominalConcurrencyShares: 5, limitResponse: { type: "Reject" } } }
  },
  "certificates.k8s.io/CertificateSigningRequest": {
    spec: { request, signerName: "kubernetes.io/kube-apiserver-client", usages: ["client auth"] }
  },
  "certificates.k8s.io/ClusterTrustBundle": { spec: { trustBundle: "x" } },
  "apiregistration.k8s.io/APIService": {
    spec: {
      group: "g.example.com",
      version: "v1",
      groupPriorityMinimum: 100,
      versionPriority: 10,
      service: { name: "s", namespace: "default" },
      insecureSkipTLSVerify: true
    }
  },
  "apiextensions.k8s.io/CustomResourceDefinition": {
    spec: {
      group: "g.example.com",
      scope: "Namespaced",
      names: { plural: "widgets", kind: "Widget" },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: "object", properties: { spec: { type: "object" } } } }
        }
      ]
    }
  },
  "resource.k8s.io/DeviceClass": { spec: { selectors: [{ cel: { expression: 'device.driver == "d.example.com"' } }] } },
  "resource.k8s.io/ResourceClaim": {
    spec: { devices: { requests: [{ name: "r", exactly: { deviceClassName: "c.example.com" } }] } }
  },
  "resource.k8s.io/ResourceClaimTemplate": {
    spec: { spec: { devices: { requests: [{ name: "r", exactly: { deviceClassName: "c.example.com" } }] } } }
  },
  "resource.k8s.io/ResourceSlice": {
    spec: {
      driver: "d.example.com",
      nodeName: "n",
      pool: { name: "p", generation: 1, resourceSliceCount: 1 },
      devices: [{ name: "dev" }]
    }
  },
  "storagemigration.k8s.io/StorageVersionMigration": { spec: { resource: { group: "", resource: "secrets" } } },
  "authentication.k8s.io/SelfSubjectReview": {},
  "authentication.k8s.io/TokenReview": { spec: { token: "x" } },
  "authorization.k8s.io/SelfSubjectAccessReview": { spec: { resourceAttributes: { verb: "get", resource: "pods" } } },
  "authorization.k8s.io/SubjectAccessReview": {
    spec: { user: "u", resourceAttributes: { verb: "get", resource: "pods", namespace: "default" } }
  },
  "authorization.k8s.io/LocalSubjectAccessReview": {
    spec: { user: "u", resourceAttributes: { verb: "get", resource: "pods", namespace: "default" } }
  },
  "authorization.k8s.io/SelfSubjectRulesReview": { spec: { namespace: "default" } }
}
