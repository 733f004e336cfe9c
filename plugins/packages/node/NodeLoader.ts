/**
 * Follows Plugin objects on a node: starts, replaces and stops the packages whose contracts are a node's, as far as they select this
 * node, and tells in an annotation of its Node what became of them. Servers gather that into the status of the objects.
 */
import { Cause, Deferred, Effect, Latch, Layer, Schedule, Stream, SubscriptionRef } from "effect"
import * as NodeServices from "@effect/platform-node/NodeServices"
import type { Api } from "../../../kernel/client/Api.ts"
import { Client } from "../../../kernel/client/Client.ts"
import * as KernelPlugin from "../../../kernel/plugin/Plugin.ts"
import { Node } from "../../resources/contracts/core/v1.ts"
import { Attachments } from "../contracts/Attachments.ts"
import type { NodeFacts } from "../contracts/NodeFacts.ts"
import * as NodeState from "../contracts/NodeState.ts"
import { Plugin, PluginConfiguration } from "../contracts/v1alpha1.ts"
import * as Launch from "../Launch.ts"
import * as Package from "../Package.ts"
import * as Running from "../Running.ts"
import * as Attempts from "./Attempts.ts"
import { isForNodes, taken } from "./NodeContracts.ts"
import * as Words from "./Words.ts"

export interface Options {
  readonly nodeName: string
  /** Where the copies of packages are kept that run here. */
  readonly directory: string
  /** What packages learn of this node. */
  readonly facts: Omit<NodeFacts, "directory">
  /** A plugin acts as the part of the node in whose place it is. */
  readonly as: (offers: ReadonlyArray<string>) => Layer.Layer<Api, unknown>
}

/** A runtime may take long for an image: nobody calls where it takes too long in general. */
const patience = 600_000
/** What a package lacks may come without a word to anybody. */
const again = "10 seconds"
/** So long a node that starts waits for its packages, before it looks after its Pods. */
const first = "15 seconds"

