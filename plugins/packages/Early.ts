/**
 * Packages that run before there are any objects: what keeps the store, the keys of what is stored, and snapshots of it. A setting names
 * them by an address, `plugin:///home/me/keys?vault=blue`: the package's directory, and its configuration, in which values are JSON or texts.
 * It is called with `directory` besides, a folder of its own that stays.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Context, Effect, FileSystem, Layer, Option, Schema, SemVer, SemVerRange } from "effect"
import type * as Contract from "../../kernel/plugin/Contract.ts"
import * as Isolate from "../../kernel/plugin/Isolate.ts"
import * as Program from "../../kernel/plugin/isolate/Program.ts"
import { Main } from "../../kernel/plugin/isolate/Settings.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { Log } from "../../kernel/store/Log.ts"
import { KeyManagement } from "../encryption/contracts/KeyManagement.ts"
import { SnapshotStorage } from "../snapshots/contracts/SnapshotStorage.ts"
import type { Manifest } from "./contracts/Manifest.ts"
import * as Package from "./Package.ts"
import { budgetsOf, grantsOf } from "./Permissions.ts"
import { guest } from "./Running.ts"

/** What a setting can name a package for. */
const contracts = new Set<string>([KeyManagement, Log, SnapshotStorage].map(({ key }) => key))
export const takes = (contract: string) => contracts.has(contract)

const scheme = "plugin://"
export const expected = "plugin:///home/me/PACKAGE"
export const isAddress = (address: string) => address.startsWith(`${scheme}/`)

const invalid = (message: string) => new Package.PackageInvalid({ message })
const decodeJson = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Json))

/** `directory`, and what its module is called with. */
export const parse = Effect.fnUntraced(function* (address: string) {
  if (!isAddress(address) || !URL.canParse(address))
    return yield* invalid(`${address}: expected the path of a package, as ${expected}`)
  const { pathname, searchParams } = new URL(address)
  const values = [...searchParams].map(([name, text]) => [name, Option.getOrElse(decodeJson(text), () => text)] as const)
  return {
    directory: decodeURIComponent(pathname),
    values: values.length === 0 ? undefined : Object.fromEntries(values)
  }
})

const offered = Effect.fnUntraced(function* (
  { name, needs = [], offers }: Manifest,
  { key, version }: Contract.Contract<unknown, unknown>
) {
  const found = offers.find(({ contract }) => contract === key)
  if (found === undefined) return yield* invalid(`${name} does not offer ${key}`)
  if (!SemVerRange.matches(SemVerRange.parseUnsafe(found.version), SemVer.parseUnsafe(version)))
    return yield* invalid(`${name} offers ${key} ${found.version}, and this cluster has ${version}`)
  if (needs.length > 0)
    return yield* invalid(
      `${name} needs ${needs.map(({ contract }) => contract).join(", ")}, and runs before there is any of it`
    )
})

/** How long a call may take where nobody says otherwise, in milliseconds. */
const patience = 30_000
/** Left without an answer, in a row: then it is started again, however often. */
const failures = 20

export interface Options {
  readonly address: string
  /** Where the copies of packages are kept that run. */
  readonly directory: string
  readonly callMillis?: number
}

const make = Effect.fnUntraced(function* <Self, S>(contract: Contract.Contract<Self, S>, options: Options) {
  const { directory, values } = yield* parse(options.address)
  const { name } = yield* Package.manifest(directory)
  const kept = yield* Package.keep(options.directory, name, { path: directory })
  const { manifest, module } = kept
  yield* offered(manifest, contract)
  yield* Package.configured(manifest, values)
  const state = Package.stateOf(options.directory, name)
  yield* (yield* FileSystem.FileSystem).makeDirectory(state, { recursive: true, mode: 0o700 })
  const common = {
    name,
    offers: [contract],
    needs: [],
    grants: grantsOf(manifest, kept.directory),
    budgets: budgetsOf(manifest, options.callMillis ?? patience),
    life: { failures: manifest.life?.failures ?? failures },
    options: { directory: state, ...values }
  } as const
  const isolation = manifest.isolation ?? "worker"
  if (module !== undefined) return Plugin.install(Isolate.run({ ...common, module, isolation }))
  return Plugin.install(Program.run({ ...common, command: manifest.command ?? [], package: kept.directory, state }))
})

/** Among the plugins of the process, so that it is seen there; where there are none, by itself. */
const host = Layer.unwrap(
  Effect.map(Effect.serviceOption(Plugin.Host), (found) =>
    Option.match(found, { onNone: () => Plugin.Host.layer, onSome: (one) => Layer.succeed(Plugin.Host, one) })
  )
)

/** What the package at the address offers of this contract. It is started again when it dies, for ever. */
export const layer = <Self, S>(contract: Contract.Contract<Self, S>, options: Options) =>
  Layer.unwrap(Effect.provide(make(contract, options), NodeServices.layer)).pipe(
    Layer.provide(Layer.merge(host, Layer.succeed(Main, guest)))
  )

/** The same as a value, as long as the scope is open. */
export const service = Effect.fnUntraced(function* <Self, S>(contract: Contract.Contract<Self, S>, options: Options) {
  return Context.get(yield* Layer.build(layer(contract, options)), contract)
})
