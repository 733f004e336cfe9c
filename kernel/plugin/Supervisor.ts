/**
 * What the host does: it fills slots, replaces what fills them, and starts plugins again that have died. While a plugin is
 * being started again, calls to what it offers fail as not applied.
 */
import { Clock, Context, Deferred, Duration, Effect, Exit, Fiber, Layer, Random, Scope, SubscriptionRef } from "effect"
import * as Contract from "./Contract.ts"
import { Host, Lifeline, type Plugin, PluginFailed, type State } from "./Plugin.ts"
import * as Slot from "./Slot.ts"

type AnyContract = Contract.Contract<unknown, unknown>
type Ready = Plugin<unknown, never>

interface Running {
  readonly plugin: Ready
  instance: Slot.Instance
  /** Completed with the reason when the instance has died. */
  died: Deferred.Deferred<unknown>
  restarts: number
  supervisor: Fiber.Fiber<void> | undefined
}

const shortest = 100
const longest = 60_000
/** Who has run this long begins again with the shortest delay. */
const calm = 60_000

const delay = (failures: number) =>
  Effect.map(Random.nextBetween(0.75, 1), (part) => Duration.millis(part * Math.min(longest, shortest * 2 ** failures)))

const label = ({ key, version }: AnyContract) => `${key} ${version}`
const isSkew = ({ cause }: PluginFailed) => cause instanceof Contract.VersionSkew
const wordsOf = (cause: unknown) => (cause instanceof Error && cause.message !== "" ? cause.message : String(cause))
const skewOf = ({ cause }: PluginFailed) =>
  cause instanceof Contract.VersionSkew
    ? `${cause.contract}: wanted ${cause.wanted}, offered ${cause.offered}`
    : wordsOf(cause)

