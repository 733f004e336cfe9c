/** Several runtimes behind one contract: they keep its laws together, and each Pod is where its handler says. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as MemoryPowers from "../../adapters/memory/MemoryPowers.ts"
import * as ContainerRuntimeLaws from "../../conformance/ContainerRuntime.ts"
import * as EventsLaws from "../../conformance/Events.ts"
import * as ExecLaws from "../../conformance/Exec.ts"
import * as ImagesLaws from "../../conformance/Images.ts"
import * as LogsLaws from "../../conformance/Logs.ts"
import * as StatsLaws from "../../conformance/Stats.ts"
import { Unavailable } from "../../kernel/plugin/Contract.ts"
import { ContainerRuntime } from "../../plugins/kubelet/contracts/ContainerRuntime.ts"
import { Exec } from "../../plugins/kubelet/contracts/Exec.ts"
import { Images } from "../../plugins/kubelet/contracts/Images.ts"
import * as Runtimes from "../../plugins/kubelet/runtimes/Runtimes.ts"
import { verify } from "../Verify.ts"

const one = { network: "runtime", name: "one-r", images: ["busybox"], registry: ["busybox"] } as const
const two = { ...one, name: "two-r", handlers: ["crun", "runc"] }
const three = { ...one, name: "three-r", handlers: ["runc"], images: [] }

const runtimes = { one: MemoryPowers.layer(one), two: MemoryPowers.layer(two) }
const layer = Runtimes.layer({ default: "one", runtimes })
const second = Runtimes.layer({ default: "two", runtimes })
for (const [name, machine] of [
  ["several, the first by default", layer],
  ["several, the second by default", second]
] as const) {
  verify(name, ContainerRuntimeLaws.suite, machine)
  verify(name, EventsLaws.suite, machine)
  verify(name, ImagesLaws.suite, machine)
  verify(name, ExecLaws.suite, machine)
  verify(name, LogsLaws.suite, machine)
  verify(name, StatsLaws.suite, machine)
}

const config = (uid: string, handler?: string) => ({
  uid,
  namespace: "default",
  name: uid,
  attempt: 0,
  hostname: uid,
  network: { _tag: "runtime" } as const,
  ...(handler !== undefined && { handler })
})

describe("several runtimes", () => {
  const all = Runtimes.layer({
    default: "one",
    runtimes: { one: MemoryPowers.layer(one), two: MemoryPowers.layer(two), three: MemoryPowers.layer(three) }
  })
  const about = [
    ["", "one-r"],
    ["one", "one-r"],
    ["two", "two-r"],
    ["three", "three-r"],
    ["one-r", "one-r"],
    ["two-r", "two-r"],
    ["three-r", "three-r"],
    ["crun", "two-r"],
    ["runc", "two-r"],
    ["three-runc", "three-r"]
  ] as const

  it.effect("a handler is a runtime's name, or one that it describes, and all are described", () =>
    Effect.gen(function* () {
      const { describe, startPod } = yield* ContainerRuntime
      const { handlers, name } = yield* describe()
      assert.strictEqual(name, "one-r")
      assert.deepStrictEqual(
        handlers.map((handler) => [handler.name, handler.runtime?.name]),
        about.map((pair) => [...pair])
      )
      for (const [handler, runtime] of about) {
        const pod = yield* startPod(config(`u-${handler}`, handler))
        assert.strictEqual(pod.runtime, runtime, handler)
      }
    }).pipe(Effect.provide(all))
  )

  it.effect("a Pod stays where it is when its handler means another", () =>
    Effect.gen(function* () {
      const { list, startPod } = yield* ContainerRuntime
      yield* startPod(config("stays", "two"))
      assert.strictEqual((yield* startPod(config("stays"))).runtime, "two-r")
      assert.strictEqual((yield* startPod({ ...config("stays"), attempt: 1 })).runtime, "one-r")
      const pods = yield* list({ uid: "stays" })
      assert.deepStrictEqual(pods.map(({ runtime }) => runtime).toSorted(), ["one-r", "two-r"])
    }).pipe(Effect.provide(all))
  )

  it.effect("images are those of the runtime that is meant", () =>
    Effect.gen(function* () {
      const { find, list, pull } = yield* Images
      assert.strictEqual(yield* find({ image: "busybox", handler: "three" }), null)
      const refused = yield* Effect.flip(pull({ image: "busybox", handler: "four" }))
      assert.deepInclude(refused, { _tag: "PullFailed", message: 'no runtime for "four" is configured' })
      yield* pull({ image: "busybox", handler: "three-runc" })
      assert.notStrictEqual(yield* find({ image: "busybox", handler: "three-r" }), null)
      assert.strictEqual((yield* list()).length, 1)
    }).pipe(Effect.provide(all))
  )

  it.effect("what an earlier router started is found by its id", () =>
    Effect.gen(function* () {
      const runtime = yield* Layer.build(all)
      const behind = yield* Effect.provide(ContainerRuntime, runtime)
      const { id: pod } = yield* behind.startPod(config("old", "two"))
      const id = yield* behind.startContainer({ pod, name: "main", attempt: 0, image: "busybox", command: ["sleep", "600"] })
      const machine = Layer.succeedContext(runtime)
      const again = Runtimes.layer({ default: "three", runtimes: { three: MemoryPowers.layer(three), two: machine } })
      yield* Effect.gen(function* () {
        const { run } = yield* Exec
        assert.strictEqual((yield* run({ id, command: ["true"], timeoutSeconds: 5 })).exitCode, 0)
        const { list, stopContainer } = yield* ContainerRuntime
        yield* stopContainer({ id, graceSeconds: 0 })
        assert.strictEqual((yield* list({ uid: "old" }))[0]?.containers[0]?.state, "Exited")
      }).pipe(Effect.provide(again))
    }).pipe(Effect.scoped)
  )

  it.effect("one that does not answer holds up only its own Pods", () => {
    let down = false
    const failing = Layer.effect(
      ContainerRuntime,
      Effect.map(ContainerRuntime, (honest) => {
        const lost = Effect.fail(new Unavailable({ contract: ContainerRuntime.key, applied: "unknown", cause: "down" }))
        return {
          ...honest,
          describe: () => (down ? lost : honest.describe()),
          list: (of) => (down ? lost : honest.list(of)),
          health: () => (down ? lost : honest.health())
        }
      })
    ).pipe(Layer.provideMerge(MemoryPowers.layer(two)))
    const both = Runtimes.layer({ default: "one", runtimes: { one: MemoryPowers.layer(one), two: failing } })
    return Effect.gen(function* () {
      const { describe, health, list, startPod } = yield* ContainerRuntime
      const before = yield* describe()
      yield* startPod(config("hers", "one"))
      yield* startPod(config("his", "two"))
      down = true
      assert.strictEqual((yield* list({ uid: "hers" })).length, 1)
      assert.strictEqual((yield* Effect.flip(list({ uid: "his" })))._tag, "Unavailable")
      assert.strictEqual((yield* Effect.flip(list({})))._tag, "Unavailable")
      assert.deepStrictEqual(yield* describe(), before)
      assert.deepStrictEqual(yield* health(), { runtime: true, network: true, message: "two: it does not answer" })
    }).pipe(Effect.provide(both))
  })
})
