/** Tables and their log: whether they are ready, what they refuse, and what is counted. */
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Ref, References, Stream } from "effect"
import { PrometheusMetrics } from "effect/observability"
import { TestClock } from "effect/testing"
import { Unavailable } from "../../kernel/plugin/Contract.ts"
import { Damaged, Log } from "../../kernel/store/Log.ts"
import * as Measured from "../../kernel/store/Measured.ts"
import * as MemoryLog from "../../kernel/store/memory/MemoryLog.ts"
import { seal } from "../../kernel/table/Envelope.ts"
import * as Tables from "../../kernel/table/Tables.ts"
import { ConfigMap } from "../../plugins/resources/contracts/core/v1.ts"

const quiet = Effect.provideService(References.MinimumLogLevel, "None")
const refused = (cause: unknown) => Effect.fail(new Unavailable({ contract: Log.key, applied: "no", cause }))
const put = (log: Log["Service"], name: string, prev = 0) =>
  log.append({
    ...{ log: "objects", op: "put", prev, key: `configmaps/default/${name}`, writeId: `${name} ${prev}` },
    bytes: seal(ConfigMap, { metadata: { name, namespace: "default" } })
  })

/** A log of which a test decides what it answers. */
const wrapped = (change: (log: Log["Service"]) => Partial<Log["Service"]>) =>
  Effect.map(Effect.provide(Log, MemoryLog.layer), (log) => ({ ...log, ...change(log) }))

it.effect("who has lost the store is not ready, and says why; what is known stays", () =>
  Effect.gen(function* () {
    const isAway = yield* Ref.make(false)
    const log = yield* wrapped((log) => ({
      status: (of) => Effect.flatMap(Ref.get(isAway), (away) => (away ? refused("no route") : log.status(of)))
    }))
    yield* put(log, "one")
    yield* Effect.gen(function* () {
      const tables = yield* Tables.Tables
      assert.isUndefined(yield* tables.trouble("objects"))
      yield* Ref.set(isAway, true)
      yield* TestClock.adjust("8 seconds")
      assert.isUndefined(yield* tables.trouble("objects"))
      yield* TestClock.adjust("8 seconds")
      assert.match((yield* tables.trouble("objects")) ?? "", /^the log objects: .*no route/)
      assert.strictEqual(tables.of({ log: "objects", storage: "configmaps" }).size, 1)
      yield* Ref.set(isAway, false)
      yield* TestClock.adjust("6 seconds")
      assert.isUndefined(yield* tables.trouble("objects"))
    }).pipe(Effect.provide(Layer.provide(Tables.layer, Layer.succeed(Log, log))))
  }).pipe(Effect.scoped, quiet)
)

it.effect("who is behind the store is not ready", () =>
  Effect.gen(function* () {
    const ahead = yield* Ref.make(0)
    const log = yield* wrapped((log) => ({
      status: (of) =>
        Effect.flatMap(Ref.get(ahead), (more) =>
          Effect.map(log.status(of), (status) => ({ ...status, last: status.last + more }))
        )
    }))
    yield* Effect.gen(function* () {
      const tables = yield* Tables.Tables
      yield* Ref.set(ahead, 3)
      yield* TestClock.adjust("6 seconds")
      assert.isUndefined(yield* tables.trouble("leases"))
      yield* TestClock.adjust("15 seconds")
      assert.match((yield* tables.trouble("leases")) ?? "", /the log leases: this server is behind at 0 of 3/)
    }).pipe(Effect.provide(Layer.provide(Tables.layer, Layer.succeed(Log, log))))
  }).pipe(Effect.scoped, quiet)
)

it.effect("what is damaged is not begun with: there is no table", () =>
  Effect.gen(function* () {
    const damaged = new Damaged({ where: "a file", log: "objects", seq: 7, key: "configmaps/default/one" })
    const log = yield* wrapped(() => ({ follow: () => Stream.fromEffect(refused(damaged)) }))
    const failure = yield* Effect.flip(Layer.build(Layer.provide(Tables.layer, Layer.succeed(Log, log))))
    assert.strictEqual(failure.cause, damaged)
  }).pipe(Effect.scoped, quiet)
)

it.effect("a store that has gone back is not followed, and nothing is said to be current", () =>
  Effect.gen(function* () {
    const older = yield* wrapped(() => ({}))
    const newer = yield* wrapped(() => ({}))
    for (const name of ["one", "two", "three"]) yield* put(newer, name)
    const now = yield* Ref.make(newer)
    const isCut = yield* Ref.make(false)
    const cut = Effect.repeat(Effect.sleep("1 second"), { until: () => Ref.getUnsafe(isCut) })
    const log = Log.of({
      ...newer,
      barrier: (of) => Effect.flatMap(Ref.get(now), (log) => log.barrier(of)),
      follow: (from) =>
        Stream.unwrap(Effect.map(Ref.get(now), (log) => Stream.interruptWhen(log.follow(from), cut))).pipe(
          Stream.concat(Stream.fromEffect(refused("cut")))
        )
    })
    yield* Effect.gen(function* () {
      const tables = yield* Tables.Tables
      assert.strictEqual(yield* tables.current("objects"), 3)
      yield* put(older, "other")
      yield* Ref.set(now, older)
      yield* Ref.set(isCut, true)
      yield* TestClock.adjust("3 seconds")
      assert.match((yield* tables.trouble("objects")) ?? "", /ends at 1, but was at 3 before/)
      assert.strictEqual((yield* Effect.flip(tables.current("objects"))).applied, "no")
      assert.strictEqual(tables.of({ log: "objects", storage: "configmaps" }).size, 3)
    }).pipe(Effect.provide(Layer.provide(Tables.layer, Layer.succeed(Log, log))))
  }).pipe(Effect.scoped, quiet)
)

it.effect("what the store is asked is counted by what became of it, under the names of upstream", () =>
  Effect.gen(function* () {
    const log = yield* Log
    const first = yield* put(log, "one")
    yield* put(log, "one", first)
    yield* Effect.flip(put(log, "one", 7))
    yield* log.barrier({ log: "objects" })
    yield* TestClock.adjust("6 seconds")
    const text = PrometheusMetrics.formatUnsafe(yield* Effect.context())
    for (const line of [
      /^etcd_requests_total\{operation="create",type="configmaps"\} 1$/m,
      /^etcd_requests_total\{operation="update",type="configmaps"\} 2$/m,
      /^etcd_request_duration_seconds_count\{operation="update",type="configmaps"\} 2$/m,
      /^keelson_store_appends_total\{log="objects",outcome="done"\} 2$/m,
      /^keelson_store_appends_total\{log="objects",outcome="conflict"\} 1$/m,
      /^keelson_store_revision\{log="objects"\} 2$/m,
      /^keelson_store_lag_revisions\{log="objects"\} 0$/m,
      /^keelson_store_compacted_revision\{log="objects"\} 0$/m,
      /^apiserver_storage_objects\{resource="configmaps"\} 1$/m,
      /^apiserver_storage_size_bytes\{storage_cluster_id="objects"\} \d+$/m
    ]) {
      assert.match(text, line)
    }
  }).pipe(Effect.provide(Layer.provideMerge(Tables.layer, Layer.provide(Measured.layer, MemoryLog.layer))))
)
