/** `/plugins/handover-visits`: how often it was looked at. The next version goes on counting where this one has ended. */
import { Effect, Option, Schema } from "effect"
import * as RoutesPlugin from "keelson/apiserver/RoutesPlugin"
import * as Handover from "keelson/kernel/plugin/Handover"

/** The next version may be an older one, or another: what it hands over is read like anybody's word. */
const visitsOf = Schema.decodeUnknownOption(Schema.Struct({ visits: Schema.Int }))

export const plugin = () => {
  let visits = 0
  const routes = RoutesPlugin.make({
    name: "handover-visits",
    routes: { "/plugins/handover-visits": () => Effect.sync(() => ({ body: `${++visits}\n` })) }
  })
  return Handover.keeping(routes, {
    state: () => ({ visits }),
    restore: (state) => {
      visits = Option.match(visitsOf(state), { onNone: () => visits, onSome: (before) => before.visits })
    }
  })
}
