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

export const bind = Effect.fn("Scheduler.bind")(function* (
  profile: Profile,
  { point }: Pick<Metrics, "point">,
  pod: PodInfo,
  node: string
) {
  const each = (name: "Permit" | "PreBind", at: "permit" | "preBind") => {
    const asked = profile.at(at).map((plugin) => running(name, plugin.name)(plugin[at](pod, node)))
    return asked.length === 0 ? Effect.void : timed(name, point, Effect.all(asked, { discard: true }))
  }
  yield* each("Permit", "permit")
  yield* each("PreBind", "preBind")
  const bound = Effect.gen(function* () {
    for (const { bind, name } of profile.at("bind")) if (yield* running("Bind", name)(bind(pod, node))) return
    return yield* new Rejected({ plugin: "", reasons: ["no plugin binds this Pod"] })
  })
  yield* timed("Bind", point, bound)
  const last = profile.at("postBind").map(({ postBind }) => postBind(pod, node))
  if (last.length > 0) yield* timed("PostBind", point, Effect.all(last, { discard: true }))
})
