/** connect: whether a caller may speak with what runs. The connection itself is the door's. */
import { Effect } from "effect"
import type { WireObject } from "../client/Api.ts"
import * as Admit from "./Admit.ts"
import { attributesOf, authorize } from "./Authorize.ts"
import type { Environment } from "./Environment.ts"
import type { At } from "./Pipeline.ts"

export const connect = Effect.fnUntraced(function* (environment: Environment, at: At, verb: string, object: WireObject) {
  yield* authorize(environment, attributesOf(at, verb))
  const asking = Admit.connecting(at)
  yield* Admit.mutate(environment, asking, { object })
  yield* Admit.validate(environment, asking, { object })
})
