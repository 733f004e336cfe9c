/** The process of one adapter: `Run.ts CONTRACT ADAPTER SITE`. It tells a line of JSON for each law, on its third output. */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Effect, Layer, References, Schema } from "effect"
import { writeSync } from "node:fs"
import { Result, Told } from "./Adapter.ts"
import { find } from "./adapters/All.ts"

const Site = Schema.fromJsonString(
  Schema.Struct({
    directory: Schema.String,
    endpoint: Schema.optionalKey(Schema.String),
    given: Schema.Record(Schema.String, Schema.String)
  })
)

const output = 3
const told = Layer.succeed(Told, (result: Result) =>
  Effect.sync(() => void writeSync(output, `${JSON.stringify(Schema.encodeSync(Result)(result))}\n`))
)

const program = Effect.gen(function* () {
  const [, , contract = "", name = "", site = ""] = process.argv
  const kit = find(contract, name)
  if (kit === undefined) return yield* Effect.die(new Error(`there is no ${name} for ${contract}`))
  yield* kit(yield* Schema.decodeEffect(Site)(site))
}).pipe(Effect.provide(told), Effect.provideService(References.MinimumLogLevel, "Error"), Effect.provide(NodeServices.layer))
NodeRuntime.runMain(program, {
  // What a part has left open is not waited for.
  teardown: (exit, end) => {
    end(exit._tag === "Success" ? 0 : 1)
    process.exit()
  }
})
