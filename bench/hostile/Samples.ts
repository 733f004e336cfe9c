/** Objects that an API server takes, and where they are posted: what hostile requests are bent out of. */

export interface Sample {
  /** Of the collection. */
  readonly path: string
  readonly object: { readonly [field: string]: unknown }
}

const core = "/api/v1/namespaces/default"
const inGroup = (group: string, resource: string) => `/apis/${group}/namespaces/default/${resource}`
const metadata = { name: "hostile", labels: { app: "hostile" } }
const container = {
  ...{ name: "c", image: "registry.example/hostile:1", command: ["sh", "-c", "true"] },
  env: [
    { name: "A", value: "b" },
    { name: "B", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }
  ],
  ports: [{ name: "http", containerPort: 80 }],
  resources: { requests: { cpu: "100m", memory: "1Gi" }, limits: { memory: "1Gi" } },
  readinessProbe: { httpGet: { path: "/", port: "http" }, periodSeconds: 1 }
}
const podSpec = { containers: [container], volumes: [{ name: "v", emptyDir: {} }], tolerations: [{ operator: "Exists" }] }
const template = { metadata: { labels: metadata.labels }, spec: podSpec }
const selector = { matchLabels: metadata.labels }

const rule = (expression: string) => ({ type: "string", "x-kubernetes-validations": [{ rule: expression }] })
const schema = {
  type: "object",
  properties: { spec: { type: "object", properties: { a: rule("self.size() > 1 && self.matches('^a+$')") } } }
}
const crd = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "things.hostile.example" },
  spec: {
    ...{ group: "hostile.example", scope: "Namespaced", names: { plural: "things", kind: "Thing" } },
    versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema } }]
  }
}
const policy = {
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingAdmissionPolicy",
  metadata,
  spec: {
    matchConstraints: { resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["*"], resources: ["none"] }] },
    variables: [{ name: "big", expression: "[1, 2, 3].map(x, x * x)" }],
    validations: [{ expression: "variables.big.exists(x, x > 4) && object.metadata.name != 'x'" }]
  }
}

export const samples: ReadonlyArray<Sample> = [
  { path: `${core}/configmaps`, object: { apiVersion: "v1", kind: "ConfigMap", metadata, data: { a: "b" } } },
  { path: `${core}/secrets`, object: { apiVersion: "v1", kind: "Secret", metadata, data: { a: "Yg==" }, type: "Opaque" } },
  { path: `${core}/pods`, object: { apiVersion: "v1", kind: "Pod", metadata, spec: podSpec } },
  {
    path: `${core}/services`,
    object: { apiVersion: "v1", kind: "Service", metadata, spec: { selector: metadata.labels, ports: [{ port: 80 }] } }
  },
  {
    path: inGroup("apps/v1", "deployments"),
    object: { apiVersion: "apps/v1", kind: "Deployment", metadata, spec: { replicas: 3, selector, template } }
  },
  {
    path: inGroup("batch/v1", "cronjobs"),
    object: {
      ...{ apiVersion: "batch/v1", kind: "CronJob", metadata },
      spec: { schedule: "* * * * *", jobTemplate: { spec: { template } } }
    }
  },
  {
    path: inGroup("networking.k8s.io/v1", "networkpolicies"),
    object: {
      ...{ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata },
      spec: { podSelector: selector, ingress: [{ from: [{ ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] } }] }] }
    }
  },
  {
    path: inGroup("rbac.authorization.k8s.io/v1", "roles"),
    object: {
      ...{ apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", metadata },
      rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }]
    }
  },
  {
    path: inGroup("autoscaling/v2", "horizontalpodautoscalers"),
    object: {
      ...{ apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler", metadata },
      spec: { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "x" }, maxReplicas: 3 }
    }
  },
  { path: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", object: crd },
  { path: "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies", object: policy },
  {
    path: "/apis/authorization.k8s.io/v1/subjectaccessreviews",
    object: {
      ...{ apiVersion: "authorization.k8s.io/v1", kind: "SubjectAccessReview" },
      spec: { user: "u", resourceAttributes: { verb: "get", resource: "pods" } }
    }
  },
  {
    path: "/apis/authentication.k8s.io/v1/tokenreviews",
    object: { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec: { token: "a.b.c" } }
  },
  {
    path: `${core}/pods/none/eviction`,
    object: { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "none" }, deleteOptions: {} }
  },
  {
    path: `${core}/pods/none/binding`,
    object: { apiVersion: "v1", kind: "Binding", metadata: { name: "none" }, target: { kind: "Node", name: "n" } }
  },
  {
    path: `${core}/serviceaccounts/none/token`,
    object: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { audiences: ["a"] } }
  }
]
