/**
 * A run: three store servers and three control planes, a workload that is written down, and faults, until the time is up; then all
 * is healed, everybody comes to the end of the log, and the history is checked. What was done stands in files, so that
 * whoever was interrupted goes on, with the same store.
 */
import { Effect, FileSystem, Random, Result, Schedule, Schema } from "effect"
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import * as NatsBinary from "../../kernel/store/jetstream/NatsBinary.ts"
import * as NatsConfiguration from "../../kernel/store/jetstream/NatsConfiguration.ts"
import * as Faults from "./Faults.ts"
import * as Figures from "./Figures.ts"
import { check } from "./history/Check.ts"
import { line, parse } from "./history/History.ts"
import type { Violation } from "./history/Violation.ts"
import * as Lines from "./Lines.ts"
import * as Site from "./Site.ts"
import * as Skew from "./Skew.ts"
import { Victim } from "./Victim.ts"
import type { Task } from "./worker/Main.ts"

export interface Options {
  readonly directory: string
  readonly seconds: number
  readonly seed: string
  readonly kinds: ReadonlyArray<string>
  readonly clients: number
  /** Milliseconds. */
  readonly pause: number
  readonly diskMiB: number
  /** Whether a nats-server is built whose clock can be moved, where there is none yet. */
  readonly builds: boolean
  /** What the workload asks: three API servers, or the store by its driver. */
  readonly through: "api" | "log"
  readonly say: (text: string) => Effect.Effect<void>
}

export class FaultsFound extends Schema.TaggedError<FaultsFound>()("FaultsFound", { message: Schema.String }) {}

const Progress = Schema.Struct({ seed: Schema.String, starts: Schema.Int, seconds: Schema.Number })
const ProgressText = Schema.fromJsonString(Progress)

const keelson = new URL("../../bin/Main.ts", import.meta.url).pathname
const worker = new URL("worker/Main.ts", import.meta.url).pathname
const numbers = [1, 2, 3]
/** Nobody else reaches them. */
const passwords = { client: "client", admin: "admin", route: "route" }
const { client: user } = NatsConfiguration.users

/** As Keelson configures its own, without keys. */
const configurationOf = (name: string, site: Site.Site, { directory }: Site.Disk) => {
  const address = site.addressOf(name)
  mkdirSync(NatsConfiguration.at(directory).store, { recursive: true })
  return NatsConfiguration.text({
    directory,
    name,
    listen: `${address}:4222`,
    monitor: `${address}:8222`,
    access: { passwords },
    cluster: {
      name: "faults",
      listen: `${address}:6222`,
      routes: numbers.map((number) => `${site.addressOf(`store-${number}`)}:6222`)
    },
    limits: { memory: 512 * 2 ** 20, disk: 64 * 2 ** 30 }
  })
}

const makeWorld = Effect.fnUntraced(function* (options: Options, start: number) {
  const { builds, clients, directory, diskMiB, pause, say, through } = options
  const files = yield* FileSystem.FileSystem
  const site = yield* Site.make(numbers.flatMap((number) => [`store-${number}`, `api-${number}`]))
  const skewed = yield* Effect.result(Skew.nats(builds))
  if (skewed._tag === "Failure") yield* say(`the stores' clocks stay right: ${skewed.failure.message}`)
  const binary = skewed._tag === "Success" ? skewed.success : yield* NatsBinary.find()
  const at = (name: string, ending: string) => join(directory, `${name}.${ending}`)
  const disks = yield* Effect.forEach(numbers, (number) => Site.disk(join(directory, `disk-${number}`), diskMiB))
  const stores = yield* Effect.forEach(disks, (disk, index) => {
    const name = `store-${index + 1}`
    const command = [...site.within(name), binary, "--config", at(name, "conf")]
    const victim = new Victim({
      name,
      command,
      log: at(name, "log"),
      clock: at(name, "clock"),
      env: { GOMEMLIMIT: "512MiB" }
    })
    return Effect.as(files.writeFileString(at(name, "conf"), configurationOf(name, site, disk)), victim)
  })
  const servers = numbers.map((number) => `nats://${user}:${passwords.client}@${site.addressOf(`store-${number}`)}:4222`)
  const node = [process.execPath, "--import", Skew.preload, "--import", "tsx"]
  const victim = (name: string, where: string, args: ReadonlyArray<string>) =>
    new Victim({ name, command: [...site.within(where), ...node, ...args], log: at(name, "log"), clock: at(name, "clock") })
  const task = (process: string, isLast: boolean) => {
    const all: Task = {
      process,
      directory: join(directory, "history"),
      servers,
      cluster: through === "api" ? "keelson" : "faults",
      kubeconfig: through === "api" ? join(directory, process, "kubeconfig") : "",
      prefix: "soak-",
      keys: `soak-${start}-`,
      clients,
      pause,
      compacts: process === "api-1",
      last: isLast
    }
    return JSON.stringify(all)
  }
  const serverArgs = (name: string) => [
    ...[keelson, "server", "--data-dir", join(directory, name), "--store", servers.join(",")],
    ...["--node-name", name, "--node-ip", site.addressOf(name)]
  ]
  const names = numbers.map((number) => `api-${number}`)
  const apis = names.map((name) => victim(name, name, through === "api" ? serverArgs(name) : [worker, task(name, false)]))
  // Who asks an API server is beside it, and no fault strikes it but those that strike its answers.
  const workers =
    through === "api" ? names.map((name) => victim(`client-of-${name}`, name, [worker, task(name, false)])) : apis
  const last = victim("last", "api-1", [worker, task("api-1", true)])
  const all = [...stores, ...apis, ...workers, last]
  yield* Effect.addFinalizer(() => Effect.promise(() => Promise.all(all.map((one) => one.end(2000)))))
  for (const one of all) one.skew(0)
  for (const store of stores) store.start()
  if (through === "api") yield* startServers(directory, apis)
  for (const one of workers) one.start()
  const world: Faults.World = { site, stores, apis, disks, skews: skewed._tag === "Success" }
  return { world, workers, last }
})

