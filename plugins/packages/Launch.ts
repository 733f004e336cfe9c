/** From an object and what it names to a plugin that the host can start: versions that fit, a configuration that is right, an isolate. */
import { Context, Effect, Layer, type Schema, SemVer } from "effect"
import { pathToFileURL } from "node:url"
import * as Contract from "../../kernel/plugin/Contract.ts"
import * as Isolate from "../../kernel/plugin/Isolate.ts"
import * as Program from "../../kernel/plugin/isolate/Program.ts"
import type * as KernelPlugin from "../../kernel/plugin/Plugin.ts"
import { Handover } from "../../kernel/plugin/Handover.ts"
import { Api } from "../../kernel/client/Api.ts"
import type { AnyAttachment } from "./contracts/Attachments.ts"
import * as Manifest from "./contracts/Manifest.ts"
import type { Plugin, PluginConfiguration } from "./contracts/v1alpha1.ts"
import { type Need, needed, negotiated, type Offered } from "./Negotiation.ts"
import * as Package from "./Package.ts"
import { budgetsOf, grantsOf } from "./Permissions.ts"

const invalid = (message: string) => new Package.PackageInvalid({ message })

/** How long a call may take where nobody says otherwise. */
const patience = 5000

/** `node` is what a node's plugin learns of its node, beside its configuration. */
const optionsOf = (values: Schema.Json | undefined, { node }: Place) => {
  if (node === undefined) return values === undefined ? {} : { options: values }
  const own = typeof values === "object" && values !== null && !Array.isArray(values) ? values : {}
  return { options: { ...own, node } }
}

export interface Ready {
  readonly kept: Package.Kept
  readonly attachments: ReadonlyArray<AnyAttachment>
  /** What it is given of other packages. */
  readonly needs: ReadonlyArray<Need>
  readonly fallback: "Fail" | "Ignore"
  readonly callTimeoutMillis: number
  /** Offers each contract under a key of its own, so that several plugins can offer the same one. */
  readonly plugin: KernelPlugin.Plugin<unknown, Api>
}

/** What a package is told beside its configuration, and where its programs may keep what they keep. */
export interface Place {
  readonly state: string
  readonly node?: Schema.Json
  /** How long a call may take where nobody says otherwise, in milliseconds. */
  readonly patience?: number
  /** What other packages here offer of contracts of their own. */
  readonly made?: ReadonlyArray<Offered>
}

/** At its isolation; a program is a process, whose command says what it may do. */
const launched = (
  { directory, manifest: { command = [] }, module }: Package.Kept,
  { state }: Place,
  { isolation, needs: others, ...common }: Omit<Isolate.Settings, "module">
): Effect.Effect<KernelPlugin.Plugin<unknown, Api>, Package.PackageInvalid> => {
  const needs = [Api, ...others]
  // What it needs besides is in the context that `Running` starts it with; hence the casts.
  if (module !== undefined)
    return Effect.succeed(Isolate.run({ ...common, needs, module, isolation }) as KernelPlugin.Plugin<unknown, Api>)
  if (isolation !== "process") return Effect.fail(invalid(`${common.name} is a program: its isolation can only be process`))
  return Effect.succeed(
    Program.run({ ...common, needs, command, package: directory, state }) as KernelPlugin.Plugin<unknown, Api>
  )
}

/** Under keys of its own, so that several plugins can offer the same contract; what it hands over needs none. */
const ownOf = (
  name: string,
  attachments: ReadonlyArray<AnyAttachment>,
  { offers }: Manifest.Manifest
): ReadonlyArray<Own> => [
  // A slot serves one major: another one of a contract that the package has made takes nobody's place.
  ...attachments.map(({ contract, isOwn = false }) => ({
    contract,
    as: Contract.instance(contract, isOwn ? `${name}@${SemVer.parseUnsafe(contract.version).major}` : name)
  })),
  ...(offers.some(({ contract }) => contract === Handover.key) ? [{ contract: Handover, as: Handover }] : [])
]
interface Own {
  readonly contract: AnyAttachment["contract"]
  readonly as: AnyAttachment["contract"]
}

