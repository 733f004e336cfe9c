/**
 * What the host does: it fills slots, replaces what fills them, and starts plugins again that have died, or what ran before
 * them, or what is to serve in their place. While a plugin is being started again, calls to what it offers fail as not applied.
 */
import { Clock, Context, Deferred, Duration, Effect, Exit, Fiber, Layer, Random, Scope } from "effect"
import * as Circuit from "./Circuit.ts"
import * as Contract from "./Contract.ts"
import { Handover } from "./Handover.ts"
import * as Meter from "./Meter.ts"
import { Host, Lifeline, type Plugin, PluginFailed } from "./Plugin.ts"
import {
  type AnyContract,
  isSkew,
  type Launched,
  type Ready,
  type Running,
  served,
  sick,
  skewOf,
  wordsOf
} from "./host/Run.ts"
import * as Slot from "./Slot.ts"
import * as States from "./host/States.ts"

const shortest = 100
const longest = 60_000
/** Who has run this long begins again with the shortest delay. */
const calm = 60_000

const delay = (failures: number) =>
  Effect.map(Random.nextBetween(0.75, 1), (part) => Duration.millis(part * Math.min(longest, shortest * 2 ** failures)))

export const make = Effect.gen(function* () {
  const scope = yield* Effect.scope
  const { died: hasDied, forget, states, tell } = yield* States.make
  const slots = new Map<string, { readonly slot: Slot.Slot<unknown>; readonly contract: AnyContract }>()
  /** Who fills a slot, or will again. */
  const owners = new Map<string, Running>()
  const running = new Map<string, Running>()
  const meters = new Map<string, Meter.Meter>()

  const meterOf = (name: string) => {
    const found = meters.get(name) ?? Meter.make((streak) => failing(name, streak))
    meters.set(name, found)
    return found
  }
  const failing = (name: string, streak: number) => {
    const run = running.get(name)
    const why = run && sick(run, streak, meterOf(name).read())
    if (run !== undefined && why !== undefined) Deferred.doneUnsafe(run.now.died, Effect.succeed(new Error(why)))
  }

  const slotOf = (contract: AnyContract) => {
    const found = slots.get(contract.key)
    if (found !== undefined) {
      found.slot.grow(contract)
      return found
    }
    const made = { slot: Slot.make(contract), contract }
    slots.set(contract.key, made)
    return made
  }

  /** Consumers hold the contract that the slot was made with. */
  const negotiate = ({ name, offers }: Ready) =>
    Effect.forEach(
      served(offers),
      (contract) => Contract.compatible(contract.key, Contract.wanted(slotOf(contract).contract), contract.version),
      {
        discard: true
      }
    ).pipe(Effect.mapError((cause) => new PluginFailed({ plugin: name, cause })))

  /** What is built counts as calls of `name`. */
  const launch = Effect.fnUntraced(function* (plugin: Ready, context: Context.Context<never>, name = plugin.name) {
    const own = yield* Scope.fork(scope)
    const died = yield* Deferred.make<unknown>()
    const built = Effect.gen(function* () {
      const services = yield* Layer.buildWithScope(Layer.fresh(plugin.layer), own).pipe(
        Effect.provideService(Lifeline, (cause) => Deferred.succeed(died, cause)),
        Effect.provide(context)
      )
      const instance = yield* Slot.instance(own, meterOf(name))
      return { services, died, instance } satisfies Launched
    })
    return yield* Effect.onError(built, (cause) => Scope.close(own, Exit.failCause(cause)))
  })

  const fill = (run: Running, { instance, services }: Launched) => {
    for (const contract of served(run.plugin.offers)) {
      if (owners.get(contract.key) === run) slotOf(contract).slot.fill(instance, Context.getUnsafe(services, contract))
    }
  }
  const empty = ({ instance }: Launched) => {
    for (const { slot } of slots.values()) slot.clear(instance)
  }
  const close = (launched: Launched, drain: Duration.Input) =>
    Effect.andThen(
      Slot.retire(launched.instance, drain),
      Effect.sync(() => empty(launched))
    )

  // Handles stand for what the plugin offers, which is what its contracts are the keys of.
  const handlesOf = <Offers>({ offers }: Plugin<Offers, unknown>) =>
    Context.makeUnsafe<Offers>(new Map(served(offers).map((contract) => [contract.key, slotOf(contract).slot.handle])))

  /** What its life wants done while it serves. */
  const take = Effect.fnUntraced(function* ({ life, ...plugin }: Ready, before?: Launched) {
    const tenure = yield* Scope.fork(scope)
    yield* (life?.taken?.(handlesOf({ ...plugin }), before?.services) ?? Effect.void).pipe(
      Scope.provide(tenure),
      Effect.onError((cause) => Scope.close(tenure, Exit.failCause(cause)))
    )
    return tenure
  })
  const leave = (tenure: Scope.Closeable | undefined) =>
    tenure === undefined ? Effect.void : Scope.close(tenure, Exit.void)

  const end = Effect.fnUntraced(function* (run: Running, drain: Duration.Input) {
    const { name, offers } = run.plugin
    if (run.supervisor !== undefined) yield* Fiber.interrupt(run.supervisor)
    yield* leave(run.tenure)
    for (const { key } of offers) if (owners.get(key) === run) owners.delete(key)
    yield* close(run.now, drain)
    if (run.standIn !== undefined) yield* close(run.standIn, drain)
    if (running.get(name) !== run) return
    running.delete(name)
    meters.delete(name)
    yield* forget(name)
  })

  /** Starts it, or says why not. What is started is known to the run, or ended. */
  const attempt = (run: Running, plugin: Ready, context: Context.Context<never>, then: (launched: Launched) => void) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.map(Effect.result(restore(launch(plugin, context, run.plugin.name))), (result) => {
        if (result._tag === "Failure") return result.failure
        then(result.success)
        return undefined
      })
    )

  /** Left alone for a while if it died too often. What is named to serve in its place does so until it runs again. */
  const rest = Effect.fnUntraced(function* (run: Running, reason: string) {
    const { circuit, plugin } = run
    const fallback = plugin.life?.fallback
    if (!circuit.died(yield* Clock.currentTimeMillis)) return
    const words = circuit.words(reason)
    yield* tell(plugin, "open", run.restarts, words)
    if (fallback !== undefined && run.standIn === undefined) {
      // It needs nothing that the plugin does not: that is what it says of itself.
      const refused = yield* attempt(run, fallback as Ready, run.context, (launched) => {
        run.standIn = launched
        fill(run, launched)
      })
      const served =
        refused === undefined ? `${fallback.name} serves in its place` : `its fallback fails: ${skewOf(refused)}`
      yield* tell(plugin, "open", run.restarts, `${words}; ${served}`)
    }
    yield* Effect.sleep(circuit.rest)
  })

  /** Tries until it runs again, or cannot because the versions do not fit. */
  const revive = Effect.fnUntraced(function* (run: Running, failed: number, reason: string) {
    yield* rest(run, reason)
    for (let failures = failed; ; failures++) {
      yield* Effect.sleep(yield* delay(failures))
      const refused = yield* attempt(run, run.plugin, run.context, (launched) => {
        run.now = launched
        run.restarts++
        fill(run, launched)
      })
      if (refused === undefined) return true
      yield* Effect.logError(`${run.plugin.name} does not start: ${skewOf(refused)}`)
      if (isSkew(refused)) {
        yield* tell(run.plugin, "failed", run.restarts, skewOf(refused))
        return false
      }
      yield* rest(run, skewOf(refused))
    }
  })

  /** Whether what ran before runs again. */
  const rollBack = Effect.fnUntraced(function* (run: Running, reason: string) {
    const { before } = run
    run.before = undefined
    if (before === undefined || (yield* Clock.currentTimeMillis) > before.until) return false
    const refused = yield* attempt(run, before.plugin, before.context, (launched) => {
      run.plugin = before.plugin
      run.context = before.context
      run.circuit = Circuit.make(before.plugin.life ?? {})
      run.now = launched
      for (const { key } of served(before.plugin.offers)) if (!owners.has(key)) owners.set(key, run)
      fill(run, launched)
    })
    if (refused !== undefined) {
      yield* Effect.logError(`${run.plugin.name} is not rolled back: ${skewOf(refused)}`)
      return false
    }
    const failed = run.tenure
    run.tenure = yield* Effect.catchCause(take(run.plugin), (cause) =>
      Effect.as(Effect.logError(`${run.plugin.name} is rolled back, and nobody takes what it offers`, cause), undefined)
    )
    yield* leave(failed)
    yield* tell(run.plugin, "running", run.restarts, `rolled back: ${reason}`)
    return true
  })

  const supervise = Effect.fnUntraced(function* (run: Running) {
    let failures = 0
    for (;;) {
      const began = yield* Clock.currentTimeMillis
      const cause = yield* Deferred.await(run.now.died)
      yield* Effect.logError(`${run.plugin.name} has died and is started again`, cause)
      empty(run.now)
      yield* hasDied(run.plugin.name, wordsOf(cause))
      yield* tell(run.plugin, "restarting", run.restarts, wordsOf(cause))
      yield* Slot.retire(run.now.instance, 0)
      if (yield* rollBack(run, wordsOf(cause))) continue
      failures = (yield* Clock.currentTimeMillis) - began > calm ? 0 : failures + 1
      if (!(yield* revive(run, failures - 1, wordsOf(cause)))) return
      yield* tell(run.plugin, "running", run.restarts)
      const { standIn } = run
      run.standIn = undefined
      if (standIn !== undefined) yield* Effect.forkIn(close(standIn, "10 seconds"), scope)
    }
  })

  /** Leads slots to what runs now; who is left without any, or had its name, is replaced. */
  const takeOver = (run: Running) => {
    const { name } = run.plugin
    const offers = served(run.plugin.offers)
    const replaced = new Set<Running>()
    for (const before of [running.get(name), ...offers.map(({ key }) => owners.get(key))]) {
      if (before !== undefined) replaced.add(before)
    }
    for (const { key } of offers) owners.set(key, run)
    fill(run, run.now)
    running.set(name, run)
    for (const owner of owners.values()) replaced.delete(owner)
    return replaced
  }

  /** Leads slots back to who had them before this one took over. */
  const remembered = ({ plugin: { name, offers } }: Running) => {
    const [namesake, had] = [running.get(name), served(offers).map(({ key }) => [key, owners.get(key)] as const)]
    return () => {
      if (namesake === undefined) running.delete(name)
      else running.set(name, namesake)
      for (const [key, owner] of had) {
        if (owner === undefined) owners.delete(key)
        else owners.set(key, owner)
        if (owner !== undefined) fill(owner, owner.standIn ?? owner.now)
      }
    }
  }

  /** What ran before is kept in mind for as long as it can come back. */
  const forgotten = Effect.fnUntraced(function* (run: Running, until: number) {
    yield* Effect.sleep(until - (yield* Clock.currentTimeMillis))
    run.before = undefined
  })

  const handOver = Effect.fnUntraced(function* (before: Running, { services }: Launched) {
    const [from, to] = [Context.getOption(before.now.services, Handover), Context.getOption(services, Handover)]
    if (from._tag === "None" || to._tag === "None") return
    const moved = Effect.flatMap(from.value.export(), (state) => to.value.import({ state }))
    yield* Effect.timeout(moved, "10 seconds")
  })

  const start = Effect.fnUntraced(function* <Offers, Needs>(
    plugin: Plugin<Offers, Needs>,
    drain: Duration.Input = "10 seconds",
    window?: Duration.Input
  ) {
    const context = yield* Effect.context<never>()
    // What it needs is in the context that it is started with; hence the cast.
    const ready = plugin as Plugin<unknown, unknown> as Ready
    const now = yield* Effect.andThen(negotiate(ready), launch(ready, context)).pipe(
      Effect.tapError((error) => (running.has(plugin.name) ? Effect.void : tell(ready, "failed", 0, skewOf(error))))
    )
    const old = window === undefined ? undefined : running.get(plugin.name)
    const failed = (cause: unknown) => new PluginFailed({ plugin: plugin.name, cause })
    if (old !== undefined) {
      yield* handOver(old, now).pipe(
        Effect.mapError(failed),
        Effect.onError(() => close(now, 0))
      )
    }
    const until = (yield* Clock.currentTimeMillis) + Duration.toMillis(window ?? 0)
    const before = old === undefined ? undefined : { plugin: old.plugin, context: old.context, until }
    const run: Running = {
      ...{ asked: ready, plugin: ready, context, now, before, circuit: Circuit.make(ready.life ?? {}) },
      ...{ restarts: 0, supervisor: undefined, standIn: undefined, tenure: undefined },
      baseline: meterOf(plugin.name).read()
    }
    const undo = remembered(run)
    const replaced = takeOver(run)
    run.tenure = yield* take(ready, old?.standIn ?? old?.now).pipe(
      Effect.mapError(failed),
      Effect.onError(() => Effect.andThen(Effect.sync(undo), close(now, 0)))
    )
    yield* tell(ready, "running")
    run.supervisor = yield* Effect.forkIn(supervise(run), scope)
    if (old !== undefined) {
      replaced.add(old)
      yield* Effect.forkIn(forgotten(run, until), scope)
    }
    yield* Effect.forEach(replaced, (old) => end(old, drain), { discard: true })
    return handlesOf(plugin)
  })

  return Host.of({
    states,
    start: (plugin, drain) => start(plugin, drain),
    swap: (plugin, window, drain) => start(plugin, drain, window),
    stop: (plugin, drain = "10 seconds") =>
      Effect.suspend(() => {
        const run = running.get(plugin.name)
        return run !== undefined && run.asked === plugin ? end(run, drain) : Effect.void
      }),
    // The slot was made of the contract.
    handle: <Self, S>(contract: Contract.Contract<Self, S>) => slotOf(contract as AnyContract).slot.handle as S,
    meter: (name) => meters.get(name)?.read()
  })
})
