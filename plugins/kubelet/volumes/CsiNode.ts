/**
 * What the cluster knows of this node's drivers: its CSINode, by which the scheduler counts volumes, and labels by which it knows where
 * volumes are reached from. A driver that was there before the kubelet started is told until it has been here and has gone.
 */
import { Effect, Option, Schedule, Stream } from "effect"
import { isDeepStrictEqual } from "node:util"
import type { Client } from "../../../kernel/client/Client.ts"
import * as Kind from "../../../kernel/resource/Kind.ts"
import { Node } from "../../resources/contracts/core/v1.ts"
import { CSINode, type CSINodeDriver } from "../../resources/contracts/storage/v1.ts"
import { type Driver, Drivers } from "../../volumes/contracts/Drivers.ts"

const entry = ({ about: { driver, node } }: Driver): CSINodeDriver => ({
  name: driver,
  nodeID: node.id,
  topologyKeys: Object.keys(node.topology).toSorted(),
  ...(node.maximumVolumes !== undefined && { allocatable: { count: node.maximumVolumes } })
})

export const run = Effect.fnUntraced(function* (client: Client["Service"], nodeName: string) {
  const drivers = yield* Drivers
  const key = { namespace: "", name: nodeName }
  const seen = new Set<string>()

  const label = Effect.fnUntraced(function* (node: Node, now: ReadonlyArray<Driver>) {
    const labels = now.flatMap(({ about }) => Object.entries(about.node.topology))
    const missing = labels.filter(([name, value]) => node.metadata.labels?.[name] !== value)
    if (missing.length > 0) yield* client.patch(Node, key, "merge", { metadata: { labels: Object.fromEntries(missing) } })
  })

  const tell = Effect.fnUntraced(function* (now: ReadonlyArray<Driver>) {
    for (const { about } of now) seen.add(about.driver)
    const node = yield* client.get(Node, key)
    yield* label(node, now)
    const found = Option.getOrUndefined(yield* client.find(CSINode, key))
    const before = found?.spec.drivers ?? []
    const all = [...before.filter(({ name }) => !seen.has(name)), ...now.map(entry)].toSorted((a, b) =>
      a.name < b.name ? -1 : 1
    )
    if (found === undefined) {
      const { blockOwnerDeletion: _, controller: __, ...owner } = Kind.controllerReference(Node, node)
      yield* client.create(CSINode, { metadata: { name: nodeName, ownerReferences: [owner] }, spec: { drivers: all } })
    } else if (!isDeepStrictEqual(before, all)) yield* client.update(CSINode, { ...found, spec: { drivers: all } })
  })

  const again = (now: ReadonlyArray<Driver>) =>
    tell(now).pipe(
      Effect.tapError((failure) => Effect.logDebug("the node's drivers could not be told", failure)),
      Effect.retry(Schedule.spaced("1 second"))
    )
  // What has changed meanwhile is told at once, and no older state after it.
  yield* Effect.forkScoped(
    Stream.runForEach(
      Stream.switchMap(drivers.changes, (all) => Stream.fromEffect(again([...all.values()]))),
      () => Effect.void
    )
  )
})
