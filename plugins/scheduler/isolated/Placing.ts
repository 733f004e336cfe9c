/** What a plugin of another isolate has to do with Pods that have got a node. */
import { Effect } from "effect"
import type { Plugin } from "../contracts/Framework.ts"
import type { PodInfo } from "../contracts/Nodes.ts"
import type { Description, SchedulerPoints } from "../contracts/SchedulerPoints.ts"
import { type Told, wireOf } from "./Told.ts"

export type Placing = Pick<Plugin, "reserve" | "unreserve" | "permit" | "preBind" | "bind" | "postBind">

export const placing = (points: SchedulerPoints["Service"], described: Description, told: Told): Placing => {
  const has = (point: Description["points"][number]) => described.points.includes(point)
  const call = (info: PodInfo, node: string) => ({ pod: wireOf(info), node })
  return {
    reserve: (info, node) => {
      told.assume(info, node.name)
      return undefined
    },
    unreserve: (info) => told.forget(info),
    ...(has("permit") && { permit: (info, node) => points.permit(call(info, node)) }),
    ...(has("preBind") && { preBind: (info, node) => points.preBind(call(info, node)) }),
    ...(has("bind") && { bind: (info, node) => points.bind(call(info, node)) }),
    postBind: (info, node) => {
      told.settle(info)
      return has("postBind") ? Effect.ignore(points.postBind(call(info, node))) : Effect.void
    }
  }
}
