/**
 * A process of `bench/Store.ts`: one client of one store, ours or etcd, with connection and driver of its own. It says `ready`, and
 * answers each plan that it is sent with its figures.
 */
import { Effect, Schema } from "effect"
import * as Stores from "./Stores.ts"
import * as Writes from "./Writes.ts"

const Plan = Schema.Struct({ inFlight: Schema.Int, milliseconds: Schema.Int })

const fail = (cause: unknown) => {
  console.error(cause)
  process.exit(1)
}

const program = Effect.gen(function* () {
  const address = yield* Schema.decodeEffect(Schema.fromJsonString(Stores.Address))(process.argv[2] ?? "")
  const measure = Writes.make(yield* Stores.open(address), "pods/bench")
  process.on("message", (message) => {
    const answer = Effect.flatMap(Schema.decodeUnknownEffect(Plan)(message), measure)
    Effect.runPromise(answer).then((figures) => process.send?.(figures), fail)
  })
  process.on("disconnect", () => process.exit(0))
  process.send?.("ready")
  yield* Effect.never
})

Effect.runPromise(Effect.scoped(program)).catch(fail)
