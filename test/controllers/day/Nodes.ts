/**
 * The machines of the day: each says that it is there, starts the Pods that it is given, and lets go those that are to end. One that is
 * down does nothing and is not heard of; when it is up again, it goes on with what it has.
 */
import { Clock, Effect, FiberMap, Random } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import type { Schema } from "effect"
import { Node, Pod } from "../../../plugins/resources/contracts/core/v1.ts"
import { time } from "../../../plugins/resources/contracts/Time.ts"
import { draftOf } from "../../scheduler/Nodes.ts"
import type { Heartbeats } from "./Heartbeats.ts"
import { isOver, type Seen, type World } from "./World.ts"

/** How long a Pod runs that ends by itself, in seconds, and how: `7 Succeeded`. */
export const runsFor = "day/runs-for"

/** A day of heartbeats every ten seconds would be nothing else; controllers are told to be as patient as this demands. */
export const heartbeat = 10 * 60_000
export const patience = 25 * 60_000

const zones = 5
export const zoneOf = (index: number) => `zone-${index % zones}`
export const nameOf = (index: number) => `node-${`${index}`.padStart(3, "0")}`

interface Machine {
  readonly name: string
  isUp: boolean
}

interface Step {
  readonly what: "start" | "finish" | "again" | "end"
  readonly after: readonly [least: number | string, most: number | string]
  readonly act: (pod: Seen) => Effect.Effect<unknown, unknown>
}

export const make = Effect.fnUntraced(function* (world: World, beats: Heartbeats) {
  const client = yield* Client
  const clock = yield* Clock.Clock
  const machines = new Map<string, Machine>()
  /** What each machine is about to do with a Pod. */
  const work = yield* FiberMap.make<string>()
  const run = yield* FiberMap.runtime(work)()
  let addresses = 0

  const say = (pod: Seen, status: Schema.JsonObject) =>
    client.patch(
      Pod,
      { namespace: pod.namespace, name: pod.name },
      "strategic",
      { metadata: { uid: pod.uid }, status },
      { subresource: "status" }
    )
  const ready = (status: "True" | "False") => {
    const lastTransitionTime = time(clock.currentTimeMillisUnsafe())
    return ["Ready", "ContainersReady"].map((type) => ({ type, status, lastTransitionTime }))
  }

  const start = (pod: Seen) => {
    const podIP = `10.${128 + (addresses >> 16)}.${(addresses >> 8) & 255}.${addresses++ & 255}`
    const startTime = time(clock.currentTimeMillisUnsafe())
    return say(pod, { phase: "Running", podIP, podIPs: [{ ip: podIP }], startTime, conditions: ready("True") })
  }
  const end = Effect.fnUntraced(function* (pod: Seen) {
    // Work that is told to stop before it is done has failed; of what serves for ever nobody asks how it ended.
    if (!isOver(pod) && pod.annotations[runsFor] !== undefined)
      yield* say(pod, { phase: "Failed", conditions: ready("False") })
    yield* client.delete(Pod, { namespace: pod.namespace, name: pod.name }, { gracePeriodSeconds: 0, uid: pod.uid })
  })

  /** What is to be done with a Pod as it is, if anything, and after how many seconds. */
  const next = (pod: Seen): Step | undefined => {
    const [seconds = 0, phase = "Succeeded"] = pod.annotations[runsFor]?.split(" ") ?? []
    if (pod.going > 0) return { what: "end", after: [0, 5], act: end }
    if (isOver(pod)) return undefined
    if (pod.phase === "Pending") return { what: "start", after: [1, 8], act: start }
    if (pod.annotations[runsFor] !== undefined)
      return { what: "finish", after: [seconds, seconds], act: (now) => say(now, { phase, conditions: ready("False") }) }
    return pod.ready > 0
      ? undefined
      : { what: "again", after: [1, 20], act: (now) => say(now, { conditions: ready("True") }) }
  }
  /** Until the next full second: machines look at their Pods once a second, and all of them then. */
  const toSecond = () => (1000 - (clock.currentTimeMillisUnsafe() % 1000)) % 1000
  const carryOut = Effect.fnUntraced(function* (machine: Machine, pod: Seen, { after: [least, most], what }: Step) {
    yield* Effect.sleep((yield* Random.nextIntBetween(Number(least), Number(most))) * 1000 + toSecond())
    const now = world.now(pod)
    const step = now && next(now)
    if (machine.isUp && now !== undefined && step?.what === what) yield* step.act(now)
  })
  const attend = (machine: Machine, pod: Seen) => {
    const step = machine.isUp ? next(pod) : undefined
    const name = `${machine.name}/${pod.uid}/${step?.what}`
    if (step !== undefined && !FiberMap.hasUnsafe(work, name)) run(name, Effect.ignore(carryOut(machine, pod, step)))
  }
  world.judge((_, pod) => {
    const machine = machines.get(pod?.node ?? "")
    if (pod !== undefined && machine !== undefined) attend(machine, pod)
  })

  const conditions = () => [
    { type: "Ready", status: "True", reason: "KubeletReady", lastHeartbeatTime: time(clock.currentTimeMillisUnsafe()) }
  ]
  const lives = (machine: Machine) =>
    Effect.gen(function* () {
      yield* Effect.sleep(yield* Random.nextBetween(0, heartbeat))
      for (;;) {
        beats.beat(machine.name, clock.currentTimeMillisUnsafe())
        yield* Effect.sleep(heartbeat)
      }
    })
  const key = (name: string) => ({ namespace: "", name })
  const heard = (name: string) => `${name}/beats`
  const speaks = (name: string) =>
    client.patch(Node, key(name), "strategic", { status: { conditions: conditions() } }, { subresource: "status" })

  const join = Effect.fnUntraced(function* (index: number) {
    const name = nameOf(index)
    const labels = { "topology.kubernetes.io/zone": zoneOf(index) }
    const draft = draftOf(name, { cpu: "16", memory: "64Gi", labels })
    const made = yield* client.create(Node, { metadata: { name, labels: draft.metadata.labels } })
    const status = { ...draft.status, capacity: draft.status.allocatable, conditions: conditions() }
    yield* client.update(Node, { ...made, status }, { subresource: "status" })
    const machine = { name, isUp: true }
    machines.set(name, machine)
    run(heard(name), lives(machine))
  })
  const fail = Effect.fnUntraced(function* (name: string) {
    const machine = machines.get(name)
    if (machine === undefined) return
    machine.isUp = false
    yield* FiberMap.remove(work, heard(name))
  })
  const recover = Effect.fnUntraced(function* (name: string) {
    const machine = machines.get(name)
    if (machine === undefined) return
    machine.isUp = true
    beats.beat(name, clock.currentTimeMillisUnsafe())
    run(heard(name), lives(machine))
    yield* speaks(name)
    for (const pod of world.onNode(name)) attend(machine, pod)
  })
  /** The machine is sold: its node goes, and whoever cleans up finds what it had. */
  const sell = Effect.fnUntraced(function* (name: string) {
    yield* fail(name)
    machines.delete(name)
    yield* client.delete(Node, key(name))
  })
  const cordon = (name: string, unschedulable: boolean) =>
    client.patch(Node, key(name), "merge", { spec: { unschedulable } })

  const stumble = (pod: Seen) => say(pod, { conditions: ready("False") })

  return {
    stumble,
    join,
    fail,
    recover,
    sell,
    cordon,
    isUp: (name: string) => machines.get(name)?.isUp === true,
    names: () => [...machines.keys()]
  }
})

export type Machines = Effect.Success<ReturnType<typeof make>>
