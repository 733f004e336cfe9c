/**
 * Volumes that are folders of the node's own disk. They are as large as the disk lets them be: the size that was asked for is remembered,
 * and compared with what is free, but nobody is held to it.
 */
import { Effect, Layer } from "effect"
import { mkdirSync, statfsSync } from "node:fs"
import { dirname } from "node:path"
import {
  type About,
  NoRoom,
  NoSuchVolume,
  VolumeConflict,
  VolumeRefused,
  Volumes
} from "../../../plugins/volumes/contracts/Volumes.ts"
import type { ProgramFailed } from "../../Program.ts"
import * as Mounts from "../Mounts.ts"
import * as Records from "./Records.ts"

export interface Options {
  /** Where the volumes lie. */
  readonly directory: string
  readonly nodeName: string
}

export const driver = "local-path.keelson.io"
const hostname = "kubernetes.io/hostname"

const refused = (code: string, message: string) => new VolumeRefused({ code, message, isFinal: true })
const attempt = <A>(run: () => A) => Effect.try({ try: run, catch: (cause) => refused("INTERNAL", `${cause}`) })
const unmounted = ({ detail, program }: ProgramFailed) => refused("INTERNAL", `${program}: ${detail}`)

const about = (nodeName: string): About => ({
  driver,
  version: "1.0.0",
  node: { id: nodeName, topology: { [hostname]: nodeName } },
  can: {
    provision: true,
    attach: false,
    stage: false,
    expand: true,
    expandOnNode: false,
    capacity: true,
    stats: true,
    block: false
  }
})

const unneeded = (what: string) => Effect.fail(refused("UNIMPLEMENTED", `${driver}: ${what} is not needed`))

export const make = ({ directory, nodeName }: Options): Volumes["Service"] => {
  const records = Records.make(directory)

  const disk = attempt(() => {
    mkdirSync(directory, { recursive: true, mode: 0o711 })
    const { bavail, bfree, blocks, bsize, ffree, files } = statfsSync(directory)
    return { free: bavail * bsize, bytes: blocks * bsize, used: (blocks - bfree) * bsize, files, usedFiles: files - ffree }
  })

  const roomFor = Effect.fnUntraced(function* (bytes: number) {
    const { free } = yield* disk
    if (bytes > free) return yield* new NoRoom({ message: `${bytes} bytes are asked for, ${free} are free on ${nodeName}` })
  })

  const known = (id: string) =>
    Effect.flatMap(
      attempt(() => records.find(id)),
      (found) => (found === undefined ? new NoSuchVolume({ id }) : Effect.succeed(found))
    )

  const isHere = (within: ReadonlyArray<{ readonly [label: string]: string }>) =>
    within.length === 0 || within.some(({ [hostname]: name = nodeName }) => name === nodeName)

  const provision = Effect.fn("LocalPath.provision")(function* (asked: Parameters<Volumes["Service"]["provision"]>[0]) {
    const { access, bytes, name, within } = asked
    if (!Records.isName(name)) return yield* refused("INVALID_ARGUMENT", `${name} cannot be the name of a folder`)
    if (access.block) return yield* refused("INVALID_ARGUMENT", `${driver} has no block volumes`)
    if (!isHere(within)) return yield* new NoRoom({ message: `${nodeName} is none of the nodes that are asked for` })
    const before = yield* attempt(() => records.find(name))
    if (before !== undefined && before.bytes < bytes) {
      return yield* new VolumeConflict({ name, message: `${name} is there with ${before.bytes} bytes, not ${bytes}` })
    }
    if (before === undefined) {
      yield* roomFor(bytes)
      yield* attempt(() => records.create({ name, bytes }))
    }
    const topologies = [{ [hostname]: nodeName }]
    return { id: name, bytes: before?.bytes ?? bytes, context: {}, topologies }
  })

  const expand = Effect.fn("LocalPath.expand")(function* ({ bytes, id }: { readonly id: string; readonly bytes: number }) {
    const found = yield* known(id)
    if (bytes <= found.bytes) return { bytes: found.bytes, onNode: false }
    yield* roomFor(bytes)
    yield* attempt(() => records.write({ ...found, bytes }))
    return { bytes, onNode: false }
  })

  const publish = Effect.fn("LocalPath.publish")(function* ({
    id,
    readOnly,
    target
  }: Parameters<Volumes["Service"]["publish"]>[0]) {
    yield* known(id)
    yield* attempt(() => mkdirSync(dirname(target), { recursive: true, mode: 0o750 }))
    yield* Effect.mapError(Mounts.bind(records.data(id), target, readOnly), unmounted)
  })

  return {
    describe: () => Effect.succeed(about(nodeName)),
    provision,
    delete: ({ id }) => attempt(() => records.remove(id)),
    attach: () => unneeded("attaching"),
    detach: () => unneeded("detaching"),
    stage: () => unneeded("staging"),
    unstage: () => unneeded("staging"),
    publish,
    unpublish: ({ target }) => Effect.mapError(Mounts.release(target), unmounted),
    expand,
    expandOnNode: () => unneeded("expanding on the node"),
    capacity: ({ within }) =>
      Effect.map(disk, ({ free }) => ({ bytes: within === undefined || isHere([within]) ? free : 0 })),
    stats: ({ id }) =>
      Effect.andThen(
        known(id),
        Effect.map(disk, ({ bytes, files, used, usedFiles }) => ({
          bytes,
          usedBytes: used,
          inodes: files,
          usedInodes: usedFiles
        }))
      )
  }
}

export const layer = (options: Options) => Layer.sync(Volumes, () => make(options))
