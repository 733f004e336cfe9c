/** The ways of an author in plugins/packages/README.md, line by line, one after another on a cluster that runs: from `keelson plugin new` to what the plugin does. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import * as Machine from "../../conformance/stage/Machine.ts"
import { left } from "../Left.ts"
import { cluster } from "./Cluster.ts"
import { type Desk as Place, follow, stepsOf } from "./Transcript.ts"

class Desk extends Context.Service<Desk, Place>()("test/Desk") {}
const desk = Layer.provideMerge(Layer.effect(Desk, cluster), NodeServices.layer)

const ways = [
  { heading: "From nothing to Pods placed by your plugin", needs: ["kubectl"] },
  { heading: "Your first admission plugin", needs: ["kubectl"] },
  { heading: "From npm", needs: ["kubectl", "npm"] }
]
const readme = "plugins/packages/README.md"

layer(desk, { excludeTestServices: true, timeout: 120_000 })(`the ways of an author, as ${readme} has them`, (it) => {
  for (const { heading, needs } of ways) {
    const lacks = Machine.lacking(...needs)
    it.effect.skipIf(lacks.length > 0)(
      `${heading}: each line does what it says, within ten commands${left(lacks)}`,
      () =>
        Effect.gen(function* () {
          const steps = stepsOf(readme, heading)
          assert.isTrue(steps.length > 0 && steps.length <= 10)
          yield* follow(steps, yield* Desk)
        }),
      300_000
    )
  }
})
