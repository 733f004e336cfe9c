/**
 * The drivers of volumes that a node has, by their names: some come with the node, others register while it runs. It takes services, so
 * it is local to the node's process.
 */
import { Context, Effect, Layer, type Scope, type Stream, SubscriptionRef } from "effect"
import type { About, Volumes } from "./Volumes.ts"

export interface Driver {
  readonly about: About
  readonly volumes: Volumes["Service"]
  /** The node also makes, attaches, enlarges and removes its volumes; otherwise somebody else does, such as a driver's sidecars. */
  readonly isController: boolean
}

type All = ReadonlyMap<string, Driver>

export interface Service {
  readonly get: (name: string) => Driver | undefined
  readonly all: () => All
  /** As they are, and whenever that changes. */
  readonly changes: Stream.Stream<All>
  /** Until the scope ends, or another of this name takes its place. */
  readonly add: (driver: Driver) => Effect.Effect<void, never, Scope.Scope>
}

const make = (): Service => {
  const state = Effect.runSync(SubscriptionRef.make<All>(new Map()))
  const remove = (driver: Driver) =>
    SubscriptionRef.update(state, (all) => new Map([...all].filter(([, one]) => one !== driver)))
  return {
    get: (name) => SubscriptionRef.getUnsafe(state).get(name),
    all: () => SubscriptionRef.getUnsafe(state),
    changes: SubscriptionRef.changes(state),
    add: (driver) =>
      Effect.acquireRelease(
        SubscriptionRef.update(state, (all) => new Map([...all, [driver.about.driver, driver]])),
        () => remove(driver)
      )
  }
}

/** A node that is composed without any has none. */
export const Drivers = Context.Reference<Service>("volumes/Drivers", { defaultValue: make })
export const layer = Layer.sync(Drivers, make)

/** Adds one, as it describes itself. */
export const offer = Effect.fnUntraced(function* (volumes: Volumes["Service"], isController: boolean) {
  const about = yield* volumes.describe()
  const drivers = yield* Drivers
  yield* drivers.add({ about, volumes, isController })
})
