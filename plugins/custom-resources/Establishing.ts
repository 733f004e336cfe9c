/**
 * Says of each definition whether its names were accepted and whether it is established, and empties those that are deleted
 * before it lets them go. One of the processes runs it; every run reads the whole state.
 */
import { Clock, Effect } from "effect"
import { same } from "../../kernel/resource/JsonEqual.ts"
import { Client } from "../../kernel/client/Client.ts"
import type * as Kind from "../../kernel/resource/Kind.ts"
import * as Controllers from "../controllers/contracts/Controllers.ts"
import { withCondition } from "../controllers/contracts/Statuses.ts"
import {
  CustomResourceDefinition as Crd,
  type CustomResourceDefinitionCondition as Condition
} from "../resources/contracts/apiextensions/v1.ts"
import { time } from "../resources/contracts/Time.ts"
import * as Approval from "./Approval.ts"
import * as Definition from "./Definition.ts"
import * as Names from "./Names.ts"
import { cleanup } from "./contracts/CustomKinds.ts"

const terminating = (status: "True" | "False", reason: string, message: string) => ({
  type: "Terminating",
  status,
  reason,
  message
})
const inProgress = terminating("True", "InstanceDeletionInProgress", "CustomResource deletion is in progress")
const completed = terminating("False", "InstanceDeletionCompleted", "removed all instances")

const start = Effect.gen(function* () {
  const client = yield* Client
  const crds = yield* client.cache(Crd, { indexes: { group: ({ spec }: Crd) => [spec.group] } })

  const report = Effect.fnUntraced(function* (
    crd: Crd,
    conditions: ReadonlyArray<Omit<Condition, "lastTransitionTime">>,
    acceptedNames = crd.status?.acceptedNames
  ) {
    const now = time(yield* Clock.currentTimeMillis)
    const status: Crd["status"] = {
      ...crd.status,
      ...(acceptedNames !== undefined && { acceptedNames }),
      conditions: conditions.reduce<ReadonlyArray<Condition>>(
        (found, condition) => withCondition(found, condition, now),
        crd.status?.conditions ?? []
      )
    }
    if (same(status, crd.status)) return crd
    return yield* client.update(Crd, { ...crd, status }, { subresource: "status" })
  })

  const remove = (kind: Definition.CustomKind, object: Kind.Resource) => {
    const { name, namespace = "", uid } = object.metadata
    return object.metadata.deletionTimestamp !== undefined
      ? Effect.void
      : Effect.catchTag(client.delete(kind, { namespace, name }, { uid }), ["NotFound", "Conflict"], () => Effect.void)
  }

  /** Whether nothing is left of it. */
  const empty = Effect.fnUntraced(function* (crd: Crd) {
    const definition = Definition.of(crd)
    if (definition === undefined) return true
    const { kind } = definition
    const all: ReadonlyArray<Kind.Resource> = yield* client.list(kind)
    yield* Effect.forEach(all, (object) => remove(kind, object), { concurrency: 16, discard: true })
    return all.length === 0 || (yield* client.list(kind)).length === 0
  })

  const finish = Effect.fnUntraced(function* (crd: Crd) {
    const { finalizers = [] } = crd.metadata
    if (!finalizers.includes(cleanup)) return Controllers.done
    const marked = yield* report(crd, [inProgress])
    if (!(yield* empty(marked))) return Controllers.again("1 second")
    const { metadata, ...rest } = yield* report(marked, [completed])
    yield* client.update(Crd, {
      ...rest,
      metadata: { ...metadata, finalizers: finalizers.filter((one) => one !== cleanup) }
    })
    return Controllers.done
  })

  const reconcile = Effect.fn("Establishing.reconcile")(function* (key: Kind.Key) {
    const crd = crds.get(key)
    if (crd === undefined) return Controllers.done
    if (crd.metadata.deletionTimestamp !== undefined) return yield* finish(crd)
    const { established, names, namesAccepted } = Names.accept(crd, crds.by("group", crd.spec.group))
    yield* report(crd, [namesAccepted, established, ...Approval.condition(crd)], names)
    return Controllers.done
  })

  /** Names that one gives back are another's. */
  const siblings = Controllers.on(crds, ({ spec }) =>
    crds.by("group", spec.group).map(({ metadata: { name } }) => ({ namespace: "", name }))
  )
  yield* Controllers.run({
    name: "crd-establishing",
    // Names are given to one after another.
    concurrency: 1,
    triggers: [Controllers.each(crds), siblings],
    reconcile
  })
})

export const plugin = Controllers.plugin("crd-establishing", start)
