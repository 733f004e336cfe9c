/** Lists by selectors and in pages, versions, and what else a read may ask for. */
import { collectionOf } from "../Description.ts"
import { type JsonObject, textOf } from "../Json.ts"
import { find, type Make } from "../Plan.ts"
import * as Samples from "../Samples.ts"
import { on, type Step, step } from "../Scenario.ts"

const labelSelectors = [
  "a=1",
  "a==1",
  "a!=1",
  "a",
  "!a",
  "a in (1,2)",
  "a notin (1)",
  "a in ()",
  "a in (1",
  "a,b=2",
  "a=1,b!=2",
  "",
  ",",
  "a=",
  "a>0",
  "a>x",
  "a<5",
  "a lt 5",
  "example.com/x=y",
  "/x=y",
  "a/b/c=1",
  "-a=1",
  "a=-",
  "a=b c",
  "a = 1",
  " a",
  "a  in  ( 1 , 2 )",
  "(a=1)",
  "a=1,a=2",
  "a=x.y_z-",
  "!a=1",
  "a notin ()",
  "a in (1,,2)",
  `a=${"x".repeat(64)}`,
  "a!",
  "=1"
]
const fieldSelectors = [
  "metadata.name=a",
  "metadata.name!=a",
  "metadata.name==a",
  "metadata.namespace=default",
  "metadata.uid=x",
  "spec.nodeName=",
  "spec.nodeName=n1",
  "status.phase=Pending",
  "status.phase!=Pending",
  "status.podIP=",
  "spec.restartPolicy=Always",
  "spec.schedulerName=default-scheduler",
  "spec.serviceAccountName=default",
  "status.nominatedNodeName=",
  "status.podIPs=x",
  "spec.hostNetwork=false",
  "spec.unknown=1",
  "a",
  "=",
  "metadata.name",
  "metadata.name=a,spec.nodeName=",
  "metadata.name=a\\,b",
  "metadata.name=a\\",
  "metadata.labels.a=1",
  "",
  ","
]
const versions: ReadonlyArray<{ readonly [name: string]: string }> = [
  { resourceVersion: "0" },
  { resourceVersion: "1" },
  { resourceVersion: "x" },
  { resourceVersion: "-1" },
  { resourceVersion: "99999999999" },
  { resourceVersion: "0", resourceVersionMatch: "NotOlderThan" },
  { resourceVersion: "0", resourceVersionMatch: "Exact" },
  { resourceVersionMatch: "Exact" },
  { resourceVersion: "1", resourceVersionMatch: "Sometimes" },
  { resourceVersion: "1", resourceVersionMatch: "NotOlderThan" },
  { limit: "x" },
  { limit: "-1" },
  { limit: "1", resourceVersion: "0" },
  { continue: "x" },
  { continue: "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJhIn0" },
  { sendInitialEvents: "true" },
  { timeoutSeconds: "1", sendInitialEvents: "true", watch: "true" },
  { timeoutSeconds: "1", sendInitialEvents: "true", watch: "true", resourceVersionMatch: "Exact" },
  { timeoutSeconds: "1", watch: "true", resourceVersionMatch: "NotOlderThan" },
  { timeoutSeconds: "1", watch: "true", resourceVersionMatch: "NotOlderThan", sendInitialEvents: "true" },
  {
    timeoutSeconds: "1",
    watch: "true",
    resourceVersionMatch: "NotOlderThan",
    sendInitialEvents: "true",
    allowWatchBookmarks: "true"
  },
  { timeoutSeconds: "1", watch: "true" },
  { timeoutSeconds: "1", watch: "true", resourceVersion: "0" },
  { timeoutSeconds: "1", watch: "true", resourceVersion: "1" },
  { watch: "true", timeoutSeconds: "1", limit: "1", resourceVersion: "x" },
  { watch: "maybe", timeoutSeconds: "1" },
  { timeoutSeconds: "x" },
  { allowWatchBookmarks: "x" },
  { unknown: "1" },
  { pretty: "true" },
  { limit: "1", continue: "" }
]

const podOf = (name: string, namespace: string, labels: JsonObject, nodeName?: string): JsonObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace, labels },
  spec: { containers: [{ name: "c", image: "i" }], ...(nodeName !== undefined && { nodeName }) }
})

const pods = (namespace: string) => {
  const collection = on(`/api/v1/namespaces/${namespace}/pods`)
  const made = [
    podOf("a", namespace, { a: "1" }),
    podOf("b", namespace, { a: "2", b: "2" }, "n1"),
    podOf("c", namespace, { b: "2" }),
    podOf("d", namespace, { "example.com/x": "y", a: "3" }, "n1"),
    podOf("e", namespace, {})
  ].map((body, index) => step(`create ${index}`, collection.post(body)))
  return { collection, made }
}

const selectors: Make = ({ namespace }) => {
  const { collection, made } = pods(namespace)
  const steps: ReadonlyArray<Step> = [
    ...made,
    ...labelSelectors.map((labelSelector) => step(`labels ${labelSelector}`, collection.get({ labelSelector }))),
    ...fieldSelectors.map((fieldSelector) => step(`fields ${fieldSelector}`, collection.get({ fieldSelector }))),
    ...versions.map((one) => step(new URLSearchParams(one).toString(), collection.get(one)))
  ]
  return { name: "reads/selectors", about: "Pod", namespace, steps }
}