export const make = Effect.gen(function* () {
  const scope = yield* Effect.scope
  const states = yield* SubscriptionRef.make<ReadonlyArray<State>>([])
  const slots = new Map<string, { readonly slot: Slot.Slot<unknown>; readonly contract: AnyContract }>()
  /** Who fills a slot, or will again. */
  const owners = new Map<string, Running>()
  const running = new Map<string, Running>()

  const slotOf = (contract: AnyContract) => {
    const found = slots.get(contract.key) ?? { slot: Slot.make(contract), contract }
    slots.set(contract.key, found)
    return found
  }

  const forget = (name: string) => SubscriptionRef.update(states, (all) => all.filter((state) => state.name !== name))
  const tell = Effect.fnUntraced(function* (plugin: Ready, state: State["state"], restarts = 0, reason?: string) {
    const { isolation, name, offers } = plugin
    const since = yield* Clock.currentTimeMillis
    const told = {
      name,
      state,
      restarts,
      isolation,
      offers: offers.map(label),
      since,
      ...(reason !== undefined && { reason })
    }
    yield* SubscriptionRef.update(states, (all) =>
      [...all.filter((other) => other.name !== name), told].toSorted((a, b) => (a.name < b.name ? -1 : 1))
    )
  })

  /** Consumers hold the contract that the slot was made with. */
  const negotiate = ({ name, offers }: Ready) =>
    Effect.forEach(
      offers,
      (contract) => Contract.compatible(contract.key, slotOf(contract).contract.version, contract.version),
      {
        discard: true
      }
    ).pipe(Effect.mapError((cause) => new PluginFailed({ plugin: name, cause })))

  const launch = Effect.fnUntraced(function* (plugin: Ready) {
    const own = yield* Scope.fork(scope)
    const died = yield* Deferred.make<unknown>()
    const built = Effect.gen(function* () {
      const services = yield* Layer.buildWithScope(Layer.fresh(plugin.layer), own).pipe(
        Effect.provideService(Lifeline, (cause) => Deferred.succeed(died, cause))
      )
      return { services, died, instance: yield* Slot.instance(own) }
    })
    return yield* Effect.onError(built, (cause) => Scope.close(own, Exit.failCause(cause)))
  })

  const fill = (run: Running, services: Context.Context<unknown>) => {
    for (const contract of run.plugin.offers) {
      if (owners.get(contract.key) === run) slotOf(contract).slot.fill(run.instance, Context.getUnsafe(services, contract))
    }
  }
  const empty = ({ instance }: Running) => {
    for (const { slot } of slots.values()) slot.clear(instance)
  }

  const end = Effect.fnUntraced(function* (run: Running, drain: Duration.Input) {
    const { name, offers } = run.plugin
    if (run.supervisor !== undefined) yield* Fiber.interrupt(run.supervisor)
    for (const { key } of offers) if (owners.get(key) === run) owners.delete(key)
    yield* Slot.retire(run.instance, drain)
    empty(run)
    if (running.get(name) !== run) return
    running.delete(name)
    yield* forget(name)
  })

  /** Tries until it runs again, or cannot because the versions do not fit. */
  const revive = Effect.fnUntraced(function* (run: Running, failed: number) {
    for (let failures = failed; ; failures++) {
      yield* Effect.sleep(yield* delay(failures))
      const isRunning = yield* Effect.uninterruptibleMask((restore) =>
        Effect.map(Effect.result(restore(launch(run.plugin))), (result) => {
          if (result._tag === "Failure") return result.failure
          run.instance = result.success.instance
          run.died = result.success.died
          run.restarts++
          fill(run, result.success.services)
          return true
        })
      )
      if (isRunning === true) return true
      yield* Effect.logError(`${run.plugin.name} does not start: ${skewOf(isRunning)}`)
      if (isSkew(isRunning)) {
        yield* tell(run.plugin, "failed", run.restarts, skewOf(isRunning))
        return false
      }
    }
  })

  const supervise = Effect.fnUntraced(function* (run: Running) {
    let failures = 0
    for (;;) {
      const began = yield* Clock.currentTimeMillis
      const cause = yield* Deferred.await(run.died)
      yield* Effect.logError(`${run.plugin.name} has died and is started again`, cause)
      empty(run)
      yield* tell(run.plugin, "restarting", run.restarts, wordsOf(cause))
      yield* Slot.retire(run.instance, 0)
      failures = (yield* Clock.currentTimeMillis) - began > calm ? 0 : failures + 1
      if (!(yield* revive(run, failures - 1))) return
      yield* tell(run.plugin, "running", run.restarts)
    }
  })

  /** Leads slots to what runs now; who is left without any, or had its name, is replaced. */
  const takeOver = (run: Running, services: Context.Context<unknown>) => {
    const { name, offers } = run.plugin
    const replaced = new Set<Running>()
    for (const before of [running.get(name), ...offers.map(({ key }) => owners.get(key))]) {
      if (before !== undefined) replaced.add(before)
    }
    for (const { key } of offers) owners.set(key, run)
    fill(run, services)
    running.set(name, run)
    for (const owner of owners.values()) replaced.delete(owner)
    return replaced
  }

  return Host.of({
    states,
    start: Effect.fnUntraced(function* <Offers, Needs>(plugin: Plugin<Offers, Needs>, drain: Duration.Input = "10 seconds") {
      // What it needs is in the context of this fiber, and so in that of the one that will start it again; hence the cast.
      const ready = plugin as Plugin<unknown, unknown> as Ready
      const { died, instance, services } = yield* Effect.andThen(negotiate(ready), launch(ready)).pipe(
        Effect.tapError((error) => (running.has(plugin.name) ? Effect.void : tell(ready, "failed", 0, skewOf(error))))
      )
      const run: Running = { plugin: ready, instance, died, restarts: 0, supervisor: undefined }
      const replaced = takeOver(run, services)
      run.supervisor = yield* Effect.forkIn(supervise(run), scope)
      yield* Effect.forEach(replaced, (old) => end(old, drain), { discard: true })
      yield* tell(ready, "running")
      // Handles stand for what the plugin offers, which is what its contracts are the keys of.
      return Context.makeUnsafe<Offers>(
        new Map(plugin.offers.map((contract) => [contract.key, slotOf(contract).slot.handle]))
      )
    }),
    stop: (plugin, drain = "10 seconds") =>
      Effect.suspend(() => {
        const run = running.get(plugin.name)
        return run !== undefined && run.plugin === plugin ? end(run, drain) : Effect.void
      })
  })
})
