/**
 * What drivers offer stands in ResourceSlices that they write themselves. A driver that is gone cannot take them back, and Pods would come
 * here for nothing: the kubelet does, and once for all when it begins, as no driver is there yet.
 */
import { Effect, FiberMap, Schedule } from "effect"
import type { Client } from "../../../kernel/client/Client.ts"
import { keyOf } from "../../../kernel/resource/Kind.ts"
import { ResourceSlice } from "../../resources/contracts/resource/v1.ts"
import type { ClaimDrivers } from "./ClaimDrivers.ts"

/** So long a driver has to come back. Source: defaultWipingDelay of the kubelet. */
const delay = "30 seconds"

export const run = Effect.fnUntraced(function* (client: Client["Service"], nodeName: string, drivers: ClaimDrivers) {
  const remove = Effect.fnUntraced(function* (which: (driver: string) => boolean) {
    for (const slice of yield* client.list(ResourceSlice, { fieldSelector: `spec.nodeName=${nodeName}` })) {
      if (!which(slice.spec.driver)) continue
      yield* Effect.catchTag(client.delete(ResourceSlice, keyOf(slice)), "NotFound", () => Effect.void)
    }
  })
  const wipe = (which: (driver: string) => boolean) =>
    remove(which).pipe(
      Effect.tapError((error) => Effect.logDebug("ResourceSlices are not removed yet", error)),
      Effect.retry(Schedule.spaced("5 seconds"))
    )
  const late = yield* FiberMap.make<string>()
  yield* Effect.forkScoped(wipe((driver) => !drivers.names().has(driver)))
  const follow = Effect.gen(function* () {
    let before: ReadonlySet<string> = drivers.names()
    for (;;) {
      yield* drivers.changed.await
      yield* drivers.changed.close
      const now = drivers.names()
      for (const name of now) yield* FiberMap.remove(late, name)
      for (const name of before.difference(now)) {
        yield* FiberMap.run(
          late,
          name,
          Effect.andThen(
            Effect.sleep(delay),
            wipe((driver) => driver === name)
          )
        )
      }
      before = now
    }
  })
  yield* Effect.forkScoped(follow)
})
