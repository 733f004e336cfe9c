/** How schedulers from outside take the place of the one of this process. */
import { Effect, Layer } from "effect"
import { Attachments } from "../../packages/contracts/Attachments.ts"
import { Scheduler } from "../contracts/Scheduler.ts"
import { Seat } from "./Seat.ts"

export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const attachments = yield* Attachments
    const seat = yield* Seat
    yield* attachments.add({
      contract: Scheduler,
      attach: (scheduler, { fallback, name }, before) => seat.take({ name, scheduler, fallback }, before)
    })
  })
)
