/** The drivers of this node that get claims ready. While a driver is renewed there may be two of a name: the latest one is asked. */
import { Effect, Latch } from "effect"
import { type ClaimDriver, DriverFailed } from "../contracts/ClaimDriver.ts"

export const make = () => {
  const all = new Map<string, ReadonlyArray<ClaimDriver>>()
  const changed = Latch.makeUnsafe()
  const set = (name: string, drivers: ReadonlyArray<ClaimDriver>) => {
    if (drivers.length === 0) all.delete(name)
    else all.set(name, drivers)
    changed.openUnsafe()
  }
  return {
    /** Until the scope closes. */
    add: (driver: ClaimDriver) =>
      Effect.acquireRelease(
        Effect.sync(() => set(driver.name, [...(all.get(driver.name) ?? []), driver])),
        () =>
          Effect.sync(() =>
            set(
              driver.name,
              (all.get(driver.name) ?? []).filter((one) => one !== driver)
            )
          )
      ),
    get: (name: string) => {
      const found = all.get(name)?.at(-1)
      return found === undefined
        ? Effect.fail(new DriverFailed({ message: `DRA driver ${name} is not registered` }))
        : Effect.succeed(found)
    },
    names: () => new Set(all.keys()),
    /** Opened when one has come or gone. */
    changed
  }
}
export type ClaimDrivers = ReturnType<typeof make>
