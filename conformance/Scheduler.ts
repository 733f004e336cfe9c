/** The checks of the laws of `Scheduler`. They make a node and Pods in the API that the scheduler follows, and take them back. */
import { Effect, Schedule, type Scope } from "effect"
import { Client } from "../kernel/client/Client.ts"
import { Node, Pod } from "../plugins/resources/contracts/core/v1.ts"
import { Scheduler } from "../plugins/scheduler/contracts/Scheduler.ts"
import * as Suite from "./Suite.ts"

type Service = Scheduler["Service"]
const namespace = "default"
const name = "laws-of-scheduling"
const allocatable = { cpu: "64", memory: "64Gi", pods: "110" }
const long = { millis: 60_000 }
/** Who gives nodes does it in a moment; who is slow is taken for quiet, and no law is called broken for it. */
const moment = "400 millis"

class Broken extends Error {}
const broken = (what: string) => Effect.fail(new Broken(what))

const node = Effect.acquireRelease(
  Effect.gen(function* () {
    const client = yield* Client
    const made = yield* client.create(Node, { metadata: { name, labels: { "kubernetes.io/hostname": name } } })
    const status = { ...made.status, allocatable, capacity: allocatable }
    return yield* client.update(Node, { ...made, status }, { subresource: "status" })
  }),
  () => Effect.flatMap(Client, (client) => Effect.ignore(client.delete(Node, { namespace: "", name })))
)

/** A Pod that asks for this scheduler. */
const asking = Effect.flatMap(Scheduler, (scheduler) =>
  Effect.acquireRelease(
    Effect.gen(function* () {
      const client = yield* Client
      const { schedulerNames } = yield* scheduler.describe()
      const [schedulerName = "default-scheduler"] = schedulerNames
      const containers = [{ name: "c", image: "i" }]
      return yield* client.create(Pod, {
        metadata: { generateName: "laws-", namespace },
        spec: { schedulerName, containers }
      })
    }),
    ({ metadata }) =>
      Effect.flatMap(Client, (client) =>
        Effect.ignore(client.delete(Pod, { namespace, name: metadata.name }, { gracePeriodSeconds: 0 }))
      )
  )
)

/** Done when the Pod has a node. */
const placed = ({ metadata }: Pod) =>
  Effect.flatMap(Client, (client) => {
    const look = Effect.flatMap(client.get(Pod, { namespace, name: metadata.name }), ({ spec }) =>
      spec.nodeName ? Effect.succeed(spec.nodeName) : broken(`${metadata.name} gets no node`)
    )
    return Effect.retry(look, Schedule.spaced("20 millis"))
  })
const soon = (pod: Pod) => Suite.inTime(placed(pod))
const stays = (pod: Pod) =>
  Effect.flatMap(Effect.timeoutOption(placed(pod), moment), (found) =>
    found._tag === "Some" ? broken(`it gave ${pod.metadata.name} the node ${found.value}`) : Effect.void
  )

/** Before and after it, the scheduler rests. */
const resting = (check: Effect.Effect<void, unknown, Scheduler | Client | Scope.Scope>) =>
  Effect.scoped(
    Effect.flatMap(Scheduler, (scheduler) =>
      Effect.andThen(
        scheduler.rest(),
        Effect.ensuring(
          Effect.andThen(node, check),
          Effect.suspend(() => Effect.ignore(scheduler.rest()))
        )
      )
    )
  )

export const suite = Suite.make<Scheduler, Service, typeof Scheduler.laws, Scheduler | Client>(Scheduler, {
  "lead/places": {
    holds: resting(
      Effect.gen(function* () {
        const scheduler = yield* Scheduler
        yield* scheduler.lead(long)
        yield* soon(yield* asking)
      })
    ),
    saboteur: () => ({ lead: () => Effect.void })
  },
  "rest/quiet": {
    holds: resting(
      Effect.gen(function* () {
        const scheduler = yield* Scheduler
        yield* scheduler.lead(long)
        yield* soon(yield* asking)
        yield* scheduler.rest()
        yield* stays(yield* asking)
      })
    ),
    saboteur: () => ({ rest: () => Effect.void })
  },
  "lead/again": {
    holds: resting(
      Effect.gen(function* () {
        const scheduler = yield* Scheduler
        yield* scheduler.lead(long)
        yield* scheduler.rest()
        const pod = yield* asking
        yield* scheduler.lead(long)
        yield* soon(pod)
      })
    ),
    saboteur: ({ lead }) => {
      let times = 0
      return { lead: (payload) => (times++ === 0 ? lead(payload) : Effect.void) }
    }
  },
  "lead/ends": {
    holds: resting(
      Effect.gen(function* () {
        const scheduler = yield* Scheduler
        yield* scheduler.lead({ millis: 300 })
        // Its time may be over later than this clock says.
        yield* Suite.inTime(
          Effect.retry(
            Effect.flatMap(asking, (pod) => stays(pod)),
            Schedule.spaced("50 millis")
          )
        )
      })
    ),
    saboteur: ({ lead }) => ({ lead: () => lead(long) })
  }
})
