/**
 * The volumes that a node makes, enlarges, attaches and removes itself: those of the drivers of which it is the controller. Where a driver
 * brings programs of its own for that, they do it instead.
 */
import { Effect } from "effect"
import * as Controllers from "../controllers/contracts/Controllers.ts"
import * as Attaching from "./Attaching.ts"
import * as Expanding from "./Expanding.ts"
import * as Provisioning from "./Provisioning.ts"
import * as Removing from "./Removing.ts"
import * as World from "./World.ts"

export interface Options {
  readonly nodeName: string
}

const start = Effect.fnUntraced(function* ({ nodeName }: Options) {
  const world = yield* World.make(nodeName)
  yield* Provisioning.run(world)
  yield* Removing.run(world)
  yield* Expanding.run(world)
  yield* Attaching.run(world)
})

export const plugin = (options: Options) => Controllers.plugin("volumes", start(options))
