/**
 * The checks by which clients of upstream's API server look whether it has started: under its names, the same is asked of ours. What
 * a hook after the start does there has been done here before the door opens, or is done by who leads.
 */
import { Effect } from "effect"
import type { Tables } from "../../kernel/table/Tables.ts"
import type { Check } from "./Health.ts"

const hooks = [
  "storage-readiness",
  "start-apiserver-admission-initializer",
  "generic-apiserver-start-informers",
  "priority-and-fairness-config-consumer",
  "priority-and-fairness-filter",
  "start-apiextensions-informers",
  "start-apiextensions-controllers",
  "crd-informer-synced",
  "bootstrap-controller",
  "start-system-namespaces-controller",
  "start-service-ip-repair-controllers",
  "rbac/bootstrap-roles",
  "scheduling/bootstrap-system-priority-classes",
  "priority-and-fairness-config-producer",
  "start-cluster-authentication-info-controller",
  "start-kube-aggregator-informers",
  "apiservice-registration-controller",
  "apiservice-status-local-available-controller",
  "apiservice-status-remote-available-controller",
  "kube-apiserver-autoregistration",
  "apiservice-openapi-controller",
  "apiservice-discovery-controller"
]

export const of = (tables: Tables["Service"]): ReadonlyArray<Check> => {
  // Whoever follows the log has what informers have there.
  const following = Effect.suspend(() => (tables.following() ? Effect.void : Effect.fail("the log is not followed")))
  const started = (name: string): Check => ({ name, healthy: Effect.void, live: true })
  return [
    started("log"),
    { name: "etcd", healthy: following, live: true },
    { name: "informer-sync", healthy: following },
    ...hooks.map((name) => started(`poststarthook/${name}`)),
    started("autoregister-completion")
  ]
}
