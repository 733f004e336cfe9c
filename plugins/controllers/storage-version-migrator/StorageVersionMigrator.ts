/**
 * Writes all objects of a resource anew, as they are stored today, when a StorageVersionMigration asks for it: an apply of nothing, which the
 * API writes only where an object lies otherwise. One migration of a resource at a time. Source: KEP-4192.
 */
import { Clock, Effect, Schema, Stream } from "effect"
import { Api, type WireObject } from "../../../kernel/client/Api.ts"
import { Client } from "../../../kernel/client/Client.ts"
import * as Status from "../../../kernel/client/Status.ts"
import * as Kind from "../../../kernel/resource/Kind.ts"
import type { Cache } from "../../../kernel/table/Table.ts"
import * as CustomKinds from "../../custom-resources/contracts/CustomKinds.ts"
import { StorageVersionMigration } from "../../resources/contracts/storagemigration/v1beta1.ts"
import { millisOf, time } from "../../resources/contracts/Time.ts"
import * as BuiltIn from "../contracts/BuiltIn.ts"
import * as Controllers from "../contracts/Controllers.ts"
import * as Definitions from "./Definitions.ts"
import * as Progress from "./Progress.ts"

const manager = "storage-version-migrator-controller"
const needed = ["update", "patch", "list"] as const
/** A definition may be on its way, in milliseconds. */
const patience = 60_000
/** So many objects are read at once, and so many written. */
const page = 500
const atOnce = 10

const Metadata = Schema.Struct({
  name: Schema.String,
  namespace: Schema.optionalKey(Schema.String),
  uid: Schema.String,
  resourceVersion: Schema.String
})
const metadataOf = Schema.decodeUnknownEffect(Metadata)

/** What cannot be done is not tried again. */
class Refused extends Schema.TaggedError<Refused>()("Refused", { detail: Schema.String }) {}

/** The API may answer otherwise, if it is asked again. */
const isPassing = (error: Status.Failure) =>
  error._tag === "Unavailable" || error._tag === "TooManyRequests" || (error._tag === "StatusError" && error.code >= 500)

type Migrations = Pick<Cache<StorageVersionMigration, never>, "all" | "changes">
/** A server may not have them: upstream's has only where it is asked for. */
const none: Migrations = { all: () => [], changes: Stream.never }

const start = Effect.gen(function* () {
  const [client, api, custom] = [yield* Client, yield* Api, yield* CustomKinds.follow]
  const migrations: Migrations = yield* client
    .cache(StorageVersionMigration, { indexes: {} })
    .pipe(Effect.catchTag(["NotFound", "MethodNotAllowed"], () => Effect.succeed(none)))

  const kindOf = ({ name, namespace: group }: Kind.Key) =>
    [...BuiltIn.all, ...custom.all()].find(({ plural, versions: [version] }) => plural === name && version.group === group)

  const write = Effect.fnUntraced(function* (one: StorageVersionMigration, what: Parameters<typeof Progress.saying>[1]) {
    const said = Progress.saying(one, what, time(yield* Clock.currentTimeMillis))
    return yield* client.update(StorageVersionMigration, said, { subresource: "status" })
  })

  const rewrite = Effect.fnUntraced(function* (kind: Kind.Any, object: WireObject, until: number) {
    const { name, namespace = "", resourceVersion, uid } = yield* metadataOf(object["metadata"])
    // What was written since is as it should be.
    if (Number(resourceVersion) > until) return
    const [{ group, version }] = kind.versions
    const metadata = { name, uid, resourceVersion, ...(namespace !== "" && { namespace }) }
    const body = { apiVersion: Kind.apiVersion({ group, version }), kind: kind.kind, metadata }
    const at = { group, version, resource: kind.plural, namespace, name }
    // Somebody has written it, or deleted it: either will do.
    yield* Effect.catchTag(api.patch({ ...at, type: "apply", body, fieldManager: manager }), "Conflict", () => Effect.void)
  })

  const rewriteAll = Effect.fnUntraced(function* (kind: Kind.Any, until: number) {
    const [{ group, version }] = kind.versions
    const at = { group, version, resource: kind.plural, namespace: "", limit: page }
    for (let next: string | undefined = ""; next !== undefined; ) {
      const list: { readonly items: ReadonlyArray<WireObject>; readonly continue?: string } = yield* api.list({
        ...at,
        ...(next !== "" && { continue: next })
      })
      yield* Effect.forEach(list.items, (object) => rewrite(kind, object, until), { concurrency: atOnce, discard: true })
      next = list.continue === "" ? undefined : list.continue
    }
  })

  /** From which revision on objects are as they should be; once it is said, it stays, whoever goes on. */
  const checkpoint = Effect.fnUntraced(function* (one: StorageVersionMigration, kind: Kind.Any) {
    if (one.status?.resourceVersion !== undefined) return one
    const [{ group, version }] = kind.versions
    if (!needed.every((verb) => kind.verbs.includes(verb))) {
      const resource = `${group}/${version}, Resource=${kind.plural}`
      return yield* new Refused({
        detail: `resource ${JSON.stringify(resource)} does not support discovery operations: [${needed.join(" ")}]`
      })
    }
    const { revision } = yield* api.list({ group, version, resource: kind.plural, namespace: "", limit: 1 })
    const status = { ...one.status, resourceVersion: `${revision}` }
    return yield* client.update(StorageVersionMigration, { ...one, status }, { subresource: "status" })
  })

  const migrate = Effect.fnUntraced(function* (one: StorageVersionMigration, kind: Kind.Any) {
    const begun = yield* checkpoint(one, kind)
    yield* rewriteAll(kind, Number(begun.status?.resourceVersion)).pipe(
      Effect.catchIf(
        (error) => error._tag !== "SchemaError" && !isPassing(error),
        (error) =>
          new Refused({
            detail: `migration encountered unhandled error: ${error._tag === "SchemaError" ? error.message : Status.messageOf(error)}`
          })
      )
    )
    return yield* write(begun, "succeeded")
  })

  const go = Effect.fnUntraced(function* (one: StorageVersionMigration) {
    const kind = kindOf(Progress.keyOf(one))
    if (kind !== undefined) {
      const fail = ({ detail }: Refused) => write(one, Progress.failed(detail))
      yield* Effect.catchTag(migrate(one, kind), "Refused", fail)
      return Controllers.done
    }
    const now = yield* Clock.currentTimeMillis
    if (millisOf(one.metadata.creationTimestamp) + patience > now) return Controllers.again("5 seconds")
    yield* write(one, Progress.failed("resource does not exist in discovery"))
    return Controllers.done
  })

  const reconcile = Effect.fn("StorageVersionMigrator.reconcile")(function* (key: Kind.Key) {
    const isOurs = (one: StorageVersionMigration) => {
      const { name, namespace } = Progress.keyOf(one)
      return name === key.name && namespace === key.namespace
    }
    const { next, over, running } = Progress.step(migrations.all().filter(isOurs))
    for (const one of over) {
      yield* Definitions.end(one)
      yield* write(one, "ended")
    }
    if (next !== undefined) {
      yield* Definitions.begin(next)
      yield* write(next, "begun")
    }
    return running === undefined ? Controllers.done : yield* go(running)
  })

  const triggers = [Controllers.on(migrations, (one) => [Progress.keyOf(one)])]
  yield* Controllers.run({
    name: manager,
    concurrency: 5,
    triggers,
    reconcile: (key) => Effect.provideService(reconcile(key), Client, client)
  })
})

export const plugin = Controllers.plugin("storage-version-migrator", start)
