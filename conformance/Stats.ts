/** The checks of the laws of `Stats`. They need a container of the image `busybox`, which has to be there. */
import { Effect, Random, Schedule } from "effect"
import assert from "node:assert/strict"
import { ContainerRuntime } from "../plugins/kubelet/contracts/ContainerRuntime.ts"
import { Stats } from "../plugins/kubelet/contracts/Stats.ts"
import * as Suite from "./Suite.ts"

export const suite = Suite.make<Stats, Stats["Service"], (typeof Stats)["laws"], Stats | ContainerRuntime>(Stats, {
  "sample/all": {
    holds: Effect.scoped(
      Effect.gen(function* () {
        const runtime = yield* ContainerRuntime
        const { sample } = yield* Stats
        const uid = `law-${yield* Random.nextInt}`
        const { id: pod } = yield* Effect.acquireRelease(
          runtime.startPod({ uid, namespace: "laws", name: uid, attempt: 0, hostname: uid, network: { _tag: "host" } }),
          ({ id }) => Effect.ignore(runtime.removePod({ pod: id }))
        )
        const id = yield* runtime.startContainer({
          pod,
          name: "sleep",
          attempt: 0,
          image: "busybox",
          command: ["sleep", "600"]
        })
        const found = yield* sample().pipe(
          Effect.map((samples) => samples.find((one) => one.id === id)),
          Effect.repeat({ schedule: Schedule.spaced("100 millis"), until: (one) => one !== undefined }),
          Suite.inTime
        )
        assert.deepEqual([found?.uid, found?.name], [uid, "sleep"])
      })
    ),
    saboteur: () => ({ sample: () => Effect.succeed([]) })
  }
})
