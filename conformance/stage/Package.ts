/** The suites of the contracts that a package offers, run on it at the isolation that it will have. */
import { NodeServices } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { pathToFileURL } from "node:url"
import { join } from "node:path"
import { Api } from "../../kernel/client/Api.ts"
import * as Isolate from "../../kernel/plugin/Isolate.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import type { Isolation } from "../../kernel/plugin/Plugin.ts"
import * as Package from "../../plugins/packages/Package.ts"
import { type Result, Told } from "../Adapter.ts"
import { signs, words } from "../report/Summary.ts"
import * as Suites from "./Suites.ts"

export class PackageBroken extends Error {}

/** It is started for each contract, and ends with what it was started for. */
const offerOf =
  (started: { readonly name: string; readonly module: URL; readonly isolation: Isolation }): Suites.Offer =>
  (contract) =>
    Layer.provide(Plugin.install(Isolate.run({ ...started, offers: [contract], needs: [Api] })), Plugin.Host.layer)

/** What has to be told of a contract that there is no suite for. */
const unknown = (contract: string): Result => ({
  contract,
  law: "suite",
  text: "There is a suite that runs on a package.",
  outcome: "broken",
  detail: `${contract} has none: what has is ${Suites.all.map(({ contract }) => contract.key).join(", ")}`,
  seconds: 0
})

/** Checks what it offers of these contracts, or all of it, and tells of each law. */
export const checked = Effect.fnUntraced(function* (
  directory: string,
  isolation: Isolation,
  isAsked: (contract: string) => boolean = () => true
) {
  const { module, name, offers } = yield* Package.manifest(directory)
  const offer = offerOf({ name, module: pathToFileURL(join(directory, module)), isolation })
  const tell = yield* Told
  for (const { contract } of offers.filter(({ contract }) => isAsked(contract))) {
    const suite = Suites.find(contract)
    yield* suite === undefined ? tell(unknown(contract)) : suite.check(offer)
  }
}, Effect.provide(NodeServices.layer))

/** Each law, as soon as it was checked. */
export const report = (directory: string, isolation: Isolation, told: (result: Result) => void) => {
  const hear = Layer.succeed(Told, (result: Result) => Effect.sync(() => told(result)))
  return Effect.provide(checked(directory, isolation), hear)
}

export const isGood = ({ outcome }: Result) => outcome === "holds" || outcome === "deviates" || outcome === "lacking"

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
