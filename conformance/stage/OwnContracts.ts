/**
 * Contracts that a package has made itself: `laws.ts` beside its manifest exports the suites of their laws as `suites`, in which the
 * contracts' own values are. What the manifest says of them has to be what these are.
 */
import { Effect, Layer } from "effect"
import { RpcSchema } from "effect/rpc"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import * as MemoryApi from "../../adapters/memory/MemoryApi.ts"
import type { Contract } from "../../kernel/plugin/Contract.ts"
import * as Outside from "../../kernel/plugin/Outside.ts"
import type { Manifest } from "../../plugins/packages/contracts/Manifest.ts"
import { checked, kit, type Result, Told } from "../Adapter.ts"
import type { Suite } from "../Suite.ts"
import type { Offer } from "./Suites.ts"

type AnySuite = Suite<unknown, unknown, string>
export const file = "laws.ts"

const broken = (contract: string, law: string, text: string, detail: string): Result => ({
  ...{ contract, law, text, detail },
  outcome: "broken",
  seconds: 0
})

const suitesIn = (directory: string) =>
  Effect.promise(async (): Promise<ReadonlyArray<AnySuite>> => {
    const path = join(directory, file)
    if (!existsSync(path)) return []
    Outside.register()
    const { suites = [] }: { readonly suites?: ReadonlyArray<AnySuite> } = await import(pathToFileURL(path).href)
    return suites
  })

/** Methods with one answer, streams, and the version, as a manifest has them. */
const described = ({ group, version }: Contract<unknown, unknown>) => {
  const all = [...group.requests.values()]
  const tags = (streams: boolean) =>
    all.flatMap(({ _tag, successSchema }) => (RpcSchema.isStreamSchema(successSchema) === streams ? [_tag] : []))
  return JSON.stringify({ version, methods: tags(false).toSorted(), streams: tags(true).toSorted() })
}

/** Told for each contract of its own: whether it is what the manifest says, and its laws. */
export const check = Effect.fnUntraced(function* (directory: string, { contracts = [] }: Manifest, offer: Offer) {
  const [tell, suites] = [yield* Told, yield* suitesIn(directory)]
  for (const { contract: key, methods = [], streams = [], version } of contracts) {
    const suite = suites.find(({ contract }) => contract.key === key)
    if (suite === undefined) {
      const text = "The laws of a contract of its own can be checked."
      yield* tell(broken(key, "suite", text, `${join(directory, file)} exports no suite of it in \`suites\``))
      continue
    }
    const said = JSON.stringify({ version, methods: methods.toSorted(), streams: streams.toSorted() })
    const found = described(suite.contract)
    if (found !== said)
      yield* tell(broken(key, "described", "The manifest says what it is.", `it says ${said}, and it is ${found}`))
    yield* kit(Layer.provide(offer(suite.contract), MemoryApi.layer()), checked(suite))
  }
})
