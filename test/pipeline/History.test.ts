/** How long the past can be asked for, and what a list that is too late is told. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Result } from "effect"
import { TestClock } from "effect/testing"
import { Client } from "../../kernel/client/Client.ts"
import { type At, type ListOptions, Pipeline, type WatchSink } from "../../kernel/pipeline/Pipeline.ts"
import { Kinds } from "../../kernel/resource/Kinds.ts"
import { ConfigMap } from "../../plugins/resources/contracts/core/v1.ts"
import { pipeline, user } from "./Pipeline.ts"

const at = Effect.map(Kinds, (kinds): At => {
  const found = Option.getOrThrow(Option.fromUndefinedOr(kinds.find("", "v1", "configmaps")))
  return { ...found, user, namespace: "default", name: "", subresource: "" }
})
const list = (options: ListOptions) => Effect.flatMap(at, (at) => Effect.flatMap(Pipeline, ({ list }) => list(at, options)))
const create = (name: string) =>
  Effect.flatMap(Client, (client) => client.create(ConfigMap, { metadata: { namespace: "default", name } }))

/** Keeps what it is told. */
const recorder = () => {
  const told: Array<string> = []
  const sink: WatchSink = {
    events: (events) => told.push(...events.map(({ row, type }) => `${type} ${row.name}`)),
    bookmark: () => {},
    failed: ({ _tag }) => told.push(_tag)
  }
  return { told, sink }
}

describe("the past", () => {
  it.effect("is told for five minutes, and then a list goes on inconsistently", () =>
    Effect.gen(function* () {
      for (const name of ["a", "b", "c"]) yield* create(name)
      const first = yield* list({ limit: 1 })
      const token = first.continue ?? ""
      yield* create("bb")
      const names = ({ rows }: { readonly rows: ReadonlyArray<{ readonly name: string }> }) => rows.map(({ name }) => name)
      yield* TestClock.adjust("4 minutes")
      assert.deepStrictEqual(names(yield* list({ continue: token })), ["b", "c"])
      yield* TestClock.adjust("2 minutes")
      const late = yield* Effect.result(list({ continue: token }))
      assert.isTrue(Result.isFailure(late))
      if (Result.isSuccess(late) || late.failure._tag !== "Expired") return assert.fail("it should have expired")
      assert.include(late.failure.message, "The provided continue parameter is too old")
      assert.deepStrictEqual(names(yield* list({ continue: late.failure.token ?? "" })), ["b", "bb", "c"])
      const exact = { resourceVersion: `${first.revision}`, resourceVersionMatch: "Exact" } as const
      assert.strictEqual((yield* Effect.flip(list(exact)))._tag, "Expired")
    }).pipe(Effect.provide(Layer.fresh(pipeline)))
  )

  it.effect("is no matter to a watch that has missed nothing", () =>
    Effect.gen(function* () {
      yield* create("a")
      const { revision } = yield* list({})
      yield* TestClock.adjust("20 minutes")
      const { watch } = yield* Pipeline
      const [quiet, late] = [recorder(), recorder()]
      yield* watch(yield* at, { resourceVersion: `${revision}` }, quiet.sink)
      yield* create("b")
      assert.deepStrictEqual(quiet.told, ["ADDED b"])
      yield* TestClock.adjust("6 minutes")
      yield* watch(yield* at, { resourceVersion: `${revision}` }, late.sink)
      assert.deepStrictEqual(late.told, ["Expired"])
    }).pipe(Effect.scoped, Effect.provide(Layer.fresh(pipeline)))
  )
})
