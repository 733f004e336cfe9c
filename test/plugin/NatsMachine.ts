/** The program of another machine, for a test that kills it: serves a module over NATS, as its argument says. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect, Schema } from "effect"
import * as Isolate from "../../kernel/plugin/Isolate.ts"

const Asked = Schema.fromJsonString(
  Schema.Struct({ nats: Schema.String, subject: Schema.String, ca: Schema.String, cert: Schema.String, key: Schema.String })
)

const main = Effect.gen(function* () {
  const at = yield* Schema.decodeEffect(Asked)(process.argv[2] ?? "")
  yield* Isolate.serveNats({ name: "hostile", module: new URL("./Hostile.ts", import.meta.url), ...at })
  yield* Effect.sync(() => process.send?.("served"))
  return yield* Effect.never
})

NodeRuntime.runMain(Effect.scoped(main))
