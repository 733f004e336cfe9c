/** What the command line is careful about: whom it signals, and what it shows and leaves readable. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import * as Keys from "../../bin/Keys.ts"
import * as Paths from "../../bin/Paths.ts"
import * as Processes from "../../bin/Processes.ts"
import * as Settings from "../../bin/Settings.ts"
import * as Store from "../../bin/Store.ts"

const sleeper = Effect.acquireRelease(
  Effect.sync(() => spawn("sleep", ["60"], { stdio: "ignore" })),
  (child) => Effect.sync(() => child.kill("SIGKILL"))
)
const pidOf = ({ pid = 0 }: ChildProcess) => pid
const paths = Paths.make("/data", "n")
const settingsWith = (store: string) => ({ ...Settings.defaults(), store })

describe("processes", () => {
  it.effect("are not signalled when only the number is theirs", () =>
    Effect.gen(function* () {
      const stranger = yield* sleeper
      yield* Processes.end({ pid: pidOf(stranger), began: "1" }, "1 seconds")
      assert.isNull(stranger.signalCode)
      assert.isTrue(Processes.isAlive(Processes.of(pidOf(stranger))))
    })
  )

  it.live("are ended when they are those that were recorded", () =>
    Effect.gen(function* () {
      const child = yield* sleeper
      const exited = once(child, "exit")
      yield* Processes.end(Processes.of(pidOf(child)), "5 seconds")
      yield* Effect.promise(() => exited)
      assert.strictEqual(child.signalCode, "SIGTERM")
    })
  )
})

describe("secrets", () => {
  it("of a store's addresses are shown to nobody", () => {
    const shown = Store.describe(settingsWith("nats://a:secret@one:4222,nats://b:secret@two:4222"), paths)
    assert.strictEqual(shown, "JetStream at nats://one:4222,nats://two:4222")
  })

  it.effect("of a kubeconfig are its owner's alone, also where others could read the one before", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const own = Paths.make(yield* files.makeTempDirectoryScoped(), "n")
      yield* files.writeFileString(own.kubeconfig, "old", { mode: 0o644 })
      const before = yield* files.stat(own.kubeconfig)
      yield* Keys.open({ ...Settings.defaults(), nodeName: "n" }, own)
      const after = yield* files.stat(own.kubeconfig)
      assert.strictEqual(after.mode & 0o777, 0o600)
      assert.isFalse(after.ino._tag === "Some" && before.ino._tag === "Some" && after.ino.value === before.ino.value)
    }).pipe(Effect.provide(NodeServices.layer))
  )
})
