/** How scheduling plugins from outside join the scheduler of this process. */
import { Effect, FiberSet, Layer } from "effect"
import { Attachments } from "../../packages/contracts/Attachments.ts"
import { Plugins } from "../contracts/Extensions.ts"
import { SchedulerPoints } from "../contracts/SchedulerPoints.ts"
import * as Bridge from "./Bridge.ts"

export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const attachments = yield* Attachments
    const plugins = yield* Plugins
    yield* attachments.add({
      contract: SchedulerPoints,
      attach: Effect.fnUntraced(function* (points, { callTimeoutMillis, fallback }) {
        const described = yield* points.describe()
        if (described.isLocal) return
        const run = yield* FiberSet.makeRuntime()
        const plugin = Bridge.make(points, described, { fallback, patience: callTimeoutMillis }, run)
        yield* plugins.add({ plugin, weight: described.weight })
      })
    })
  })
)
