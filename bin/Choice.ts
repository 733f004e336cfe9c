/**
 * A part of a node that can be chosen anew while it runs: one of several plugins, by a setting, and over that by an annotation of
 * the Node. The new one serves before the old one is ended, so that nothing is refused in between.
 */
import { type Context, Effect, Layer, Queue, Stream } from "effect"
import * as Plugin from "../kernel/plugin/Plugin.ts"
import { OwnNode } from "./OwnNode.ts"

export interface Part<Offers, Needs> {
  /** In messages, such as `service proxy`. */
  readonly name: string
  /** Of the Node, such as `keelson.io/service-proxy`. */
  readonly annotation: string
  /** Its name among the choices, where no annotation says otherwise. */
  readonly standard: string
  readonly choices: { readonly [choice: string]: Plugin.Plugin<Offers, Needs> }
  /** What has to be done after one was put in another's place. */
  readonly swapped?: Effect.Effect<void>
}

const make = Effect.fnUntraced(function* <Offers, Needs>(part: Part<Offers, Needs>) {
  const host = yield* Plugin.Host
  const node = yield* OwnNode
  let current = ""

  /** A host ends by itself what is followed by a plugin of the same name. */
  const end = (choice: string) => {
    const plugin = part.choices[choice]
    if (plugin?.name === part.choices[current]?.name && choice !== current) return Effect.void
    // What it needs does not matter any more when it ends, hence the cast.
    return plugin === undefined ? Effect.void : host.stop(plugin as Plugin.Plugin<unknown, never>)
  }

  const start = Effect.fnUntraced(function* (wish: string) {
    const choice = wish === "" ? part.standard : wish
    const plugin = part.choices[choice]
    if (plugin === undefined) {
      const known = Object.keys(part.choices).join(", ")
      return yield* new Plugin.PluginFailed({ plugin: part.name, cause: `${part.annotation}=${choice}: expected ${known}` })
    }
    const context = yield* host.start(plugin)
    current = choice
    return context
  })

  const swap = Effect.fnUntraced(function* (wish: string) {
    const before = current
    if ((wish === "" ? part.standard : wish) === before) return
    yield* start(wish)
    if (part.swapped !== undefined) yield* part.swapped
    yield* end(before)
    yield* Effect.log(`the ${part.name} is ${current} now, and was ${before}`)
    yield* node.tell("Normal", "PartSwapped", `The ${part.name} is ${current} now, and was ${before}`)
  })
  /** What cannot be done leaves what runs as it is. */
  const refused = (cause: Plugin.PluginFailed) =>
    Effect.andThen(
      Effect.logError(`the ${part.name} stays ${current}`, cause.message),
      node.tell("Warning", "PartNotSwapped", `The ${part.name} stays ${current}: ${cause.message}`)
    )

  const wishes = yield* Stream.toQueue(node.annotation(part.annotation), { capacity: "unbounded" })
  const first = yield* Queue.take(wishes).pipe(Effect.orDie)
  const context: Context.Context<Offers> = yield* Effect.catch(start(first), (cause) =>
    first === "" ? Effect.fail(cause) : Effect.andThen(Effect.logError(cause.message), start(""))
  )
  yield* Effect.addFinalizer(() => Effect.suspend(() => end(current)))
  yield* Effect.forkScoped(
    Effect.forever(Effect.flatMap(Effect.orDie(Queue.take(wishes)), (wish) => Effect.catch(swap(wish), refused)))
  )
  return context
})

/** The plugin that is chosen; consumers of what it offers hold slots, and do not notice a swap. */
export const layer = <Offers, Needs>(part: Part<Offers, Needs>) => Layer.effectContext(make(part))
