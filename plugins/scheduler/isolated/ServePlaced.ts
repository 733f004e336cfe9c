/** What is asked of a scheduling plugin about Pods that have got a node. */
import { Effect } from "effect"
import type { Plugin } from "../contracts/Framework.ts"
import type { Question, SchedulerPoints } from "../contracts/SchedulerPoints.ts"
import { podOf, type World } from "./World.ts"

export type ServePlaced = Pick<SchedulerPoints["Service"], "permit" | "preBind" | "bind" | "postBind">

export const servePlaced = (plugin: Plugin, { snapshot }: World): ServePlaced => {
  const info = (pod: Question["pod"]) => snapshot.infoOf(podOf(pod))
  return {
    permit: ({ node, pod }) => plugin.permit?.(info(pod), node) ?? Effect.void,
    preBind: ({ node, pod }) => plugin.preBind?.(info(pod), node) ?? Effect.void,
    bind: ({ node, pod }) => plugin.bind?.(info(pod), node) ?? Effect.succeed(false),
    postBind: ({ node, pod }) => plugin.postBind?.(info(pod), node) ?? Effect.void
  }
}
