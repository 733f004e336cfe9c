/** Short words for rules of RBAC: who writes seventy roles wants to see what they allow. */
import type { PolicyRule } from "../../resources/contracts/rbac/v1.ts"

export const read = ["get", "list", "watch"]
export const write = ["create", "delete", "deletecollection", "patch", "update"]
export const all = [...read, ...write]
export const change = ["patch", "update"]

type Verbs = string | ReadonlyArray<string>
const verbsOf = (verbs: Verbs) => (typeof verbs === "string" ? verbs.split(" ") : verbs)

/** Resources by group, each group's in one text: `{ "": "pods pods/log", apps: "deployments" }`. */
export const may = (verbs: Verbs, resources: { readonly [group: string]: string }): ReadonlyArray<PolicyRule> =>
  Object.entries(resources).map(([group, names]) => ({
    apiGroups: [group],
    resources: names.split(" "),
    verbs: verbsOf(verbs)
  }))

/** Objects of the core group by their names. */
export const mayNamed = (
  verbs: Verbs,
  resource: string,
  ...resourceNames: ReadonlyArray<string>
): ReadonlyArray<PolicyRule> => [{ apiGroups: [""], resources: [resource], resourceNames, verbs: verbsOf(verbs) }]

export const mayReach = (verbs: Verbs, paths: string): ReadonlyArray<PolicyRule> => [
  { nonResourceURLs: paths.split(" "), verbs: verbsOf(verbs) }
]

/** To approve or to sign for signers of the cluster: `kubernetes.io/…`. */
export const maySign = (verb: "approve" | "sign", ...names: ReadonlyArray<string>): ReadonlyArray<PolicyRule> => [
  {
    apiGroups: ["certificates.k8s.io"],
    resources: ["signers"],
    resourceNames: names.map((name) => `kubernetes.io/${name}`),
    verbs: [verb]
  }
]

/** To tell what one did. */
export const events = may("create patch update", { "": "events", "events.k8s.io": "events" })
