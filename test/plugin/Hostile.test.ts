/**
 * The table of what each level of isolation withstands, cell by cell: kernel/plugin/README.md has it for readers. What a level
 * promises to contain leaves the host answering, other plugins too, and the plugin is started again; what it does not
 * promise is shown to get through.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schedule, Stream, SubscriptionRef } from "effect"
import { spawn, spawnSync } from "node:child_process"
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import type { Grants, Settings } from "../../kernel/plugin/Isolate.ts"
import * as Isolate from "../../kernel/plugin/Isolate.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { Hostile } from "./Hostile.ts"
import { left } from "../Left.ts"
import * as Levels from "./Levels.ts"
import { Names } from "./Needy.ts"
import * as Scrap from "./Scrap.ts"

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
type How = Pick<Settings, "confinement" | "isolation" | "runtime">
const isolated = (how: How, grants: Grants = {}) =>
  Isolate.run({ name: "hostile", module, offers: [Hostile], needs: [], ...how, grants, budgets })
const host = (how: How, grants?: Grants) =>
  Layer.mergeAll(Plugin.install(isolated(how, grants)), Plugin.install(neighbour)).pipe(
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

for (const { how, isolation, lacks, title } of Levels.all.slice(1)) {
  describe.skipIf(lacks.length > 0)(title, () => {
    it.live(
      "what it throws at once fails that call, and no other",
      () =>
        Effect.gen(function* () {
          const hostile = yield* Hostile
          assert.deepInclude(yield* Effect.flip(hostile.throws()), { _tag: "Unavailable", applied: "unknown" })
          assert.strictEqual(yield* hostile.greet(), "hello")
        }).pipe(Effect.provide(host(how))),
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
        ).pipe(Effect.scoped, Effect.provide(host(how))),
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

/** Variables of this process: one that is granted below, and one that never is. */
Object.assign(process.env, { GRANTED_TO_PLUGINS: "granted", SECRET_OF_HOST: "a secret" })
const variables = Effect.gen(function* () {
  const hostile = yield* Hostile
  return [yield* hostile.variable({ name: "GRANTED_TO_PLUGINS" }), yield* hostile.variable({ name: "SECRET_OF_HOST" })]
})
const granted = { environment: ["GRANTED_TO_PLUGINS", "NOT_THERE"] }
for (const { how, isolation, lacks, title } of Levels.all) {
  const isOpen = isolation === "in-process" || isolation === "worker"
  it.live.skipIf(lacks.length > 0)(`${title}: of the environment ${isOpen ? "all" : "what is granted"} is there`, () =>
    Effect.gen(function* () {
      const found = yield* Effect.provide(variables, host(how))
      assert.deepStrictEqual(found, isOpen ? ["granted", "a secret"] : ["", ""])
      const given = yield* Effect.provide(variables, host(how, granted))
      assert.deepStrictEqual(given, isOpen ? ["granted", "a secret"] : ["granted", ""])
    })
  )
}

