/** The node in the API: registered once, its status told when it changes, its Lease renewed, its network set up. */
import { Clock, Effect, Latch, Option, Schedule, Semaphore, Stream } from "effect"
import { statfsSync } from "node:fs"
import { isDeepStrictEqual } from "node:util"
import * as Kind from "../../../kernel/resource/Kind.ts"
import { Lease } from "../../resources/contracts/coordination/v1.ts"
import { Node, type Taint } from "../../resources/contracts/core/v1.ts"
import { microTime } from "../../resources/contracts/Time.ts"
import { NetworkConfiguration } from "../contracts/NetworkConfiguration.ts"
import type { Site } from "../Site.ts"
import * as Handlers from "./Handlers.ts"
import * as NodeStatus from "./NodeStatus.ts"

export interface Options {
  readonly version: string
  readonly port: number
  readonly labels: { readonly [key: string]: string }
  readonly taints: ReadonlyArray<Taint>
  /** Empty: the cloud's controller finds it, where there is one. */
  readonly providerId: string
  readonly externalCloud: boolean
  /** Where runtimes that call CNI look for their network. */
  readonly cniFolders: ReadonlyArray<string>
  readonly clusterCidrs: ReadonlyArray<string>
  /** Absent: what the cluster gives the node. */
  readonly podCidr?: string
  readonly mtu?: number
  /** Opened when another network has taken the place of the one that was configured. */
  readonly networkSwapped?: Latch.Latch
}

const leaseSeconds = 40
const renewEvery = "10 seconds"
/** Without a change the status is told this often, milliseconds: the Lease says in between that the node lives. */
const statusEvery = 5 * 60_000

const diskBytes = (directory: string) => {
  try {
    const { blocks, bsize } = statfsSync(directory)
    return blocks * bsize
  } catch {
    return 0
  }
}

/** Until the cloud's controller has said which of its machines the node is. */
const uninitialized = { key: "node.cloudprovider.kubernetes.io/uninitialized", value: "true", effect: "NoSchedule" }

