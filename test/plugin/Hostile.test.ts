/**
 * The table of what each level of isolation withstands, cell by cell: kernel/plugin/README.md has it for readers. What a level
 * promises to contain leaves the host answering, other plugins too, and the plugin is started again; what it does not
 * promise is shown to get through.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schedule, Stream, SubscriptionRef } from "effect"
import { spawn } from "node:child_process"
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import type { Grants } from "../../kernel/plugin/Isolate.ts"
import * as Isolate from "../../kernel/plugin/Isolate.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { Hostile } from "./Hostile.ts"
import * as Levels from "./Levels.ts"
import { Names } from "./Needy.ts"

const megabyte = 1024 ** 2
const gigabyte = 1024 ** 3
const module = new URL("./Hostile.ts", import.meta.url)

/** Another plugin of the same host, which has to notice nothing. */
const neighbour = Plugin.make({
  name: "neighbour",
  offers: [Names],
  layer: Layer.succeed(Names, { next: () => Effect.succeed("here") })
})
const budgets = { memoryBytes: 192 * megabyte, silentMillis: 2000, callMillis: 120_000, pids: 40, messages: 5000 }
const isolated = (isolation: Plugin.Isolation, grants: Grants = {}) =>
  Isolate.run({ name: "hostile", module, offers: [Hostile], needs: [], isolation, grants, budgets })
const host = (isolation: Plugin.Isolation, grants?: Grants) =>
  Layer.mergeAll(Plugin.install(isolated(isolation, grants)), Plugin.install(neighbour)).pipe(
    Layer.provideMerge(Plugin.Host.layer)
  )

const greets = Effect.flatMap(Hostile, (hostile) =>
  Effect.retry(hostile.greet(), { times: 6000, schedule: Schedule.spaced("10 millis") })
)

/** The call ends without an answer, the neighbour answers meanwhile, the plugin runs again, and its state told why. */
const contained = Effect.fnUntraced(function* (
  attack: (hostile: Hostile["Service"]) => Effect.Effect<unknown, unknown>,
  reason: RegExp
) {
  const hostile = yield* Hostile
  const names = yield* Names
  const { states } = yield* Plugin.Host
  const said: Array<string> = []
  const hear = (all: ReadonlyArray<Plugin.State>) =>
    Effect.sync(() => said.push(all.find(({ name }) => name === "hostile")?.reason ?? ""))
  yield* Effect.forkScoped(Stream.runForEach(SubscriptionRef.changes(states), hear))
  assert.strictEqual(yield* greets, "hello")
  const before = (yield* SubscriptionRef.get(states)).find(({ name }) => name === "hostile")?.restarts ?? 0
  yield* Effect.forkChild(Effect.ignore(attack(hostile)))
  const look = Effect.gen(function* () {
    assert.strictEqual(yield* names.next(), "here")
    const state = (yield* SubscriptionRef.get(states)).find(({ name }) => name === "hostile")
    return state?.restarts ?? 0
  })
  yield* Effect.repeat(look, { schedule: Schedule.spaced("5 millis"), until: (restarts) => restarts > before })
  assert.isTrue(
    said.some((one) => reason.test(one)),
    `${JSON.stringify(said)} has no ${reason}`
  )
  assert.strictEqual(yield* greets, "hello")
})

interface Attack {
  readonly what: string
  readonly by: (hostile: Hostile["Service"]) => Effect.Effect<unknown, unknown>
  readonly reason: RegExp
  /** The levels that contain it. */
  readonly levels: ReadonlyArray<Plugin.Isolation>
}
const apart = ["worker", "process", "sandbox"] as const
/** A sandbox ends as the process that it is: that is tried once. */
const ending = ["worker", "process"] as const
const attacks: ReadonlyArray<Attack> = [
  { what: "an exit", by: ({ exit }) => exit(), reason: /ended/, levels: ending },
  { what: "an exception that nobody catches", by: ({ fail }) => fail(), reason: /ouch|ended/, levels: ending },
  { what: "an unhandled rejection", by: ({ reject }) => reject(), reason: /ouch|ended/, levels: apart },
  { what: "an infinite loop", by: ({ spin }) => spin(), reason: /has not answered for 2000 ms/, levels: apart },
  {
    what: "a flood of messages",
    by: ({ flood }) => flood(),
    reason: /more than 5000 messages a second|has not answered/,
    levels: apart
  },
  { what: "messages of another protocol", by: ({ babble }) => babble(), reason: /does not speak/, levels: ending },
  {
    what: "10 GB on the heap",
    by: ({ heap }) => heap({ bytes: 10 * gigabyte }),
    reason: /memory|ended|has not answered/i,
    levels: apart
  },
  {
    what: "10 GB in buffers",
    by: ({ buffers }) => buffers({ bytes: 10 * gigabyte }),
    reason: /memory|ended by SIGKILL/,
    levels: ["process", "sandbox"]
  }
]

