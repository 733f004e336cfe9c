/**
 * Kills controllers at their writes: after the first one, after the second, … The write is in the log, its answer never comes, and all
 * that the controller knew is gone; another one takes over. What comes of it in the end must be what comes of it undisturbed.
 */
import { Deferred, Effect, Exit, Layer, Schedule, Schema, Scope } from "effect"
import { Api, type WireObject } from "../../kernel/client/Api.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import type { Client } from "../../kernel/client/Client.ts"
import type { Actions } from "../../kernel/pipeline/Actions.ts"
import type { Any as Kind } from "../../kernel/resource/Kind.ts"
import { kernel } from "../resources/Kernel.ts"

type Service = Api["Service"]
type Program = { readonly name: string; readonly layer: Layer.Layer<never, unknown, Client | Api> }

export interface Scenario {
  readonly name: string
  readonly controllers: ReadonlyArray<Program>
  /** What users and nodes do. It goes on by what it sees, so that it does not matter when a controller dies; at its end all is done. */
  readonly drive: Effect.Effect<unknown, unknown, Client | Api | Scope.Scope>
  /** Whose objects are compared. */
  readonly kinds: ReadonlyArray<Kind>
  /** What else the API server has. */
  readonly beside?: Layer.Layer<never, unknown, Actions | Client>
}

/** Events are told, and not acted on; reviews are asked, and not kept. */
const uncounted = new Set(["events", "subjectaccessreviews"])
const counts = ({ resource }: { readonly resource: string }) => !uncounted.has(resource)

/** The API as controllers have it who die after their write number `last`. `deaths` says when. */
const mortal = (api: Service, last: number, died: Deferred.Deferred<void>) => {
  let writes = 0
  const write =
    <P extends { readonly resource: string }, A, E>(method: (payload: P) => Effect.Effect<A, E>) =>
    (payload: P): Effect.Effect<A, E> =>
      Effect.suspend(() => {
        if (!counts(payload)) return method(payload)
        if (writes >= last) return Effect.never
        return Effect.tap(method(payload), () => {
          writes++
          return writes < last ? Effect.void : Effect.andThen(Deferred.succeed(died, undefined), Effect.never)
        })
      })
  const wrapped = Api.of({
    ...api,
    create: write(api.create),
    update: write(api.update),
    patch: write(api.patch),
    delete: write(api.delete),
    deleteCollection: write(api.deleteCollection)
  })
  return { api: wrapped, writes: () => writes }
}

/** Names that were made up, times, and what counts writes: two runs differ in them. */
const accidental = new Set(["uid", "resourceVersion", "managedFields", "generation", "observedGeneration", "generateName"])
/** What is signed anew in each run. */
const signed = new Set(["certificate", "token"])
const uid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g
const isTime = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/

const plain = (value: Schema.Json | undefined): Schema.Json => {
  if (typeof value === "string") return isTime.test(value) ? "a time" : value.replaceAll(uid, "a uid")
  if (Array.isArray(value)) return value.map(plain)
  if (value === null || value === undefined || typeof value !== "object") return value ?? null
  const entries = Object.entries(value).filter(([key]) => !accidental.has(key))
  return Object.fromEntries(
    entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, signed.has(key) ? "signed" : plain(inner)])
  )
}

const Named = Schema.Struct({ name: Schema.String, generateName: Schema.optionalKey(Schema.String) })
const decode = Schema.decodeUnknownSync(Named)

const digestOf = (object: WireObject): string => {
  const { generateName, name } = decode(object["metadata"])
  const text = JSON.stringify(plain(object))
  return generateName === undefined ? text : text.replaceAll(name, `${generateName}…`)
}

const stateOf = Effect.fnUntraced(function* (kinds: ReadonlyArray<Kind>) {
  const api = yield* Api
  const lists = yield* Effect.forEach(kinds, ({ plural, versions: [{ group, version }] }) =>
    api.list({ group, version, resource: plural, namespace: "" })
  )
  return lists.flatMap(({ items }) => items.map(digestOf)).toSorted()
})

/** What follows from the last change, such as a status, is waited for: nothing is different for a while. */
const quiet = Effect.fnUntraced(function* <E, R>(state: Effect.Effect<ReadonlyArray<string>, E, R>) {
  let before = yield* state
  for (let same = 0; same < 8; ) {
    yield* Effect.sleep("15 millis")
    const now = yield* state
    same = JSON.stringify(now) === JSON.stringify(before) ? same + 1 : 0
    before = now
  }
  return before
})

/** One run; how often controllers wrote, and what was there in the end, as soon as it is `expected`. */
const run = (
  { beside = Layer.empty, controllers, drive, kinds }: Scenario,
  last: number,
  expected?: ReadonlyArray<string>
) =>
  Effect.gen(function* () {
    const api = yield* Api
    const died = yield* Deferred.make<void>()
    const first = mortal(api, last, died)
    const live = (given: Service) =>
      Layer.mergeAll(Layer.empty, ...controllers.map(({ layer }) => layer)).pipe(
        Layer.provide(ApiClient.layer),
        Layer.provideMerge(Layer.succeed(Api, given)),
        Layer.build
      )
    const life = yield* Scope.make()
    yield* Effect.addFinalizer(() => Scope.close(life, Exit.void))
    yield* Scope.provide(live(first.api), life)
    const after = Effect.andThen(
      Deferred.await(died),
      Effect.andThen(Scope.close(life, Exit.void), Effect.andThen(live(api), Effect.never))
    )
    yield* Effect.forkScoped(after)
    yield* drive
    const state = stateOf(kinds)
    const settled =
      expected === undefined
        ? yield* quiet(state)
        : yield* Effect.repeat(state, {
            schedule: Schedule.spaced("10 millis"),
            times: 2000,
            until: (now) => JSON.stringify(now) === JSON.stringify(expected)
          }).pipe(Effect.andThen(state))
    return { writes: first.writes(), state: settled }
  }).pipe(
    Effect.scoped,
    Effect.provide(Layer.provideMerge(Layer.merge(Layer.fresh(ApiClient.layer), beside), Layer.fresh(kernel)))
  )

export interface Killed {
  readonly after: number
  readonly missing: ReadonlyArray<string>
  readonly surplus: ReadonlyArray<string>
}

/** As often as the controllers write, one run more: what differs in the end, by the write after which they died. */
export const atEveryWrite = Effect.fnUntraced(function* (scenario: Scenario) {
  const undisturbed = yield* run(scenario, Number.POSITIVE_INFINITY)
  const killed: Array<Killed> = []
  for (let after = 1; after <= undisturbed.writes; after++) {
    const { state } = yield* run(scenario, after, undisturbed.state)
    const missing = undisturbed.state.filter((one) => !state.includes(one))
    const surplus = state.filter((one) => !undisturbed.state.includes(one))
    if (missing.length + surplus.length > 0 || state.length !== undisturbed.state.length)
      killed.push({ after, missing, surplus })
  }
  return { writes: undisturbed.writes, objects: undisturbed.state.length, killed }
})
