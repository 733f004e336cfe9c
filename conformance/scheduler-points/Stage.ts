/** Nodes and Pods that a scheduling plugin is asked about: made in the API that it follows, and taken back. */
import { Effect, type Scope } from "effect"
import type { WireObject } from "../../kernel/client/Api.ts"
import { Client } from "../../kernel/client/Client.ts"
import { Node, Pod } from "../../plugins/resources/contracts/core/v1.ts"
import { type Question, SchedulerPoints } from "../../plugins/scheduler/contracts/SchedulerPoints.ts"

export type Points = SchedulerPoints["Service"]
const namespace = "default"
const names = ["laws-1", "laws-2"]
const allocatable = { cpu: "4", memory: "8Gi", pods: "110" }

class Broken extends Error {}
export const expect = (holds: boolean, what: string) => (holds ? Effect.void : Effect.fail(new Broken(what)))

const node = (name: string) =>
  Effect.acquireRelease(
    Effect.gen(function* () {
      const client = yield* Client
      const labels = { "kubernetes.io/hostname": name, "laws.keelson.io/node": name }
      const made = yield* client.create(Node, { metadata: { name, labels } })
      const status = { ...made.status, allocatable, capacity: allocatable }
      return yield* client.update(Node, { ...made, status }, { subresource: "status" })
    }),
    () => Effect.flatMap(Client, (client) => Effect.ignore(client.delete(Node, { namespace: "", name })))
  )

/** A Pod as the API shows it; nobody runs it, since its scheduler is nobody. */
export const pod = Effect.acquireRelease(
  Effect.gen(function* () {
    const client = yield* Client
    const containers = [{ name: "c", image: "i", resources: { requests: { cpu: "3" } } }]
    return yield* client.create(Pod, {
      metadata: { generateName: "laws-", namespace },
      spec: { schedulerName: "nobody", containers }
    })
  }),
  ({ metadata: { name } }) =>
    Effect.flatMap(Client, (client) => Effect.ignore(client.delete(Pod, { namespace, name }, { gracePeriodSeconds: 0 })))
)
/** What was read is the wire's JSON, hence the cast. */
export const wireOf = (pod: Pod) => pod as unknown as WireObject

/** A Pod to be placed on two nodes, and a question about it. */
export const asked = Effect.gen(function* () {
  const points = yield* SchedulerPoints
  const nodes = yield* Effect.forEach(names, node)
  const made = yield* pod
  const generation = {
    nodes: Math.max(...nodes.map(({ metadata }) => Number(metadata.resourceVersion))),
    pods: Number(made.metadata.resourceVersion)
  }
  const question: Question = { pod: wireOf(made), generation, epoch: "", assumed: [], forgotten: [] }
  const known = yield* points.nodes({ generation, epoch: "", known: 0 })
  const numbers = names.map((name) => known.names.lastIndexOf(name))
  return { points, question, numbers, epoch: known.epoch, told: known.names.length }
})

type Point = Effect.Success<ReturnType<Points["describe"]>>["points"][number]

/** Of a plugin without the point nothing is asked. */
export const where = (point: Point, check: Effect.Effect<void, unknown, SchedulerPoints | Client | Scope.Scope>) =>
  Effect.scoped(
    Effect.flatMap(SchedulerPoints, (points) =>
      Effect.flatMap(points.describe(), ({ points }) => (points.includes(point) ? check : Effect.void))
    )
  )
