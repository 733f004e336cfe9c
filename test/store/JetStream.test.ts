/** The log on a real nats-server: the laws, kills, what is refused. */
import { assert, describe, it } from "@effect/vitest"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Fiber, FileSystem, Layer, Option, References, Stream } from "effect"
import { spawn } from "node:child_process"
import * as Suite from "../../conformance/Log.ts"
import * as NatsServer from "../../kernel/store/jetstream/NatsServer.ts"
import * as Version from "../../kernel/store/jetstream/Version.ts"
import { Log } from "../../kernel/store/Log.ts"
import { verify } from "../Verify.ts"
import { left } from "../Left.ts"
import * as RawNats from "./RawNats.ts"

const files = Effect.provide(FileSystem.FileSystem, NodeServices.layer)
const temporary = Effect.flatMap(files, (fs) => fs.makeTempDirectoryScoped({ prefix: "keelson-nats-" }))
const quiet = Effect.provideService(References.MinimumLogLevel, "None")
const pidOf = (directory: string) =>
  Effect.flatMap(files, (fs) => Effect.map(fs.readFileString(`${directory}/nats-server.pid`), Number))
const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const change = { log: "objects", op: "put", bytes: new Uint8Array(200) } as const

/** Built by the finder if this machine has Go; a machine that has neither cannot run these tests. */
const { binary, lacks } = RawNats

describe.skipIf(lacks.length > 0)(`JetStream${left(lacks)}`, () => {
  verify("on JetStream", Suite.suite, Layer.unwrap(Effect.map(temporary, (directory) => NatsServer.layer({ directory }))))

  it.live("a server that is killed loses nothing acknowledged, and followers go on without a gap", () =>
    Effect.gen(function* () {
      const directory = yield* temporary
      yield* Effect.gen(function* () {
        const log = yield* Log
        const seen: number[] = []
        let begun = 0
        const reader = yield* log.follow({ log: "objects" }).pipe(
          Stream.tap((event) => Effect.sync(() => event._tag === "Began" && begun++)),
          Stream.flatMap((event) => Stream.fromIterable(event._tag === "Began" ? [] : event.entries)),
          Stream.tap(({ seq }) => Effect.sync(() => seen.push(seq))),
          Stream.takeUntil(({ key }) => key === "end"),
          Stream.runDrain,
          Effect.forkChild
        )
        const acknowledged: number[] = []
        const write = (writer: number) =>
          Effect.gen(function* () {
            for (let prev = 0, count = 0; count < 60; count++) {
              prev = yield* log.append({ ...change, key: `writer/${writer}`, prev, writeId: `${writer} ${count}` })
              acknowledged.push(prev)
              if (writer === 0 && count % 20 === 10) process.kill(yield* pidOf(directory), "SIGKILL")
            }
          })
        yield* Effect.forEach(Array(16).keys(), write, { concurrency: "unbounded", discard: true })
        acknowledged.push(yield* log.append({ ...change, key: "end", prev: 0, writeId: "end" }))
        yield* Fiber.join(reader)
        assert.strictEqual(begun, 1)
        assert.deepStrictEqual(
          seen,
          acknowledged.toSorted((one, other) => one - other)
        )
      }).pipe(Effect.provide(NatsServer.layer({ directory })))
    }).pipe(quiet)
  )

  it.live("the server ends with its scope, and the next one has its data", () =>
    Effect.gen(function* () {
      const directory = yield* temporary
      const [seq, pid] = yield* Effect.gen(function* () {
        const log = yield* Log
        const written = yield* log.append({ ...change, key: "a", prev: 0, writeId: "1" })
        const second = yield* Effect.flip(Layer.build(NatsServer.layer({ directory })))
        assert.strictEqual(second._tag, "NatsServerInUse")
        return [written, yield* pidOf(directory)] as const
      }).pipe(Effect.provide(NatsServer.layer({ directory })))
      assert.isFalse(isAlive(pid))
      const again = Effect.flatMap(Log, (log) => log.append({ ...change, key: "a", prev: 0, writeId: "1" }))
      assert.strictEqual(yield* Effect.provide(again, NatsServer.layer({ directory })), seq)
    }).pipe(quiet)
  )

  it.live("a server whose supervisor was killed is ended before another is started on its data", () =>
    Effect.gen(function* () {
      const directory = yield* temporary
      const fs = yield* files
      yield* Effect.provide(Log, NatsServer.layer({ directory }))
      const forgotten = spawn(Option.getOrThrow(binary), ["--config", `${directory}/nats-server.conf`], { stdio: "ignore" })
      const ended = new Promise((resolve) => forgotten.on("exit", resolve))
      yield* Effect.eventually(Effect.filterOrFail(pidOf(directory), (pid) => pid === forgotten.pid))
      yield* fs.writeFileString(`${directory}/owner.pid`, "1")
      yield* Effect.provide(Log, NatsServer.layer({ directory }))
      yield* Effect.promise(() => ended)
    }).pipe(quiet)
  )

  it.live("a server that loses what it acknowledged is refused", () =>
    Effect.gen(function* () {
      const directory = yield* temporary
      const fs = yield* files
      const old = `${directory}/nats-server`
      yield* fs.writeFileString(old, "#!/bin/sh\necho 'nats-server: v2.9.10'\n", { mode: 0o755 })
      const refused = yield* Effect.flip(Layer.build(NatsServer.layer({ directory, binary: old })))
      assert.include(refused.message, `${old} is 2.9.10, which loses acknowledged writes`)
      const missing = yield* Effect.flip(Layer.build(NatsServer.layer({ directory, binary: "/nowhere/nats-server" })))
      assert.include(missing.message, "/nowhere/nats-server is not there")
    })
  )
})

it("versions are compared by number, and previews come before their release", () => {
  assert.isTrue(Version.isBefore("2.9.10", "2.10.23"))
  assert.isFalse(Version.isBefore("v2.14.5", "2.10.23"))
  assert.isTrue(Version.isBefore("2.12.3-RC.1", "2.12.3"))
})
