/** The suites of the contracts that a package offers, run on it at the isolation that it will have. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, FileSystem, Layer } from "effect"
import { pathToFileURL } from "node:url"
import { join, resolve, sep } from "node:path"
import { Api } from "../../kernel/client/Api.ts"
import { type Contract, nameOf } from "../../kernel/plugin/Contract.ts"
import { Handover } from "../../kernel/plugin/Handover.ts"
import * as Isolate from "../../kernel/plugin/Isolate.ts"
import * as Program from "../../kernel/plugin/isolate/Program.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import type { Isolation } from "../../kernel/plugin/Plugin.ts"
import * as Early from "../../plugins/packages/Early.ts"
import * as Package from "../../plugins/packages/Package.ts"
import type { Manifest } from "../../plugins/packages/contracts/Manifest.ts"
import { fits, madeBy } from "../../plugins/packages/Negotiation.ts"
import { budgetsOf, grantsOf } from "../../plugins/packages/Permissions.ts"
import { Asked, type Result, Told } from "../Adapter.ts"
import { contracts } from "../Contracts.ts"
import * as Deviations from "../Deviations.ts"
import { signs, words } from "../report/Summary.ts"
import * as CloudSuites from "./CloudSuites.ts"
import * as NodeSuites from "./NodeSuites.ts"
import * as OwnContracts from "./OwnContracts.ts"
import * as Suites from "./Suites.ts"

export class PackageBroken extends Error {}

/** Where npm has laid a package, or without a word on what its modules are, Node.js reads no TypeScript: then the copy is checked that would be loaded. */
const placeOf = Effect.fnUntraced(function* (directory: string, folder: string) {
  const files = yield* FileSystem.FileSystem
  const isPlain = !directory.split(sep).includes("node_modules")
  if (isPlain && (yield* files.exists(join(directory, "package.json")))) return directory
  const { name } = yield* Package.manifest(directory)
  return (yield* Package.keep(join(folder, "copy"), name, { path: directory })).directory
})

/** What other packages offer that it needs: contracts of their own. */
interface Beside {
  readonly contracts: ReadonlyArray<Contract<unknown, unknown>>
  readonly layer: Layer.Layer<never, unknown, Api>
}
const nobody: Beside = { contracts: [], layer: Layer.empty }

/** It is started for what is checked together, and ends with what it was started for. */
const startOf = Effect.fnUntraced(function* (
  directory: string,
  isolation: Isolation,
  folder: string,
  beside: Beside = nobody
) {
  const place = yield* placeOf(resolve(directory), folder)
  const manifest = yield* Package.manifest(place)
  const { command = [], module, name } = manifest
  const limits = { grants: grantsOf(manifest, place), budgets: budgetsOf(manifest, undefined) }
  const start: NodeSuites.Start = (offers, options) => {
    const about = { name, offers, needs: [Api, ...beside.contracts], ...(options !== undefined && { options }) } as const
    const plugin =
      module === undefined
        ? Program.run({ ...about, command, package: place, state: join(folder, "state") })
        : Isolate.run({ ...about, ...limits, module: pathToFileURL(join(place, module)), isolation })
    // What is handed over is between a plugin and its host, which leads nobody to it.
    const started = offers.some(({ key }) => key === Handover.key) ? plugin.layer : Plugin.install(plugin)
    // What it offers are these contracts, and what it needs is beside it, which the type of a program does not say.
    return Layer.provide(started, Layer.merge(Plugin.Host.layer, beside.layer)) as Layer.Layer<
      Plugin.Identifier<(typeof offers)[number]>,
      unknown,
      Api
    >
  }
  return start
})

const besideOf = Effect.fnUntraced(function* (directories: ReadonlyArray<string>, folder: string) {
  const all = yield* Effect.forEach(directories, (directory, index) =>
    Effect.gen(function* () {
      const manifest = yield* Package.manifest(directory)
      const contracts = madeBy(manifest).map(({ contract }) => contract)
      const start = yield* startOf(directory, manifest.isolation ?? "worker", join(folder, `beside-${index}`))
      return { contracts, layer: start(contracts) }
    })
  )
  const layer = Layer.mergeAll(Layer.empty, ...all.map((one) => one.layer))
  return { contracts: all.flatMap((one) => one.contracts), layer } satisfies Beside
})

/** What has to be told of a contract that there is no suite for. */
const unknown = (contract: string): Result => ({
  contract,
  law: "suite",
  text: "There is a suite that runs on a package.",
  outcome: "broken",
  detail: `${contract} has none: what has is ${Suites.all.map(({ contract }) => contract.key).join(", ")}`,
  seconds: 0
})

