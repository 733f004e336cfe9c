/**
 * Follows Plugin objects in every API process: starts, replaces and stops packages as they say, as far as this process takes what they
 * offer. Where the server leads, it also tells in Events and in their status what became of it (`Report.ts`).
 */
import { Cause, Context, Effect, Layer, type Scope, Stream, SubscriptionRef } from "effect"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Client } from "../../kernel/client/Client.ts"
import * as PipelineApi from "../../kernel/client/PipelineApi.ts"
import * as PipelineClient from "../../kernel/client/PipelineClient.ts"
import * as KernelPlugin from "../../kernel/plugin/Plugin.ts"
import { controllerReference, type Key } from "../../kernel/resource/Kind.ts"
import { Kinds } from "../../kernel/resource/Kinds.ts"
import * as Controllers from "../controllers/contracts/Controllers.ts"
import * as EventRecorder from "../resources/contracts/EventRecorder.ts"
import { order } from "../../kernel/plugin/Order.ts"
import * as Agreement from "./Agreement.ts"
import type { Manifest } from "./contracts/Manifest.ts"
import * as Capabilities from "./Capabilities.ts"
import { Attachments } from "./contracts/Attachments.ts"
import { Plugin, PluginConfiguration } from "./contracts/v1alpha1.ts"
import type * as Early from "./Early.ts"
import * as EarlySwaps from "./EarlySwaps.ts"
import * as Launch from "./Launch.ts"
import { isForNodes } from "./node/NodeContracts.ts"
import * as NodeReport from "./node/NodeReport.ts"
import * as Package from "./Package.ts"
import { granted, userOf } from "./Permissions.ts"
import * as Remote from "./Remote.ts"
import * as Report from "./Report.ts"
import * as Running from "./Running.ts"
import * as Words from "./Words.ts"

export interface Options {
  /** Where the copies of packages are kept that run. */
  readonly directory: string
  /** This server, as its status calls it, and which version it is. */
  readonly host: string
  readonly version: string
}

const isFromOutside = ({ spec }: Plugin) => spec.source !== undefined || spec.remote !== undefined

/** On a server a plugin does what its own role lets it do. */
const asItself = (name: string) => Layer.merge(PipelineApi.layer(userOf(name)), PipelineClient.layer(userOf(name)))

