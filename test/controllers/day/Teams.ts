/** What the cluster of the day runs: teams with a namespace each, and what there is in it. By the seed, some of it this way and some that. */
import { Effect, Random } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { DaemonSet, Deployment, StatefulSet } from "../../../plugins/resources/contracts/apps/v1.ts"
import { CronJob } from "../../../plugins/resources/contracts/batch/v1.ts"
import { Namespace, Service } from "../../../plugins/resources/contracts/core/v1.ts"
import { PodDisruptionBudget } from "../../../plugins/resources/contracts/policy/v1.ts"
import { runsFor } from "./Nodes.ts"

/** How large the day is. */
export interface Size {
  readonly nodes: number
  readonly teams: number
  /** Pods of each Deployment of a team. */
  readonly deployments: ReadonlyArray<number>
  readonly statefulSet: number
  /** Pods that each team runs twice a day, all at once. */
  readonly storm: number
  /** Sets that run on every node. */
  readonly daemonSets: number
}

export const namespaceOf = (team: number) => `team-${`${team}`.padStart(2, "0")}`
export const system = "kube-system"

const oneOf = <A>(all: ReadonlyArray<A>, otherwise: A) =>
  Effect.map(Random.nextIntBetween(0, all.length, { halfOpen: true }), (index) => all[index] ?? otherwise)

const containers = (image: string, cpu: string) => [{ name: "main", image, resources: { requests: { cpu } } }]
const templateOf = (app: string, cpu: string) => ({
  metadata: { labels: { app } },
  spec: { containers: containers("v0", cpu) }
})

const strategies = [
  { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" } },
  { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
  { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: 2 } },
  { type: "RollingUpdate", rollingUpdate: { maxSurge: "50%", maxUnavailable: "10%" } },
  { type: "Recreate" }
] as const

const deployment = Effect.fnUntraced(function* (namespace: string, name: string, replicas: number) {
  const client = yield* Client
  const strategy = yield* oneOf(strategies, strategies[0])
  const minReadySeconds = yield* oneOf([0, 0, 10], 0)
  const selector = { matchLabels: { app: name } }
  const spec = { replicas, selector, strategy, minReadySeconds, revisionHistoryLimit: 2, template: templateOf(name, "500m") }
  yield* client.create(Deployment, { metadata: { namespace, name }, spec })
})

const statefulSet = Effect.fnUntraced(function* (namespace: string, name: string, replicas: number) {
  const client = yield* Client
  const podManagementPolicy = yield* oneOf(["OrderedReady", "Parallel"], "OrderedReady")
  const spec = {
    serviceName: name,
    replicas,
    podManagementPolicy,
    selector: { matchLabels: { app: name } },
    template: templateOf(name, "500m")
  }
  yield* client.create(StatefulSet, { metadata: { namespace, name }, spec })
})

export const budgets = [{ maxUnavailable: 1 }, { minAvailable: "80%" }, { maxUnavailable: "25%" }] as const

const budget = Effect.fnUntraced(function* (namespace: string, app: string) {
  const client = yield* Client
  const limit = yield* oneOf<(typeof budgets)[number]>(budgets, budgets[0])
  const spec = { ...limit, selector: { matchLabels: { app } } }
  yield* client.create(PodDisruptionBudget, { metadata: { namespace, name: app }, spec })
})

/** All at full hours. */
const schedules = ["0 */2 * * *", "0 */3 * * *", "0 */6 * * *", "0 */6 * * *"]

interface Task {
  readonly schedule: string
  readonly completions: number
  readonly parallelism: number
}

const cronJob = Effect.fnUntraced(function* (namespace: string, name: string, task: Task) {
  const client = yield* Client
  const { completions, parallelism, schedule } = task
  const concurrencyPolicy = yield* oneOf(["Allow", "Forbid", "Replace"], "Allow")
  const seconds = yield* Random.nextIntBetween(5, 1800)
  const completionMode = yield* oneOf(["Indexed", "NonIndexed"], "Indexed")
  const annotations = { [runsFor]: `${seconds} ${yield* oneOf(["Succeeded", "Succeeded", "Succeeded", "Failed"], "")}` }
  const pod = { restartPolicy: "Never", containers: containers("v0", "100m") }
  const template = { metadata: { labels: { app: name }, annotations }, spec: pod }
  const ending = { backoffLimit: 1, ttlSecondsAfterFinished: 3600 }
  yield* client.create(CronJob, {
    metadata: { namespace, name },
    spec: {
      schedule,
      concurrencyPolicy,
      jobTemplate: { spec: { completions, parallelism, completionMode, ...ending, template } }
    }
  })
})

const service = (namespace: string, app: string) =>
  Effect.flatMap(Client, (client) =>
    client.create(Service, {
      metadata: { namespace, name: app },
      spec: { clusterIP: "None", selector: { app }, ports: [{ port: 80 }] }
    })
  )

export const team = Effect.fnUntraced(function* (number: number, size: Size) {
  const client = yield* Client
  const namespace = namespaceOf(number)
  yield* client.create(Namespace, { metadata: { name: namespace } })
  yield* service(namespace, "web-0")
  for (const [index, replicas] of size.deployments.entries()) yield* deployment(namespace, `web-${index}`, replicas)
  yield* statefulSet(namespace, "db", size.statefulSet)
  for (const app of ["web-0", "web-1", "db"]) yield* budget(namespace, app)
  const completions = yield* Random.nextIntBetween(1, 6)
  const schedule = yield* oneOf(schedules, "")
  yield* cronJob(namespace, "cron", { schedule, completions, parallelism: Math.ceil(completions / 2) })
  // With those of all other teams a storm.
  yield* cronJob(namespace, "storm", { schedule: "0 */12 * * *", completions: size.storm, parallelism: size.storm })
})

export const daemonSet = Effect.fnUntraced(function* (number: number) {
  const client = yield* Client
  const name = `agent-${number}`
  const template = templateOf(name, "100m")
  const spec = {
    selector: { matchLabels: { app: name } },
    updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%" } },
    template: { ...template, spec: { ...template.spec, tolerations: [{ operator: "Exists" }] } }
  }
  yield* client.create(DaemonSet, { metadata: { namespace: system, name }, spec })
})
