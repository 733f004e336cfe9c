/** Where the server itself keeps what is recorded of requests: a file, and a server elsewhere. */
import { type Duration, Effect, Layer } from "effect"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import * as Batch from "./Batch.ts"
import { Auditor, type Event } from "./contracts/Auditor.ts"
import type { Policy } from "./contracts/Policy.ts"
import * as LogFile from "./LogFile.ts"
import * as Metrics from "./Metrics.ts"
import * as Webhook from "./Webhook.ts"

/** `blocking`: each event by itself, and a file has it before the request is answered. */
type Mode = "blocking" | "batch"

export interface Options {
  readonly policy: Policy
  readonly log?: Omit<LogFile.Options, "lost"> & { readonly mode: Mode }
  readonly webhook?: {
    readonly target: Webhook.Target
    readonly mode: Mode
    readonly maxSize: number
    readonly maxWait: Duration.Input
  }
}

const patience = "30 seconds"

export const layer = ({ log, policy, webhook }: Options) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const auditor = yield* Auditor
      const count = Metrics.make(yield* Effect.context<never>())
      const lost = (plugin: string) => (events: number) => count.lost(plugin, events)
      if (log !== undefined) {
        const put = yield* LogFile.make({ ...log, lost: lost("log") })
        const write =
          log.mode === "blocking"
            ? (event: Event) => put([event])
            : yield* Batch.make((events) => Effect.sync(() => put(events)), {
                ...Batch.byDefault,
                maxWait: "1 second",
                lost: lost("log")
              })
        yield* auditor.add({ name: "log", policy, write })
      }
      if (webhook !== undefined) {
        const { maxSize, maxWait, mode, target } = webhook
        const write = yield* Batch.make(yield* Webhook.make(target, patience), {
          ...Batch.byDefault,
          ...(mode === "blocking" ? { maxSize: 1, maxWait: 0 } : { maxSize, maxWait }),
          lost: lost("webhook")
        })
        yield* auditor.add({ name: "webhook", policy, write })
      }
    })
  )

export const plugin = (options: Options) => Plugin.make({ name: "audit", layer: layer(options) })
