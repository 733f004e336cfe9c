/** The nodes and Pods of the scheduler's benchmark, after those by which upstream measures its own (scheduler_perf). */
export const names = [
  "basic",
  "spread",
  "affinity",
  "anti-affinity",
  "preferred",
  "node-affinity",
  "preemption",
  "churn"
] as const
export type Name = (typeof names)[number]

const zones = 10
export const zoneOf = (index: number) => `zone-${index % zones}`

const capacity = { cpu: "4", memory: "32Gi", pods: "110" }
export const node = (index: number) => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: {
    name: `node-${index}`,
    labels: { "kubernetes.io/hostname": `node-${index}`, "topology.kubernetes.io/zone": zoneOf(index) }
  },
  status: { capacity, allocatable: capacity, conditions: [{ type: "Ready", status: "True", reason: "KubeletReady" }] }
})

const hostname = "kubernetes.io/hostname"
const zone = "topology.kubernetes.io/zone"
const labelSelector = { matchLabels: { color: "blue" } }

const affinities: { readonly [_ in Name]?: object } = {
  affinity: {
    affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector, topologyKey: zone }] } }
  },
  "anti-affinity": {
    affinity: {
      podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector, topologyKey: hostname }] }
    }
  },
  preferred: {
    affinity: {
      podAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 1, podAffinityTerm: { labelSelector, topologyKey: hostname } }
        ]
      }
    }
  },
  "node-affinity": {
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: zone, operator: "In", values: [zoneOf(0), zoneOf(1)] }] }]
        }
      }
    }
  },
  spread: {
    topologySpreadConstraints: [{ maxSkew: 5, topologyKey: zone, whenUnsatisfiable: "DoNotSchedule", labelSelector }]
  }
}

/** Those of `churn` are of all sorts in turn, while others go. */
const sorts: ReadonlyArray<Name> = ["basic", "spread", "affinity", "preferred", "node-affinity"]

export interface Asked {
  readonly cpu?: string
  readonly priority?: string
  /** It is there already, and not for the scheduler. */
  readonly nodeName?: string
}

export const nameOf = (workload: Name, index: number) => `bench-${workload}-${index}`

export const pod = (workload: Name, index: number, { cpu = "100m", nodeName, priority }: Asked = {}) => {
  const sort = workload === "churn" ? (sorts[index % sorts.length] ?? "basic") : workload
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: nameOf(workload, index), labels: { color: "blue" } },
    spec: {
      containers: [{ name: "pause", image: "pause", resources: { requests: { cpu, memory: "500Mi" } } }],
      terminationGracePeriodSeconds: 0,
      ...(nodeName !== undefined && { nodeName }),
      ...(priority !== undefined && { priorityClassName: priority }),
      ...affinities[sort]
    }
  }
}

export const priorityClass = (name: string, value: number) => ({
  apiVersion: "scheduling.k8s.io/v1",
  kind: "PriorityClass",
  metadata: { name },
  value
})
