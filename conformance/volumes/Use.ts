/** What the checks of `Volumes` work with: volumes of their own, published in a folder of their own, and both removed in the end. */
import { Context, Effect, Layer } from "effect"
import { randomUUID } from "node:crypto"
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { type Access, Volumes } from "../../plugins/volumes/contracts/Volumes.ts"

type Service = Volumes["Service"]
type Publish = Parameters<Service["publish"]>[0]

/** What a driver wants besides: the folder that checks publish in, parameters of a StorageClass, and what a small volume of it is. */
export interface Ground {
  readonly directory: string
  readonly parameters?: { readonly [name: string]: string }
  readonly bytes?: number
}
export class Place extends Context.Service<Place, Ground>()("conformance/VolumesPlace") {
  static readonly layer = (ground: Ground) => Layer.succeed(Place, ground)
}

export const access: Access = { modes: ["ReadWriteOnce"], block: false }
export const mebibyte = 1024 * 1024
export const use = Effect.gen(function* () {
  const volumes = yield* Volumes
  const { bytes = 16 * mebibyte, directory, parameters = {} } = yield* Place
  const { can, node } = yield* volumes.describe()
  const folder = mkdtempSync(join(directory, "laws-"))
  const prefix = `pvc-${randomUUID()}`
  const made = new Map<string, Effect.Effect<void, unknown>>()
  const takeBack = new Map<string, Effect.Effect<void, unknown>>()

  const asked = (name: string, size = bytes) => ({
    name: `${prefix}-${name}`,
    bytes: size,
    access,
    parameters,
    within: Object.keys(node.topology).length === 0 ? [] : [node.topology]
  })
  const provision = (name: string, size?: number) =>
    Effect.tap(volumes.provision(asked(name, size)), ({ id }) => Effect.sync(() => made.set(id, volumes.delete({ id }))))

  /** As a kubelet brings a volume to a Pod: attached, staged and published, as far as the driver does each. */
  const publish = Effect.fnUntraced(function* (
    { context, id }: Pick<Effect.Success<ReturnType<Service["provision"]>>, "context" | "id">,
    pod: string,
    readOnly = false
  ) {
    const staging = join(folder, `staging-${id}`)
    const target = join(folder, pod, "mount")
    mkdirSync(join(folder, pod), { recursive: true })
    const used: Omit<Publish, "target" | "readOnly"> = { id, access, context, attachment: {} }
    if (can.stage) {
      mkdirSync(staging, { recursive: true })
      takeBack.set(`stage ${id}`, volumes.unstage({ id, staging }))
      yield* volumes.stage({ ...used, staging })
    }
    takeBack.set(target, volumes.unpublish({ id, target }))
    yield* volumes.publish({ ...used, ...(can.stage && { staging }), target, readOnly })
    return target
  })

  const end = Effect.gen(function* () {
    const all = [...takeBack].toSorted(([a], [b]) => Number(a.startsWith("stage ")) - Number(b.startsWith("stage ")))
    for (const [, back] of all) yield* Effect.ignore(back)
    for (const back of made.values()) yield* Effect.ignore(back)
    yield* Effect.sync(() => {
      // What could not be taken back is left where a person finds it: nothing is removed through a mount.
      if (!readFileSync("/proc/self/mounts", "utf8").includes(` ${folder}/`))
        rmSync(folder, { recursive: true, force: true })
    })
  })
  return { volumes, can, bytes, folder, prefix, asked, provision, publish, end }
})
export type Use = Effect.Success<typeof use>