for (const { isolation, lacks, title } of Levels.all.slice(1)) {
  describe.skipIf(lacks.length > 0)(title, () => {
    it.live(
      "what it throws at once fails that call, and no other",
      () =>
        Effect.gen(function* () {
          const hostile = yield* Hostile
          assert.deepInclude(yield* Effect.flip(hostile.throws()), { _tag: "Unavailable", applied: "unknown" })
          assert.strictEqual(yield* hostile.greet(), "hello")
        }).pipe(Effect.provide(host(isolation))),
      60_000
    )
    it.live(
      `contains ${attacks
        .filter(({ levels }) => levels.includes(isolation))
        .map(({ what }) => what)
        .join(", ")}`,
      () =>
        Effect.forEach(
          attacks.filter(({ levels }) => levels.includes(isolation)),
          ({ by, reason, what }) => Effect.annotateLogs(contained(by, reason), { what }),
          { discard: true }
        ).pipe(Effect.scoped, Effect.provide(host(isolation))),
      240_000
    )
  })
}

/** A server that says hello, and a file that only this user may read. */
const around = Effect.gen(function* () {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "keelson-hostile-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true }))
  )
  const path = join(folder, "secret")
  writeFileSync(path, "a secret", { mode: 0o600 })
  const server = createServer((socket) => socket.end("hello"))
  const port = yield* Effect.acquireRelease(
    Effect.callback<number>((resume) => {
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0))
      })
    }),
    () => Effect.sync(() => server.close())
  )
  return { folder, path, port }
})

const open = ["in-process", "worker", "process"] as const
it.live.each(open)("%s: files, addresses and processes are all within its reach", (isolation) =>
  Effect.gen(function* () {
    const { path, port } = yield* around
    yield* Effect.gen(function* () {
      const hostile = yield* Hostile
      assert.strictEqual(yield* hostile.read({ path }), "a secret")
      assert.strictEqual(yield* hostile.connect({ host: "127.0.0.1", port }), "hello")
      assert.strictEqual(yield* hostile.fork({ count: 60 }), 60)
      assert.deepInclude(yield* Effect.flip(hostile.throws()), { _tag: "Unavailable", applied: "unknown" })
    }).pipe(Effect.provide(host(isolation)))
  }).pipe(Effect.scoped)
)

interface Fate {
  readonly isEnded: boolean
  readonly lines: ReadonlyArray<readonly [word: string, megabytes: number]>
}

const program = fileURLToPath(new URL("./Victim.ts", import.meta.url))

/** What becomes of a host that is attacked, until it has ended or `until` is content. */
const victim = Effect.fnUntraced(function* (
  isolation: Plugin.Isolation,
  way: string,
  until: (lines: Fate["lines"], silentMillis: number) => boolean
) {
  const args = ["--max-old-space-size=96", program, isolation, way]
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] })),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  const lines: Array<readonly [string, number]> = []
  let heard = performance.now()
  createInterface(child.stdout).on("line", (line) => {
    const [word = "", megabytes] = line.split(" ")
    lines.push([word, Number(megabytes)])
    heard = performance.now()
  })
  const ended = Effect.callback<Fate>((resume) => {
    child.once("close", () => resume(Effect.succeed({ isEnded: true, lines })))
  })
  const content = Effect.suspend(() => Effect.succeed(until(lines, performance.now() - heard))).pipe(
    Effect.repeat({ schedule: Schedule.spaced("50 millis"), until: (isContent) => isContent }),
    Effect.map((): Fate => ({ isEnded: false, lines }))
  )
  return yield* Effect.race(ended, content)
}, Effect.scoped)

