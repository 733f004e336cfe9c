/** Snapshots as files of a folder. What is not complete has another name, and is on the disk before it gets its own. */
import { Effect, Layer, Stream } from "effect"
import { randomUUID } from "node:crypto"
import { createReadStream } from "node:fs"
import * as Fs from "node:fs/promises"
import { join } from "node:path"
import * as Contract from "../../kernel/plugin/Contract.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { NoSuchSnapshot, SnapshotStorage } from "../../plugins/snapshots/contracts/SnapshotStorage.ts"

const unavailable = (cause: unknown) =>
  new Contract.Unavailable({ contract: SnapshotStorage.key, applied: "unknown", cause })
const attempt = <A>(run: () => Promise<A>) => Effect.tryPromise({ try: run, catch: unavailable })

const partial = ".partial-"
const isMissing = (cause: unknown) => cause instanceof Error && "code" in cause && cause.code === "ENOENT"

interface Writing {
  readonly name: string
  readonly path: string
  readonly handle: Fs.FileHandle
}

const flushFolder = async (folder: string) => {
  const handle = await Fs.open(folder, "r")
  await handle.sync().finally(() => handle.close())
}

const make = Effect.fnUntraced(function* (folder: string) {
  const writing = new Map<string, Writing>()
  const abandon = (id: string) =>
    attempt(async () => {
      const found = writing.get(id)
      writing.delete(id)
      await found?.handle.close()
      if (found !== undefined) await Fs.rm(found.path, { force: true })
    })
  // Who ends in the midst of it leaves nothing behind.
  yield* Effect.addFinalizer(() =>
    Effect.forEach([...writing.keys()], (id) => Effect.ignore(abandon(id)), { discard: true })
  )
  const found = (id: string) => {
    const one = writing.get(id)
    if (one === undefined) throw new Error(`nothing was begun as ${id}`)
    return one
  }
  const list = async () => {
    const names = await Fs.readdir(folder).catch((cause) => (isMissing(cause) ? [] : Promise.reject(cause)))
    const stats = names
      .filter((name) => !name.startsWith("."))
      .toSorted()
      .map(async (name) => ({ name, stat: await Fs.stat(join(folder, name)) }))
    return (await Promise.all(stats))
      .filter(({ stat }) => stat.isFile())
      .map(({ name, stat }) => ({ name, bytes: stat.size, time: Math.round(stat.mtimeMs) }))
  }
  return SnapshotStorage.of({
    list: () => attempt(list),
    read: ({ name }) =>
      // Opened anew by each who reads it: a restore reads it twice.
      Stream.suspend(() =>
        Stream.fromAsyncIterable(createReadStream(join(folder, name)), (cause) =>
          isMissing(cause) ? new NoSuchSnapshot({ name }) : unavailable(cause)
        )
      ).pipe(Stream.map((piece: Buffer) => new Uint8Array(piece))),
    begin: ({ name }) =>
      attempt(async () => {
        await Fs.mkdir(folder, { recursive: true, mode: 0o700 })
        const id = randomUUID()
        const path = join(folder, `${partial}${id}`)
        writing.set(id, { name, path, handle: await Fs.open(path, "wx", 0o600) })
        return id
      }),
    add: ({ bytes, id }) => attempt(async () => void (await found(id).handle.appendFile(bytes))),
    complete: ({ id }) =>
      attempt(async () => {
        const { handle, name, path } = found(id)
        await handle.sync()
        await handle.close()
        await Fs.rename(path, join(folder, name))
        writing.delete(id)
        await flushFolder(folder)
      }),
    abandon: ({ id }) => abandon(id),
    remove: ({ name }) => attempt(() => Fs.rm(join(folder, name), { force: true }))
  })
})

export const layer = (folder: string) => Layer.effect(SnapshotStorage, make(folder))

export const plugin = (folder: string) =>
  Plugin.make({ name: "snapshot-directory", offers: [SnapshotStorage], layer: layer(folder) })
