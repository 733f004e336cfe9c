/** What adapters ask of the machine, and what several of them have in common there. */
import { Effect, Layer } from "effect"
import { existsSync } from "node:fs"
import { homedir } from "node:os"
import { basename, join } from "node:path"
import * as Bridge from "../../adapters/cni/bridge/Bridge.ts"
import * as ImageArchive from "../../adapters/cri/ImageArchive.ts"
import * as Program from "../../adapters/Program.ts"
import { NetworkConfiguration } from "../../plugins/kubelet/contracts/NetworkConfiguration.ts"
import { Namespaces } from "../NetworkAttachment.ts"

export const lacking = (...programs: ReadonlyArray<string>) =>
  programs.filter((program) => Program.find(program) === undefined)
export const root = () => (process.getuid?.() === 0 ? [] : ["root"])
/** For whatever has networks of its own. */
export const network = () => [
  ...root(),
  ...lacking("ip", "nft", "nsenter"),
  ...(["/opt/cni/bin/bridge", "/usr/lib/cni/bridge"].some(existsSync) ? [] : ["CNI plugins"])
]

/** Where programs lie that are not installed. */
export const cache = (...path: ReadonlyArray<string>) =>
  join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "keelson", ...path)

/** The image of the checks. */
export const busybox = Effect.try(() => {
  if (!ImageArchive.isStatic("/bin/busybox")) throw new Error("/bin/busybox is not static: install busybox-static")
  return ImageArchive.make({ name: "busybox:latest", files: ImageArchive.busybox("/bin/busybox"), command: ["sh"] })
})

/** A network that is configured as the kubelet does it, and taken back. */
export const configured = (folder: string, podCidrs: ReadonlyArray<string>) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const { remove, write } = yield* NetworkConfiguration
      yield* write({ folder, podCidrs, clusterCidrs: ["10.96.0.0/16"] })
      yield* Effect.addFinalizer(() => Effect.ignore(remove({ folder })))
    })
  )
export const bridged = (directory: string, folder: string) =>
  configured(folder, ["10.244.7.0/24"]).pipe(
    Layer.provideMerge(Bridge.layer({ directory: join(directory, "cni"), bridge: "kt-node0" }))
  )

/** Real namespaces, named after the folder. */
export const namespaces = (directory: string) =>
  Layer.sync(Namespaces, () => {
    let last = 0
    const ip = (...args: ReadonlyArray<string>) => Effect.asVoid(Program.run("ip", ["netns", ...args]))
    const remove = (path: string) => ip("delete", basename(path))
    return Namespaces.of({
      make: Effect.acquireRelease(
        Effect.suspend(() => {
          const name = `${basename(directory)}-${++last}`
          return Effect.as(ip("add", name), `/run/netns/${name}`)
        }),
        (path) => Effect.ignore(remove(path))
      ),
      remove
    })
  })
