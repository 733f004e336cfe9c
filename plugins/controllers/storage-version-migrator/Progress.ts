/** How far a migration is, and which of those of one resource is next. */
import { withCondition } from "../contracts/Statuses.ts"
import type { StorageVersionMigration } from "../../resources/contracts/storagemigration/v1beta1.ts"
import { millisOf } from "../../resources/contracts/Time.ts"

export type Type = "Running" | "Succeeded" | "Failed"

export const is = ({ status }: StorageVersionMigration, type: Type) =>
  (status?.conditions ?? []).some((condition) => condition.type === type && condition.status === "True")

export const isOver = (one: StorageVersionMigration) => is(one, "Succeeded") || is(one, "Failed")

/** As a key that a queue has: resources have one migration at a time. */
export const keyOf = ({ spec }: StorageVersionMigration) => ({
  namespace: spec?.resource.group ?? "",
  name: spec?.resource.resource ?? ""
})

interface Step {
  /** That still say that they run. */
  readonly over: ReadonlyArray<StorageVersionMigration>
  readonly running: StorageVersionMigration | undefined
  /** The one that may begin, if none runs. */
  readonly next: StorageVersionMigration | undefined
}

export const step = (all: ReadonlyArray<StorageVersionMigration>): Step => {
  const begun = all.filter((one) => is(one, "Running"))
  const running = begun.find((one) => !isOver(one))
  const [next] = all
    .filter((one) => !is(one, "Running") && !isOver(one))
    .toSorted(
      (a, b) =>
        millisOf(a.metadata.creationTimestamp) - millisOf(b.metadata.creationTimestamp) ||
        (a.metadata.name < b.metadata.name ? -1 : 1)
    )
  return { over: begun.filter(isOver), running, next: running === undefined ? next : undefined }
}

const said = {
  begun: { type: "Running", status: "True", reason: "MigrationRunning", message: "The migration is running" },
  ended: { type: "Running", status: "False", reason: "MigrationCompleted", message: "Migration completed" },
  succeeded: { type: "Succeeded", status: "True", reason: "StorageVersionMigrationSucceeded", message: "" }
} as const
export const failed = (message: string) => ({
  type: "Failed",
  status: "True",
  reason: "StorageVersionMigrationFailed",
  message
})

/** With a condition more, or another one of its type. */
export const saying = (
  one: StorageVersionMigration,
  what: keyof typeof said | ReturnType<typeof failed>,
  now: string
): StorageVersionMigration => {
  const condition = { ...(typeof what === "string" ? said[what] : what), lastTransitionTime: now }
  return { ...one, status: { ...one.status, conditions: withCondition(one.status?.conditions, condition, now) } }
}
