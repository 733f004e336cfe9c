/**
 * Our part of a Flannel network: the end of this node's tunnel, the ways to the Pods of all other nodes, and what this node says of
 * itself. Nodes without Flannel are reached by their addresses, so that a cluster can change its network node by node.
 */
import { type Duration, Effect, Latch, Layer, Schedule, Stream } from "effect"
import { createHash } from "node:crypto"
import { Client } from "../../../kernel/client/Client.ts"
import { Node } from "../../../plugins/resources/contracts/core/v1.ts"
import { type Family, familyOf } from "../Range.ts"
import * as Annotations from "./Annotations.ts"
import * as Kernel from "./Kernel.ts"
import * as Masquerade from "./Masquerade.ts"
import * as Owners from "./Owners.ts"
import * as Paths from "./Paths.ts"
import * as Speaker from "./Speaker.ts"

export interface Options {
  readonly backend: "vxlan" | "host-gw"
  readonly nodeName: string
  /** By which other nodes reach this one: one a family. */
  readonly addresses: ReadonlyArray<string>
  /** The ranges of all Pods of the cluster. */
  readonly podCidrs: ReadonlyArray<string>
  readonly vni?: number
  readonly port?: number
  /** What becomes of it all when the scope ends: it goes, or it stays for who starts next. */
  readonly stop?: "keep" | "remove"
  /** How often it looks whether somebody took something away. Absent: every ten seconds. */
  readonly lookEvery?: Duration.Input
  /** What the node's programs are started by, such as `nsenter --net=…`. */
  readonly launcher?: ReadonlyArray<string>
}

/** Of the same range there may be one of each: who changes the backend starts the one before the other ends. */
const origins = { vxlan: { origin: 108, metric: 200 }, "host-gw": { origin: 109, metric: 201 } }

const placeOf = (backend: Options["backend"], family: Family, vni: number): Paths.Place => ({
  tunnel: Paths.linkOf(family, vni),
  ...origins[backend]
})

/** What a packet in the tunnel has around it, in bytes. */
export const overhead = (family: Family) => (family === 4 ? 50 : 70)

/** Always the same for the same node; local, and of one station. */
export const macOf = (uid: string, family: Family) => {
  const [first = 0, ...rest] = createHash("sha256").update(`${uid} ${family}`).digest().subarray(0, 6)
  return [(first & 0xfc) | 0x02, ...rest].map((byte) => byte.toString(16).padStart(2, "0")).join(":")
}

/** What others may need to learn that these ways end, whoever told them. */
const farewell = "1 second"

/**
 * Takes back all that it made on the machine, also before somebody killed it; true if there were ways to others. The tunnel may be
 * somebody else's by now.
 */
export const sweep = Effect.fn("flannel.sweep")(function* (
  options: Pick<Options, "backend" | "vni" | "launcher">,
  keepsTunnel = false
) {
  const { backend, launcher = [], vni = 1 } = options
  const kernel = Kernel.make(launcher)
  let had = false
  for (const family of [4, 6] as const) {
    const place = placeOf(backend, family, vni)
    had = (yield* Effect.orElseSucceed(kernel.clear(family, place), () => false)) || had
    if (backend === "vxlan" && !keepsTunnel) yield* kernel.remove(place.tunnel)
  }
  if (backend === "vxlan") yield* Effect.ignore(kernel.run("nft", ["-f", "-"], Masquerade.none))
  return had
})

/** This node's end of the tunnel, if it can have one. */
const openTunnel = Effect.fnUntraced(function* (kernel: Kernel.Kernel, options: Options, node: Node, address: string) {
  const { port = 8472, vni = 1 } = options
  const family = familyOf(address)
  const device = yield* kernel.deviceOf(address)
  const range = Annotations.rangeOf(node, family)
  if (device === undefined || range === undefined) return undefined
  const mac = Annotations.read(node, family)?.vtep?.VtepMAC ?? macOf(node.metadata.uid, family)
  const tunnel = {
    ...{ name: Paths.linkOf(family, vni), family, vni, port },
    ...{ device: device.name, local: address, mtu: device.mtu - overhead(family), address: Paths.anchor(range) }
  }
  return { VNI: vni, VtepMAC: yield* kernel.open(tunnel, mac) }
})