const words = ({ lines }: Fate) => lines.map(([word]) => word)
const never = () => false

it.live(
  "in-process: an exit, an exception, a rejection and a full heap end the host",
  () =>
    Effect.forEach(
      ["exit", "fail", "reject", "heap"],
      Effect.fnUntraced(function* (way) {
        const fate = yield* victim("in-process", way, never)
        assert.isTrue(fate.isEnded, way)
        assert.include(words(fate), "attacked")
        assert.notInclude(words(fate), "survived")
      }),
      { concurrency: 2, discard: true }
    ),
  120_000
)

it.live("in-process: an infinite loop stops the host", () =>
  Effect.gen(function* () {
    const fate = yield* victim("in-process", "spin", (lines, silent) => lines.length > 0 && silent > 1500)
    assert.deepStrictEqual(words(fate), ["attacked"])
  })
)

it.live.each(["in-process", "worker"] as const)("%s: buffers grow the host, which nothing holds up", (isolation) =>
  Effect.gen(function* () {
    const fate = yield* victim(isolation, "buffers", (lines) => lines.some(([word]) => word === "survived"))
    const sizes = fate.lines.map(([, megabytes]) => megabytes)
    assert.isAbove(Math.max(...sizes) - (sizes[0] ?? 0), 300)
  })
)

it.live("a sandbox that is confined by Node.js's permissions alone: no files, no processes, but every address", () =>
  Effect.gen(function* () {
    const { path, port } = yield* around
    const settings = { name: "hostile", module, offers: [Hostile], needs: [], isolation: "sandbox" } as const
    const confined = Isolate.run({ ...settings, confinement: "permissions" })
    yield* Effect.gen(function* () {
      const hostile = yield* Hostile
      assert.match(yield* hostile.read({ path }), /ERR_ACCESS_DENIED|Access to this API has been restricted/)
      assert.strictEqual(yield* hostile.fork({ count: 60 }), 0)
      assert.strictEqual(yield* hostile.connect({ host: "127.0.0.1", port }), "hello")
    }).pipe(Effect.provide(Layer.provide(Plugin.install(confined), Plugin.Host.layer)))
  }).pipe(Effect.scoped)
)

const sandbox = Levels.all.find(({ isolation }) => isolation === "sandbox")
describe.skipIf(sandbox === undefined || sandbox.lacks.length > 0)(sandbox?.title ?? "", () => {
  it.live("what is not granted is not there", () =>
    Effect.gen(function* () {
      const { path, port } = yield* around
      yield* Effect.gen(function* () {
        const hostile = yield* Hostile
        assert.match(yield* hostile.read({ path }), /ENOENT/)
        assert.match(yield* hostile.read({ path: "/etc/shadow" }), /ENOENT/)
        assert.match(yield* hostile.connect({ host: "127.0.0.1", port }), /ECONNREFUSED/)
        assert.match(yield* hostile.connect({ host: "192.0.2.1", port: 443 }), /ENETUNREACH/)
        assert.strictEqual(yield* hostile.fork({ count: 60 }), 0)
      }).pipe(Effect.provide(host("sandbox")))
    }).pipe(Effect.scoped)
  )

  it.live("what is granted is: a file, an address, a command; and no more processes than its budget", () =>
    Effect.gen(function* () {
      const { folder, path, port } = yield* around
      chmodSync(folder, 0o755)
      chmodSync(path, 0o644)
      const network = [`127.0.0.1:${port}`]
      yield* Effect.gen(function* () {
        const hostile = yield* Hostile
        assert.strictEqual(yield* hostile.read({ path }), "a secret")
        assert.strictEqual(yield* hostile.connect({ host: "127.0.0.1", port }), "hello")
        if (process.getuid?.() === 0) {
          const started = yield* hostile.fork({ count: 60 })
          assert.isAbove(started, 0)
          assert.isBelow(started, budgets.pids)
        }
        assert.strictEqual(yield* hostile.greet(), "hello")
      }).pipe(Effect.provide(host("sandbox", { files: { read: [path] }, network, commands: ["/usr/bin/sleep"] })))
    }).pipe(Effect.scoped)
  )
})
