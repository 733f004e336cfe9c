/** The suites of the contracts that a package offers, run on it: on an API in memory, at the isolation that it will have. */
import { NodeServices } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { pathToFileURL } from "node:url"
import { join } from "node:path"
import * as MemoryApi from "../../adapters/memory/MemoryApi.ts"
import { Api } from "../../kernel/client/Api.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import * as Isolate from "../../kernel/plugin/Isolate.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import type { Isolation } from "../../kernel/plugin/Plugin.ts"
import * as Package from "../../plugins/packages/Package.ts"
import { SchedulerPoints } from "../../plugins/scheduler/contracts/SchedulerPoints.ts"
import * as SchedulerPointsSuite from "../SchedulerPoints.ts"
import * as Suite from "../Suite.ts"

export class PackageBroken extends Error {}

const memory = Layer.provideMerge(ApiClient.layer, MemoryApi.layer())

interface Started {
  readonly name: string
  readonly module: URL
  readonly isolation: Isolation
}

/** By key of the contract: its laws, checked on a package. */
const suites: { readonly [contract: string]: (started: Started) => Effect.Effect<ReadonlyArray<string>, unknown> } = {
  [SchedulerPoints.key]: (started) => {
    const plugin = Isolate.run({ ...started, offers: [SchedulerPoints], needs: [Api] })
    const running = Layer.provideMerge(Plugin.install(plugin), Layer.merge(memory, Plugin.Host.layer))
    return Effect.provide(Suite.report(SchedulerPointsSuite.suite), running)
  }
}

/** A line for each law. */
export const report = Effect.fnUntraced(function* (directory: string, isolation: Isolation) {
  const { module, name, offers } = yield* Package.manifest(directory)
  const lines: Array<string> = []
  for (const { contract } of offers) {
    const suite = suites[contract]
    if (suite === undefined) lines.push(`UNKNOWN  ${contract} has no suite that runs on a package`)
    else lines.push(...(yield* suite({ name, module: pathToFileURL(join(directory, module)), isolation })))
  }
  return lines
}, Effect.provide(NodeServices.layer))

const isGood = (line: string) => line.startsWith("ok") || line.startsWith("deviates")

/** For a test of the package: rejects with the laws that it breaks. */
export const check = async (directory: string, isolation: Isolation = "in-process") => {
  const lines = await Effect.runPromise(report(directory, isolation))
  const broken = lines.filter((line) => !isGood(line))
  if (broken.length > 0) throw new PackageBroken(broken.join("\n"))
}
