/** What containers use, through the CRI. */
import { Effect, Layer } from "effect"
import { Stats } from "../../plugins/kubelet/contracts/Stats.ts"
import { Cri } from "./Cri.ts"
import { unavailable } from "./CriRuntime.ts"
import * as Replies from "./Replies.ts"
import { labels } from "./Requests.ts"

export const layer = Layer.effect(
  Stats,
  Effect.map(Cri, (cri) =>
    Stats.of({
      sample: () =>
        cri.call("ListContainerStats", Replies.ListContainerStats, {}).pipe(
          Effect.map(({ stats }) =>
            stats.map(({ attributes, cpu, memory }) => ({
              id: attributes.id,
              uid: attributes.labels[labels.uid] ?? "",
              name: attributes.metadata.name,
              at: cpu?.timestamp ?? "",
              cpuNanoseconds: cpu?.usage_core_nano_seconds?.value ?? 0,
              memoryBytes: memory?.usage_bytes?.value ?? memory?.working_set_bytes?.value ?? 0,
              workingSetBytes: memory?.working_set_bytes?.value ?? 0
            }))
          ),
          Effect.mapError(unavailable(Stats.key))
        )
    })
  )
)
