/** The checks of the laws about the queue, about remedies and about what follows a decision. */
import { Effect } from "effect"
import type { WireObject } from "../../kernel/client/Api.ts"
import type { Client } from "../../kernel/client/Client.ts"
import type { SchedulerPoints } from "../../plugins/scheduler/contracts/SchedulerPoints.ts"
import * as Suite from "../Suite.ts"
import { asked, expect, type Points, where } from "./Stage.ts"

/** More than there are numbers between two. */
const many = 100

/** The same Pod under other names, each but the first two as if it had come between the second and all others. */
const comers = (wire: WireObject) =>
  Array.from({ length: many }, (_, index) => {
    const name = `laws-${index}`
    const pod = { ...wire, metadata: { ...Object(wire["metadata"]), name, uid: name } }
    return { pod, uid: name, attempts: 0, since: index === 0 ? 1e6 : index === 1 ? 0 : 1e6 / 2 ** (index - 1) }
  })

const inOrder = (keys: ReadonlyMap<string, number>) => [...keys].toSorted(([, a], [, b]) => a - b).map(([uid]) => uid)

/** Lets them in one by one; each has to be kept out or get a place, and those before it have to stay in order. */
const enter = Effect.gen(function* () {
  const { points, question } = yield* asked
  const described = yield* points.describe()
  const keys = new Map<string, number>()
  let order: ReadonlyArray<string> = []
  let epoch = ""
  for (const { attempts, pod, since, uid } of comers(question.pod)) {
    const pods = [{ attempts, pod, since }]
    const answer = yield* points.enqueue({ epoch, generation: question.generation, pods, left: [] })
    epoch = answer.epoch
    for (const { key, uid } of answer.keys) keys.set(uid, key)
    const kept = answer.kept.find((one) => one.uid === uid)
    yield* expect(kept === undefined || kept.reasons.length > 0, `${uid} is kept out for no reason`)
    const hasPlace = keys.has(uid) || kept !== undefined || !described.points.includes("queueSort")
    yield* expect(hasPlace, `${uid} has no place in the order`)
    yield* expect(new Set(keys.values()).size === keys.size, "two have one place")
    const now = inOrder(keys)
    const before = now.filter((one) => one !== uid)
    yield* expect(before.join() === order.join(), `${uid} has brought the others into another order`)
    order = now
  }
})

const reserved = Effect.gen(function* () {
  const { points, question } = yield* asked
  const placed = { pod: question.pod, node: "laws-1" }
  const reserve = Effect.map(points.reserve({ ...question, node: "laws-1" }), ({ refusal }) => refusal?.reasons.join())
  const first = yield* reserve
  yield* points.unreserve(placed)
  const second = yield* reserve
  yield* points.unreserve(placed)
  yield* expect(first === second, `at first: ${first ?? "reserved"}; after that was given back: ${second ?? "reserved"}`)
})

const givenBack = Effect.gen(function* () {
  const { points, question } = yield* asked
  const placed = { pod: question.pod, node: "laws-1" }
  yield* points.unreserve(placed)
  yield* points.unreserve(placed)
})

const remedied = Effect.gen(function* () {
  const { numbers, points, question } = yield* asked
  yield* expect(numbers.length > 0, "there are no nodes")
  const refused = [{ reasons: ["Insufficient cpu"], isUnresolvable: false, nodes: ["laws-1", "laws-2"] }]
  const ask = Effect.map(
    points.postFilter({ ...question, isWhole: false, refused, nominated: [] }),
    ({ nominate = "no node" }) => nominate
  )
  const [first, second] = [yield* ask, yield* ask]
  yield* expect(first === second, `at first ${first}, then ${second}`)
})

/** What it refuses is an answer like another. */
const stepped = Effect.gen(function* () {
  const { points, question } = yield* asked
  const { isPatient = false, points: has } = yield* points.describe()
  const placed = { pod: question.pod, node: "laws-1" }
  for (const point of ["permit", "preBind"] as const) {
    if (!isPatient || !has.includes(point)) continue
    yield* Suite.inTime(Effect.exit(points.step({ ...placed, point, millis: 50 })))
    yield* Suite.inTime(points.unreserve(placed))
  }
})

const failing = Effect.die(new Error("it knows nothing of this Pod"))
let turn = 0

interface Check {
  readonly holds: Effect.Effect<void, unknown, SchedulerPoints | Client>
  readonly saboteur: (honest: Points) => Partial<Points>
}

/** Of the queue a plugin may have either point. */
const queued = Effect.andThen(where("preEnqueue", enter), where("queueSort", enter))

export const beyond: {
  readonly [_ in keyof typeof SchedulerPoints.laws &
    `${"enqueue" | "reserve" | "unreserve" | "postFilter" | "step"}/${string}`]: Check
} = {
  "enqueue/all": {
    holds: queued,
    saboteur: () => ({ enqueue: () => Effect.succeed({ epoch: "e", kept: [], keys: [] }) })
  },
  "enqueue/order": {
    holds: queued,
    saboteur: () => ({
      enqueue: ({ pods }) =>
        Effect.succeed({
          epoch: "e",
          kept: [],
          keys: pods.map(({ pod }) => ({ uid: String(Object(pod["metadata"]).uid), key: 0 }))
        })
    })
  },
  "reserve/again": {
    holds: where("reserve", reserved),
    saboteur: () => ({
      reserve: () =>
        Effect.sync(() => ({ epoch: "e", ...(turn++ % 2 > 0 && { refusal: { reasons: ["full"], isUnresolvable: false } }) }))
    })
  },
  "unreserve/unknown": { holds: where("reserve", givenBack), saboteur: () => ({ unreserve: () => failing }) },
  "postFilter/same": {
    holds: where("postFilter", remedied),
    saboteur: () => ({ postFilter: () => Effect.sync(() => ({ epoch: "e", nominate: `laws-${turn++}` })) })
  },
  "step/ends": {
    holds: Effect.andThen(where("permit", stepped), where("preBind", stepped)),
    saboteur: () => ({ step: () => Effect.never })
  }
}