/** What cannot be checked on this machine. */
const lacking = (contracts: ReadonlyArray<string>, missing: ReadonlyArray<string>): Result => ({
  contract: contracts[0] ?? "",
  law: "machine",
  text: `The laws of ${contracts.join(", ")} can be checked here.`,
  outcome: "lacking",
  detail: `this machine has no ${missing.join(", ")}`,
  seconds: 0
})

/** No version that it offers of a contract is the one of here: a cluster would refuse it. */
const strange = ({ offers }: Manifest) =>
  [...Map.groupBy(offers, ({ contract }) => contract)].flatMap(([key, ranges]): ReadonlyArray<Result> => {
    const here = contracts.find((contract) => contract.key === key)
    if (here === undefined || ranges.some(({ version }) => fits(version, here.version))) return []
    const said = ranges.map(({ version }) => version).join(" and ")
    const text = "A version that it offers is taken here."
    return [
      {
        contract: key,
        law: "version",
        text,
        outcome: "broken",
        detail: `it offers ${said}; here is ${here.version}`,
        seconds: 0
      }
    ]
  })

/** Checks what it offers of these contracts, or all of it, and tells of each law. `beside`: packages with what it needs of others. */
export const checked = Effect.fnUntraced(
  function* (
    directory: string,
    asked: Isolation | undefined,
    only?: ReadonlyArray<string>,
    beside: ReadonlyArray<string> = []
  ) {
    const manifest = yield* Package.manifest(directory)
    const offers = manifest.offers.map(({ contract }) => contract).filter((key) => only?.includes(key) !== false)
    if (only !== undefined && offers.length === 0)
      return yield* new Package.PackageInvalid({ message: `${manifest.name} does not offer ${only.join(" or ")}` })
    const folder = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped({ prefix: "keelson-check-" })
    const own = join(folder, "own")
    yield* (yield* FileSystem.FileSystem).makeDirectory(own)
    const others = yield* besideOf(beside, folder)
    const start = yield* startOf(directory, asked ?? manifest.isolation ?? "worker", folder, others)
    // As above.
    const offer: Suites.Offer = <Self, S>(contract: Contract<Self, S>) =>
      start([contract], Early.takes(contract.key) ? { directory: own } : undefined) as Layer.Layer<
        unknown,
        unknown,
        Api
      > as Layer.Layer<Self, unknown, Api>
    const tell = yield* Told
    yield* Effect.forEach(strange(manifest), tell)
    const onNodes = NodeSuites.of(offers)
    for (const { check, contracts, lacks } of onNodes) {
      const missing = lacks()
      yield* missing.length === 0 ? check(start, join(folder, "node")) : tell(lacking(contracts, missing))
    }
    const isCloud = CloudSuites.isOffered(offers)
    if (isCloud) yield* CloudSuites.check(start, resolve(directory), offers)
    yield* OwnContracts.check(resolve(directory), manifest, offer)
    const made = madeBy(manifest).map(({ contract }) => nameOf(contract))
    const together = [...made, ...(isCloud ? CloudSuites.keys : []), ...onNodes.flatMap(({ contracts }) => contracts)]
    for (const key of offers.filter((key) => !together.includes(key))) {
      const suite = Suites.find(key)
      yield* suite === undefined ? tell(unknown(key)) : suite.check(offer)
    }
  },
  Effect.scoped,
  Effect.provide(NodeServices.layer)
)

/** Each law, as soon as it was checked. What deviates as the package itself says does not break a law. */
export const report = Effect.fnUntraced(function* (
  directory: string,
  isolation: Isolation | undefined,
  told: (result: Result) => void,
  beside: ReadonlyArray<string> = []
) {
  const terms = { profile: "all" as const, deviations: yield* Deviations.beside(directory), done: {} }
  const hear = Layer.succeed(Told, (result: Result) => Effect.sync(() => told(result)))
  yield* checked(directory, isolation, undefined, beside).pipe(Effect.provide(hear), Effect.provideService(Asked, terms))
})

export const isGood = ({ outcome }: Result) => outcome !== "broken" && outcome !== "repaired"

export const line = (result: Result) => {
  const { law, outcome, text } = result
  const said = words(result)
  return `${signs[outcome]} ${law}: ${text}${said === "" ? "" : `\n    ${said.replaceAll("\n", "\n    ")}`}`
}

/** For a test of the package: rejects with the laws that it breaks. */
export const check = async (directory: string, isolation: Isolation = "in-process") => {
  const results: Array<Result> = []
  await Effect.runPromise(report(directory, isolation, (result) => results.push(result)))
  const broken = results.filter((result) => !isGood(result))
  if (broken.length > 0) throw new PackageBroken(broken.map(line).join("\n"))
}
