/**
 * The packages that run in this process: started through the host, taken in by those who use what they offer, replaced without a gap,
 * and replaced back by the host when a new one dies or leaves calls without an answer while it is watched.
 */
import { Clock, Context, Effect, Layer, Option, SubscriptionRef } from "effect"
import type { Api } from "../../kernel/client/Api.ts"
import { Main } from "../../kernel/plugin/isolate/Settings.ts"
import { nameOf } from "../../kernel/plugin/Contract.ts"
import { root } from "../../kernel/plugin/Outside.ts"
import * as KernelPlugin from "../../kernel/plugin/Plugin.ts"
import type { Ready } from "./Launch.ts"
import { fits, type Need, type Offered } from "./Negotiation.ts"
import { PackageInvalid } from "./PackageInvalid.ts"

/** One version of a package as it runs. */
export interface Run {
  readonly ready: Ready
  /** What it was started by: the same again is nothing to do. */
  readonly wish: string
  readonly startedAt: number
}

/** What runs instead of what was wished for. */
export interface RolledBack {
  readonly wish: string
  readonly reason: string
}

type Contract = Need["contract"]
/** A package, what it is needed for, and the contract under the key of its own slot. */
interface Provider extends Need {
  readonly name: string
  readonly own: Contract
}

/** Which of its offers is what another needs. */
const offerOf = ({ attachments }: Ready, { contract, range }: Need) =>
  attachments.findIndex((offer) => offer.contract.key === contract.key && fits(range, offer.contract.version))

/** From source, as the package's own modules are: were it from the bundle, there would be two of everything in it. */
export const guest = new URL("kernel/plugin/isolate/GuestMain.ts", root)

/** Those who use what it offers give up a little later than its isolate does, so that the host sees who leaves calls unanswered. */
const grace = 250