/** The servers of one cluster trust one another's keys: those of the first are the others' too. */
const startServers = Effect.fnUntraced(function* (directory: string, [first, ...others]: ReadonlyArray<Victim>) {
  first?.start()
  const files = yield* FileSystem.FileSystem
  const keys = Effect.fnUntraced(function* (name: string) {
    const isThere = files.exists(join(directory, name, "kubeconfig"))
    const waited = Effect.repeat(isThere, { schedule: Schedule.spaced("200 millis"), until: Boolean })
    yield* patience(`making the keys of ${name}`)(waited)
  })
  yield* keys(first?.name ?? "")
  for (const { name } of others) {
    if (!(yield* files.exists(join(directory, name)))) {
      yield* files.copy(join(directory, first?.name ?? "", "pki"), join(directory, name, "pki"))
    }
  }
  for (const other of others) other.start()
  yield* Effect.forEach(others, ({ name }) => keys(name), { discard: true })
})

/** One fault after another, with pauses: what is drawn depends on the seed alone. */
const lane = (world: Faults.World, { kinds, say }: Options, lines: Lines.Lines, longest: number) =>
  Effect.forever(
    Effect.gen(function* () {
      yield* Effect.sleep(yield* Random.nextIntBetween(1000, 1000 * longest))
      const fault = yield* Faults.draw(world, kinds)
      const note = (phase: "begin" | "end") =>
        lines.write({ _tag: "Fault", time: Lines.now(), kind: fault.kind, target: fault.target, phase })
      yield* say(`${fault.kind}: ${fault.target}`)
      const hold = Effect.gen(function* () {
        const isLong = (yield* Random.nextIntBetween(0, 6)) === 0
        yield* Effect.sleep(yield* Random.nextIntBetween(500, isLong ? 20_000 : 8000))
      })
      note("begin")
      yield* Effect.ensuring(
        Effect.andThen(Effect.sync(fault.begin), hold),
        Effect.sync(() => {
          fault.end()
          note("end")
        })
      )
    })
  )

/** Whether each control plane has written something since it was started for the first time. */
const isAtWork = (directory: string) => {
  const files = readdirSync(directory).filter((file) => file.startsWith("api-"))
  const busy = files.filter((file) => readFileSync(join(directory, file), "utf8").includes('"Written"'))
  return new Set(busy.map((file) => file.split(".")[0])).size === numbers.length
}

/** Before any fault, nothing ends by itself. */
const isUp = ({ apis, stores }: Faults.World, history: string, directory: string) =>
  Effect.suspend(() => {
    const ended = [...apis, ...stores].find(({ collapses }) => collapses > 2)
    if (ended === undefined) return Effect.succeed(isAtWork(history))
    const said = readFileSync(join(directory, `${ended.name}.log`), "utf8")
      .trim()
      .split("\n")
      .slice(-20)
    return new FaultsFound({ message: `${ended.name} ends at once:\n${said.join("\n")}` })
  })

const patience = (what: string) =>
  Effect.timeoutOrElse({
    duration: "4 minutes",
    orElse: () => new FaultsFound({ message: `${what} took longer than 4 minutes, though no fault was left` })
  } as const)

/** Whether a worker has had an answer since a moment. */
const isAnswered = (history: string, name: string, since: number) => {
  const file = readdirSync(history)
    .toSorted()
    .findLast((one) => one.startsWith(`${name}.`) && one.endsWith(".jsonl"))
  const descriptor = openSync(join(history, file ?? ""), "r")
  const tail = Buffer.alloc(65_536)
  const read = readSync(descriptor, tail, 0, tail.length, Math.max(0, fstatSync(descriptor).size - tail.length))
  closeSync(descriptor)
  const whole = tail.toString("utf8", 0, read)
  const records = parse(whole.slice(whole.indexOf("\n") + 1))
  return Result.isSuccess(records) && records.success.some((one) => one._tag === "Found" && one.time > since)
}