const make = Effect.fnUntraced(function* ({ directory, host: server, version }: Options) {
  const client = yield* Client
  const host = yield* KernelPlugin.Host
  const attachments = yield* Attachments
  const kinds = yield* Kinds
  const running = yield* Running.make(asItself)
  const early = yield* EarlySwaps.make(directory, running, running.start)
  const record = yield* EventRecorder.make({ component: "keelson-plugins", host: server })
  const plugins = yield* client.cache(Plugin, { indexes: {} })
  const configurations = yield* client.cache(PluginConfiguration, { indexes: {} })
  const failures = new Map<string, string>()
  const seen = new Map<string, number>()
  const onNodes = yield* NodeReport.make
  /** Of all packages that objects name, also of those that wait. */
  const manifests = new Map<string, Manifest>()
  let isLeading = false

  const configurationOf = ({ metadata, spec }: Plugin) =>
    configurations.get({ namespace: "", name: spec.configuration ?? metadata.name })

  const announce: Report.Say = (object, type, reason, message) =>
    record({ kind: Plugin, object, type, reason, message, action: "Loading" })
  const say: Report.Say = (...said) => (isLeading ? announce(...said) : Effect.void)
  const wishOf = (plugin: Plugin) => Agreement.wishOf(plugin.spec, configurationOf(plugin))
  const about = { placed: onNodes.placed, early, running, plugins, failures, seen, wishOf, server, version, say, announce }
  const report = yield* Report.make(about)
  const keysOf = (names: Iterable<string>) => Array.from(names, (name) => ({ namespace: "", name }))
  const allKeys = () => plugins.all().map(({ metadata: { name } }) => ({ namespace: "", name }))

  /** A part of the server has the name already. */
  const isTaken = (name: string) =>
    running.get(name) === undefined &&
    SubscriptionRef.getUnsafe(host.states).some((state) => state.name === name && state.state === "running")

  /** Who used what it offers is no longer here. */
  const gone = (name: string) => {
    const isUsed = running
      .get(name)
      ?.ready.attachments.every((one) => one.isOwn === true || attachments.find(one.contract.key) === one)
    return isUsed === false || running.isAlone(name) ? running.stop(name) : Effect.void
  }

  /** None of them could be the first. */
  const ordered = Effect.suspend(() =>
    order(
      [...manifests].map(([name, { needs = [], offers }]) => ({
        name,
        offers: offers.map(({ contract }) => contract),
        needs: needs.map(({ contract }) => contract)
      }))
    )
  )

  /** What it may do in the API; where the server leads. */
  const rights = (plugin: Plugin, manifests: ReadonlyArray<Manifest>) =>
    isLeading ? granted(plugin.metadata.name, controllerReference(Plugin, plugin), manifests) : Effect.void

  /** After a rollback what ran before is what is wanted, until the object says something else. */
  const load = Effect.fnUntraced(function* (plugin: Plugin) {
    const { metadata, spec } = plugin
    const { name } = metadata
    if (!isFromOutside(plugin)) return
    const configuration = configurationOf(plugin)
    const wish = wishOf(plugin)
    yield* gone(name)
    const before = running.get(name)
    // What could not take its place meanwhile is not wanted any more.
    const isBack = running.rolledBack(name)?.wish === wish
    const back = isBack ? undefined : Agreement.returnTo(plugin, wish)
    if (isBack || (back === undefined && before?.wish === wish)) {
      failures.delete(name)
      return isBack && before !== undefined ? yield* rights(plugin, [before.ready.kept.manifest]) : undefined
    }
    if (isTaken(name)) return yield* new Package.PackageInvalid({ message: `a part of the server itself is called ${name}` })
    const remote = back === undefined ? spec.remote && (yield* Remote.settingsOf(name, spec.remote)) : undefined
    const source = back?.source ?? spec.source
    const kept = yield* remote !== undefined
      ? Remote.found(name, remote)
      : Package.keep(directory, name, source ?? { path: "" })
    manifests.set(name, kept.manifest)
    yield* Capabilities.check(kept.manifest, kinds)
    yield* Effect.catch(ordered, (found) => (found.cycle.includes(name) ? Effect.fail(found) : Effect.void))
    // Nodes load it, each for itself.
    if (isForNodes(kept.manifest)) {
      failures.delete(name)
      onNodes.found(name, kept)
      return yield* running.stop(name)
    }
    onNodes.forget(name)
    const fallback = spec.fallback && (yield* Package.keep(directory, name, spec.fallback))
    const others = { ...(fallback !== undefined && { fallback }), ...(remote !== undefined && { remote }) }
    const place = { state: Package.stateOf(directory, name), made: running.made() }
    const ready = yield* Launch.prepare(name, spec, kept, configuration?.spec, place, others)
    const own = before === undefined ? [] : [before.ready.kept.manifest]
    // Until the new one has its place, both may do what they say they do.
    yield* rights(plugin, [...own, kept.manifest])
    yield* running
      .start(name, ready, wish, back === undefined ? spec.rollbackWindowSeconds : 0)
      .pipe(Effect.tapError(() => rights(plugin, own)))
    yield* rights(plugin, [kept.manifest])
    if (back !== undefined) yield* running.cameBack(name, { wish, reason: back.reason })
    failures.delete(name)
    const { isolation } = ready.plugin
    const { version } = kept.manifest
    yield* before === undefined
      ? say(plugin, "Normal", "Started", `version ${version} runs (${isolation})`)
      : say(
          plugin,
          "Normal",
          "Swapped",
          `version ${version} (${isolation}) runs in place of ${before.ready.kept.manifest.version}`
        )
  })

  /** What is there before any object is stays, whatever its object says. */
  const swapped = Effect.fnUntraced(function* (plugin: Plugin, one: Early.Standing) {
    const { name } = plugin.metadata
    const before = running.get(name)?.ready.kept.manifest.version ?? ""
    const isOther = yield* early.load(plugin, one, wishOf(plugin))
    failures.delete(name)
    const now = running.get(name)?.ready
    if (!isOther || now === undefined) return
    const [{ version }, { isolation }] = [now.kept.manifest, now.plugin]
    yield* say(plugin, "Normal", "Swapped", `version ${version} (${isolation}) runs in place of ${before}`)
  })

  const reconcile = Effect.fnUntraced(function* ({ name }: Key) {
    const plugin = plugins.get({ namespace: "", name })
    yield* early.adopt
    const one = early.find(name)
    const observed = () => {
      if (plugin?.metadata.generation === undefined) seen.delete(name)
      else seen.set(name, plugin.metadata.generation)
    }
    if (plugin === undefined || (one === undefined && (plugin.spec.suspend === true || !isFromOutside(plugin)))) {
      failures.delete(name)
      manifests.delete(name)
      yield* running.stop(name)
      observed()
      if (plugin !== undefined && isLeading) yield* report.one(name)
      return Controllers.done
    }
    const outcome = yield* Effect.exit(one === undefined ? load(plugin) : swapped(plugin, one))
    if (outcome._tag === "Failure") {
      if (Cause.hasInterruptsOnly(outcome.cause)) return Controllers.done
      const words = Words.of(Cause.squash(outcome.cause))
      const isNews = failures.get(name) !== words
      failures.set(name, words)
      if (isNews) yield* say(plugin, "Warning", "Failed", words)
    }
    observed()
    yield* isLeading ? report.one(name) : report.rolledBack(name)
    // What lies in a directory may be mended without a word to anybody.
    return outcome._tag === "Failure" ? Controllers.again("10 seconds") : Controllers.done
  })

  yield* Controllers.run({
    name: "plugins",
    concurrency: 4,
    triggers: [
      Controllers.each(plugins),
      Stream.map(onNodes.changes, (names) => names.map((name) => ({ namespace: "", name }))),
      Stream.map(SubscriptionRef.changes(attachments.generation), allKeys),
      // What is served from now on may be what some have waited for.
      Stream.map(SubscriptionRef.changes(kinds.generation), () => keysOf(failures.keys())),
      // What starts or ends may be what others wait for.
      Stream.map(SubscriptionRef.changes(running.news), () => keysOf(manifests.keys())),
      Controllers.on(configurations, ({ metadata }) =>
        plugins
          .all()
          .filter(({ metadata: { name }, spec }) => (spec.configuration ?? name) === metadata.name)
          .map(({ metadata: { name } }) => ({ namespace: "", name }))
      )
    ],
    reconcile
  })
  const lead = Effect.gen(function* () {
    yield* Effect.acquireRelease(
      Effect.sync(() => (isLeading = true)),
      () => Effect.sync(() => (isLeading = false))
    )
    yield* SubscriptionRef.update(attachments.generation, (count) => count + 1)
    yield* report.run
  })
  return Loader.of({ lead })
})

export class Loader extends Context.Service<
  Loader,
  {
    /** Tells of what runs here, and of the server's own parts, while the scope is open. */
    readonly lead: Effect.Effect<void, never, Scope.Scope>
  }
>()("packages/Loader") {}

/** Packages lie in files, and so does what is run of them. */
export const layer = (options: Options) => Layer.provide(Layer.effect(Loader, make(options)), NodeServices.layer)

/** Where the server leads. */
export const plugin = KernelPlugin.make({
  name: "plugin-status",
  layer: Layer.effectDiscard(Effect.flatMap(Loader, ({ lead }) => lead))
})
