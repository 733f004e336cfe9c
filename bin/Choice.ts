/**
 * A part of a node that can be chosen anew while it runs: one of several plugins, by a setting, over that by a package that offers
 * its contracts, and over that by an annotation of the Node. The new one serves before the old one is ended, so that nothing is
 * refused in between.
 */
import { type Context, Effect, Layer, Queue, Schema, Semaphore, Stream } from "effect"
import type * as Contract from "../kernel/plugin/Contract.ts"
import * as Plugin from "../kernel/plugin/Plugin.ts"
import type { About } from "../plugins/packages/contracts/Attachments.ts"
import * as Group from "../plugins/packages/node/Group.ts"
import { OwnNode } from "./OwnNode.ts"

/** How a package stands in the place of the choices. */
export interface Outside<Offers, Needs, Given> {
  /** All of these a package has to offer. */
  readonly contracts: ReadonlyArray<Contract.Contract<Given, unknown>>
  readonly plugin: (given: Context.Context<Given>, about: About) => Plugin.Plugin<Offers, Needs>
  /** What is left to do when something else has taken the place of a package. */
  readonly left?: (given: Context.Context<Given>) => Effect.Effect<void>
}

export interface Part<Offers, Needs, Given> {
  /** In messages, such as `service proxy`. */
  readonly name: string
  /** Of the Node, such as `keelson.io/service-proxy`. */
  readonly annotation: string
  /** Its name among the choices, where no annotation says otherwise. */
  readonly standard: string
  readonly choices: { readonly [choice: string]: Plugin.Plugin<Offers, Needs> }
  readonly outside?: Outside<Offers, Needs, Given>
  /** Why it could not start is that the one before has what only one can have, such as a port: that ends first, then. */
  readonly needsRoom?: (failure: Plugin.PluginFailed) => boolean
  /** What has to be done after one was put in another's place. */
  readonly swapped?: Effect.Effect<void>
}

export class PlaceTaken extends Schema.TaggedError<PlaceTaken>()("PlaceTaken", { message: Schema.String }) {}

interface Current<Offers, Needs> {
  readonly name: string
  readonly plugin: Plugin.Plugin<Offers, Needs>
}