export const run = Effect.fnUntraced(function* (site: Site, options: Options) {
  const { client, images, machine, runtime, settings } = site
  const network = yield* NetworkConfiguration
  const name = settings.nodeName
  const key = { namespace: "", name }
  const labels = { ...NodeStatus.labels(machine, name), ...options.labels }
  let told = 0

  const register = Effect.gen(function* () {
    const found = yield* client.find(Node, key)
    if (Option.isSome(found)) return yield* client.patch(Node, key, "merge", { metadata: { labels } })
    const taints = options.externalCloud ? [...options.taints, uninitialized] : options.taints
    const spec = {
      ...(taints.length > 0 && { taints }),
      ...(options.providerId !== "" && { providerID: options.providerId })
    }
    return yield* client.create(Node, { metadata: { name, labels }, spec })
  })

  /** One at a time, or they would get into one another's way. */
  const telling = yield* Semaphore.make(1)
  const tellNow = Effect.gen(function* () {
    const node = yield* client.get(Node, key)
    const health = yield* Effect.orElseSucceed(runtime.health(), () => ({
      runtime: false,
      network: false,
      message: "it does not answer"
    }))
    const now = yield* Clock.currentTimeMillis
    const about = yield* Effect.orElseSucceed(runtime.describe(), () => site.described)
    const status = NodeStatus.compute(node, {
      machine,
      addresses: settings.addresses,
      externalCloud: options.externalCloud,
      hostname: name,
      port: options.port,
      maxPods: settings.maxPods,
      diskBytes: diskBytes(settings.directory),
      version: options.version,
      runtime: NodeStatus.runtimeOf(about, Handlers.chosen(node)),
      handlers: about.handlers,
      ...(about.features && { features: about.features }),
      images: yield* Effect.orElseSucceed(images.list(), () => []),
      devices: site.devices.amounts(now),
      volumesInUse: settings.hollow ? [] : site.driven.inUse(),
      health,
      now
    })
    const same = isDeepStrictEqual(NodeStatus.essence(status), NodeStatus.essence(node.status))
    if (!same || now - told > statusEvery) {
      yield* client.update(Node, { ...node, status }, { subresource: "status" })
      told = now
    }
    return health.runtime && health.network
  })
  const tellStatus = () => telling.withPermit(tellNow)

  const renew = Effect.fnUntraced(function* () {
    const lease = { namespace: "kube-node-lease", name }
    const renewTime = microTime(yield* Clock.currentTimeMillis)
    const spec = { holderIdentity: name, leaseDurationSeconds: leaseSeconds, renewTime }
    const found = yield* client.find(Lease, lease)
    if (Option.isSome(found)) return yield* client.update(Lease, { ...found.value, spec: { ...found.value.spec, ...spec } })
    const node = yield* client.get(Node, key)
    const { controller: _, blockOwnerDeletion: __, ...owner } = Kind.controllerReference(Node, node)
    return yield* client.create(Lease, { metadata: { ...lease, ownerReferences: [owner] }, spec })
  })

  const configure = Effect.fn("Registration.configure")(function* (podCidrs: ReadonlyArray<string>) {
    const mtu = options.mtu === undefined ? {} : { mtu: options.mtu }
    const ranges = { podCidrs, clusterCidrs: options.clusterCidrs, ...mtu }
    yield* Effect.forEach(options.cniFolders, (folder) => network.write({ ...ranges, folder }), { discard: true })
    // The runtime reads the folder when it likes.
    yield* runtime
      .health()
      .pipe(
        Effect.repeat({ schedule: Schedule.spaced("100 millis"), until: ({ network }) => network }),
        Effect.timeoutOption("30 seconds")
      )
    yield* site.networkReady.open
    yield* Effect.log("the network of Pods is configured").pipe(Effect.annotateLogs({ podCidrs: podCidrs.join(",") }))
    yield* tellStatus()
  })

  /** As often as the cluster gives the node another range. */
  const follow = Effect.fnUntraced(function* () {
    if (options.podCidr !== undefined) return yield* configure([options.podCidr])
    const ranges = site.nodes.changes.pipe(
      Stream.map(() => site.ownNode()?.spec),
      Stream.map((spec) => spec?.podCIDRs ?? (spec?.podCIDR ? [spec.podCIDR] : [])),
      Stream.filter((cidrs) => cidrs.length > 0),
      Stream.changesWith((one, other) => one.join() === other.join())
    )
    const { networkSwapped } = options
    const swaps = Stream.fromEffectRepeat(
      networkSwapped === undefined ? Effect.never : Effect.tap(networkSwapped.await, () => networkSwapped.close)
    )
    const last: { ranges: ReadonlyArray<string> } = { ranges: [] }
    const all = Stream.merge(
      Stream.tap(ranges, (found) => Effect.sync(() => (last.ranges = found))),
      Stream.filter(
        Stream.map(swaps, () => last.ranges),
        (known) => known.length > 0
      )
    )
    yield* Stream.runForEach(all, configure)
  })

  const again = <A, E, R>(what: string, effect: Effect.Effect<A, E, R>) =>
    effect.pipe(
      Effect.tapError((failure) => Effect.logDebug(`${what} failed`, failure)),
      Effect.retry(Schedule.spaced("1 second"))
    )
  yield* again("registering the node", register)
  if (site.described.network !== "runtime") yield* site.networkReady.open
  yield* Effect.forkScoped(again("configuring the network", Effect.scoped(follow())))
  // Whoever sees that the node lives shall see how it is now, and not how it was before it was ended.
  const first = Latch.makeUnsafe()
  const renewing = Effect.repeat(again("renewing the lease", renew()), Schedule.spaced(renewEvery))
  yield* Effect.forkScoped(Effect.andThen(first.await, renewing))
  const choices = site.nodes.changes.pipe(
    Stream.map(() => Handlers.chosen(site.ownNode())),
    Stream.changes,
    Stream.runForEach(() => again("telling the node's status", tellStatus()))
  )
  yield* Effect.forkScoped(choices)
  for (const changed of [site.driven.changed, yield* site.devices.changed]) {
    const told = changed.await.pipe(
      Effect.tap(() => changed.close),
      Effect.andThen(again("telling the node's status", tellStatus()))
    )
    yield* Effect.forkScoped(Effect.forever(told))
  }
  /** Often until the node is ready, and then at leisure. */
  const heart = Effect.gen(function* () {
    for (;;) {
      const isReady = yield* again("telling the node's status", tellStatus())
      yield* first.open
      yield* Effect.sleep(isReady ? renewEvery : "500 millis")
    }
  })
  yield* Effect.forkScoped(heart)
})
