/** The checks of the laws of `Logs`. They need containers of the image `busybox`, which has to be there. */
import { Effect, Random, Stream } from "effect"
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ContainerRuntime } from "../plugins/kubelet/contracts/ContainerRuntime.ts"
import { Logs } from "../plugins/kubelet/contracts/Logs.ts"
import * as Suite from "./Suite.ts"

type Service = Logs["Service"]

/** What a check works with: a Pod, with a folder for what it says. Both go in the end. */
const use = Effect.gen(function* () {
  const logs = yield* Logs
  const runtime = yield* ContainerRuntime
  const uid = `law-${yield* Random.nextInt}`
  const folder = Effect.sync(() => mkdtempSync(join(tmpdir(), "laws-")))
  const logDirectory = yield* Effect.acquireRelease(folder, (path) => Effect.sync(() => rmSync(path, { recursive: true })))
  const pod = {
    uid,
    namespace: "laws",
    name: uid,
    attempt: 0,
    hostname: uid,
    network: { _tag: "host" },
    logDirectory
  } as const
  const remove = ({ id }: { readonly id: string }) => Effect.ignore(runtime.removePod({ pod: id }))
  const { id } = yield* Effect.acquireRelease(runtime.startPod(pod), remove)
  const start = (script: string) =>
    runtime.startContainer({
      pod: id,
      name: "says",
      attempt: 0,
      image: "busybox",
      command: ["sh", "-c", script],
      logPath: "says.log"
    })
  const lines = (read: Parameters<Service["read"]>[0]) =>
    logs.read(read).pipe(
      Stream.map(({ line }) => Buffer.from(line).toString("utf8")),
      Stream.runCollect,
      Suite.inTime
    )
  return { logs, start, lines }
})
type Use = Effect.Success<typeof use>

const check = (
  holds: (use: Use) => Generator<Effect.Effect<unknown, unknown>, void, never>,
  saboteur: (honest: Service) => Partial<Service>
) => ({ holds: Effect.scoped(Effect.flatMap(use, Effect.fnUntraced(holds))), saboteur })

const script = "echo one; echo two; echo three; sleep 1; echo four"

export const suite = Suite.make<Logs, Logs["Service"], (typeof Logs)["laws"], Logs | ContainerRuntime>(Logs, {
  "lines/order": check(
    function* ({ lines, start }) {
      const id = yield* start(script)
      assert.deepEqual(yield* lines({ id, follow: true }), ["one\n", "two\n", "three\n", "four\n"])
    },
    ({ read }) => ({ read: (of) => Stream.flatMap(read(of), (line) => Stream.fromIterable([line, line])) })
  ),
  "lines/tail": check(
    function* ({ lines, start }) {
      const id = yield* start(script)
      yield* lines({ id, follow: true })
      assert.deepEqual(yield* lines({ id, follow: false, tail: 2 }), ["three\n", "four\n"])
      assert.deepEqual(yield* lines({ id, follow: false, tail: 0 }), [])
    },
    ({ read }) => ({ read: ({ tail: _, ...of }) => read(of) })
  ),
  "follow/ends": check(
    function* ({ lines, start }) {
      const id = yield* start("echo one")
      assert.deepEqual(yield* lines({ id, follow: true }), ["one\n"])
    },
    ({ read }) => ({ read: (of) => (of.follow ? Stream.concat(read(of), Stream.never) : read(of)) })
  ),
  "read/missing": check(
    function* ({ logs }) {
      const refused = yield* Effect.flip(Stream.runDrain(logs.read({ id: "no-such-container", follow: false })))
      assert.equal(refused._tag, "ContainerMissing")
    },
    () => ({ read: () => Stream.empty })
  )
})
