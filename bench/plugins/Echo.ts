/** The plugin that bench/Plugins.ts calls: it gives back what it is given. */
import { Effect, Layer } from "effect"
import * as Contract from "../../kernel/plugin/Contract.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"

export class Echo extends Contract.make<Echo>()(
  "bench/Echo",
  { version: "1.0.0", laws: {} },
  Contract.method("echo", { doc: "Bytes back.", payload: { bytes: Contract.Bytes }, success: Contract.Bytes, errors: [] })
) {}

const layer = Layer.succeed(Echo, { echo: ({ bytes }) => Effect.sync(() => bytes) })

export const plugin = Plugin.make({ name: "echo", offers: [Echo], layer })