const open = ["in-process", "worker", "process"] as const
it.live.each(open)("%s: files, addresses and processes are all within its reach", (isolation) =>
  Effect.gen(function* () {
    const { path, port } = yield* around
    yield* Effect.gen(function* () {
      const hostile = yield* Hostile
      assert.strictEqual(yield* hostile.read({ path }), "a secret")
      assert.strictEqual(yield* hostile.connect({ host: "127.0.0.1", port }), "hello")
      assert.strictEqual(yield* hostile.fork({ count: 60 }), 60)
      assert.strictEqual(yield* hostile.signal({ pid: process.pid }), "true")
      assert.deepInclude(yield* Effect.flip(hostile.throws()), { _tag: "Unavailable", applied: "unknown" })
    }).pipe(Effect.provide(host({ isolation })))
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
  until: (lines: Fate["lines"], silentMillis: number) => boolean,
  user: ReadonlyArray<string> = []
) {
  const [file, ...args] = [...user, process.execPath, "--max-old-space-size=96", program, isolation, way]
  const env = yield* Scrap.environment
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(file ?? "", args, { stdio: ["ignore", "pipe", "ignore"], env })),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  const lines: Array<readonly [string, number]> = []
  let heard = performance.now()
  createInterface(child.stdout).on("line", (line) => {
    const [, word, megabytes] = /^(\w+) (\d+)$/.exec(line) ?? []
    // The rest is what is logged there.
    if (word !== undefined) lines.push([word, Number(megabytes)])
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

it.live("a sandbox that is confined by Node.js's permissions alone: no files, but addresses, signals, programs", () =>
  Effect.gen(function* () {
    const { path, port } = yield* around
    const how = { isolation: "sandbox", confinement: "permissions", runtime: "node" } as const
    yield* Effect.gen(function* () {
      const hostile = yield* Hostile
      assert.match(yield* hostile.read({ path }), /ERR_ACCESS_DENIED|Access to this API has been restricted/)
      assert.match(yield* hostile.load({ url: `http://127.0.0.1:${port}/a.js` }), /Only URLs with a scheme in/)
      assert.strictEqual(yield* hostile.fork({ count: 60 }), 0)
      assert.strictEqual(yield* hostile.connect({ host: "127.0.0.1", port }), "hello")
      assert.strictEqual(yield* hostile.signal({ pid: process.pid }), "true")
      yield* contained(({ buffers }) => buffers({ bytes: 10 * gigabyte }), /memory/)
    }).pipe(Effect.provide(host(how)))
    const started = Effect.flatMap(Hostile, ({ fork }) => fork({ count: 2 }))
    assert.strictEqual(yield* Effect.provide(started, host(how, { commands: ["/usr/bin/true"] })), 2)
  }).pipe(Effect.scoped)
)

/** Somebody without rights, if this one may be somebody else, and he may read what is to run. */
const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
const isNobody = spawnSync("setpriv", [...nobody.slice(1), "test", "-r", program]).status === 0
const ordinary = [...Levels.sandbox.lacks, ...(isNobody ? [] : ["root, or files that everybody may read"])]
describe.skipIf(ordinary.length > 0)(`a sandbox of an ordinary user${left(ordinary)}`, () => {
  it.live("is ended when it holds more memory than it is granted, and the host goes on", () =>
    Effect.gen(function* () {
      const isOver = (lines: Fate["lines"]) => lines.some(([word]) => word === "survived")
      const { isEnded, lines } = yield* victim("sandbox", "greed", isOver, nobody)
      assert.isFalse(isEnded)
      assert.include(
        lines.map(([word]) => word),
        "attacked"
      )
      assert.isBelow(Math.max(...lines.map(([, megabytes]) => megabytes)), 400)
    })
  )
})

/** How it is told that something is not there, or may not be. */
const refusals = [
  { ...Levels.sandbox, file: /ENOENT/, address: /ECONNREFUSED|ENETUNREACH/, module: /Cannot find module/, signal: /ESRCH/ },
  ...[Levels.denoInside, Levels.denoAlone].map((level) => ({
    ...level,
    ...{
      file: /Requires read access/,
      address: /Requires net access/,
      module: /Requires read access/,
      signal: /Requires run access/
    }
  }))
]
for (const { address, file, how, lacks, module, signal, title } of refusals)
  describe.skipIf(lacks.length > 0)(title, () => {
    it.live("what is not granted is not there", () =>
      Effect.gen(function* () {
        const { folder, path, port } = yield* around
        const code = join(folder, "secret.js")
        writeFileSync(code, "export const secret = 1")
        yield* Effect.gen(function* () {
          const hostile = yield* Hostile
          for (const one of [path, "/etc/shadow"]) assert.match(yield* hostile.read({ path: one }), file)
          assert.match(yield* hostile.load({ url: `file://${code}` }), module)
          const inlined = `data:text/javascript,export * from ${JSON.stringify(`file://${code}`)}`
          assert.notMatch(yield* hostile.load({ url: inlined }), /secret":1/)
          assert.notMatch(yield* hostile.load({ url: `http://127.0.0.1:${port}/a.js` }), /hello/)
          for (const host of ["127.0.0.1", "192.0.2.1"]) assert.match(yield* hostile.connect({ host, port }), address)
          assert.match(yield* hostile.signal({ pid: process.pid }), signal)
          assert.strictEqual(yield* hostile.fork({ count: 60 }), 0)
        }).pipe(Effect.provide(host(how)))
      }).pipe(Effect.scoped)
    )

    it.live("what is granted is: a file, an address, a name, a command", () =>
      Effect.gen(function* () {
        const { folder, path, port } = yield* around
        chmodSync(folder, 0o755)
        chmodSync(path, 0o644)
        const network = [`127.0.0.1:${port}`, `localhost:${port}`]
        yield* Effect.gen(function* () {
          const hostile = yield* Hostile
          assert.strictEqual(yield* hostile.read({ path }), "a secret")
          for (const host of ["127.0.0.1", "localhost"]) assert.strictEqual(yield* hostile.connect({ host, port }), "hello")
          assert.match(yield* hostile.connect({ host: "127.0.0.1", port: 9 }), address)
          assert.match(yield* hostile.signal({ pid: process.pid }), signal)
          assert.strictEqual(yield* hostile.fork({ count: 2 }), 2)
          assert.strictEqual(yield* hostile.greet(), "hello")
        }).pipe(Effect.provide(host(how, { files: { read: [path] }, network, commands: ["/usr/bin/sleep"] })))
        const started = Effect.flatMap(Hostile, ({ fork }) => fork({ count: 2 }))
        assert.strictEqual(yield* Effect.provide(started, host(how, { commands: ["/usr/bin/true"] })), 0)
      }).pipe(Effect.scoped)
    )
  })

/** Whether the system counts the processes of a sandbox, or nobody does. */
const counted = [
  { ...Levels.sandbox, isCounted: process.getuid?.() === 0 },
  { ...Levels.denoInside, isCounted: process.getuid?.() === 0 },
  { ...Levels.denoAlone, isCounted: false }
]
for (const { how, isCounted, lacks, title } of counted)
  describe.skipIf(lacks.length > 0)(title, () => {
    it.live(
      `of a granted command ${isCounted ? "no more processes than its budget" : "as many processes as it likes"}`,
      () =>
        Effect.gen(function* () {
          const started = yield* Effect.flatMap(Hostile, ({ fork }) => fork({ count: 60 }))
          if (isCounted) assert.isBelow(started, budgets.pids)
          else assert.strictEqual(started, 60)
        }).pipe(Effect.provide(host(how, { commands: ["/usr/bin/sleep"] })))
    )
  })
