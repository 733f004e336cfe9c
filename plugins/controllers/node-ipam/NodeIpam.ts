/** Gives every node a range of its own for the addresses of its Pods. */
import { Effect, Schema } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import type { Key } from "../../../kernel/resource/Kind.ts"
import { Node } from "../../resources/contracts/core/v1.ts"
import * as EventRecorder from "../../resources/contracts/EventRecorder.ts"
import * as Controllers from "../contracts/Controllers.ts"

export interface Options {
  /** Of all Pods of the cluster, such as `10.244.0.0/16`. */
  readonly podCidr: string
  /** How many bits of a node's range are the same in all its addresses. */
  readonly nodeBits?: number
}

export class NotARange extends Schema.TaggedError<NotARange>()("NotARange", {
  given: Schema.String,
  expected: Schema.String
}) {}
/** All ranges are given away. */
export class Exhausted extends Schema.TaggedError<Exhausted>()("Exhausted", { podCidr: Schema.String }) {}

interface Ranges {
  readonly base: number
  readonly bits: number
  readonly count: number
}

/** The ranges of nodes in that of the cluster; undefined if it is not one of IPv4 that holds at least one. */
export const parse = (podCidr: string, bits: number): Ranges | undefined => {
  const [, address = "", length = ""] = /^(\d+\.\d+\.\d+\.\d+)\/(\d+)$/.exec(podCidr) ?? []
  const parts = address.split(".").map(Number)
  const prefix = Number(length)
  if (length === "" || parts.some((part) => part > 255) || prefix > bits || bits > 30) return undefined
  const base = parts.reduce((sum, part) => sum * 256 + part, 0)
  return { base: base - (base % 2 ** (32 - prefix)), bits, count: 2 ** (bits - prefix) }
}

export const range = ({ base, bits }: Ranges, index: number) => {
  const address = base + index * 2 ** (32 - bits)
  return `${[24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".")}/${bits}`
}

/** The first range that no node has. */
export const free = (ranges: Ranges, taken: ReadonlySet<string>) => {
  for (let index = 0; index < ranges.count; index++) {
    const candidate = range(ranges, index)
    if (!taken.has(candidate)) return candidate
  }
  return undefined
}

const start = Effect.fnUntraced(function* ({ nodeBits = 24, podCidr }: Options) {
  const client = yield* Client
  const ranges = parse(podCidr, nodeBits)
  if (ranges === undefined) {
    return yield* new NotARange({ given: podCidr, expected: `an IPv4 range that holds at least one /${nodeBits}` })
  }
  const record = yield* EventRecorder.make({ component: "cidrAllocator" })
  const nodes = yield* client.cache(Node, { indexes: {} })

  const reconcile = Effect.fn("NodeIpam.reconcile")(function* (key: Key) {
    const node = nodes.get(key)
    if (node === undefined || node.spec.podCIDR) return
    const cidr = free(ranges, new Set(nodes.all().flatMap(({ spec }) => spec.podCIDRs ?? spec.podCIDR ?? [])))
    if (cidr === undefined) {
      const message = `Node ${node.metadata.name} status is now: CIDRNotAvailable`
      yield* record({ kind: Node, object: node, type: "Normal", reason: "CIDRNotAvailable", message })
      return yield* new Exhausted({ podCidr })
    }
    yield* client.update(Node, { ...node, spec: { ...node.spec, podCIDR: cidr, podCIDRs: [cidr] } })
  })

  // One at a time: what one run gives away, the next has read.
  return yield* Controllers.run({ name: "node_ipam", triggers: [Controllers.each(nodes)], concurrency: 1, reconcile })
})

export const plugin = (options: Options) => Controllers.plugin("node-ipam", start(options))
