/** What follows a decision, beside the loop: permit, pre-bind, bind, post-bind. */
import { Effect } from "effect"
import { Rejected } from "./contracts/Framework.ts"
import type { PodInfo } from "./contracts/Nodes.ts"
import type { Profile } from "./Profile.ts"

export const bind = Effect.fn("Scheduler.bind")(function* (profile: Profile, pod: PodInfo, node: string) {
  for (const { permit } of profile.at("permit")) yield* permit(pod, node)
  for (const { preBind } of profile.at("preBind")) yield* preBind(pod, node)
  let isBound = false
  for (const { bind } of profile.at("bind")) isBound ||= yield* bind(pod, node)
  if (!isBound) return yield* new Rejected({ plugin: "", reasons: ["no plugin binds this Pod"] })
  for (const { postBind } of profile.at("postBind")) yield* postBind(pod, node)
})
