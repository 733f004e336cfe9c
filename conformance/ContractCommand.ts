/** The command of each contract: on what its laws are checked, how, and what is told of it. */
import { Console, DateTime, Effect, Option, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { cpus, hostname, release } from "node:os"
import { basename, join, resolve } from "node:path"
import { type Adapter, contracts, type Terms, titleOf } from "./Adapter.ts"
import * as Adapters from "./adapters/All.ts"
import * as Alone from "./Alone.ts"
import * as Deviations from "./Deviations.ts"
import * as Ends from "./Ends.ts"
import * as Record from "./Record.ts"
import * as Html from "./report/Html.ts"
import * as Junit from "./report/Junit.ts"
import { counts, isGood, isSeen, signs, type Summary } from "./report/Summary.ts"
import * as Table from "./report/Table.ts"
import * as Version from "./Version.ts"

class Refused extends Schema.TaggedError<Refused>()("Refused", { message: Schema.String }) {}
const refused = (message: string) => new Refused({ message })

const names = (all: ReadonlyArray<Adapter>) => all.map(({ name }) => name).join(", ")

/** Those of these names, in the order of the table. */
const byName = Effect.fnUntraced(function* (contract: string, asked: string) {
  const all = Adapters.of(contract)
  const wanted = asked.split(",").map((name) => name.trim())
  const unknown = wanted.filter((name) => !all.some((one) => one.name === name))
  if (unknown.length === 0) return all.filter(({ name }) => wanted.includes(name))
  return yield* refused(`--adapter: there is no ${unknown.join(", ")}: expected some of ${names(all)}`)
})

/** Who knows how to speak with this endpoint. */
const byEndpoint = Effect.fnUntraced(function* (contract: string, endpoint: string, asked: string) {
  const all = (asked === "" ? Adapters.of(contract) : yield* byName(contract, asked)).filter((one) => one.endpoint)
  const found = all.find((one) => one.endpoint?.pattern.test(endpoint))
  if (found !== undefined) return [found]
  if (Adapters.of(contract).some(({ name }) => name === endpoint))
    return yield* refused(`${endpoint} is an adapter: --adapter ${endpoint}`)
  const words = all.map((one) => one.endpoint?.words).join(" or ")
  return yield* refused(
    words === ""
      ? `${endpoint}: ${contract} is checked at no endpoint: say --adapter with ${names(Adapters.of(contract))}, or --plugin DIRECTORY`
      : `--endpoint ${endpoint}: expected ${words}`
  )
})

/** The one that a package is checked by. */
const byPlugin = Effect.fnUntraced(function* (contract: string, plugin: string, endpoint: string | undefined) {
  if (endpoint !== undefined) return yield* refused("--plugin and --endpoint are two different things to check")
  const found = Adapters.of(contract).filter(({ isPackage = false }) => isPackage)
  if (found.length > 0) return found.map((one) => ({ ...one, title: basename(resolve(plugin)) }))
  return yield* refused(`--plugin ${plugin}: the checks of ${contract} do not run on a package`)
})

const partsOf = Effect.fnUntraced(function* (contract: string, { adapter, plugin }: Asked, endpoint: string | undefined) {
  if (plugin !== "") return yield* byPlugin(contract, plugin, endpoint)
  if (endpoint !== undefined) return yield* byEndpoint(contract, endpoint, adapter)
  if (adapter !== "") return yield* byName(contract, adapter)
  const own = Adapters.of(contract).filter(({ isElsewhere = false }) => !isElsewhere)
  if (own.length > 0) return own
  const isPackage = Adapters.of(contract).some(({ isPackage = false }) => isPackage)
  return yield* refused(
    isPackage
      ? `${contract} is checked on a package: --plugin DIRECTORY`
      : `there is nothing yet that ${contract} could be checked on`
  )
})

const machine = () => {
  const system = /^PRETTY_NAME="(.*)"/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "Linux"
  return `${hostname()}, ${system}, Linux ${release()}, ${cpus().length} processors, Node.js ${process.version}`
}

const write = (out: string, summary: Summary) =>
  Effect.gen(function* () {
    const file = (ending: string) => join(out, `${summary.contract}.${ending}`)
    yield* Effect.sync(() => {
      mkdirSync(out, { recursive: true })
      writeFileSync(file("xml"), Junit.xml(summary))
      writeFileSync(file("html"), Html.page(summary))
    })
    yield* Console.log(`${file("html")}\n${file("xml")}`)
  })

/** Told as it comes: which law of how many, of those that are known by then. */
const progress = (title: string, before: Record.Part, record: Record.Record, adapter: string) => {
  let [seen, all] = [before.results.length, before.plans.reduce((sum, { laws }) => sum + laws.length, 0)]
  return (one: Alone.Told) => {
    if ("laws" in one) {
      record.add({ adapter, plan: one })
      if (!before.plans.some(({ contract }) => contract === one.contract)) all += one.laws.length
      return
    }
    record.add({ adapter, result: one })
    seen++
    const { law, outcome, seconds } = one
    process.stderr.write(`${signs[outcome]} ${seen}/${all} ${title}, ${law}, ${seconds.toFixed(1)} s\n`)
  }
}

const ended = (summary: Summary) => {
  const { found } = summary
  if (!isSeen(summary)) return new Ends.NotRunnable({ message: "nothing was checked: this machine lacks it" })
  if (!found.every(isGood)) return new Ends.Broken()
  const isWhole = found.every((one) => counts(one).deviates + counts(one).without === 0)
  return isWhole ? Effect.void : new Ends.Deviating()
}

const now = Effect.map(DateTime.now, (time) => {
  const text = DateTime.formatIsoZoned(DateTime.setZoneOffset(time, 0))
  return `${text.slice(0, 16).replace("T", " ")} UTC`
})

const run = Effect.fnUntraced(function* (contract: string, asked: Asked) {
  const { again, out, profile, endpoint: at, plugin, ...options } = asked
  const endpoint = Option.getOrUndefined(at)
  const all = yield* partsOf(contract, asked, endpoint)
  const beside = plugin === "" ? {} : yield* Deviations.beside(plugin)
  const deviations = asked.deviations === "" ? beside : yield* Deviations.read(asked.deviations)
  const terms: Omit<Terms, "done"> = { profile, deviations }
  const given = { ...options, plugin: plugin === "" ? "" : resolve(plugin) }
  const site = { given, terms, ...(endpoint !== undefined && { endpoint }) }
  const suite = Version.suite()
  const file = out === "" ? undefined : join(out, `${contract}.jsonl`)
  const record = Record.open(file, JSON.stringify([suite, site]), again)
  yield* Alone.sweep
  // One after another: each is given the whole machine.
  const found = yield* Effect.forEach(all, (one) =>
    Effect.gen(function* () {
      const before = record.before(one.name)
      const found = yield* Alone.check(contract, one, site, before, progress(one.title, before, record, one.name))
      const { failure, seconds } = found
      record.add({ adapter: one.name, ended: { seconds, ...(failure !== undefined && { failure }) } })
      return found
    })
  ).pipe(
    Effect.onInterrupt(() =>
      Console.error(file === undefined ? "interrupted" : "interrupted: the same command goes on there, --again begins anew")
    )
  )
  record.end()
  const summary: Summary = { contract, suite, profile, when: yield* now, machine: machine(), found }
  yield* Console.log(`\n${Table.text(summary)}`)
  if (out !== "") yield* write(out, summary)
  yield* ended(summary)
})

const text = (name: string, description: string) =>
  Flag.String(name).pipe(Flag.withDescription(description), Flag.withDefault(""))
const ofLog = (name: string, description: string) => text(name, `log at an endpoint: ${description}`)

const flags = {
  adapter: text("adapter", "Only these, separated by commas"),
  endpoint: Argument.String("endpoint").pipe(
    Argument.withDescription("What answers there is checked: a socket, an address, a file"),
    Argument.optional
  ),
  at: Flag.String("endpoint").pipe(Flag.withDescription("The same as a flag"), Flag.optional),
  plugin: text("plugin", "A package is checked: the directory with its keelson.json"),
  isolation: text("isolation", "Of a package: instead of what its manifest says"),
  profile: Flag.Literals("profile", ["all", "mandatory"]).pipe(
    Flag.withDescription("mandatory: without the laws that are optional"),
    Flag.withDefault("all" as const)
  ),
  deviations: text("deviations", 'A file of deviations that are known: { "CONTRACT": { "LAW": "REASON" } }'),
  out: text("out", "A folder for JUnit's XML and the page; a run that was interrupted goes on there"),
  again: Flag.Boolean("again").pipe(
    Flag.withDescription("Forget what an interrupted run has seen"),
    Flag.withDefault(false)
  ),
  kubeconfig: text("kubeconfig", "cluster-dns at an endpoint: of the cluster whose names it knows"),
  domain: Flag.String("domain").pipe(Flag.withDescription("cluster-dns: its domain"), Flag.withDefault("cluster.local")),
  outside: text("outside", "cluster-dns: two addresses where it asks what it does not know, for servers of the checks"),
  credentials: ofLog("credentials", "a file of NATS credentials"),
  ca: ofLog("ca", "a file with the certificate of its authority, for TLS"),
  cert: ofLog("cert", "a file with a certificate to show"),
  key: ofLog("key", "a file with its key"),
  replicas: Flag.Literals("replicas", ["1", "3"]).pipe(
    Flag.withDescription("log at an endpoint: how many servers keep it"),
    Flag.withDefault("1" as const)
  ),
  monitor: ofLog("monitor", "where the servers tell of themselves, with commas between: http://host:8222"),
  "allow-unsynced": Flag.Literals("allow-unsynced", ["true", "false"]).pipe(
    Flag.withDescription("log at an endpoint: check it although it may lose what it has acknowledged"),
    Flag.withDefault("false" as const)
  )
}
type Asked = Omit<Command.Command.Config.Infer<typeof flags>, "at">

const command = (contract: string) =>
  Command.make(contract, flags, ({ at, endpoint, ...asked }) =>
    run(contract, { ...asked, endpoint: Option.orElse(at, () => endpoint) })
  ).pipe(Command.withDescription(`${titleOf(contract)}: ${names(Adapters.of(contract)) || "none yet"}`))

/** Contracts with a name of their own, and those that are only checked on packages. */
const known = new Set([...Object.keys(contracts), ...Adapters.all.flatMap(({ kits }) => Object.keys(kits))])
export const all = [...known].map(command)
