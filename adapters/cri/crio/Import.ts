/** Takes image archives into the storage of a CRI-O, which says on its socket where that is. */
import { Effect, Schema } from "effect"
import { createHash } from "node:crypto"
import { rmSync, writeFileSync } from "node:fs"
import * as Program from "../../Program.ts"
import * as Shown from "./Shown.ts"

const Names = Schema.Array(Schema.String)
/** As Docker reads a name: without a registry it is Docker's, without a tag the latest. */
const full = (name: string) => {
  const [first = "", ...rest] = name.split("/")
  const isRegistry = rest.length > 0 && (/[.:]/.test(first) || first === "localhost")
  const path = isRegistry ? name : `docker.io/${rest.length === 0 ? "library/" : ""}${name}`
  return /:[^/]+$/.test(path) ? path : `${path}:latest`
}

const Manifest = Schema.fromJsonString(Schema.Array(Schema.Struct({ RepoTags: Schema.NullOr(Names) })))

/** Takes in an image archive, as `ImageArchive.make` and `docker save` write them, for Pods to use. */
export const importImage = Effect.fn("Crio.importImage")(function* (socket: string, archive: Uint8Array) {
  const { driver, root, runroot } = yield* Shown.read(socket)
  const path = `${socket}.${createHash("sha256").update(archive).digest("hex").slice(0, 16)}.tar`
  const copy = Effect.gen(function* () {
    const manifest = yield* Schema.decodeUnknownEffect(Manifest)(yield* Program.run("tar", ["-xOf", path, "manifest.json"]))
    const names = manifest.flatMap(({ RepoTags }) => RepoTags ?? [])
    // What skopeo mounts to look into the storage it does not unmount: it goes with a namespace of its own.
    const one = (name: string) =>
      Program.run("unshare", [
        "--mount",
        "--propagation",
        "slave",
        "skopeo",
        "copy",
        "--quiet",
        "--insecure-policy",
        `docker-archive:${path}:${full(name)}`,
        `containers-storage:[${driver}@${root}+${runroot}]${full(name)}`
      ])
    yield* Effect.forEach(names, one, { discard: true })
  })
  yield* Effect.acquireUseRelease(
    Effect.sync(() => writeFileSync(path, archive, { mode: 0o600 })),
    () => copy,
    () => Effect.sync(() => rmSync(path, { force: true }))
  )
})