const start = Effect.fnUntraced(function* (options: Options) {
  const { addresses, backend, launcher = [], nodeName, podCidrs, stop = "remove", vni = 1 } = options
  const client = yield* Client
  const nodes = yield* client.cache(Node, { indexes: {} })
  const speaker = yield* Speaker.make(nodeName)
  const successor = yield* Owners.claim(nodeName, backend, backend === "vxlan")
  const kernel = Kernel.make(launcher)
  const self = { namespace: "", name: nodeName }
  const news = Latch.makeUnsafe(true)
  /** A look is due: what is there may have changed, and not only what should be. */
  let isDue = true

  const connect = Effect.fnUntraced(function* (node: Node, address: string) {
    const family = familyOf(address)
    if (Annotations.rangeOf(node, family) === undefined) return []
    const vtep = backend === "vxlan" ? yield* openTunnel(kernel, options, node, address) : undefined
    if (backend === "vxlan" && vtep === undefined) {
      yield* Effect.logWarning(`no link of this node has the address ${address}: there is no way to the Pods of other nodes`)
      return []
    }
    const place = placeOf(backend, family, vni)
    const peers = Annotations.peers(nodes.all(), nodeName).filter((peer) => peer.family === family)
    const there = yield* kernel.paths(family, place, vtep !== undefined)
    const details = yield* kernel.change(Paths.difference(Paths.wanted(peers, vtep), there), place)
    if (details.length > 0) yield* Effect.logWarning("no way to the Pods of some nodes", details.join("; "))
    return [{ family, address, ...(vtep && { vtep }) }]
  })

  const reconcile = Effect.gen(function* () {
    news.closeUnsafe()
    const node = nodes.get(self)
    if (node === undefined || Annotations.rangesOf(node).length === 0) return
    const ends = (yield* Effect.forEach(addresses, (address) => connect(node, address))).flat()
    // Others send into the tunnel as soon as they read of it, so that comes last.
    if (!isDue || ends.length === 0) return
    if (backend === "vxlan") yield* kernel.run("nft", ["-f", "-"], Masquerade.rules(podCidrs, vni))
    yield* speaker.say({ backend, ends })
    isDue = false
  }).pipe(
    Effect.withSpan("Flannel.reconcile"),
    Effect.catch((error) => Effect.logWarning("the ways to other nodes are not known", error))
  )

  const end = Effect.gen(function* () {
    const next = successor()
    if (next?.kind === backend) return
    if (next === undefined) yield* speaker.withdraw
    // A network without a tunnel may not be there yet, and others may still send into ours.
    const isMissed = next === undefined || (backend === "vxlan" && !next.hasTunnel)
    if (isMissed && nodes.all().length > 1) yield* Effect.sleep(farewell)
    yield* sweep(options, next?.hasTunnel)
  })
  if (stop === "remove") yield* Effect.addFinalizer(() => end)

  /** Nodes tell more of themselves than this is about. */
  const relevant = () => {
    const own = nodes.get(self)
    return JSON.stringify([own && Annotations.rangesOf(own), Annotations.peers(nodes.all(), nodeName)])
  }
  // Who takes another's place is there before that goes.
  yield* Effect.ignore(Effect.timeout(reconcile, "15 seconds"))
  yield* nodes.changes.pipe(
    Stream.map(relevant),
    Stream.changes,
    Stream.runForEach(() => news.open),
    Effect.forkScoped
  )
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(news.await, reconcile)))
  const look = Effect.sync(() => {
    isDue = true
    news.openUnsafe()
  })
  yield* Effect.forkScoped(Effect.repeat(look, Schedule.spaced(options.lookEvery ?? "10 seconds")))
})

export const layer = (options: Options) => Layer.effectDiscard(start(options))
