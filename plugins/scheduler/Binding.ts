/** What follows a decision, beside the loop: permit, pre-bind, bind, post-bind. */
import { Effect } from "effect"
import { Failed, Rejected } from "./contracts/Framework.ts"
import type { PodInfo } from "./contracts/Nodes.ts"
import type { Profile } from "./Profile.ts"

/** What went wrong says where, as upstream words it; what plugins themselves say stands. */
const running = (point: string, name: string) =>
  Effect.mapError((error: Rejected | Failed | Error) =>
    error instanceof Rejected || error instanceof Failed
      ? error
      : new Failed({ message: `running ${point} plugin ${JSON.stringify(name)}: ${error.message}`, cause: error })
  )

export const bind = Effect.fn("Scheduler.bind")(function* (profile: Profile, pod: PodInfo, node: string) {
  for (const { name, permit } of profile.at("permit")) yield* running("Permit", name)(permit(pod, node))
  for (const { name, preBind } of profile.at("preBind")) yield* running("PreBind", name)(preBind(pod, node))
  let isBound = false
  for (const { bind, name } of profile.at("bind")) isBound ||= yield* running("Bind", name)(bind(pod, node))
  if (!isBound) return yield* new Rejected({ plugin: "", reasons: ["no plugin binds this Pod"] })
  for (const { postBind } of profile.at("postBind")) yield* postBind(pod, node)
})
