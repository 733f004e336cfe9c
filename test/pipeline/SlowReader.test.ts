/** What isolates watch by: a reader that does not read costs the server no more than a bounded queue. */
import { assert, it } from "@effect/vitest"
import { Effect, Result, Stream } from "effect"
import { Api } from "../../kernel/client/Api.ts"
import { pipeline } from "./Pipeline.ts"

const at = { group: "", version: "v1", resource: "configmaps", namespace: "default" }

it.effect("a watch whose reader is too slow ends, and begins anew with all there is", () =>
  Effect.gen(function* () {
    const api = yield* Api
    const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } }
    yield* api.create({ ...at, name: "", body })
    const change = (turn: number) => api.patch({ ...at, name: "a", type: "merge", body: { data: { turn: `${turn}` } } })
    let writes = 0
    // The reader stands still at the first batch until more has happened than may wait.
    const read = api.watch(at).pipe(
      Stream.tap(() =>
        writes > 0 ? Effect.void : Effect.forEach(Array.from({ length: 1100 }), () => change(++writes), { discard: true })
      ),
      Stream.runCount
    )
    const ended = yield* Effect.result(read)
    assert.isTrue(Result.isFailure(ended) && ended.failure._tag === "Expired")
    const [again] = yield* Stream.runCollect(Stream.take(api.watch(at), 1))
    const [event] = again?.events ?? []
    assert.isTrue(event?._tag === "Snapshot" && JSON.stringify(event.objects).includes('"turn":"1100"'))
  }).pipe(Effect.provide(pipeline))
)