const pages: Make = ({ namespace }) => {
  const { collection, made } = pods(namespace)
  const next = (step: string, limit?: string) => (past: { text: (...path: [string, ...Array<string>]) => string }) =>
    collection.get({ continue: past.text(step, "metadata", "continue"), ...(limit !== undefined && { limit }) })
  const steps: ReadonlyArray<Step> = [
    ...made,
    step("first", collection.get({ limit: "2" })),
    step("second", next("first", "2")),
    step("third", next("second", "2")),
    step("rest", next("first")),
    step("with labels", collection.get({ limit: "1", labelSelector: "a" })),
    step("a version and a token", (past) =>
      collection.get({ continue: past.text("first", "metadata", "continue"), resourceVersion: "1" })
    ),
    step("a match and a token", (past) =>
      collection.get({ continue: past.text("first", "metadata", "continue"), resourceVersionMatch: "Exact" })
    ),
    step("exact", (past) =>
      collection.get({ resourceVersion: past.text("first", "metadata", "resourceVersion"), resourceVersionMatch: "Exact" })
    ),
    step("not older", (past) =>
      collection.get({
        resourceVersion: past.text("first", "metadata", "resourceVersion"),
        resourceVersionMatch: "NotOlderThan"
      })
    ),
    step("deleted meanwhile", on(`/api/v1/namespaces/${namespace}/pods/c`).delete()),
    step("second as it was", next("first", "2")),
    step("all namespaces", on("/api/v1/pods").get({ limit: "1", labelSelector: `nobody=${namespace}` }))
  ]
  return { name: "reads/pages", about: "Pod", namespace, steps }
}

const table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
const accepts = [
  table,
  "application/json;as=Table;v=v1beta1;g=meta.k8s.io",
  "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
  "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
  "application/json;as=Chair;v=v1;g=meta.k8s.io",
  "text/html",
  "application/xml",
  "*/*",
  "application/*",
  "application/yaml",
  "application/json;q=0.1,application/yaml"
]
const forms: Make = ({ namespace }) => {
  const { collection, made } = pods(namespace)
  const one = on(`/api/v1/namespaces/${namespace}/pods/b`)
  const steps = accepts.flatMap((accept) => [
    step(`list as ${accept}`, collection.get({}, { accept })),
    step(`one as ${accept}`, one.get({}, { accept }))
  ])
  const included = ["None", "Object", "Metadata", "x"].map((includeObject) =>
    step(`include ${includeObject}`, collection.get({ includeObject }, { accept: table }))
  )
  return { name: "reads/forms", about: "Pod", namespace, steps: [...made, ...steps, ...included] }
}

/** The rows that kubectl prints, without what changes by the second. */
const tables: ReadonlyArray<readonly [string, string]> = [
  ["", "ConfigMap"],
  ["", "Secret"],
  ["", "Service"],
  ["", "ServiceAccount"],
  ["", "PersistentVolumeClaim"],
  ["", "ReplicationController"],
  ["", "ResourceQuota"],
  ["", "LimitRange"],
  ["", "Endpoints"],
  ["", "PodTemplate"],
  ["apps", "Deployment"],
  ["apps", "ReplicaSet"],
  ["apps", "StatefulSet"],
  ["apps", "DaemonSet"],
  ["apps", "ControllerRevision"],
  ["batch", "Job"],
  ["batch", "CronJob"],
  ["autoscaling", "HorizontalPodAutoscaler"],
  ["policy", "PodDisruptionBudget"],
  ["coordination.k8s.io", "Lease"],
  ["discovery.k8s.io", "EndpointSlice"],
  ["networking.k8s.io", "Ingress"],
  ["networking.k8s.io", "NetworkPolicy"],
  ["rbac.authorization.k8s.io", "Role"],
  ["rbac.authorization.k8s.io", "RoleBinding"],
  ["storage.k8s.io", "CSIStorageCapacity"],
  ["resource.k8s.io", "ResourceClaim"]
]
const tableOf =
  (group: string, kind: string): Make =>
  (world) => {
    const resource = find(world, group, kind)
    const { name, namespace } = world
    const collection = on(collectionOf(resource, namespace))
    const body = Samples.of(resource, name, namespace) ?? {}
    return {
      name: `reads/table of ${resource.plural}`,
      about: kind,
      namespace,
      steps: [
        step("create", collection.post(body)),
        step("table", collection.get({ fieldSelector: `metadata.name=${name}` }, { accept: table })),
        step("an unknown field", collection.get({ fieldSelector: "spec.nothing=1" })),
        step(
          "metadata",
          collection.get({ limit: "1" }, { accept: "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io" })
        ),
        step("one row", (past) =>
          on(`${collectionOf(resource, namespace)}/${textOf(past.of("create", "metadata", "name"))}`).get(
            {},
            { accept: table }
          )
        )
      ]
    }
  }

export const all: ReadonlyArray<Make> = [selectors, pages, forms, ...tables.map(([group, kind]) => tableOf(group, kind))]
