/** What the compiler refuses. Each line that it must refuse stands under an `@ts-expect-error`. */
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import * as Suite from "../../conformance/Suite.ts"
import { Api } from "../../kernel/client/Api.ts"
import { Client } from "../../kernel/client/Client.ts"
import * as Contract from "../../kernel/plugin/Contract.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import * as Worker from "../../kernel/plugin/Worker.ts"
import { Pod } from "../../plugins/resources/contracts/core/v1.ts"

class Clock extends Contract.make<Clock>()(
  "test/Clock",
  { version: "1.0.0", laws: { "now/grows": "It never goes back." } },
  Contract.method("now", { doc: "Milliseconds.", success: Schema.Int, errors: [] })
) {}

const needy = Plugin.make({ name: "needy", layer: Layer.effectDiscard(Effect.andThen(Client, Clock)) })
const module = new URL("./Needy.ts", import.meta.url)
const complete = Layer.satisfiesServicesType<Plugin.Host>()

const refused = () => {
  const Callback = Schema.declare((u): u is () => void => typeof u === "function")
  // @ts-expect-error a function is no data
  Contract.method("call", { doc: "", payload: { back: Callback }, errors: [] })
  // @ts-expect-error a law without a check
  Suite.make(Clock, {})
  // @ts-expect-error what is offered is not provided
  Plugin.make({ name: "clock", offers: [Clock], layer: Layer.empty })
  // @ts-expect-error an error that the contract does not list
  Layer.succeed(Clock, { now: () => Effect.fail(new Contract.VersionSkew({ contract: "", wanted: "", offered: "" })) })
  // @ts-expect-error a plugin that another needs is forgotten
  Plugin.install(needy).pipe(complete)
  // @ts-expect-error a need that the thread is not given
  Worker.isolate(needy, module, { needs: [Api] })
  // @ts-expect-error without `Api` there is no client in the thread
  Worker.isolate(needy, module, { needs: [Clock] })
  return Effect.flatMap(Client, (client) =>
    // @ts-expect-error a container without a name
    client.create(Pod, { metadata: { name: "a" }, spec: { containers: [{ image: "a" }] } })
  )
}

it("what a plugin needs in a thread is what serves it there", () => {
  const isolated: Plugin.Plugin<never, Api | Clock> = Worker.isolate(needy, module, { needs: [Api, Clock] })
  assert.deepInclude(isolated, { name: "needy", isolation: "worker" })
  assert.isFunction(refused)
})
