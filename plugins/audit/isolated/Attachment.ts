/** How audit sinks from outside are told of what is asked of this process. */
import { Effect, Layer } from "effect"
import { Attachments } from "../../packages/contracts/Attachments.ts"
import * as Batch from "../Batch.ts"
import { Auditor } from "../contracts/Auditor.ts"
import { AuditPoints, most } from "../contracts/AuditPoints.ts"
import type { Policy } from "../contracts/Policy.ts"
import * as Metrics from "../Metrics.ts"

const metadata: Policy = { rules: [{ level: "Metadata" }], omitStages: ["RequestReceived"] }

/** `policy`: of the server. */
export const layer = (policy: Policy | undefined) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const attachments = yield* Attachments
      const auditor = yield* Auditor
      const count = Metrics.make(yield* Effect.context<never>())
      yield* attachments.add({
        contract: AuditPoints,
        attach: Effect.fnUntraced(function* (points, { name }) {
          const described = yield* points.describe()
          const write = yield* Batch.make((events) => points.write({ events }), {
            ...Batch.byDefault,
            maxSize: most,
            maxWait: "200 millis",
            initialBackoff: "500 millis",
            lost: (events) => count.lost(name, events)
          })
          yield* auditor.add({ name, policy: policy ?? described.policy ?? metadata, write })
        })
      })
    })
  )
