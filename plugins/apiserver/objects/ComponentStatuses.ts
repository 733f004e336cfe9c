/**
 * ComponentStatuses: no objects, but what the server knows of the parts of the control plane at the moment at which it is asked.
 * Source: core/v1 ComponentStatus, deprecated since 1.19 and still asked for by `kubectl get cs`.
 */
import { Clock, Effect } from "effect"
import { NotFound } from "../../../kernel/client/Errors.ts"
import type { At, Pipeline } from "../../../kernel/pipeline/Pipeline.ts"
import * as Select from "../../../kernel/pipeline/Select.ts"
import { Row } from "../../../kernel/table/Row.ts"
import type { Tables } from "../../../kernel/table/Tables.ts"

export const storage = "componentstatuses"

/** Why each of them is not well; nothing if it is. */
export type Components = Effect.Effect<ReadonlyArray<{ readonly name: string; readonly trouble: string | undefined }>>

/** Who leads says so by a Lease that it renews: upstream's programs by one each, ours by one for all controllers. */
const leases = { scheduler: ["kube-scheduler"], "controller-manager": ["kube-controller-manager"] }
const all = "keelson-controllers"
const grace = 15

const isHeld = (row: Row | undefined, now: number) => {
  const spec: unknown = row?.wire["spec"]
  const { holderIdentity, leaseDurationSeconds, renewTime } = Object(spec)
  if (typeof renewTime !== "string" || !holderIdentity) return false
  const seconds = typeof leaseDurationSeconds === "number" ? leaseDurationSeconds : grace
  return Date.parse(renewTime) + (seconds + grace) * 1000 > now
}

export const ofTables = (tables: Tables["Service"]): Components =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const rows = tables.of({ log: "leases", storage: "leases.coordination.k8s.io" })
    const led = Object.entries(leases).map(([name, own]) => {
      const isLed = [...own, all].some((lease) => isHeld(rows.get(`kube-system/${lease}`), now))
      return { name, trouble: isLed ? undefined : "nobody holds its Lease in kube-system" }
    })
    return [...led, { name: "etcd-0", trouble: yield* tables.trouble("objects") }]
  })

const rowOf = (name: string, trouble: string | undefined) => {
  const condition =
    trouble === undefined
      ? { type: "Healthy", status: "True", message: "ok" }
      : { type: "Healthy", status: "False", message: trouble }
  const object = { kind: "ComponentStatus", apiVersion: "v1", metadata: { name }, conditions: [condition] }
  return new Row({ namespace: "", name, revision: 0, bytes: () => new TextEncoder().encode(JSON.stringify(object)) })
}

const rowsOf = (components: Components) =>
  Effect.map(components, (all) => all.map(({ name, trouble }) => rowOf(name, trouble)))

/** A pipeline that reads them, and leaves all else to the one that is there. */
export const pipeline = (there: Pipeline["Service"], components: Components): Pipeline["Service"] => ({
  ...there,
  get: Effect.fnUntraced(function* (at: At) {
    yield* there.authorize(at, "get")
    const row = (yield* rowsOf(components)).find(({ name }) => name === at.name)
    return row ?? (yield* new NotFound({ group: "", resource: "componentstatus", namespace: "", name: at.name }))
  }),
  list: Effect.fnUntraced(function* (at: At, options = {}) {
    yield* there.authorize(at, "list")
    const { matches } = yield* Effect.fromResult(Select.compile(at, options))
    return { revision: 0, rows: (yield* rowsOf(components)).filter(matches) }
  })
})
