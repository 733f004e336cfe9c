/** Snapshots in two folders, such as of two disks: each is written to both, and read from the first that has it. */
import { Context, Effect, Layer, Stream } from "effect"
import { join } from "node:path"
import * as Plugin from "keelson/kernel/plugin/Plugin"
import * as Directory from "keelson/parts/snapshot-directory"
import { SnapshotStorage } from "keelson/snapshots/SnapshotStorage"

interface Options {
  /** Its own, which stays. */
  readonly directory: string
  readonly one?: string
  readonly other?: string
}

const mirrored = Effect.fnUntraced(function* ({ directory, ...options }: Options) {
  const { one = join(directory, "one"), other = join(directory, "other") } = options
  const [first, second] = yield* Effect.forEach([one, other], (folder) =>
    Effect.map(Layer.build(Layer.fresh(Directory.layer(folder))), Context.get(SnapshotStorage))
  )
  if (first === undefined || second === undefined) return yield* Effect.die("there are two of them")
  /** What is begun here is begun in both. */
  const begun = new Map<string, string>()
  const both = <A, E>(ask: (storage: SnapshotStorage["Service"], id: string) => Effect.Effect<A, E>, id = "") =>
    Effect.andThen(ask(second, begun.get(id) ?? id), ask(first, id))
  return SnapshotStorage.of({
    list: () => Effect.catch(first.list(), () => second.list()),
    read: (asked) => Stream.catch(first.read(asked), () => second.read(asked)),
    begin: (asked) =>
      Effect.gen(function* () {
        const [id, mirror] = [yield* first.begin(asked), yield* second.begin(asked)]
        begun.set(id, mirror)
        return id
      }),
    add: ({ bytes, id }) => both((storage, id) => storage.add({ id, bytes }), id),
    complete: ({ id }) => both((storage, id) => storage.complete({ id }), id),
    abandon: ({ id }) => both((storage, id) => storage.abandon({ id }), id),
    remove: (asked) => both((storage) => storage.remove(asked))
  })
})

export const plugin = (options: Options) =>
  Plugin.make({
    name: "snapshots-mirrored",
    offers: [SnapshotStorage],
    layer: Layer.effect(SnapshotStorage, mirrored(options))
  })
