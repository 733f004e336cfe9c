/**
 * `npm run conformance -- CONTRACT [--adapter NAME,… | --endpoint …] [--out DIR]`: checks the laws of a contract on every part that keeps it
 * and that this machine can run, or on some of them, or on what answers at an endpoint, whoever made it. Prints a table of laws and
 * parts; with `--out` also JUnit's XML and a page. How it ends: `Ends.ts`.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Cause, Console, DateTime, Effect, Option, References, Schema } from "effect"
import { Argument, CliError, Command, Flag } from "effect/cli"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { cpus, hostname, release } from "node:os"
import { join } from "node:path"
import { type Adapter, contracts, type Name, type Result } from "./Adapter.ts"
import * as Adapters from "./adapters/All.ts"
import * as Alone from "./Alone.ts"
import * as Describe from "./describe/Command.ts"
import * as Ends from "./Ends.ts"
import * as Kubernetes from "./kubernetes/Command.ts"
import * as KubernetesApi from "./kubernetes-api/Command.ts"
import * as Html from "./report/Html.ts"
import * as Junit from "./report/Junit.ts"
import { counts, isGood, isSeen, signs, type Summary } from "./report/Summary.ts"
import * as Table from "./report/Table.ts"

class Refused extends Schema.TaggedError<Refused>()("Refused", { message: Schema.String }) {}

const names = (all: ReadonlyArray<Adapter>) => all.map(({ name }) => name).join(", ")

/** Those of these names, in the order of the table. */
const byName = Effect.fnUntraced(function* (contract: Name, asked: string) {
  const all = Adapters.of(contract)
  const wanted = asked.split(",").map((name) => name.trim())
  const unknown = wanted.filter((name) => !all.some((one) => one.name === name))
  if (unknown.length === 0) return all.filter(({ name }) => wanted.includes(name))
  return yield* new Refused({ message: `--adapter: there is no ${unknown.join(", ")}: expected some of ${names(all)}` })
})

