/** PriorityClasses: numbers with a name, which do not change. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import { oneOf } from "../../../kernel/resource/Rules.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { age, integer, text, truth } from "../Columns.ts"
import type { PriorityClass } from "../contracts/scheduling/v1.ts"

/** Above it only the system's own. */
const highest = 1_000_000_000

export const strategy: Strategy<PriorityClass> = {
  // It is the first for good.
  generation: false,
  identified: (one) => ({ ...one, metadata: { ...one.metadata, generation: 1 } }),
  validate: ({ metadata: { name }, preemptionPolicy, value }) => [
    ...(value > highest && !name.startsWith("system-")
      ? [Causes.forbidden("value", `maximum allowed value of a user defined priority is ${highest}`)]
      : []),
    ...(name.startsWith("system-") && name !== "system-node-critical" && name !== "system-cluster-critical"
      ? [
          Causes.forbidden(
            "metadata.name",
            `priority class names with 'system-' prefix are reserved for system use only. error: ${name} is not a known system priority class`
          )
        ]
      : []),
    ...oneOf("preemptionPolicy", preemptionPolicy, ["Never", "PreemptLowerPriority"])
  ],
  validateUpdate: (now, old) => [
    ...(now.value === old.value ? [] : [Causes.forbidden("value", "may not be changed in an update.")]),
    ...(now.preemptionPolicy === old.preemptionPolicy ? [] : [Causes.immutable("preemptionPolicy", now.preemptionPolicy)])
  ],
  columns: [
    integer("Value", "The priority.", ({ value }) => value),
    truth("Global-Default", "Whether it is everyone's who names none.", ({ globalDefault }) => globalDefault),
    age,
    text("PreemptionPolicy", "Whether it drives others away.", ({ preemptionPolicy }) => preemptionPolicy)
  ]
}
