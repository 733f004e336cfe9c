/**
 * Tells node agents for how long they may remember Secrets and ConfigMaps: the longer, the more nodes there are that would ask. It
 * stands in an annotation of each node.
 */
import { Effect } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { type Key, keyOf } from "../../../kernel/resource/Kind.ts"
import { Node } from "../../resources/contracts/core/v1.ts"
import * as Controllers from "../contracts/Controllers.ts"

const annotation = "node.alpha.kubernetes.io/ttl"

/** From so many nodes to so many it is good; they overlap, so that a node more or less does not change it to and fro. */
const steps = [
  { from: 0, to: 100, seconds: 0 },
  { from: 90, to: 500, seconds: 15 },
  { from: 450, to: 1000, seconds: 30 },
  { from: 900, to: 2000, seconds: 60 },
  { from: 1800, to: Number.POSITIVE_INFINITY, seconds: 300 }
]

/** In seconds; `before` is what a node was told, if it was told anything. */
export const ttlOf = (nodes: number, before: string | undefined) => {
  const fitting = steps.filter(({ from, to }) => nodes >= from && nodes <= to)
  const same = fitting.find(({ seconds }) => `${seconds}` === before)
  return (same ?? fitting[0])?.seconds ?? 0
}

const start = Effect.gen(function* () {
  const client = yield* Client
  const nodes = yield* client.cache(Node, { indexes: { all: () => [""] } })

  const reconcile = Effect.fn("Ttl.reconcile")(function* (key: Key) {
    const node = nodes.get(key)
    if (node === undefined) return
    const before = node.metadata.annotations?.[annotation]
    const ttl = `${ttlOf(nodes.count("all", ""), before)}`
    if (before !== ttl) yield* client.patch(Node, key, "strategic", { metadata: { annotations: { [annotation]: ttl } } })
  })
  const triggers = [Controllers.each(nodes), Controllers.every("1 minute", () => nodes.by("all", "").map(keyOf))]
  yield* Controllers.run({ name: "ttlcontroller", concurrency: 5, triggers, reconcile })
})

export const plugin = Controllers.plugin("ttl", start)
