/**
 * The flows and priorities that every cluster has. The mandatory ones are what they are; the suggested ones are kept as they are
 * here as long as their annotation says so. Source: "API Priority and Fairness", default objects.
 */
import type { FlowSchemaSpec, PolicyRulesWithSubjects, PriorityLevelConfigurationSpec, Subject } from "./flowcontrol/v1.ts"

/** `"true"`: the server keeps the spec up to date; `"false"`: somebody else does. */
export const autoupdate = "apf.kubernetes.io/autoupdate-spec"

const all = ["*"]
const everyObject = { apiGroups: all, clusterScope: true, namespaces: all, resources: all, verbs: all }
const everyPath = { nonResourceURLs: all, verbs: all }

const user = (name: string): Subject => ({ kind: "User", user: { name } })
const group = (name: string): Subject => ({ kind: "Group", group: { name } })
const accounts = (namespace: string): Subject => ({ kind: "ServiceAccount", serviceAccount: { name: "*", namespace } })

const everything = (...subjects: ReadonlyArray<Subject>): PolicyRulesWithSubjects => ({
  subjects,
  resourceRules: [everyObject],
  nonResourceRules: [everyPath]
})
const everybody = [group("system:unauthenticated"), group("system:authenticated")]

const flow = (
  level: string,
  matchingPrecedence: number,
  by: "ByUser" | "ByNamespace" | undefined,
  ...rules: ReadonlyArray<PolicyRulesWithSubjects>
): FlowSchemaSpec => ({
  ...(by !== undefined && { distinguisherMethod: { type: by } }),
  matchingPrecedence,
  priorityLevelConfiguration: { name: level },
  rules
})

const queued = (
  shares: number,
  lendablePercent: number,
  queues: number,
  handSize: number
): PriorityLevelConfigurationSpec => ({
  type: "Limited",
  limited: {
    nominalConcurrencyShares: shares,
    lendablePercent,
    limitResponse: { type: "Queue", queuing: { queues, handSize, queueLengthLimit: 50 } }
  }
})

type Named<A> = { readonly [name: string]: A }

export const mandatoryLevels: Named<PriorityLevelConfigurationSpec> = {
  exempt: { type: "Exempt", exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
  "catch-all": {
    type: "Limited",
    limited: { nominalConcurrencyShares: 5, lendablePercent: 0, limitResponse: { type: "Reject" } }
  }
}

export const mandatoryFlows: Named<FlowSchemaSpec> = {
  exempt: flow("exempt", 1, undefined, everything(group("system:masters"))),
  "catch-all": flow("catch-all", 10_000, "ByUser", everything(...everybody))
}

export const suggestedLevels: Named<PriorityLevelConfigurationSpec> = {
  system: queued(30, 33, 64, 6),
  "node-high": queued(40, 25, 64, 6),
  "leader-election": queued(10, 0, 16, 4),
  "workload-high": queued(40, 50, 128, 6),
  "workload-low": queued(100, 90, 128, 6),
  "global-default": queued(20, 50, 128, 6)
}

const leases = { apiGroups: ["coordination.k8s.io"], namespaces: all, resources: ["leases"] }
const nodes = { apiGroups: [""], clusterScope: true, namespaces: all, resources: ["nodes", "nodes/status"], verbs: all }
const electing = [user("system:kube-controller-manager"), user("system:kube-scheduler"), accounts("kube-system")]

export const suggestedFlows: Named<FlowSchemaSpec> = {
  probes: flow("exempt", 2, undefined, {
    subjects: everybody,
    nonResourceRules: [{ nonResourceURLs: ["/healthz", "/readyz", "/livez"], verbs: ["get"] }]
  }),
  "system-leader-election": flow("leader-election", 100, "ByUser", {
    subjects: electing,
    resourceRules: [{ ...leases, verbs: ["get", "create", "update"] }]
  }),
  "system-node-high": flow("node-high", 400, "ByUser", {
    subjects: [group("system:nodes")],
    resourceRules: [nodes, { ...leases, verbs: all }]
  }),
  "system-nodes": flow("system", 500, "ByUser", everything(group("system:nodes"))),
  "kube-controller-manager": flow("workload-high", 800, "ByNamespace", everything(user("system:kube-controller-manager"))),
  "kube-scheduler": flow("workload-high", 800, "ByNamespace", everything(user("system:kube-scheduler"))),
  "kube-system-service-accounts": flow("workload-high", 900, "ByNamespace", everything(accounts("kube-system"))),
  "service-accounts": flow("workload-low", 9000, "ByUser", everything(group("system:serviceaccounts"))),
  "global-default": flow("global-default", 9900, "ByUser", everything(...everybody))
}
