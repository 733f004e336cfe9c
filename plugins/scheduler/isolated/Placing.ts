/** What a plugin of another isolate has to do with Pods that have got a node. */
import { Duration, Effect, Fiber } from "effect"
import { type Failed, type Plugin, Rejected } from "../contracts/Framework.ts"
import type { PodInfo, View } from "../contracts/Nodes.ts"
import type { Description, SchedulerPoints } from "../contracts/SchedulerPoints.ts"
import { summary } from "../Cycle.ts"
import { answered, inTime, type Options } from "./Guarded.ts"
import { telling } from "./Telling.ts"
import { type Told, uidOf, wireOf } from "./Told.ts"

export type Placing = Pick<Plugin, "reserve" | "unreserve" | "permit" | "preBind" | "bind" | "postBind">
type Points = SchedulerPoints["Service"]
type Reserved = Fiber.Fiber<void, Rejected | Failed>

/** Begins to run at once, beside whoever says so. */
export type Run = <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>

/** Asked before it decides about the next Pod, and answered before this one goes on: nobody waits for it in between. */
const reserving = (points: Points, { name }: Description, told: Told, options: Options, run: Run) => {
  const guarded = inTime(name, options)
  const reserved = new Map<string, Reserved>()
  const ask = Effect.fnUntraced(function* (info: PodInfo, node: string, view: View) {
    const question = () => told.question(info, view)
    const answer = yield* guarded(telling(told, question, (question) => points.reserve({ ...question, node })))
    if (answer?.refusal === undefined) return
    const reasons = [`0/1 nodes are available: ${summary([answer.refusal], undefined, 0)}.`]
    return yield* new Rejected({ plugin: name, reasons })
  })
  return {
    begin: (info: PodInfo, node: string, view: View) => {
      reserved.set(uidOf(info), run(ask(info, node, view)))
    },
    done: (info: PodInfo) =>
      Effect.suspend(() => {
        const fiber = reserved.get(uidOf(info))
        reserved.delete(uidOf(info))
        return fiber === undefined ? Effect.void : Fiber.join(fiber)
      }),
    undo: (info: PodInfo, node: string) => {
      const fiber = reserved.get(uidOf(info))
      reserved.delete(uidOf(info))
      const undone = Effect.ignore(points.unreserve({ pod: wireOf(info), node }))
      run(fiber === undefined ? undone : Effect.andThen(Fiber.await(fiber), undone))
    }
  }
}

/** May take longer than a call: it is asked again and again how it goes. */
const patiently =
  (points: Points, { isPatient, name }: Description, options: Options) =>
  (point: "permit" | "preBind") =>
  (info: PodInfo, node: string) => {
    const call = { pod: wireOf(info), node }
    const millis = Math.ceil(Duration.toMillis(options.patience) / 2)
    const once = isPatient === true ? points.step({ ...call, point, millis }) : Effect.as(points[point](call), true)
    const asked = answered(name, options)(once, true)
    return Effect.gen(function* () {
      for (let isDone = false; !isDone; ) isDone = yield* asked
    })
  }

export const placing = (points: Points, described: Description, told: Told, options: Options, run: Run): Placing => {
  const { name } = described
  const has = (point: Description["points"][number]) => described.points.includes(point)
  const reserve = has("reserve") ? reserving(points, described, told, options, run) : undefined
  const patient = patiently(points, described, options)
  const permit = has("permit") ? patient("permit") : () => Effect.void
  return {
    reserve: (info, node, view) => {
      told.assume(info, node.name, view)
      reserve?.begin(info, node.name, view)
      return undefined
    },
    unreserve: (info, node) => {
      told.forget(info)
      if (reserve !== undefined) reserve.undo(info, node)
      else if (described.isPatient === true) run(Effect.ignore(points.unreserve({ pod: wireOf(info), node })))
    },
    ...((has("permit") || reserve !== undefined) && {
      permit: (info, node) => Effect.andThen(reserve?.done(info) ?? Effect.void, permit(info, node))
    }),
    ...(has("preBind") && { preBind: patient("preBind") }),
    ...(has("bind") && {
      bind: (info, node) => answered(name, options)(points.bind({ pod: wireOf(info), node }), false)
    }),
    postBind: (info, node) => {
      told.settle(info)
      return has("postBind") ? Effect.ignore(points.postBind({ pod: wireOf(info), node })) : Effect.void
    }
  }
}