/** `as`: the cluster's API as a plugin of this name has it, which offers these contracts. */
export const make = Effect.fnUntraced(function* <Given>(
  as: (name: string, offers: ReadonlyArray<string>) => Layer.Layer<Api, unknown, Given>
) {
  const host = yield* KernelPlugin.Host
  const runs = new Map<string, Run>()
  /** What the host was told to run last, whatever runs in its place now. */
  const asked = new Map<string, KernelPlugin.Plugin<unknown, Api>>()
  const rolledBack = new Map<string, RolledBack>()
  /** By whom each is given what it needs of other packages. */
  const providers = new Map<string, ReadonlyArray<Provider>>()
  const news = yield* SubscriptionRef.make(0)
  const told = SubscriptionRef.update(news, (count) => count + 1)

  const reasonOf = (name: string) =>
    SubscriptionRef.getUnsafe(host.states).find((state) => state.name === name)?.reason ?? "it has died"

  const providerOf = (name: string, need: Need): Provider | undefined => {
    for (const [provider, { ready }] of runs) {
      const own = provider === name ? undefined : ready.plugin.offers[offerOf(ready, need)]
      if (own !== undefined) return { ...need, name: provider, own }
    }
    return undefined
  }
  const given = (name: string, needs: ReadonlyArray<Need>) =>
    Effect.forEach(needs, (need) => {
      const found = providerOf(name, need)
      return found === undefined
        ? Effect.fail(new PackageInvalid({ message: `it waits for a package that offers ${need.contract.key}` }))
        : Effect.succeed(found)
    })

  /** A version that takes from others what they need takes nobody's place. */
  const kept = (name: string, ready: Ready) => {
    for (const [needer, all] of providers) {
      const lost = all.find((one) => one.name === name && offerOf(ready, one) < 0)
      if (lost === undefined) continue
      const what = `${nameOf(lost.contract)} ${lost.range}, which ${needer} needs`
      const message = `${name} ${ready.kept.manifest.version} does not offer ${what}: let it offer that beside what is new, or swap or delete ${needer} first`
      return Effect.fail(new PackageInvalid({ message }))
    }
    return Effect.void
  }

  /** Each offer is led to those who use it by the handle of a slot of its own. */
  const attached = Effect.fnUntraced(function* (
    name: string,
    ready: Ready,
    handles: Context.Context<unknown>,
    before: Context.Context<unknown>,
    isOnTrial: () => boolean
  ) {
    const { attachments, callTimeoutMillis, fallback, kept, plugin } = ready
    const about = { name, version: kept.manifest.version, fallback, callTimeoutMillis: callTimeoutMillis + grace, isOnTrial }
    for (const [index, { attach }] of attachments.entries()) {
      const contract = plugin.offers[index]
      if (contract === undefined) continue
      yield* attach(Context.getUnsafe(handles, contract), about, Option.getOrUndefined(Context.getOption(before, contract)))
    }
  })

  /** What the host does when it begins to serve. The second time it comes back, in place of what was to serve instead. */
  const taken = (
    name: string,
    run: Run,
    windowSeconds: number,
    self: () => KernelPlugin.Plugin<unknown, Api>,
    isHere = false
  ) => {
    let isBack = isHere
    const isFirst = !runs.has(name)
    return Effect.fnUntraced(function* (
      handles: Context.Context<unknown>,
      before: Context.Context<unknown> = Context.makeUnsafe(new Map())
    ) {
      const until = isFirst || isBack ? 0 : performance.now() + windowSeconds * 1000
      yield* attached(name, run.ready, handles, before, () => performance.now() < until)
      const failed = runs.get(name)
      if (isBack && failed !== undefined) rolledBack.set(name, { wish: failed.wish, reason: reasonOf(name) })
      else rolledBack.delete(name)
      if (!isBack) asked.set(name, self())
      isBack = true
      runs.set(name, { ...run, startedAt: yield* Clock.currentTimeMillis })
      yield* told
    })
  }

  /** Those that the host still knows, and nobody else. */
  const ending = new Set<string>()
  const stop = Effect.fnUntraced(function* (name: string) {
    const plugin = asked.get(name)
    if (plugin === undefined) return
    for (const map of [asked, runs, rolledBack, providers]) map.delete(name)
    ending.add(name)
    // What it needs does not matter any more when it ends, hence the cast.
    yield* Effect.ensuring(
      host.stop(plugin as KernelPlugin.Plugin<unknown, never>),
      Effect.sync(() => ending.delete(name))
    )
    yield* told
  })

  return {
    news,
    names: () => [...runs.keys()],
    isEnding: (name: string) => ending.has(name),
    get: (name: string) => runs.get(name),
    rolledBack: (name: string) => rolledBack.get(name),
    stop,
    /** Whether one that it needs is no longer there, or another version of it, which will not do. */
    isAlone: (name: string) =>
      providers.get(name)?.some((one) => {
        const run = runs.get(one.name)
        return run === undefined || offerOf(run.ready, one) < 0
      }) === true,
    /** What is offered here of contracts that packages have made. */
    made: (): ReadonlyArray<Offered> =>
      [...runs].flatMap(([name, { ready }]) =>
        ready.attachments.flatMap(({ contract, isOwn }) => (isOwn === true ? [{ package: name, contract }] : []))
      ),
    /** It runs already, and is not stopped here. The answer is what is to be done when it comes back in place of another version. */
    adopt: (name: string, ready: Ready) =>
      Effect.gen(function* () {
        const run: Run = { ready, wish: "", startedAt: yield* Clock.currentTimeMillis }
        runs.set(name, run)
        yield* told
        return taken(name, run, 0, () => ready.plugin, true)
      }),
    /** What runs is what was wished for. */
    wished: (name: string, wish: string) => {
      const run = runs.get(name)
      if (run !== undefined) runs.set(name, { ...run, wish })
    },
    /** What runs was rolled back to before this process began. */
    cameBack: (name: string, back: RolledBack) =>
      Effect.andThen(
        Effect.sync(() => rolledBack.set(name, back)),
        told
      ),
    /** Starts it, or puts it in the place of what runs under the name: that goes on running until this one does. */
    start: Effect.fnUntraced(function* (name: string, ready: Ready, wish: string, windowSeconds: number) {
      const { attachments, needs, plugin } = ready
      yield* kept(name, ready)
      const found = yield* given(name, needs)
      const handles = new Map(found.map(({ contract, own }) => [contract.key, host.handle(own)]))
      const run: Run = { ready, wish, startedAt: 0 }
      const alive: KernelPlugin.Plugin<unknown, Api> = {
        ...plugin,
        life: { ...plugin.life, taken: taken(name, run, windowSeconds, () => alive) }
      }
      const api = as(
        name,
        attachments.map(({ contract: { key } }) => key)
      )
      // Registries of this process are in the context, for plugins that run in it.
      yield* host
        .swap(alive, `${windowSeconds} seconds`)
        .pipe(
          Effect.provide(Layer.merge(api, Layer.succeedContext(Context.makeUnsafe<never>(handles)))),
          Effect.provideService(Main, guest)
        )
      providers.set(name, found)
      // All that it needs it has been given; hence the cast.
      return alive as KernelPlugin.Plugin<unknown, never>
    })
  }
})
export type Running = Effect.Success<ReturnType<typeof make>>