/** Who knows how to speak with this endpoint. */
const byEndpoint = Effect.fnUntraced(function* (contract: Name, endpoint: string, asked: string) {
  const all = (asked === "" ? Adapters.of(contract) : yield* byName(contract, asked)).filter((one) => one.endpoint)
  const found = all.find((one) => one.endpoint?.pattern.test(endpoint))
  if (found !== undefined) return [found]
  const words = all.map((one) => one.endpoint?.words).join(" or ")
  return yield* new Refused({
    message: `--endpoint ${endpoint}: ${words === "" ? "nothing speaks with one" : `expected ${words}`}`
  })
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

interface Asked {
  readonly adapter: string
  readonly endpoint: Option.Option<string>
  readonly out: string
  readonly kubeconfig: string
  readonly domain: string
  readonly outside: string
  readonly credentials: string
  readonly ca: string
  readonly cert: string
  readonly key: string
  readonly replicas: string
  readonly monitor: string
  readonly "allow-unsynced": string
}

const run = Effect.fnUntraced(function* (contract: Name, { adapter, endpoint: at, out, ...given }: Asked) {
  const endpoint = Option.getOrUndefined(at)
  const all =
    endpoint !== undefined
      ? yield* byEndpoint(contract, endpoint, adapter)
      : adapter === ""
        ? Adapters.of(contract).filter(({ isElsewhere = false }) => !isElsewhere)
        : yield* byName(contract, adapter)
  if (all.length === 0) return yield* new Refused({ message: `there is nothing yet that ${contract} could be checked on` })
  const site = { given, ...(endpoint !== undefined && { endpoint }) }
  const say = (title: string) => (result: Result) =>
    void process.stderr.write(`${signs[result.outcome]} ${title}, ${result.law}, ${result.seconds.toFixed(1)} s\n`)
  // One after another: each is given the whole machine.
  const found = yield* Effect.forEach(all, (one) => Alone.check(contract, one, site, say(one.title)))
  const when = DateTime.formatIsoZoned(DateTime.setZoneOffset(yield* DateTime.now, 0))
    .slice(0, 16)
    .replace("T", " ")
  const summary: Summary = { contract, when: `${when} UTC`, machine: machine(), found }
  yield* Console.log(`\n${Table.text(summary)}`)
  if (out !== "") yield* write(out, summary)
  if (!isSeen(summary)) return yield* new Ends.NotRunnable({ message: "nothing was checked: this machine lacks it" })
  if (!found.every(isGood)) return yield* new Ends.Broken()
  if (found.some((one) => counts(one).deviates > 0)) return yield* new Ends.Deviating()
})

const file = (name: string, description: string) =>
  Flag.String(name).pipe(Flag.withDescription(`log at an endpoint: ${description}`), Flag.withDefault(""))

const flags = {
  adapter: Flag.String("adapter").pipe(Flag.withDescription("Only these, separated by commas"), Flag.withDefault("")),
  endpoint: Argument.String("endpoint").pipe(
    Argument.withDescription("What answers there is checked: a socket, an address, a file"),
    Argument.optional
  ),
  at: Flag.String("endpoint").pipe(Flag.withDescription("The same as a flag"), Flag.optional),
  out: Flag.String("out").pipe(Flag.withDescription("A folder for JUnit's XML and the page"), Flag.withDefault("")),
  kubeconfig: Flag.String("kubeconfig").pipe(
    Flag.withDescription("cluster-dns at an endpoint: of the cluster whose names it knows"),
    Flag.withDefault("")
  ),
  domain: Flag.String("domain").pipe(Flag.withDescription("cluster-dns: its domain"), Flag.withDefault("cluster.local")),
  outside: Flag.String("outside").pipe(
    Flag.withDescription("cluster-dns: two addresses where it asks what it does not know, for servers of the checks"),
    Flag.withDefault("")
  ),
  credentials: file("credentials", "a file of NATS credentials"),
  ca: file("ca", "a file with the certificate of its authority, for TLS"),
  cert: file("cert", "a file with a certificate to show"),
  key: file("key", "a file with its key"),
  replicas: Flag.Literals("replicas", ["1", "3"]).pipe(
    Flag.withDescription("log at an endpoint: how many servers keep it"),
    Flag.withDefault("1")
  ),
  monitor: file("monitor", "where the servers tell of themselves, with commas between: http://host:8222"),
  "allow-unsynced": Flag.Literals("allow-unsynced", ["true", "false"]).pipe(
    Flag.withDescription("log at an endpoint: check it although it may lose what it has acknowledged"),
    Flag.withDefault("false")
  )
}

const command = (contract: Name) =>
  Command.make(contract, flags, ({ at, endpoint, ...asked }) =>
    run(contract, { ...asked, endpoint: Option.orElse(at, () => endpoint) })
  ).pipe(Command.withDescription(`${contracts[contract]}: ${names(Adapters.of(contract)) || "none yet"}`))

const isName = (text: string): text is Name => text in contracts

const explain = (cause: Cause.Cause<unknown>) => {
  const error = Option.getOrUndefined(Cause.findErrorOption(cause))
  if (CliError.isCliError(error) || Ends.isTold(error)) return ""
  return `conformance: ${error instanceof Error && error.message !== "" ? error.message : Cause.pretty(cause)}\n`
}

Command.make("conformance").pipe(
  Command.withDescription("Checks the laws of Keelson's contracts on the parts that keep them"),
  Command.withSubcommands([
    ...Object.keys(contracts).filter(isName).map(command),
    KubernetesApi.command,
    Kubernetes.command,
    Describe.command
  ]),
  Command.run({ version: "1" }),
  Effect.tapCause((cause) => Effect.sync(() => process.stderr.write(explain(cause)))),
  Effect.provideService(References.MinimumLogLevel, "Error"),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