const finish = Effect.fnUntraced(function* (
  { apis, stores }: Faults.World,
  workers: ReadonlyArray<Victim>,
  last: Victim,
  { directory, say }: Options
) {
  const history = join(directory, "history")
  for (const victim of [...stores, ...apis]) {
    victim.skew(0)
    victim.resume()
    victim.start()
  }
  // Who is being started does not hear yet that it is to end.
  const healed = Lines.now()
  const isBack = Effect.sync(() => numbers.every((number) => isAnswered(history, `api-${number}`, healed)))
  yield* patience("coming back")(Effect.repeat(isBack, { schedule: Schedule.spaced("200 millis"), until: Boolean }))
  const end = Effect.promise(() => Promise.all(workers.map((one) => one.end(300_000, "SIGUSR2"))))
  yield* patience("coming to the end of the log")(end)
  const file = join(history, "last.jsonl")
  writeFileSync(file, "")
  last.start()
  const isDone = Effect.sync(() => readFileSync(file, "utf8").includes('"Head"'))
  yield* patience("reading the log")(Effect.repeat(isDone, { schedule: Schedule.spaced("200 millis"), until: Boolean }))
  for (const { collapses, name } of stores.filter(({ collapses }) => collapses > 0)) {
    yield* say(`${name} has ended ${collapses} times by itself`)
  }
})

/** What a history shows, and of violations the first of each rule in full. */
export const report = Effect.fnUntraced(function* (history: Parameters<typeof check>[0], { say }: Pick<Options, "say">) {
  for (const text of Figures.lines(history)) yield* say(text)
  const violations: ReadonlyArray<Violation> = check(history)
  for (const [rule, all] of Map.groupBy(violations, ({ rule }) => rule)) {
    yield* say(`${rule}: ${all.length} violations`)
    for (const { message } of all.slice(0, 5)) yield* say(`  ${message}`)
  }
  if (violations.length > 0) return yield* new FaultsFound({ message: `${violations.length} violations` })
  yield* say(
    "no write is lost, none is there that was refused or twice, every order is right, no watch has a gap, the replicas are the same"
  )
})

export const run = Effect.fn("Faults.run")(function* (options: Options) {
  const { directory, say, seconds, seed } = options
  const history = join(directory, "history")
  mkdirSync(history, { recursive: true })
  const file = join(directory, "progress.json")
  const files = yield* FileSystem.FileSystem
  const before = (yield* files.exists(file))
    ? yield* Schema.decodeEffect(ProgressText)(yield* files.readFileString(file))
    : { seed, starts: 0, seconds: 0 }
  const start = before.starts + 1
  if (before.starts > 0) yield* say(`goes on after ${before.seconds.toFixed(0)} of ${seconds} seconds`)
  const save = (done: number) => {
    writeFileSync(`${file}.new`, JSON.stringify({ seed: before.seed, starts: start, seconds: before.seconds + done }))
    renameSync(`${file}.new`, file)
  }
  save(0)
  const { last, workers, world } = yield* makeWorld(options, start)
  const lines = Lines.open(join(history, `faults.${start}.jsonl`))
  lines.write({ _tag: "Fault", time: Lines.now(), kind: "start", target: `${start}`, phase: "begin" })
  const atWork = Effect.repeat(isUp(world, history, directory), { schedule: Schedule.spaced("200 millis"), until: Boolean })
  yield* patience("coming up")(atWork)
  const began = Lines.now()
  const tick = Effect.sync(() => save((Lines.now() - began) / 1e6)).pipe(Effect.repeat(Schedule.spaced("2 seconds")))
  const seeded = (name: string, longest: number) =>
    Random.withSeed(lane(world, options, lines, longest), `${before.seed} ${start} ${name}`)
  yield* Effect.all([seeded("first", 5), seeded("second", 15), tick], { concurrency: "unbounded" }).pipe(
    Effect.timeoutOption(Math.max(0, (seconds - before.seconds) * 1000))
  )
  yield* finish(world, workers, last, options)
  const all = yield* Effect.fromResult(Lines.read(history))
  const ended = all.filter(({ _tag }) => _tag === "Ended").length
  if (ended < numbers.length)
    return yield* new FaultsFound({ message: `${ended} of ${numbers.length} watchers came to the end` })
  const whole = join(directory, "history.jsonl")
  yield* files.writeFileString(whole, all.map(line).join(""))
  yield* say(`\nthe history: ${whole} (npm run soak -- check ${whole})`)
  yield* report(all, options)
}, Effect.scoped)
