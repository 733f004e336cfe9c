/**
 * Several container runtimes on one node: the kubelet has one of each contract, and behind it each Pod runs on the runtime that its
 * handler names. What is asked for by an id goes to the runtime that has it.
 */
import { Context, Effect, Layer, Schedule, type Scope } from "effect"
import { ContainerRuntime } from "../contracts/ContainerRuntime.ts"
import { Events } from "../contracts/Events.ts"
import { Exec } from "../contracts/Exec.ts"
import { Images } from "../contracts/Images.ts"
import { Logs } from "../contracts/Logs.ts"
import type { Powers } from "../contracts/Powers.ts"
import { Stats } from "../contracts/Stats.ts"
import * as RoutedPowers from "./RoutedPowers.ts"
import * as RoutedRuntime from "./RoutedRuntime.ts"
import * as Router from "./Router.ts"

/** Names are handlers as well: lower case letters, digits and `-`. The `default` one serves Pods without a handler. */
export interface Options<Name extends string, E, R> {
  readonly default: NoInfer<Name>
  readonly runtimes: { readonly [_ in Name]: Layer.Layer<Powers, E, R> }
}

const named = (key: string, of: Context.Context<Powers>): Router.Named => ({
  key,
  runtime: Context.get(of, ContainerRuntime),
  events: Context.get(of, Events),
  exec: Context.get(of, Exec),
  images: Context.get(of, Images),
  logs: Context.get(of, Logs),
  stats: Context.get(of, Stats)
})

/** Where a runtime that comes later is taken in, under a name that is its handler. */
export class MoreRuntimes extends Context.Service<
  MoreRuntimes,
  { readonly add: (key: string, of: Context.Context<Powers>) => Effect.Effect<void, Router.RuntimeTaken, Scope.Scope> }
>()("kubelet/MoreRuntimes") {}

/** What went while nobody asked is forgotten. */
const learnAgain = "5 minutes"

const make = Effect.fnUntraced(function* <Name extends string, E, R>(options: Options<Name, E, R>) {
  const start = (key: Name) => Effect.map(Layer.build(Layer.fresh(options.runtimes[key])), (context) => named(key, context))
  // The keys of `runtimes` are its names, hence the cast.
  const others = (Object.keys(options.runtimes) as Array<Name>).filter((key) => key !== options.default)
  const [first, rest] = yield* Effect.all(
    [start(options.default), Effect.forEach(others, start, { concurrency: "unbounded" })],
    { concurrency: "unbounded" }
  )
  const router = Router.make(first, rest)
  const learn = Effect.forEach(router.all, (one) => Effect.ignore(router.listOf(one)), {
    concurrency: "unbounded",
    discard: true
  })
  yield* learn
  yield* Effect.forkScoped(Effect.schedule(learn, Schedule.spaced(learnAgain)))
  const add: MoreRuntimes["Service"]["add"] = (key, of) =>
    Effect.gen(function* () {
      const one = named(key, of)
      yield* router.add(one)
      // Pods of its that run already are found at once.
      yield* Effect.ignore(router.listOf(one))
    })
  return Context.make(ContainerRuntime, RoutedRuntime.runtime(router)).pipe(
    Context.add(MoreRuntimes, MoreRuntimes.of({ add })),
    Context.add(Events, RoutedRuntime.events(router)),
    Context.add(Exec, RoutedPowers.exec(router)),
    Context.add(Images, RoutedPowers.images(router)),
    Context.add(Logs, RoutedPowers.logs(router)),
    Context.add(Stats, RoutedPowers.stats(router))
  )
})

/** The contracts of a runtime, by those of several. What they need besides, such as a network, is needed here too. */
export const layer = <Name extends string, E, R>(options: Options<Name, E, R>) => Layer.effectContext(make(options))
