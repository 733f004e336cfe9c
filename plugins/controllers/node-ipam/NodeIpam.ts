/** Gives every node a range of its own for the addresses of its Pods. */
import { Effect, Schema } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import type { Key } from "../../../kernel/resource/Kind.ts"
import * as Addresses from "../../resources/contracts/Addresses.ts"
import { Node } from "../../resources/contracts/core/v1.ts"
import * as EventRecorder from "../../resources/contracts/EventRecorder.ts"
import * as Controllers from "../contracts/Controllers.ts"

export interface Options {
  /** Of all Pods of the cluster: a range such as `10.244.0.0/16`, or one of each family. */
  readonly podCidrs: ReadonlyArray<string>
}

export class NotARange extends Schema.TaggedError<NotARange>()("NotARange", {
  given: Schema.String,
  expected: Schema.String
}) {}
/** All ranges are given away. */
export class Exhausted extends Schema.TaggedError<Exhausted>()("Exhausted", { podCidr: Schema.String }) {}

/** How many bits of a node's range are the same in all its addresses: upstream's node-cidr-mask-size. */
const nodeBits = { 4: 24, 6: 64 } as const

interface Ranges {
  readonly cluster: Addresses.Cidr
  readonly cidr: string
  /** Of a node's range. */
  readonly bits: number
  readonly count: number
}

/** The ranges of nodes in that of the cluster; undefined if it is none, or does not hold at least one. */
export const parse = (cidr: string): Ranges | undefined => {
  const cluster = Addresses.cidr(cidr)
  if (cluster === undefined) return undefined
  const bits = nodeBits[cluster.family]
  // A cluster of more nodes has other limits.
  const count = 2 ** Math.min(bits - cluster.prefix, 20)
  return cluster.prefix > bits ? undefined : { cluster, cidr, bits, count }
}

export const range = ({ bits, cluster }: Ranges, index: number) =>
  `${Addresses.at(cluster, BigInt(index) << BigInt(Addresses.bits(cluster.family) - bits))}/${bits}`

/** Searches the first range that no node has. Those before the one that it found last are not looked at again, until one is given back. */
const search = (ranges: Ranges, isTaken: (cidr: string) => boolean) => {
  let from = 0
  return {
    next: () => {
      for (; from < ranges.count; from++) {
        const candidate = range(ranges, from)
        if (!isTaken(candidate)) return candidate
      }
      return undefined
    },
    givenBack: () => {
      from = 0
    }
  }
}

const rangesOf = ({ spec: { podCIDR, podCIDRs } }: Node) => podCIDRs ?? (podCIDR ? [podCIDR] : [])

const start = Effect.fnUntraced(function* ({ podCidrs }: Options) {
  const client = yield* Client
  const all = yield* Effect.forEach(podCidrs, (given) => {
    const ranges = parse(given)
    const expected = `a range that holds at least one /${nodeBits[Addresses.familyOf(given)]}`
    return ranges === undefined ? Effect.fail(new NotARange({ given, expected })) : Effect.succeed(ranges)
  })
  const record = yield* EventRecorder.make({ component: "cidrAllocator" })
  const nodes = yield* client.cache(Node, { indexes: { range: rangesOf } })
  const searches = all.map((ranges) => search(ranges, (cidr) => nodes.count("range", cidr) > 0))

  const reconcile = Effect.fn("NodeIpam.reconcile")(function* (key: Key) {
    const node = nodes.get(key)
    if (node === undefined) return searches.forEach(({ givenBack }) => givenBack())
    if (node.spec.podCIDR) return
    const found = searches.map(({ next }) => next())
    const podCIDRs = found.filter((cidr) => cidr !== undefined)
    if (podCIDRs.length < found.length) {
      const message = `Node ${node.metadata.name} status is now: CIDRNotAvailable`
      yield* record({ kind: Node, object: node, type: "Normal", reason: "CIDRNotAvailable", message })
      return yield* new Exhausted({ podCidr: podCidrs.join() })
    }
    yield* client.update(Node, { ...node, spec: { ...node.spec, podCIDR: podCIDRs[0] ?? "", podCIDRs } })
  })

  // One at a time: what one run gives away, the next has read.
  return yield* Controllers.run({ name: "node_ipam", triggers: [Controllers.each(nodes)], concurrency: 1, reconcile })
})

export const plugin = (options: Options) => Controllers.plugin("node-ipam", start(options))
