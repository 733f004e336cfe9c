/** A contract between processes: the same laws over a unix socket, and what callers see when the other end goes and comes. */
import { assert, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Layer, Schedule, Schema, Scope, Stream } from "effect"
import { mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as MemoryApi from "../../adapters/memory/MemoryApi.ts"
import * as Api from "../../conformance/Api.ts"
import * as Log from "../../conformance/Log.ts"
import * as Contract from "../../kernel/plugin/Contract.ts"
import * as Socket from "../../kernel/plugin/Socket.ts"
import * as MemoryLog from "../../kernel/store/memory/MemoryLog.ts"
import { sabotage, verify } from "../Verify.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "keelson-socket-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

/** Served and consumed at a socket of its own. */
const across = <Self, S, E>(contract: Contract.Contract<Self, S>, layer: Layer.Layer<Self, E>) =>
  Layer.unwrap(
    Effect.map(folder, (path) => {
      const socket = join(path, "contract.sock")
      const served = Layer.provide(Socket.serve(contract, socket), layer)
      return Layer.provide(Socket.connect(contract, socket), served)
    })
  )

verify("over a socket", Api.suite, across(Api.suite.contract, MemoryApi.layer()))
verify("over a socket", Log.suite, across(Log.suite.contract, MemoryLog.layer))

class Echo extends Contract.make<Echo>()(
  "test/Echo",
  { version: "1.2.0", laws: {} },
  Contract.method("echo", { doc: "Bytes back.", payload: { bytes: Contract.Bytes }, success: Contract.Bytes, errors: [] }),
  Contract.method("hang", { doc: "No answer.", errors: [] }),
  Contract.method("ticks", { doc: "One, and no end.", success: Schema.Int, stream: true, errors: [] })
) {}
const echo = Layer.succeed(Echo, {
  echo: ({ bytes }) => Effect.succeed(bytes),
  hang: () => Effect.never,
  ticks: () => Stream.concat(Stream.make(1), Stream.never)
})

/** A server that can be taken away. */
const serving = (path: string) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    yield* Layer.buildWithScope(Layer.provide(Socket.serve(Echo, path), echo), scope)
    return Scope.close(scope, Exit.void)
  })

const connected = (path: string) =>
  Effect.map(Layer.build(Socket.connect(Echo, path)), (services) => Context.get(services, Echo))

it.live("bytes stay bytes, whatever their size, and nobody else can connect", () =>
  Effect.gen(function* () {
    const path = join(yield* folder, "echo.sock")
    yield* serving(path)
    assert.strictEqual(statSync(path).mode & 0o777, 0o600)
    const { echo } = yield* connected(path)
    assert.strictEqual((yield* Effect.flip(serving(path)))._tag, "SocketFailed")
    for (const size of [0, 1, 70_000, 20_000_000]) {
      const bytes = new Uint8Array(size).fill(size % 251)
      const back = yield* echo({ bytes })
      assert.instanceOf(back, Uint8Array)
      assert.strictEqual(Buffer.compare(back, bytes), 0)
    }
  }).pipe(Effect.scoped)
)

it.live("calls under way fail as unknown, calls without a connection as not applied, and it connects again", () =>
  Effect.gen(function* () {
    const path = join(yield* folder, "echo.sock")
    const stop = yield* serving(path)
    const remote = yield* connected(path)
    const call = yield* Effect.forkChild(Effect.flip(remote.hang()))
    const stream = yield* Effect.forkChild(Effect.flip(Stream.runDrain(remote.ticks())))
    yield* remote.echo({ bytes: new Uint8Array(1) })
    yield* stop
    for (const failure of [yield* Fiber.join(call), yield* Fiber.join(stream)]) {
      assert.deepInclude(failure, { _tag: "Unavailable", applied: "unknown" })
    }
    assert.deepInclude(yield* Effect.flip(remote.echo({ bytes: new Uint8Array(1) })), { _tag: "Unavailable", applied: "no" })
    yield* serving(path)
    const again = Effect.retry(remote.echo({ bytes: new Uint8Array([7]) }), {
      times: 200,
      schedule: Schedule.spaced("10 millis")
    })
    assert.deepStrictEqual([...(yield* again)], [7])
    assert.strictEqual((yield* Stream.runHead(remote.ticks()))._tag, "Some")
  }).pipe(Effect.scoped)
)

it.live("a server that is older than its consumer is refused, with the reason", () =>
  Effect.gen(function* () {
    class Newer extends Contract.make<Newer>()("test/Echo", { version: "1.3.0", laws: {} }) {}
    class Older extends Contract.make<Older>()("test/Echo", { version: "1.1.0", laws: {} }) {}
    const path = join(yield* folder, "echo.sock")
    yield* serving(path)
    const refused = yield* Effect.flip(Effect.provide(Newer, Socket.connect(Newer, path)))
    assert.deepInclude(refused, { _tag: "VersionSkew", wanted: "1.3.0", offered: "1.2.0" })
    yield* Effect.provide(Older, Socket.connect(Older, path))
  }).pipe(Effect.scoped)
)

sabotage(Log.suite, across(Log.suite.contract, MemoryLog.layer))
