/** A kind Backup: what is kept how often; that it is kept for longer than until the next one, no schema can say. */
import { Effect, Schema } from "effect"
import * as KindsPlugin from "keelson/custom-resources/KindsPlugin"

const Backup = Schema.Struct({
  claimName: Schema.String,
  everyHours: Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)),
  keepHours: Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)),
  labels: Schema.optionalKey(Schema.Record(Schema.String, Schema.String))
})
const Status = Schema.Struct({ lastTime: Schema.optionalKey(Schema.String) })

export const plugin = KindsPlugin.make({
  name: "kinds-backup",
  kinds: [
    KindsPlugin.kind({
      group: "backups.example",
      version: "v1",
      kind: "Backup",
      plural: "backups",
      shortNames: ["bk"],
      scope: "Namespaced",
      spec: Backup,
      status: Status,
      columns: [
        { name: "Claim", type: "string", jsonPath: ".spec.claimName" },
        { name: "Every", type: "integer", jsonPath: ".spec.everyHours" },
        { name: "Last", type: "string", jsonPath: ".status.lastTime" }
      ],
      validate: ({ everyHours, keepHours }) =>
        Effect.succeed(
          keepHours < everyHours ? [{ field: "spec.keepHours", message: `${keepHours}: must be at least everyHours` }] : []
        )
    })
  ]
})
