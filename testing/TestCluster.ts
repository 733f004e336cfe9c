/**
 * A whole cluster in a test: the API on loopback and in this process, every controller, the scheduler, and nodes whose Pods live without
 * containers. Under a `TestClock`, which `it.effect` of `@effect/vitest` has, time passes when the test says so; with a seed what is
 * random is the same each time.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Clock, Context, Duration, Effect, Fiber, FileSystem, Layer, Random, Schema } from "effect"
import type { TestClock } from "effect/testing"
import { join } from "node:path"
import * as MemoryPowers from "../adapters/memory/MemoryPowers.ts"
import * as ControlPlane from "../bin/ControlPlane.ts"
import * as Keys from "../bin/Keys.ts"
import * as Paths from "../bin/Paths.ts"
import * as ServerOptions from "../bin/ServerOptions.ts"
import * as Settings from "../bin/Settings.ts"
import { Client } from "../kernel/client/Client.ts"
import * as PipelineClient from "../kernel/client/PipelineClient.ts"
import { freePort } from "../kernel/FreePort.ts"
import { masters } from "../kernel/pipeline/Attributes.ts"
import type { Kind, Resource, ResourceDraft } from "../kernel/resource/Kind.ts"
import * as MemoryLog from "../kernel/store/memory/MemoryLog.ts"
import * as Kubelet from "../plugins/kubelet/Kubelet.ts"
import { Plugin } from "../plugins/packages/contracts/v1alpha1.ts"

export interface Options {
  /** How many nodes it has; 1 without it. */
  readonly nodes?: number
  /** What is random comes from it. */
  readonly seed?: string
  /** Where it runs, as `--cloud`, and that cloud's configuration, a file; the local one without it. */
  readonly cloud?: Settings.Settings["cloud"]
  readonly cloudConfig?: string
}

export class NotSoon extends Schema.TaggedError<NotSoon>()("NotSoon", {
  what: Schema.String,
  within: Schema.String,
  found: Schema.String
}) {
  override get message() {
    return `${this.what} did not come to be as they should within ${this.within}: ${this.found}`
  }
}

export class PluginNotLoaded extends Schema.TaggedError<PluginNotLoaded>()("PluginNotLoaded", {
  plugin: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `the plugin ${this.plugin} does not run: ${this.reason}`
  }
}

interface Cluster {
  /** As the administrator. */
  readonly client: Client["Service"]
  /** Where the API listens; PEM texts for who comes over HTTPS. */
  readonly api: { readonly server: string; readonly ca: string; readonly cert: string; readonly key: string }
  /** The same as a file, for kubectl and other programs. */
  readonly kubeconfig: string
  /** Runs while time passes: for what waits in between, such as a call of a plugin that fails and is asked again. */
  readonly meanwhile: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Lets time pass, and whatever happens in it. On a live clock it waits. */
  readonly advance: (duration: Duration.Input) => Effect.Effect<void>
  /** All objects of a kind, as soon as they are as they should be; time passes meanwhile. */
  readonly until: <A extends Resource, D extends ResourceDraft>(
    kind: Kind<A, D>,
    holds: (all: ReadonlyArray<A>) => boolean,
    within?: Duration.Input
  ) => Effect.Effect<ReadonlyArray<A>, NotSoon>
  /** Loads a plugin package from its directory, and resolves when it runs. */
  readonly load: (directory: string, options?: { readonly isolation?: string }) => Effect.Effect<void, PluginNotLoaded>
}

/** Between two looks of `until`: at first nothing in a cluster is in more of a hurry, later nobody is. */
const look = { first: 50, last: 1000 }
/** In one go of `advance`. Who sleeps wakes at his time all the same; what waits for a socket gets its turn in between. */
const stride = 10_000
/** Before this no certificate is valid that was made by the machine's clock. */
const longAgo = Date.UTC(2000)

/** What waits for sockets, threads or files gets its turn. */
const breathe = Effect.callback<void>((resume) => void setImmediate(() => resume(Effect.void)))
/** Packages come from disks into threads, by the machine's time: so often it is looked, with so many of its milliseconds between. */
const loading = { looks: 12_000, millis: 5 }
const rest = Effect.callback<void>((resume) => void setTimeout(() => resume(Effect.void), loading.millis))

const isTest = (clock: Clock.Clock): clock is TestClock.TestClock => "adjust" in clock

const passing = Effect.gen(function* () {
  const clock = yield* Clock.Clock
  if (!isTest(clock)) return Effect.sleep
  if (clock.currentTimeMillisUnsafe() < longAgo) yield* clock.setTime(Date.now())
  return (duration: Duration.Duration) => Effect.andThen(clock.adjust(duration), breathe)
})
type Pass = Effect.Success<typeof passing>

const meanwhileWith = (pass: Pass): Cluster["meanwhile"] =>
  Effect.fnUntraced(function* (effect) {
    const fiber = yield* Effect.forkChild(effect)
    while (fiber.pollUnsafe() === undefined) yield* pass(Duration.millis(look.first))
    return yield* Fiber.join(fiber)
  })

const settingsOf = Effect.fnUntraced(function* ({ cloud = "local", cloudConfig = "" }: Options, apiPort: number) {
  const files = yield* FileSystem.FileSystem
  const dataDir = yield* files.makeTempDirectoryScoped({ prefix: "keelson-test-" })
  const settings: Settings.Settings = {
    ...Settings.defaults(),
    dataDir,
    nodeName: "control-plane",
    nodeIp: "127.0.0.1",
    apiPort,
    runtime: "hollow",
    store: "memory",
    cloud,
    cloudConfig
  }
  return { settings, paths: Paths.make(dataDir, settings.nodeName) }
})

