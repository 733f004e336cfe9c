/** RuntimeClasses: names for the ways to run a container. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { text } from "../Columns.ts"
import type { RuntimeClass } from "../contracts/node/v1.ts"

export const strategy: Strategy<RuntimeClass> = {
  validate: ({ handler }) => Causes.broken("handler", handler, Names.dns1123Label(handler)),
  validateUpdate: ({ handler }, { handler: old }) => (handler === old ? [] : [Causes.immutable("handler", handler)]),
  columns: [text("Handler", "What the runtime calls it.", ({ handler }) => handler)]
}
