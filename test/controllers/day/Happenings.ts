/** What happens on a day, besides what always does: each goes on by itself, and several at once. */
import { Clock, Effect, Random, Schedule } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { DaemonSet, Deployment, StatefulSet } from "../../../plugins/resources/contracts/apps/v1.ts"
import { Namespace, Pod } from "../../../plugins/resources/contracts/core/v1.ts"
import type { leading } from "./Cluster.ts"
import type { Machines } from "./Nodes.ts"
import { namespaceOf, type Size, system, team } from "./Teams.ts"
import { isOver, type World } from "./World.ts"

export interface Stage {
  readonly size: Size
  readonly world: World
  readonly machines: Machines
  readonly leader: Effect.Success<ReturnType<typeof leading>>
}

type Happening = (stage: Stage) => Effect.Effect<unknown, unknown, Client>

const below = (count: number) => Random.nextIntBetween(0, count, { halfOpen: true })
const oneOf = <A>(all: ReadonlyArray<A>) =>
  Effect.flatMap(below(all.length), (index) => {
    const found = all[index]
    return found === undefined ? Effect.die(new Error("there is none to choose")) : Effect.succeed(found)
  })

const someApp = Effect.fnUntraced(function* ({ size }: Stage) {
  const namespace = namespaceOf(yield* below(size.teams))
  return { namespace, name: `web-${yield* below(size.deployments.length)}` }
})
const image = (version: string) => ({ spec: { template: { spec: { containers: [{ name: "main", image: version }] } } } })
const version = Effect.map(Random.nextIntBetween(1, 1_000_000), (number) => `v${number}`)

/** A new template for a Deployment; sometimes another one while the first is on its way. */
const update: Happening = Effect.fnUntraced(function* (stage) {
  const client = yield* Client
  const key = yield* someApp(stage)
  yield* client.patch(Deployment, key, "strategic", image(yield* version))
  if ((yield* Random.next) > 0.3) return
  yield* Effect.sleep((yield* below(20)) * 1000)
  yield* client.patch(Deployment, key, "strategic", image(yield* version))
})

const resize: Happening = Effect.fnUntraced(function* (stage) {
  const client = yield* Client
  const key = yield* someApp(stage)
  const { spec } = yield* client.get(Deployment, key)
  yield* client.patch(Deployment, key, "merge", { spec: { replicas: Math.max(1, Math.round(spec.replicas * 0.7)) } })
  yield* Effect.sleep((yield* below(600)) * 1000)
  yield* client.patch(Deployment, key, "merge", { spec: { replicas: spec.replicas } })
})

const updateStateful: Happening = Effect.fnUntraced(function* ({ size }) {
  const client = yield* Client
  const key = { namespace: namespaceOf(yield* below(size.teams)), name: "db" }
  yield* client.patch(StatefulSet, key, "strategic", image(yield* version))
})

export const updateDaemons: Happening = Effect.fnUntraced(function* () {
  const client = yield* Client
  yield* client.patch(DaemonSet, { namespace: system, name: "agent-0" }, "strategic", image(yield* version))
})

/** A machine is silent, for moments that nobody notices or for an hour. */
const failure: Happening = Effect.fnUntraced(function* ({ machines }) {
  const name = yield* oneOf(machines.names())
  if (!machines.isUp(name)) return
  yield* machines.fail(name)
  yield* Effect.sleep((yield* oneOf([4, 35, 60, 90])) * 60_000)
  yield* machines.recover(name)
})

/** A rack is cut off, and comes back before its Pods have to leave, or after. */
export const partition: Happening = Effect.fnUntraced(function* ({ machines }) {
  const names = machines.names().filter((_, index) => index % 25 === 3)
  yield* Effect.forEach(names, machines.fail, { discard: true })
  yield* Effect.sleep((yield* oneOf([20, 60])) * 60_000)
  yield* Effect.forEach(names, machines.recover, { discard: true })
})

const replacement: Happening = Effect.fnUntraced(function* ({ machines, size }) {
  yield* machines.sell(yield* oneOf(machines.names()))
  yield* Effect.sleep("5 minutes")
  yield* machines.join(size.nodes + (yield* below(1_000_000)))
})

const eviction = { apiVersion: "policy/v1", kind: "Eviction" }

/** What `kubectl drain` does: closes a node, and evicts what is there until it has gone, as often as budgets refuse. */
const drain: Happening = Effect.fnUntraced(function* ({ machines, world }) {
  const client = yield* Client
  const node = yield* oneOf(machines.names())
  yield* machines.cordon(node, true)
  const left = () => world.onNode(node).filter((pod) => pod.owner?.kind !== "DaemonSet" && !isOver(pod) && pod.going === 0)
  const evict = Effect.suspend(() =>
    Effect.forEach(
      left(),
      ({ name, namespace }) =>
        Effect.ignore(client.post(Pod, { namespace, name }, "eviction", { ...eviction, metadata: { name, namespace } })),
      { concurrency: 5, discard: true }
    )
  )
  const deadline = (yield* Clock.currentTimeMillis) + 20 * 60_000
  while (left().length > 0 && (yield* Clock.currentTimeMillis) < deadline) {
    yield* evict
    yield* Effect.sleep("5 seconds")
  }
  yield* machines.cordon(node, false)
})

/** Some Pods are not ready for a while. */
const hiccup: Happening = Effect.fnUntraced(function* ({ machines, world }) {
  const running = [...world.pods()].filter((pod) => pod.ready > 0)
  for (let count = 0; count < 10; count++) yield* Effect.ignore(machines.stumble(yield* oneOf(running)))
})

/** Whoever leads is killed in the middle of everything, and another one takes over. */
const takeover: Happening = Effect.fnUntraced(function* ({ leader }) {
  yield* leader.stop
  yield* Effect.sleep((yield* below(15)) * 1000)
  yield* leader.begin
})

/** A team leaves, with all that it has, and comes back. */
export const departure: Happening = Effect.fnUntraced(function* ({ size }) {
  const client = yield* Client
  const number = yield* below(size.teams)
  const key = { namespace: "", name: namespaceOf(number) }
  yield* client.delete(Namespace, key)
  yield* Effect.repeat(client.find(Namespace, key), {
    until: ({ _tag }) => _tag === "None",
    schedule: Schedule.spaced("10 seconds")
  })
  yield* team(number, size)
})

/** How often in an hour. */
export const ordinary: ReadonlyArray<{ readonly what: string; readonly often: number; readonly happen: Happening }> = [
  { what: "update", often: 1, happen: update },
  { what: "resize", often: 0.5, happen: resize },
  { what: "update of a StatefulSet", often: 0.5, happen: updateStateful },
  { what: "failure of a node", often: 0.75, happen: failure },
  { what: "replacement of a node", often: 0.25, happen: replacement },
  { what: "drain", often: 0.5, happen: drain },
  { what: "hiccup", often: 0.5, happen: hiccup }
]

/** At an hour of the day. */
export const once: ReadonlyArray<{ readonly what: string; readonly at: number; readonly happen: Happening }> = [
  { what: "a rack is cut off", at: 3, happen: partition },
  { what: "a team leaves", at: 8, happen: departure },
  { what: "update of a DaemonSet", at: 13, happen: updateDaemons },
  { what: "takeover", at: 13, happen: takeover },
  { what: "a rack is cut off", at: 20, happen: partition }
]