/** Under their own keys what it offers under those of the contracts. */
export const offering = <Needs>(own: ReadonlyArray<Own>, isolated: KernelPlugin.Plugin<unknown, Needs>) => ({
  ...isolated,
  offers: own.map(({ as }) => as),
  layer: Layer.effectContext(
    Effect.map(Layer.build(isolated.layer), (built) =>
      Context.makeUnsafe<unknown>(new Map(own.map(({ as, contract }) => [as.key, Context.getUnsafe(built, contract)])))
    )
  )
})

/** Packages besides the one that is to run. */
export interface Others {
  readonly fallback?: Package.Kept
  /** Where it runs, if it does so on another machine. */
  readonly remote?: Isolate.Remote
}

/** What serves while the plugin is left alone: the package that the object names, or the package's own module for that. */
const spareOf = Effect.fnUntraced(function* (
  kept: Package.Kept,
  fallback: Package.Kept | undefined,
  own: ReadonlyArray<Own>
) {
  const { directory, manifest } = kept
  if (fallback === undefined) {
    const { fallbackModule } = manifest
    return fallbackModule === undefined || directory === ""
      ? undefined
      : { ...kept, module: new URL(fallbackModule, pathToFileURL(`${directory}/`)) }
  }
  const offers = new Set((yield* negotiated(fallback.manifest)).map(({ contract }) => contract.key))
  const lacking = own.find(({ contract }) => contract !== Handover && !offers.has(contract.key))
  return lacking === undefined
    ? fallback
    : yield* invalid(`the fallback ${fallback.manifest.name} does not offer ${lacking.contract.key}`)
})

/** As many calls tell how a new version does. */
const judged = 10

/** What is done with it when it does not live well. */
const lifeOf = (
  { life = {} }: Manifest.Manifest,
  { rollbackErrorPercent }: Plugin["spec"],
  fallback: KernelPlugin.Plugin<unknown, Api> | undefined
): KernelPlugin.Life => {
  const { deaths = 5, failures = 20, restSeconds = 60, withinSeconds = 60 } = life
  return {
    circuit: { deaths, withinMillis: withinSeconds * 1000, restMillis: restSeconds * 1000 },
    failures,
    health: { errors: rollbackErrorPercent / 100, calls: judged },
    // What it needs is what the plugin does, which the kernel does not ask of its type; hence the cast.
    ...(fallback !== undefined && { fallback: fallback as KernelPlugin.Plugin<never, unknown> })
  }
}

export const prepare = Effect.fnUntraced(function* (
  name: string,
  spec: Plugin["spec"],
  kept: Package.Kept,
  configuration: PluginConfiguration["spec"] | undefined,
  place: Place,
  others: Others = {}
) {
  const { directory, manifest } = kept
  const attachments = yield* negotiated(manifest)
  const options = yield* Package.configured(manifest, configuration?.values)
  const callTimeoutMillis = configuration?.callTimeoutMillis ?? place.patience ?? patience
  const given = configuration?.fallback ?? manifest.fallback
  const standard = manifest.command === undefined ? "worker" : "process"
  const level = spec.isolation ?? manifest.isolation ?? standard
  const isolation = others.remote === undefined ? Manifest.isolations.find((one) => one === level) : ("remote" as const)
  if (isolation === undefined) return yield* invalid(`isolation: expected one of ${Manifest.isolations.join(", ")}`)
  const own = ownOf(name, attachments, manifest)
  const needs = yield* needed(manifest, place.made)
  const common = {
    offers: own.map(({ contract }) => contract),
    needs: needs.map(({ contract }) => contract),
    isolation,
    grants: grantsOf(manifest, directory),
    budgets: budgetsOf(manifest, callTimeoutMillis),
    ...(others.remote !== undefined && { remote: others.remote })
  }
  const plugin = offering(own, yield* launched(kept, place, { name, ...optionsOf(options, place), ...common }))
  const spare = yield* spareOf(kept, others.fallback, own)
  const near = isolation === "remote" ? { ...common, isolation: "worker" as const } : common
  const standIn =
    spare &&
    offering(own, yield* launched(spare, place, { name: `${name}-fallback`, ...optionsOf(options, place), ...near }))
  const ready: Ready = {
    kept,
    attachments,
    needs,
    fallback: given === "Ignore" ? "Ignore" : "Fail",
    callTimeoutMillis,
    plugin: { ...plugin, life: lifeOf(manifest, spec, standIn) }
  }
  return ready
})
