/**
 * A process of `bench/Store.ts`: an API server of ours on a store, over HTTPS, with nobody in its cluster. It says where it is reached.
 */
import { Effect, Schema } from "effect"
import * as ControlPlane from "../../conformance/stage/ControlPlane.ts"
import * as Stores from "./Stores.ts"

const fail = (cause: unknown) => {
  console.error(cause)
  process.exit(1)
}

const program = Effect.gen(function* () {
  const address = yield* Schema.decodeEffect(Schema.fromJsonString(Stores.Address))(process.argv[2] ?? "")
  if ("etcd" in address) return yield* Effect.die(new Error("our API has no store on etcd"))
  const serve = Effect.gen(function* () {
    process.on("disconnect", () => process.exit(0))
    process.send?.(yield* ControlPlane.ControlPlane)
    return yield* Effect.never
  })
  return yield* Effect.provide(serve, ControlPlane.layerOn(Stores.layerOf(address)))
})

Effect.runPromise(Effect.scoped(program)).catch(fail)
