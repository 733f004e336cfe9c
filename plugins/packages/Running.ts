/**
 * The packages that run in this process: started through the host, taken in by those who use what they offer, replaced without a gap,
 * and replaced back when a new one dies while it is watched.
 */
import { Clock, Context, Effect, Exit, type Layer, Scope, Stream, SubscriptionRef } from "effect"
import type { Api } from "../../kernel/client/Api.ts"
import { Main } from "../../kernel/plugin/isolate/Settings.ts"
import { root } from "../../kernel/plugin/Outside.ts"
import * as KernelPlugin from "../../kernel/plugin/Plugin.ts"
import type { Ready } from "./Launch.ts"

/** One version of a package as it runs. */
export interface Run {
  readonly ready: Ready
  /** What it was started by: the same again is nothing to do. */
  readonly wish: string
  readonly startedAt: number
  /** Of how it was taken in. */
  readonly scope: Scope.Closeable
}

/** What runs instead of what was wished for. */
export interface RolledBack {
  readonly wish: string
  readonly reason: string
}

/** From source, as the package's own modules are: were it from the bundle, there would be two of everything in it. */
const guest = new URL("kernel/plugin/isolate/GuestMain.ts", root)

/** `as`: the cluster's API as a plugin of this name has it, which offers these contracts. */
export const make = Effect.fnUntraced(function* <Given>(
  as: (name: string, offers: ReadonlyArray<string>) => Layer.Layer<Api, unknown, Given>
) {
  const host = yield* KernelPlugin.Host
  const scope = yield* Effect.scope
  const runs = new Map<string, Run>()
  const rolledBack = new Map<string, RolledBack>()
  const news = yield* SubscriptionRef.make(0)
  const told = SubscriptionRef.update(news, (count) => count + 1)

  /** Each offer is led to those who use it by the handle of a slot of its own. */
  const attach = Effect.fnUntraced(function* (
    name: string,
    ready: Ready,
    handles: Context.Context<unknown>,
    own: Scope.Closeable
  ) {
    const { attachments, callTimeoutMillis, fallback, kept, plugin } = ready
    const about = { name, version: kept.manifest.version, fallback, callTimeoutMillis }
    for (const [index, { attach }] of attachments.entries()) {
      const contract = plugin.offers[index]
      if (contract !== undefined) yield* Scope.provide(attach(Context.getUnsafe(handles, contract), about), own)
    }
  })

  // What it needs does not matter any more when it ends, hence the cast.
  const end = ({ plugin }: Ready) => host.stop(plugin as KernelPlugin.Plugin<unknown, never>)

  /** New calls go to it from now on; what ran under the name ends when its calls are over. */
  const put = Effect.fnUntraced(function* (name: string, ready: Ready, wish: string): Effect.fn.Return<Run, unknown, Given> {
    const given = as(
      name,
      ready.attachments.map(({ contract: { key } }) => key)
    )
    const before = runs.get(name)
    // Registries of this process are in the context, for plugins that run in it.
    const handles = yield* host.start(ready.plugin).pipe(Effect.provide(given), Effect.provideService(Main, guest))
    const own = yield* Scope.fork(scope)
    // Nobody takes it in: then it is as if it had not started.
    const undone = before === undefined ? end(ready) : Effect.ignore(put(name, before.ready, before.wish))
    yield* Effect.onError(attach(name, ready, handles, own), (cause) =>
      Effect.andThen(Scope.close(own, Exit.failCause(cause)), undone)
    )
    const run: Run = { ready, wish, scope: own, startedAt: yield* Clock.currentTimeMillis }
    runs.set(name, run)
    if (before !== undefined) yield* Scope.close(before.scope, Exit.void)
    yield* told
    return run
  })

  /** Done when it has died, in whatever way. */
  const died = (name: string) =>
    SubscriptionRef.changes(host.states).pipe(
      Stream.map((states) => states.find((state) => state.name === name)),
      Stream.filter((state) => state !== undefined && state.state !== "running"),
      Stream.runHead,
      Effect.map((found) => (found._tag === "Some" ? (found.value?.reason ?? "it has died") : "it has ended"))
    )

  /** The one before comes back if the new one dies in time. */
  const watch = Effect.fnUntraced(function* (name: string, before: Run, now: Run, windowSeconds: number) {
    const reason = yield* Effect.timeoutOption(died(name), `${windowSeconds} seconds`)
    if (reason._tag === "None" || runs.get(name) !== now) return
    yield* Effect.logWarning(`${name} ${now.ready.kept.manifest.version} is rolled back: ${reason.value}`)
    yield* Effect.ignore(put(name, before.ready, before.wish), { log: true })
    rolledBack.set(name, { wish: now.wish, reason: reason.value })
    yield* told
  })

  const stop = Effect.fnUntraced(function* (name: string) {
    const run = runs.get(name)
    if (run === undefined) return
    runs.delete(name)
    rolledBack.delete(name)
    yield* Scope.close(run.scope, Exit.void)
    yield* end(run.ready)
    yield* told
  })

  return {
    news,
    names: () => [...runs.keys()],
    get: (name: string) => runs.get(name),
    rolledBack: (name: string) => rolledBack.get(name),
    stop,
    /** Starts it, or puts it in the place of what runs under the name: that goes on running until this one does. */
    start: Effect.fnUntraced(function* (name: string, ready: Ready, wish: string, windowSeconds: number) {
      const before = runs.get(name)
      const now = yield* put(name, ready, wish)
      rolledBack.delete(name)
      if (before === undefined || windowSeconds === 0) return
      yield* Effect.forkIn(watch(name, before, now, windowSeconds), scope)
    })
  }
})
export type Running = Effect.Success<ReturnType<typeof make>>
