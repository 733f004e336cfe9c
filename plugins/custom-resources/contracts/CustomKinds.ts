/** Custom kinds as programs see them that work on objects of all kinds: enough of each to list, watch, patch and delete. */
import { Deferred, Effect, type Schema, Stream } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import * as Field from "../../../kernel/resource/Field.ts"
import * as Kind from "../../../kernel/resource/Kind.ts"
import { ObjectMetaDraft } from "../../../kernel/resource/Metadata.ts"
import type { Cache } from "../../../kernel/table/Table.ts"
import * as Shape from "../../../kernel/resource/Shape.ts"
import { CustomResourceDefinition } from "../../resources/contracts/apiextensions/v1.ts"

/** Keeps a definition until the objects of its kind are gone. */
export const cleanup = "customresourcecleanup.apiextensions.k8s.io"

const has = ({ status }: CustomResourceDefinition, type: string) =>
  status?.conditions?.some((condition) => condition.type === type && condition.status === "True") === true

export const isEstablished = (crd: CustomResourceDefinition) => has(crd, "Established")
export const isTerminating = (crd: CustomResourceDefinition) => has(crd, "Terminating")

let anything: Schema.Codec<Schema.Json> | undefined
/** An object with metadata, and the rest as it is. */
const whole = () =>
  (anything ??= Shape.asSchema({
    type: "object",
    custom: true,
    atomic: false,
    preserveUnknown: true,
    fields: new Map([["metadata", { shape: Shape.of(ObjectMetaDraft()), required: false, default: {} }]])
  }))

/** Those that it asked for, until some have been accepted. */
export const namesOf = ({ spec, status }: CustomResourceDefinition) =>
  status?.acceptedNames?.kind ? status.acceptedNames : spec.names

/** Nothing as long as it is not served. */
export const of = (crd: CustomResourceDefinition): Kind.Any | undefined => {
  const { spec } = crd
  const served = spec.versions.filter((version) => version.served)
  const stored = served.find(({ storage }) => storage) ?? served[0]
  if (!isEstablished(crd) || stored === undefined) return undefined
  const names = namesOf(crd)
  const version = (name: string) => ({ group: spec.group, version: name, schema: Field.asJson(whole) })
  return Kind.make<Kind.Resource, Kind.ResourceDraft>({
    kind: names.kind,
    plural: names.plural,
    singular: names.singular ?? names.kind.toLowerCase(),
    namespaced: spec.scope === "Namespaced",
    storage: `${names.plural}.${spec.group}`,
    verbs: ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"],
    versions: [version(stored.name), ...served.filter((one) => one !== stored).map(({ name }) => version(name))]
  })
}

/** What differs between two kinds of one storage. */
const sameAs = (a: Kind.Any, b: Kind.Any) =>
  a.kind === b.kind && a.namespaced === b.namespaced && a.versions[0].version === b.versions[0].version

interface Followed {
  readonly kind: Kind.Any
  /** Done when it is served no longer, or otherwise. */
  readonly gone: Deferred.Deferred<void>
}

const nothing: Pick<Cache<CustomResourceDefinition, never>, "all" | "changes"> = { all: () => [], changes: Stream.never }

/** The custom kinds that there are: as a list at any time, and as a stream of all that come. */
export const follow = Effect.gen(function* () {
  const client = yield* Client
  // A server that has no definitions has no custom kinds.
  const definitions = yield* client
    .cache(CustomResourceDefinition, { indexes: {} })
    .pipe(Effect.catchTag(["NotFound", "MethodNotAllowed"], () => Effect.succeed(nothing)))
  const all = (): ReadonlyArray<Kind.Any> => definitions.all().flatMap((crd) => of(crd) ?? [])

  /** Each kind once, from when it is established until it is gone. */
  const each = <A, E, R>(use: (kind: Kind.Any) => Stream.Stream<A, E, R>): Stream.Stream<A, E, R> =>
    Stream.suspend(() => {
      const followed = new Map<string, Followed>()
      const appeared = () => {
        const kinds = new Map(all().map((kind) => [kind.storage, kind]))
        for (const [storage, { gone, kind }] of followed) {
          const now = kinds.get(storage)
          if (now !== undefined && sameAs(now, kind)) continue
          followed.delete(storage)
          Deferred.doneUnsafe(gone, Effect.void)
        }
        const fresh = [...kinds.values()].filter(({ storage }) => !followed.has(storage))
        return fresh.map((kind) => {
          const one = { kind, gone: Deferred.makeUnsafe<void>() }
          followed.set(kind.storage, one)
          return one
        })
      }
      return definitions.changes.pipe(
        Stream.flatMap(() => Stream.fromIterable(appeared())),
        Stream.flatMap(({ gone, kind }) => Stream.interruptWhen(use(kind), Deferred.await(gone)), {
          concurrency: "unbounded"
        })
      )
    })
  return { all, each }
})
