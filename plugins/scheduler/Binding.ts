/** What follows a decision, beside the loop: permit, pre-bind, bind, post-bind. */
import { Clock, Effect } from "effect"
import { Failed, Rejected } from "./contracts/Framework.ts"
import type { PodInfo } from "./contracts/Nodes.ts"
import type { Metrics, Point } from "./Metrics.ts"
import type { Profile } from "./Profile.ts"

/** What went wrong says where, as upstream words it; what plugins themselves say stands. */
const running = (point: string, name: string) =>
  Effect.mapError((error: Rejected | Failed | Error) =>
    error instanceof Rejected || error instanceof Failed
      ? error
      : new Failed({ message: `running ${point} plugin ${JSON.stringify(name)}: ${error.message}`, cause: error })
  )

/** All plugins of a point, and how long they take together. */
const timed = Effect.fnUntraced(function* <A, E>(point: Point, took: Metrics["point"], run: Effect.Effect<A, E>) {
  const clock = yield* Clock.Clock
  const began = clock.currentTimeNanosUnsafe()
  return yield* Effect.onExit(run, (exit) =>
    Effect.sync(() => took(point, exit._tag === "Success" ? "Success" : "Error", clock.currentTimeNanosUnsafe() - began))
  )
})

type Took = Pick<Metrics, "point">

const each = (
  point: "Permit" | "PreBind",
  at: "permit" | "preBind",
  profile: Profile,
  took: Took,
  pod: PodInfo,
  node: string
) => {
  const asked = profile.at(at).map((plugin) => running(point, plugin.name)(plugin[at](pod, node)))
  return asked.length === 0 ? Effect.void : timed(point, took.point, Effect.all(asked, { discard: true }))
}

export const permit = (profile: Profile, took: Took, pod: PodInfo, node: string) =>
  Effect.suspend(() => each("Permit", "permit", profile, took, pod, node))

export const bind = Effect.fn("Scheduler.bind")(function* (profile: Profile, took: Took, pod: PodInfo, node: string) {
  yield* each("PreBind", "preBind", profile, took, pod, node)
  const bound = Effect.gen(function* () {
    for (const { bind, name } of profile.at("bind")) if (yield* running("Bind", name)(bind(pod, node))) return
    return yield* new Rejected({ plugin: "", reasons: ["no plugin binds this Pod"] })
  })
  yield* timed("Bind", took.point, bound)
  const last = profile.at("postBind").map(({ postBind }) => postBind(pod, node))
  if (last.length > 0) yield* timed("PostBind", took.point, Effect.all(last, { discard: true }))
})
