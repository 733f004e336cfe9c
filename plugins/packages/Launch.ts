/** From an object and what it names to a plugin that the host can start: versions that fit, a configuration that is right, an isolate. */
import { Context, Effect, Layer, type Schema, SemVerRange, SemVer } from "effect"
import * as Contract from "../../kernel/plugin/Contract.ts"
import * as Isolate from "../../kernel/plugin/Isolate.ts"
import * as Program from "../../kernel/plugin/isolate/Program.ts"
import * as KernelPlugin from "../../kernel/plugin/Plugin.ts"
import { Api } from "../../kernel/client/Api.ts"
import { type AnyAttachment, Attachments } from "./contracts/Attachments.ts"
import type { Plugin, PluginConfiguration } from "./contracts/v1alpha1.ts"
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

const fits = (range: string, version: string) =>
  SemVerRange.matches(SemVerRange.parseUnsafe(range), SemVer.parseUnsafe(version))

/** What it offers, taken in by whoever uses it here; what it needs, there. */
const negotiated = Effect.fnUntraced(function* ({ name, needs = [], offers }: Package.Kept["manifest"]) {
  const attachments = yield* Attachments
  const found: Array<AnyAttachment> = []
  for (const { contract, version } of offers) {
    const attachment = attachments.find(contract)
    if (attachment === undefined)
      return yield* invalid(
        `${name} offers ${contract}, which nothing here takes: what is taken is ${attachments.names().join(", ") || "nothing"}`
      )
    if (!fits(version, attachment.contract.version))
      return yield* invalid(`${name} offers ${contract} ${version}, and this cluster has ${attachment.contract.version}`)
    const lacks = attachment.together?.filter((key) => !offers.some((offer) => offer.contract === key)) ?? []
    if (lacks.length > 0) return yield* invalid(`${name} offers ${contract}, and has to offer ${lacks.join(", ")} with it`)
    found.push(attachment)
  }
  for (const { contract, version } of needs) {
    if (contract !== Api.key)
      return yield* invalid(`${name} needs ${contract}, which is not given to plugins: only ${Api.key} is`)
    if (!fits(version, Api.version))
      return yield* invalid(`${name} needs ${contract} ${version}, and this cluster has ${Api.version}`)
  }
  return found
})

export interface Ready {
  readonly kept: Package.Kept
  readonly attachments: ReadonlyArray<AnyAttachment>
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
}

/** At its isolation; a program is a process, whose command says what it may do. */
const launched = (
  { directory, manifest: { command = [] }, module }: Package.Kept,
  { state }: Place,
  { isolation, ...common }: Omit<Isolate.Settings, "module" | "needs">
): Effect.Effect<KernelPlugin.Plugin<unknown, Api>, Package.PackageInvalid> => {
  if (module !== undefined) return Effect.succeed(Isolate.run({ ...common, needs: [Api], module, isolation }))
  if (isolation !== "process") return Effect.fail(invalid(`${common.name} is a program: its isolation can only be process`))
  return Effect.succeed(Program.run({ ...common, needs: [Api], command, package: directory, state }))
}

export const prepare = Effect.fnUntraced(function* (
  name: string,
  { isolation: wanted }: Plugin["spec"],
  kept: Package.Kept,
  configuration: PluginConfiguration["spec"] | undefined,
  place: Place
) {
  const { directory, manifest } = kept
  const attachments = yield* negotiated(manifest)
  const options = yield* Package.configured(manifest, configuration?.values)
  const callTimeoutMillis = configuration?.callTimeoutMillis ?? place.patience ?? patience
  const given = configuration?.fallback ?? manifest.fallback
  const standard = manifest.command === undefined ? "worker" : "process"
  const isolation = KernelPlugin.isolations.find((level) => level === (wanted ?? manifest.isolation ?? standard))
  if (isolation === undefined) return yield* invalid(`isolation: expected one of ${KernelPlugin.isolations.join(", ")}`)
  if (isolation === "remote")
    return yield* invalid("isolation: an object cannot say yet on which machine a plugin is remote")
  const contracts = attachments.map(({ contract }) => contract)
  const isolated = yield* launched(kept, place, {
    name,
    ...optionsOf(options, place),
    offers: contracts,
    isolation,
    grants: grantsOf(manifest, directory),
    budgets: budgetsOf(manifest, callTimeoutMillis)
  })
  const own = contracts.map((contract) => Contract.instance(contract, name))
  const layer = Layer.effectContext(
    Effect.map(Layer.build(isolated.layer), (built) =>
      Context.makeUnsafe<unknown>(
        new Map(contracts.map((contract, index) => [own[index]?.key ?? "", Context.getUnsafe(built, contract)]))
      )
    )
  )
  const ready: Ready = {
    kept,
    attachments,
    fallback: given === "Ignore" ? "Ignore" : "Fail",
    callTimeoutMillis,
    plugin: { ...isolated, offers: own, layer }
  }
  return ready
})
