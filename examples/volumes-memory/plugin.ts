/** Volumes in the memory of a node: as large as they are asked for and no larger, and gone with the machine. What is mounted is all it keeps. */
import { Effect } from "effect"
import { mkdirSync, statfsSync } from "node:fs"
import { freemem } from "node:os"
import { join } from "node:path"
import type { NodeFacts } from "keelson/packages/NodeFacts"
import * as Mounts from "keelson/parts/mounts"
import { NoRoom, NoSuchVolume, VolumeConflict } from "keelson/volumes/Volumes"
import * as VolumesPlugin from "keelson/volumes/VolumesPlugin"

const failed = ({ detail, program }: Mounts.ProgramFailed) => VolumesPlugin.refused("INTERNAL", `${program}: ${detail}`)

export const plugin = ({ node: { directory, name } }: { readonly node: NodeFacts }) => {
  const place = (id: string) => join(directory, "volumes", id)
  const size = (id: string) => {
    if (!Mounts.all().some(({ path }) => path === place(id))) return undefined
    const { blocks, bsize } = statfsSync(place(id))
    return blocks * bsize
  }
  const known = (id: string) =>
    Effect.suspend(() => (size(id) === undefined ? new NoSuchVolume({ id }) : Effect.succeed(size(id) ?? 0)))
  const mount = (id: string, bytes: number, options: string) =>
    Effect.gen(function* () {
      const free = freemem()
      if (bytes > free) return yield* new NoRoom({ message: `${bytes} bytes are asked for, ${free} are free on ${name}` })
      mkdirSync(place(id), { recursive: true })
      yield* Effect.mapError(Mounts.mount(["-t", "tmpfs", "-o", `${options}size=${bytes}`, "tmpfs", place(id)]), failed)
      return { bytes: size(id) ?? bytes, onNode: false }
    })
  return VolumesPlugin.make({
    name: "volumes-memory",
    driver: "memory.example",
    version: "1.0.0",
    node: { id: name, topology: { "kubernetes.io/hostname": name } },
    provision: ({ bytes, name: id }) =>
      Effect.gen(function* () {
        const before = size(id)
        const message = `${id} is there with ${before} bytes, not ${bytes}`
        if (before !== undefined && before < bytes) return yield* new VolumeConflict({ name: id, message })
        const made = before ?? (yield* mount(id, bytes, "mode=0777,")).bytes
        return { id, bytes: made, context: {}, topologies: [{ "kubernetes.io/hostname": name }] }
      }),
    delete: ({ id }) => Effect.mapError(Mounts.release(place(id)), failed),
    publish: ({ id, readOnly, target }) =>
      Effect.andThen(known(id), Effect.mapError(Mounts.bind(place(id), target, readOnly), failed)),
    unpublish: ({ target }) => Effect.mapError(Mounts.release(target), failed),
    expand: ({ bytes, id }) =>
      Effect.flatMap(known(id), (now) =>
        bytes > now ? mount(id, bytes, "remount,") : Effect.succeed({ bytes: now, onNode: false })
      )
  })
}
