/** A small, right object of each kind that runs something. */
import type { JsonObject } from "../Json.ts"

const labels = { app: "a" }
const selector = { matchLabels: labels }
const container = { name: "c", image: "nginx" }
export const pod = { containers: [container] }
const template = { metadata: { labels }, spec: pod }
const finite = { metadata: { labels }, spec: { ...pod, restartPolicy: "Never" } }

export const samples: { readonly [kind: string]: JsonObject } = {
  "/Pod": { spec: pod },
  "/PodTemplate": { template },
  "/ReplicationController": { spec: { replicas: 1, selector: labels, template } },
  "apps/Deployment": { spec: { replicas: 2, selector, template } },
  "apps/ReplicaSet": { spec: { replicas: 1, selector, template } },
  "apps/StatefulSet": { spec: { serviceName: "s", selector, template } },
  "apps/DaemonSet": { spec: { selector, template } },
  "apps/ControllerRevision": { revision: 1, data: { a: { b: 1 } } },
  "batch/Job": { spec: { template: { spec: finite.spec } } },
  "batch/CronJob": { spec: { schedule: "*/5 * * * *", jobTemplate: { spec: { template: finite } } } },
  "autoscaling/HorizontalPodAutoscaler": {
    spec: { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "d" }, minReplicas: 1, maxReplicas: 3 }
  },
  "policy/PodDisruptionBudget": { spec: { minAvailable: 1, selector } },
  "scheduling.k8s.io/PriorityClass": { value: 1000, description: "d" },
  "node.k8s.io/RuntimeClass": { handler: "h" }
}