const follow = Effect.fnUntraced(function* (options: Options, settled: Effect.Effect<unknown>) {
  const { directory, nodeName } = options
  const [client, host, attachments] = [yield* Client, yield* KernelPlugin.Host, yield* Attachments]
  const running = yield* Running.make((_, offers) => options.as(offers))
  const plugins = yield* client.cache(Plugin, { indexes: {} })
  const configurations = yield* client.cache(PluginConfiguration, { indexes: {} })
  const nodes = yield* client.cache(Node, { indexes: {}, selection: { fieldSelector: `metadata.name=${nodeName}` } })
  const own = () => nodes.get({ namespace: "", name: nodeName })
  const [failures, looked] = [new Map<string, string>(), new Map<string, number>()]
  const attempts = Attempts.make()
  /** Packages of servers, by what they were when that was seen. */
  const others = new Map<string, string>()

  const isSelected = ({ spec: { nodeSelector = {}, source, suspend } }: Plugin) => {
    const labels = own()?.metadata.labels
    const fits = Object.entries(nodeSelector).every(([name, value]) => labels?.[name] === value)
    return source !== undefined && suspend !== true && labels !== undefined && fits
  }

  const load = Effect.fnUntraced(function* ({ metadata: { generation, name }, spec }: Plugin) {
    if (spec.source === undefined) return
    const configuration = configurations.get({ namespace: "", name: spec.configuration ?? name })?.spec
    const wish = JSON.stringify([spec.source, spec.isolation, generation, configuration])
    if (others.get(name) === wish) return
    if (running.isAlone(name)) yield* running.stop(name)
    const isDone = running.get(name)?.wish === wish || running.rolledBack(name)?.wish === wish
    const kept = isDone ? undefined : yield* Package.keep(directory, name, spec.source)
    if (kept !== undefined && !isForNodes(kept.manifest)) {
      others.set(name, wish)
      return yield* running.stop(name)
    }
    looked.set(name, generation ?? 1)
    const manifest = kept?.manifest ?? running.get(name)?.ready.kept.manifest ?? { offers: [] }
    // Not yet, or not on this node at all.
    if (taken(manifest).some(({ contract }) => attachments.find(contract) === undefined)) return yield* running.stop(name)
    if (kept === undefined) return
    const state = Package.stateOf(directory, name)
    const made = running.made()
    const place = { state, node: { ...options.facts, directory: state }, patience, made }
    const start = Effect.gen(function* () {
      const ready = yield* Launch.prepare(name, spec, kept, configuration, place)
      yield* running.start(name, ready, wish, spec.rollbackWindowSeconds)
      return ready
    })
    // Another package may be what it was refused for.
    const ready = yield* attempts.start(
      name,
      [kept.digest, wish, ...running.names(), ...made.map(({ contract }) => contract.version)].join(" "),
      start
    )
    yield* Effect.log(`plugin ${name} ${kept.manifest.version} runs (${ready.plugin.isolation})`)
  })

  const look = Effect.fnUntraced(function* (plugin: Plugin) {
    const { name } = plugin.metadata
    const outcome = yield* Effect.exit(load(plugin))
    if (outcome._tag === "Success") return void failures.delete(name)
    const words = Words.of(Cause.squash(outcome.cause))
    if (!Cause.hasInterruptsOnly(outcome.cause) && failures.get(name) !== words) {
      failures.set(name, words)
      yield* Effect.logError(words)
    }
  })
  const one = (plugin: Plugin) => Effect.annotateLogs(look(plugin), { plugin: plugin.metadata.name })

  const pass = Effect.gen(function* () {
    const wanted = plugins.all().filter(isSelected)
    const names = new Set(wanted.map(({ metadata: { name } }) => name))
    const gone = [...running.names(), ...failures.keys(), ...looked.keys()].filter((name) => !names.has(name))
    yield* Effect.forEach(
      new Set(gone),
      (name) => {
        failures.delete(name)
        looked.delete(name)
        attempts.forget(name)
        return running.stop(name)
      },
      { discard: true }
    )
    yield* Effect.forEach(wanted, one, { concurrency: 4, discard: true })
  })

  const told = (): NodeState.NodeState => {
    const states = SubscriptionRef.getUnsafe(host.states)
    const known = [...looked].toSorted(([a], [b]) => (a < b ? -1 : 1))
    return {
      takes: attachments.names(),
      plugins: Object.fromEntries(
        known.map(([name, generation]) => [
          name,
          Words.stateOf({
            generation,
            failure: failures.get(name),
            run: running.get(name),
            state: states.find((state) => state.name === name),
            rolledBack: running.rolledBack(name)?.reason,
            reading: host.meter(name)
          })
        ])
      )
    }
  }
  const tell = Effect.suspend(() => {
    const node = own()
    const text = JSON.stringify(told())
    if (node === undefined || node.metadata.annotations?.[NodeState.annotation] === text) return Effect.void
    const annotations = { [NodeState.annotation]: text }
    return Effect.asVoid(client.patch(Node, { namespace: "", name: nodeName }, "merge", { metadata: { annotations } }))
  })

  const news = Latch.makeUnsafe(true)
  const wake = <A>(changes: Stream.Stream<A, unknown>) =>
    KernelPlugin.background(Stream.runForEach(changes, () => news.open))
  yield* wake(plugins.changes)
  yield* wake(configurations.changes)
  yield* wake(nodes.changes)
  yield* wake(SubscriptionRef.changes(attachments.generation))
  yield* wake(SubscriptionRef.changes(host.states))
  yield* wake(SubscriptionRef.changes(running.news))
  yield* wake(Stream.fromSchedule(Schedule.spaced(again)))
  const turn = Effect.gen(function* () {
    yield* news.await
    yield* news.close
    yield* pass
    // A node that the cluster has yet to know gets its packages once it does: nothing of it has run before.
    yield* settled
    yield* Effect.catch(tell, (error) => Effect.logDebug("the packages of this node are not told of", error))
  })
  return yield* Effect.forever(turn)
})

/** Where Plugins are not served, such as in a cluster that is not of ours, there are none, and nobody waits for them. */
const make = Effect.fnUntraced(function* (options: Options) {
  const ready = yield* Deferred.make<void>()
  yield* Effect.forkScoped(
    follow(options, Deferred.succeed(ready, undefined)).pipe(
      Effect.tapError((error) => Effect.logDebug("packages are not looked after", error)),
      Effect.retry(Schedule.spaced("1 minute"))
    )
  )
  yield* Effect.timeoutOption(Deferred.await(ready), first)
})

export const layer = (options: Options) => Layer.provide(Layer.effectDiscard(make(options)), NodeServices.layer)
