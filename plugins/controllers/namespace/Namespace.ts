/**
 * Empties a namespace that is being deleted, and then lets it go. Pods go first: what they use (volumes, policies, accounts)
 * stays until the last of them has ended.
 */
import { Clock, Effect } from "effect"
import { same } from "../../../kernel/resource/JsonEqual.ts"
import { Client } from "../../../kernel/client/Client.ts"
import * as Status from "../../../kernel/client/Status.ts"
import * as Kind from "../../../kernel/resource/Kind.ts"
import * as CustomKinds from "../../custom-resources/contracts/CustomKinds.ts"
import { Namespace, Pod } from "../../resources/contracts/core/v1.ts"
import { time } from "../../resources/contracts/Time.ts"
import * as BuiltIn from "../contracts/BuiltIn.ts"
import * as Controllers from "../contracts/Controllers.ts"
import * as Foreign from "./Foreign.ts"
import { conditions, type Outcome, type Remains } from "./Content.ts"

export interface Options {
  /** Of all objects that a namespace may hold; absent, those that are built in. */
  readonly kinds?: ReadonlyArray<Kind.Any>
}

/** Holds a namespace until this controller has emptied it. */
const finalizer = "kubernetes"

const start = Effect.fnUntraced(function* ({ kinds = BuiltIn.kinds }: Options) {
  const client = yield* Client
  const namespaces = yield* client.cache(Namespace, { indexes: {} })
  const pods = yield* client.cache(Pod, { indexes: {} })
  const custom = yield* CustomKinds.follow
  const foreign = yield* Foreign.make
  const others = () =>
    BuiltIn.kept([...kinds, ...custom.all()]).filter(({ namespaced, storage }) => namespaced && storage !== Pod.storage)

  const remove = (kind: Kind.Any, object: Kind.Resource) =>
    object.metadata.deletionTimestamp !== undefined
      ? Effect.void
      : client
          .delete(kind, Kind.keyOf(object), { uid: object.metadata.uid, propagationPolicy: "Background" })
          .pipe(Effect.catchTag(["NotFound", "Conflict"], () => Effect.void))

  /** Deletes the objects of a kind; answers with those that are still there. */
  const empty = Effect.fnUntraced(function* (kind: Kind.Any, namespace: string) {
    const objects: ReadonlyArray<Kind.Resource> = yield* client.list(kind, { namespace })
    if (objects.length === 0) return { storage: kind.storage, objects }
    yield* Effect.forEach(objects, (object) => remove(kind, object), { concurrency: 16, discard: true })
    return { storage: kind.storage, objects: yield* client.list(kind, { namespace }) }
  })

  const emptyAll = Effect.fnUntraced(function* (all: ReadonlyArray<Kind.Any>, namespace: string) {
    const failures: Array<string> = []
    const one = (kind: Kind.Any) =>
      empty(kind, namespace).pipe(
        // A kind that is not served has no objects.
        Effect.catchTag(["NotFound", "MethodNotAllowed"], () => Effect.succeed({ storage: kind.storage, objects: [] })),
        Effect.catch((error) => {
          failures.push(Status.messageOf(error))
          return Effect.succeed({ storage: kind.storage, objects: [] })
        })
      )
    const remains: ReadonlyArray<Remains> = yield* Effect.forEach(all, one, { concurrency: 8 })
    return { remains: remains.filter(({ objects }) => objects.length > 0), failures } satisfies Outcome
  })

  const emptyElsewhere = Effect.fnUntraced(function* (namespace: string) {
    const failures: Array<string> = []
    const remains = yield* Effect.forEach(
      foreign.all(),
      (kind) =>
        foreign.empty(kind, namespace).pipe(
          Effect.catch((error) => {
            failures.push(Status.messageOf(error))
            return Effect.succeed([])
          }),
          Effect.map((objects): Remains => ({ storage: `${kind.resource}.${kind.group}`, objects }))
        ),
      { concurrency: 8 }
    )
    return { remains: remains.filter(({ objects }) => objects.length > 0), failures } satisfies Outcome
  })

  const emptyInOrder = Effect.fnUntraced(function* (namespace: string) {
    const first = yield* emptyAll([Pod], namespace)
    if (first.remains.length > 0 || first.failures.length > 0) return first
    const [here, there] = [yield* emptyAll(others(), namespace), yield* emptyElsewhere(namespace)]
    return { remains: [...here.remains, ...there.remains], failures: [...here.failures, ...there.failures] }
  })

  const report = Effect.fnUntraced(function* (namespace: Namespace, outcome: Outcome) {
    const now = time(yield* Clock.currentTimeMillis)
    const status = { phase: "Terminating", conditions: conditions(namespace.status.conditions, outcome, now) }
    if (same(status, namespace.status)) return namespace
    return yield* client.update(Namespace, { ...namespace, status }, { subresource: "status" })
  })

  const reconcile = Effect.fn("Namespace.reconcile")(function* (key: Kind.Key) {
    const found = namespaces.get(key)
    if (found?.metadata.deletionTimestamp === undefined) return Controllers.done
    if (found.spec.finalizers?.includes(finalizer) !== true) return Controllers.done
    const outcome = yield* emptyInOrder(key.name)
    const namespace = yield* report(found, outcome)
    if (outcome.remains.length > 0 || outcome.failures.length > 0) return Controllers.again("1 second")
    const rest = (namespace.spec.finalizers ?? []).filter((name) => name !== finalizer)
    yield* client.update(Namespace, { ...namespace, spec: { finalizers: rest } }, { subresource: "finalize" })
    return Controllers.done
  })

  /** The last Pod that goes lets the rest go. */
  const emptied = Controllers.on(pods, ({ metadata: { deletionTimestamp, namespace = "" } }) =>
    deletionTimestamp === undefined ? [] : [{ namespace: "", name: namespace }]
  )
  yield* Controllers.run({
    name: "namespace",
    triggers: [Controllers.each(namespaces), emptied],
    concurrency: 10,
    reconcile
  })
})

export const plugin = (options: Options = {}) => Controllers.plugin("namespace", start(options))
