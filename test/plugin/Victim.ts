/** A host that is given up to a hostile plugin: it says every tenth of a second that it lives, and how much memory it has. */
import { Effect, Layer } from "effect"
import * as Isolate from "../../kernel/plugin/Isolate.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { Hostile } from "./Hostile.ts"

const [, , level, way] = process.argv
const isolation = Plugin.isolations.find((one) => one === level) ?? "in-process"
const megabyte = 1024 ** 2
const say = (word: string) => process.stdout.write(`${word} ${Math.round(process.memoryUsage().rss / megabyte)}\n`)

const isolated = Isolate.run({
  name: "hostile",
  module: new URL("./Hostile.ts", import.meta.url),
  offers: [Hostile],
  needs: [],
  isolation
})
const main = Effect.gen(function* () {
  const hostile = yield* Hostile
  const attacks: { readonly [way: string]: () => Effect.Effect<unknown, unknown> } = {
    exit: () => hostile.exit(),
    fail: () => hostile.fail(),
    reject: () => hostile.reject(),
    spin: () => hostile.spin(),
    greed: () => hostile.buffers({ bytes: 10 * 1024 * megabyte }),
    heap: () => hostile.heap({ bytes: 512 * megabyte }),
    buffers: () => hostile.buffers({ bytes: 400 * megabyte })
  }
  setInterval(() => say("alive"), 100)
  say("attacked")
  yield* Effect.ignore(attacks[way ?? ""]?.() ?? Effect.void)
  say("survived")
  return yield* Effect.never
}).pipe(Effect.provide(Layer.provide(Plugin.install(isolated), Plugin.Host.layer)))

Effect.runFork(main)
