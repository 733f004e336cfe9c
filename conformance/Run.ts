/**
 * The process of one adapter: `Run.ts CONTRACT ADAPTER SITE`. It tells lines of JSON on its third output: what will be checked, and each law.
 * When whoever has started it is gone, which its input tells, it takes back what it has made and ends.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Layer, References, Schema } from "effect"
import { writeSync } from "node:fs"
import { Asked, Plan, Planned, Result, Terms, Told } from "./Adapter.ts"
import { find } from "./adapters/All.ts"

const Site = Schema.fromJsonString(
  Schema.Struct({
    directory: Schema.String,
    endpoint: Schema.optionalKey(Schema.String),
    given: Schema.Record(Schema.String, Schema.String),
    terms: Terms
  })
)

const output = 3
const line = (text: unknown) =>
  Effect.sync(() => {
    try {
      writeSync(output, `${JSON.stringify(text)}\n`)
    } catch {
      // Nobody listens any more; the end of the input says so, too.
    }
  })
const told = Layer.mergeAll(
  Layer.succeed(Told, (result: Result) => line(Schema.encodeSync(Result)(result))),
  Layer.succeed(Planned, (plan: Plan) => line(Schema.encodeSync(Plan)(plan)))
)

process.stdin.on("close", () => process.kill(process.pid, "SIGTERM")).resume()

const program = Effect.gen(function* () {
  const [, , contract = "", name = "", text = ""] = process.argv
  const kit = find(contract, name)
  if (kit === undefined) return yield* Effect.die(new Error(`there is no ${name} for ${contract}`))
  const { terms, ...site } = yield* Schema.decodeEffect(Site)(text)
  yield* Effect.provideService(kit(site), Asked, terms)
}).pipe(Effect.provide(told), Effect.provideService(References.MinimumLogLevel, "Error"), Effect.provide(NodeServices.layer))
NodeRuntime.runMain(program, {
  // What a part has left open is not waited for.
  teardown: (exit, end) => {
    end(exit._tag === "Success" ? 0 : 1)
    process.exit()
  }
})