/** Of the first cluster of this process: the next ones have the same, which saves a third of their start. */
let known: Keys.ServerKeys | undefined

const keysOf = Effect.fnUntraced(function* (settings: Settings.Settings, paths: Paths.Paths) {
  if (known === undefined) return (known = yield* Keys.openServer(settings, paths))
  yield* Keys.writeKubeconfig(settings, paths, known)
  return known
})

/** A node whose Pods live without containers, under its own name. */
const node = (directory: string, externalCloud: boolean, index: number) => {
  const name = `node-${index}`
  const user = { name: `system:node:${name}`, groups: ["system:nodes", "system:authenticated"] }
  return Kubelet.layer({
    nodeName: name,
    directory: join(directory, name),
    cniFolders: [],
    addresses: [`10.0.0.${index}`],
    externalCloud,
    hollow: true
  }).pipe(
    Layer.provide(Layer.fresh(MemoryPowers.layer({ network: "runtime", images: [] }))),
    Layer.provide(Layer.fresh(PipelineClient.layer(user)))
  )
}

const start = Effect.fnUntraced(function* (asked: Options, port: number) {
  const { paths, settings } = yield* settingsOf(asked, port)
  const keys = yield* keysOf(settings, paths)
  const options = yield* ServerOptions.make(settings, paths, keys)
  const plane = yield* Layer.build(ControlPlane.controlPlane({ ...options, store: () => "memory", log: MemoryLog.layer }))
  const isExternal = settings.cloud !== "local" && settings.cloud !== "none"
  const machines = Array.from({ length: asked.nodes ?? 1 }, (_, index) => node(settings.dataDir, isExternal, index + 1))
  const admin = PipelineClient.layer({ name: "kubernetes-admin", groups: [masters, "system:authenticated"] })
  const all = Layer.mergeAll(admin, Layer.empty, ...machines)
  const client = Context.get(yield* Effect.provideContext(Layer.build(all), plane), Client)
  const api = {
    server: `https://127.0.0.1:${settings.apiPort}`,
    ca: keys.ca.cert,
    cert: keys.admin.cert,
    key: keys.admin.key
  }
  return { client, api, kubeconfig: paths.kubeconfig }
})

const untilWith = (client: Client["Service"], pass: Pass): Cluster["until"] =>
  Effect.fnUntraced(function* (kind, holds, within = "5 minutes") {
    const cache = yield* client.cache(kind, { indexes: {} }).pipe(Effect.orDie)
    const patience = Duration.toMillis(within)
    for (let waited = 0, wait = look.first; waited <= patience; waited += wait, wait = Math.min(look.last, wait * 1.2)) {
      const all = cache.all()
      if (holds(all)) return all
      yield* pass(Duration.millis(wait))
    }
    const found = JSON.stringify(cache.all(), null, 1)
    return yield* new NotSoon({ what: kind.plural, within: Duration.format(Duration.fromInputUnsafe(within)), found })
  }, Effect.scoped)

const loadWith = (client: Client["Service"], pass: Pass): Cluster["load"] =>
  Effect.fnUntraced(function* (directory, { isolation } = {}) {
    const spec = { source: { path: directory }, ...(isolation !== undefined && { isolation }) }
    const cache = yield* client.cache(Plugin, { indexes: {} }).pipe(Effect.orDie)
    const { metadata } = yield* client.create(Plugin, { metadata: { generateName: "plugin-" }, spec }).pipe(Effect.orDie)
    for (let look = 0; look < loading.looks; look++) {
      const { reason = "", state } = cache.get({ namespace: "", name: metadata.name })?.status ?? {}
      if (state === "Running") return
      if (state === "Failed") return yield* new PluginNotLoaded({ plugin: directory, reason })
      yield* Effect.andThen(rest, pass(Duration.millis(loading.millis)))
    }
    return yield* new PluginNotLoaded({ plugin: directory, reason: "nobody said within a minute that it does" })
  }, Effect.scoped)

const make = Effect.fnUntraced(function* (options: Options, port: number) {
  const pass = yield* passing
  const started = yield* start(options, port)
  const advance = Effect.fnUntraced(function* (duration: Duration.Input) {
    for (let left = Duration.toMillis(duration); left > 0; left -= stride) {
      yield* pass(Duration.millis(Math.min(stride, left)))
    }
  })
  const until = untilWith(started.client, pass)
  return { ...started, meanwhile: meanwhileWith(pass), advance, until, load: loadWith(started.client, pass) }
})

export class TestCluster extends Context.Service<TestCluster, Cluster>()("testing/TestCluster") {
  /** A cluster of its own; it ends with the scope. No time passes while it starts: it begins to work when the test lets some pass. */
  static readonly make = (options: Options = {}) =>
    // A port by the seed would be that of every other test that runs beside this one.
    Effect.flatMap(freePort, (port) => Random.withSeed(make(options, port), options.seed ?? "keelson")).pipe(
      Effect.provide(NodeServices.layer)
    )
  static readonly layer = (options: Options = {}) => Layer.effect(TestCluster, TestCluster.make(options))
}
