/** What a wire over NATS does that one to another machine has no occasion for: lost servers, lost messages, others at the same servers. */
import { assert, describe, it } from "@effect/vitest"
import { connect } from "@nats-io/transport-node"
import { Duration, Effect, Layer, Schedule, SubscriptionRef } from "effect"
import { fork } from "node:child_process"
import { join } from "node:path"
import * as Isolate from "../../kernel/plugin/Isolate.ts"
import * as NatsPipe from "../../kernel/plugin/isolate/NatsPipe.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { left } from "../Left.ts"
import * as RawNats from "../store/RawNats.ts"
import * as Far from "./Far.ts"
import { Hostile } from "./Hostile.ts"

const module = new URL("./Hostile.ts", import.meta.url)
const isolated = (remote: Isolate.Remote) =>
  Isolate.run({ name: "hostile", module, offers: [Hostile], needs: [], isolation: "remote", remote })
const running = Effect.fnUntraced(function* (remote: Isolate.Remote) {
  return yield* Effect.provide(Hostile, yield* Layer.build(Plugin.install(isolated(remote))))
})
/** How the plugin is, as its host says. */
const isRunning = Effect.gen(function* () {
  const { states } = yield* Plugin.Host
  const [state] = yield* SubscriptionRef.get(states)
  return state?.state === "running"
})

/** A machine that serves, in a process of its own. */
const machine = (at: object) =>
  Effect.acquireRelease(
    Effect.callback<ReturnType<typeof fork>>((resume) => {
      const child = fork(join(import.meta.dirname, "NatsMachine.ts"), [JSON.stringify(at)], { stdio: "inherit" })
      child.once("message", () => resume(Effect.succeed(child)))
    }),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )

const until = Effect.retry({ times: 1500, schedule: Schedule.spaced("20 millis") })

describe.skipIf(RawNats.lacks.length > 0)(`over NATS${left(RawNats.lacks)}`, () => {
  it.live("a machine that is killed is noticed at once, and another one that serves the same takes its place", () =>
    Effect.gen(function* () {
      const site = yield* Far.natsSite
      const at = { nats: site.nats, subject: Far.subject, ca: site.ca }
      const first = yield* machine({ ...at, ...site.machine })
      const hostile = yield* running({ ...at, ...site.cluster })
      yield* hostile.greet()
      yield* machine({ ...at, ...site.machine })
      first.kill("SIGKILL")
      const [noticed] = yield* Effect.timed(until(Effect.filterOrFail(isRunning, (is) => !is)))
      assert.isBelow(Duration.toMillis(noticed), 5000)
      yield* until(hostile.greet())
    }).pipe(Effect.scoped, Effect.provide(Plugin.Host.layer))
  )

  it.live("a server that is killed ends the wire, and the plugin is started again when it is back", () =>
    Effect.gen(function* () {
      const site = yield* Far.natsSite
      const at = { nats: site.nats, subject: Far.subject, ca: site.ca }
      yield* Isolate.serveNats({ name: "hostile", module, ...at, ...site.machine })
      const hostile = yield* running({ ...at, ...site.cluster })
      yield* hostile.greet()
      site.child.kill("SIGKILL")
      yield* until(Effect.flip(hostile.greet()))
      yield* site.again
      yield* until(hostile.greet())
    }).pipe(Effect.scoped, Effect.provide(Plugin.Host.layer))
  )

  it.live("whoever may use the subjects of another plugin finds nobody, and may not use these", () =>
    Effect.gen(function* () {
      const site = yield* Far.natsSite
      const at = { nats: site.nats, subject: Far.subject, ca: site.ca }
      yield* Isolate.serveNats({ name: "hostile", module, about: "a manifest", ...at, ...site.machine })
      assert.strictEqual(yield* Isolate.about("hostile", { ...at, ...site.cluster }), "a manifest")
      const reason = (remote: Isolate.Remote) =>
        Effect.map(Effect.flip(Isolate.about("hostile", remote)), ({ message }) => message)
      assert.match(yield* reason({ ...at, ...site.cluster, subject: "plugins.other" }), /Permissions Violation/i)
      assert.match(
        yield* reason({ ...at, ...site.other, subject: "plugins.other" }),
        /^nobody serves plugins\.other at tls:/
      )
      assert.match(yield* reason({ ...at, ...site.other }), /Permissions Violation/i)
      assert.match(yield* reason({ ...at, ...site.stranger }), /Authorization Violation/i)
      // Who may open guests may not play one.
      const machine = Isolate.serveNats({ name: "hostile", module, ...at, ...site.cluster })
      assert.match((yield* Effect.flip(machine)).message, /Permissions Violation for Subscription/i)
    }).pipe(Effect.scoped)
  )

  it.live("who does not read holds up who writes; then all comes, in order; a message that is lost ends it", () =>
    Effect.gen(function* () {
      const { healthy, servers } = yield* RawNats.start("")
      yield* healthy
      const connection = yield* Effect.acquireRelease(
        Effect.promise(() => connect({ servers })),
        (connection) => Effect.promise(() => connection.close())
      )
      const writer = NatsPipe.make(connection, { mine: "a", theirs: "b" })
      const reader = NatsPipe.make(connection, { mine: "b", theirs: "a" })
      const [piece, pieces] = [1024 ** 2 - 7, 32]
      writer.on("error", () => {})
      for (let index = 0; index < pieces; index++) writer.write(Buffer.alloc(piece, index))
      yield* Effect.sleep("500 millis")
      const unsent = writer.writableLength
      assert.isAtLeast(unsent, pieces * piece - NatsPipe.window - 2 * piece)
      yield* Effect.sleep("500 millis")
      assert.strictEqual(writer.writableLength, unsent)
      let read = 0
      reader.on("data", (bytes: Buffer) => {
        for (const [index, byte] of bytes.entries()) {
          if (byte !== Math.floor((read + index) / piece)) reader.destroy(new Error(`byte ${read + index} is ${byte}`))
        }
        read += bytes.length
      })
      const gone = new Promise<Error>((resolve) => reader.on("error", resolve))
      yield* until(Effect.suspend(() => (read === pieces * piece ? Effect.void : Effect.fail(read))))
      connection.publish("b", Buffer.alloc(13))
      assert.match((yield* Effect.promise(() => gone)).message, /messages were lost/)
      yield* until(Effect.suspend(() => (writer.destroyed ? Effect.void : Effect.fail("it is not ended"))))
    }).pipe(Effect.scoped)
  )
})
