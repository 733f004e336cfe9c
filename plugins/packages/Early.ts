/**
 * Packages that run before there are any objects, or where none are followed: what keeps the store, the keys of what is stored, and
 * snapshots of it, and what runs the Pods of virtual nodes. A setting names them by an address, `plugin:///home/me/keys?vault=blue`:
 * the package's directory, and its configuration, in which values are JSON or texts. It is called with `directory` besides, a folder of its own that stays.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Context, Effect, FileSystem, Layer, Option, Schema, SemVer, SemVerRange } from "effect"
import * as Contract from "../../kernel/plugin/Contract.ts"
import * as Isolate from "../../kernel/plugin/Isolate.ts"
import * as Program from "../../kernel/plugin/isolate/Program.ts"
import { Main } from "../../kernel/plugin/isolate/Settings.ts"
import * as KernelPlugin from "../../kernel/plugin/Plugin.ts"
import { Log } from "../../kernel/store/Log.ts"
import { KeyManagement } from "../encryption/contracts/KeyManagement.ts"
import { SnapshotStorage } from "../snapshots/contracts/SnapshotStorage.ts"
import { ContainerService } from "../virtual-node/contracts/ContainerService.ts"
import type { Manifest } from "./contracts/Manifest.ts"
import { offering, type Ready } from "./Launch.ts"
import * as Package from "./Package.ts"
import { budgetsOf, grantsOf } from "./Permissions.ts"
import * as Remembered from "./Remembered.ts"
import { guest } from "./Running.ts"

/** What a setting can name a package for. */
const contracts = new Set<string>([ContainerService, KeyManagement, Log, SnapshotStorage].map(({ key }) => key))
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
/** While it is on trial, as many calls tell how a new version does. */
const judged = 10

export interface Options {
  readonly address: string
  /** Where the copies of packages are kept that run. */
  readonly directory: string
  readonly callMillis?: number
}

/** One that runs, and by which another version can take its place. */
export interface Standing {
  readonly contract: string
  /** The directory that the setting names. */
  readonly named: string
  /** What it was started as. */
  readonly first: Ready
  /** `errors`: the part of its calls that a version on trial may leave without an answer. */
  readonly prepare: (kept: Package.Kept, errors: number) => Effect.Effect<Ready, Package.PackageInvalid>
  /** What is done when `first` is started again in place of a version that failed. */
  returns: KernelPlugin.Life["taken"]
  /** What the host runs under its name. */
  runs: KernelPlugin.Plugin<unknown, never>
}

const all = new WeakMap<KernelPlugin.Host["Service"], Map<string, Standing>>()
/** Those that this host runs, by name. */
export const of = (host: KernelPlugin.Host["Service"]): ReadonlyMap<string, Standing> => all.get(host) ?? new Map()

const registered = (host: KernelPlugin.Host["Service"], name: string, one: Standing) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const known = all.get(host) ?? new Map<string, Standing>()
      all.set(host, known.set(name, one))
    }),
    () => Effect.sync(() => all.get(host)?.delete(name))
  )

interface Place {
  readonly name: string
  readonly contract: Contract.Contract<unknown, unknown>
  /** The same under a key of its own: there may be several that offer it. */
  readonly own: Contract.Contract<unknown, unknown>
  readonly values: Effect.Success<ReturnType<typeof parse>>["values"]
  readonly state: string
  readonly callMillis: number
}

/** A version of it, as the host starts it. */
const prepared = ({ callMillis, contract, name, own, state, values }: Place): Standing["prepare"] =>
  Effect.fnUntraced(function* (kept, errors) {
    const { manifest, module } = kept
    yield* offered(manifest, contract)
    yield* Package.configured(manifest, values)
    const common = {
      name,
      offers: [contract],
      needs: [],
      grants: grantsOf(manifest, kept.directory),
      budgets: budgetsOf(manifest, callMillis),
      options: { directory: state, ...values }
    } as const
    const isolated =
      module === undefined
        ? Program.run({ ...common, command: manifest.command ?? [], package: kept.directory, state })
        : Isolate.run({ ...common, module, isolation: manifest.isolation ?? "worker" })
    const life = { failures: manifest.life?.failures ?? failures, health: { errors, calls: judged } }
    return {
      kept,
      attachments: [{ contract, attach: () => Effect.void }],
      needs: [],
      fallback: "Fail",
      callTimeoutMillis: callMillis,
      plugin: { ...offering([{ contract, as: own }], isolated), life }
    }
  })

const make = Effect.fnUntraced(function* <Self, S>(contract: Contract.Contract<Self, S>, options: Options) {
  const { directory, values } = yield* parse(options.address)
  const { name } = yield* Package.manifest(directory)
  const state = Package.stateOf(options.directory, name)
  yield* (yield* FileSystem.FileSystem).makeDirectory(state, { recursive: true, mode: 0o700 })
  const own = Contract.instance(contract, name)
  const prepare = prepared({ name, contract, own, values, state, callMillis: options.callMillis ?? patience })
  const source = (yield* Remembered.read(options.directory, name, directory)) ?? { path: directory }
  const ready = yield* prepare(yield* Package.keep(options.directory, name, source), 1)
  const started = Effect.gen(function* () {
    const host = yield* KernelPlugin.Host
    const taken: Standing["returns"] = (handles, before) => one.returns?.(handles, before) ?? Effect.void
    // It needs nothing, which its type does not say.
    const first = { ...ready.plugin, life: { ...ready.plugin.life, taken } } as KernelPlugin.Plugin<unknown, never>
    const one: Standing = {
      ...{ contract: contract.key, named: directory, prepare, first: { ...ready, plugin: first } },
      ...{ returns: undefined, runs: first }
    }
    yield* Effect.acquireRelease(host.start(first), () => Effect.suspend(() => host.stop(one.runs, 0)))
    yield* registered(host, name, one)
    return host.handle(own)
  })
  return Layer.effect(contract, started)
})

/** Among the plugins of the process, so that it is seen there; where there are none, by itself. */
const host = Layer.unwrap(
  Effect.map(Effect.serviceOption(KernelPlugin.Host), (found) =>
    Option.match(found, { onNone: () => KernelPlugin.Host.layer, onSome: (one) => Layer.succeed(KernelPlugin.Host, one) })
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
