/** Who listens to what is asked of this server, and which of it. Without listeners a request costs nothing more. */
import { Clock, Effect, Layer } from "effect"
import { Auditor, type Sink } from "./contracts/Auditor.ts"
import { wanted } from "./Matching.ts"
import * as Metrics from "./Metrics.ts"
import * as Recording from "./Recording.ts"

export const layer = Layer.effect(
  Auditor,
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const count = Metrics.make(yield* Effect.context<never>())
    let sinks: ReadonlyArray<Sink> = []
    const now = () => clock.currentTimeMillisUnsafe()
    return Auditor.of({
      isOn: () => sinks.length > 0,
      begin: (request) => {
        const listeners = sinks.flatMap((sink): ReadonlyArray<Recording.Listener> => {
          const asked = wanted(sink.policy, request)
          count.level(asked.level)
          return asked.level === "None" ? [] : [{ sink, wanted: asked }]
        })
        return listeners.length === 0 ? undefined : Recording.make(request, listeners, now)
      },
      add: (sink) => {
        const counted: Sink = {
          ...sink,
          write: (event) => {
            count.event()
            sink.write(event)
          }
        }
        return Effect.asVoid(
          Effect.acquireRelease(
            Effect.sync(() => (sinks = [...sinks, counted])),
            () => Effect.sync(() => (sinks = sinks.filter((one) => one !== counted)))
          )
        )
      }
    })
  })
)