const make = Effect.fnUntraced(function* <Offers, Needs, Given>(part: Part<Offers, Needs, Given>) {
  const host = yield* Plugin.Host
  const node = yield* OwnNode
  const services = yield* Effect.context<Needs>()
  /** By name, in versions that are here at once while one follows the other: the last counts. */
  const packages = new Map<string, ReadonlyArray<Plugin.Plugin<Offers, Needs>>>()
  const lock = yield* Semaphore.make(1)
  const givens = new Map<string, Context.Context<Given>>()
  let current: Current<Offers, Needs> | undefined
  let [wish, isEnding] = ["", false]

  const failed = (cause: string) => new Plugin.PluginFailed({ plugin: part.name, cause })

  // What it needs does not matter any more when it ends, hence the cast.
  const stopped = (before: Current<Offers, Needs>) => host.stop(before.plugin as Plugin.Plugin<unknown, never>)
  /** A host ends by itself what is followed by a plugin of the same name. */
  const end = (before: Current<Offers, Needs> | undefined) => {
    if (before === undefined || (before !== current && before.plugin.name === current?.plugin.name)) return Effect.void
    return stopped(before)
  }

  const target = Effect.suspend(() => {
    const [first] = packages.keys()
    const name = wish === "" ? (first ?? part.standard) : wish
    const plugin = packages.get(name)?.at(-1) ?? part.choices[name]
    if (plugin !== undefined) return Effect.succeed({ name, plugin })
    const known = [...Object.keys(part.choices), ...packages.keys()].join(", ")
    return Effect.fail(failed(`${part.annotation}=${name}: expected ${known}`))
  })

  const start = Effect.fnUntraced(function* (wanted: Current<Offers, Needs>) {
    const context = yield* Effect.provide(host.start(wanted.plugin), services)
    current = wanted
    return context
  })

  /** Another one cannot serve beside it. What was there comes back if the new one cannot be started. */
  const startAfter = (before: Current<Offers, Needs>, wanted: Current<Offers, Needs>) =>
    Effect.andThen(
      stopped(before),
      Effect.onError(start(wanted), () => Effect.ignore(start(before)))
    )
  const startBeside = (before: Current<Offers, Needs> | undefined, wanted: Current<Offers, Needs>) =>
    Effect.catch(start(wanted), (failure) =>
      before !== undefined && part.needsRoom?.(failure) === true ? startAfter(before, wanted) : Effect.fail(failure)
    )

  /** Something else has taken the place of a package. */
  const leave = (name: string) => {
    const given = givens.get(name)
    return given === undefined ? Effect.void : (part.outside?.left?.(given) ?? Effect.void)
  }

  /** Puts in place what is wished for now. */
  const settle = Effect.gen(function* () {
    const before = current
    const wanted = yield* target
    if (isEnding || wanted.plugin === before?.plugin) return
    yield* startBeside(before, wanted)
    if (part.swapped !== undefined) yield* part.swapped
    yield* end(before)
    if (wanted.name === before?.name) return
    if (before !== undefined && packages.has(before.name)) yield* leave(before.name)
    yield* Effect.log(`the ${part.name} is ${wanted.name} now, and was ${before?.name}`)
    yield* node.tell("Normal", "PartSwapped", `The ${part.name} is ${wanted.name} now, and was ${before?.name}`)
  }).pipe(lock.withPermit)
  /** What cannot be done leaves what runs as it is. */
  const refused = (cause: Plugin.PluginFailed) =>
    Effect.andThen(
      Effect.logError(`the ${part.name} stays ${current?.name}`, cause.message),
      node.tell("Warning", "PartNotSwapped", `The ${part.name} stays ${current?.name}: ${cause.message}`)
    )

  const takePackages = Effect.fnUntraced(function* ({ contracts, plugin }: Outside<Offers, Needs, Given>) {
    yield* Group.add(contracts, (given, about) =>
      Effect.gen(function* () {
        const [first] = packages.keys()
        if (first !== undefined && first !== about.name)
          return yield* new PlaceTaken({
            message: `the ${part.name} of this node is the plugin ${first}: suspend that first`
          })
        const one = plugin(given, about)
        const versions = () => packages.get(about.name) ?? []
        /** Another version of it may have taken its place, on the same handles, or have it still because this one was refused. */
        const dropped = Effect.suspend(() => {
          const [isLast, others] = [versions().at(-1) === one, versions().filter((other) => other !== one)]
          if (others.length === 0) packages.delete(about.name)
          else packages.set(about.name, others)
          if (!isLast) return Effect.void
          return Effect.andThen(Effect.catch(settle, refused), others.length === 0 ? leave(about.name) : Effect.void)
        })
        yield* Effect.acquireRelease(
          Effect.sync(() => {
            packages.set(about.name, [...versions(), one])
            givens.set(about.name, given)
          }),
          () => dropped
        )
        yield* settle
      })
    )
  })

  const wishes = yield* Stream.toQueue(node.annotation(part.annotation), { capacity: "unbounded" })
  wish = yield* Queue.take(wishes).pipe(Effect.orDie)
  const fallback = (cause: Plugin.PluginFailed) => {
    const plugin = part.choices[part.standard]
    if (plugin === undefined || wish === "") return Effect.fail(cause)
    return Effect.andThen(Effect.logError(cause.message), start({ name: part.standard, plugin }))
  }
  const context = yield* Effect.catch(Effect.flatMap(target, start), fallback)
  yield* Effect.addFinalizer(() =>
    lock.withPermit(
      Effect.suspend(() => {
        isEnding = true
        return end(current)
      })
    )
  )
  yield* Effect.forkScoped(
    Effect.forever(
      Effect.flatMap(Effect.orDie(Queue.take(wishes)), (next) => {
        wish = next
        return Effect.catch(settle, refused)
      })
    )
  )
  if (part.outside !== undefined) yield* takePackages(part.outside)
  return context
})

/** The plugin that is chosen; consumers of what it offers hold slots, and do not notice a swap. */
export const layer = <Offers, Needs, Given = never>(part: Part<Offers, Needs, Given>) => Layer.effectContext(make(part))
