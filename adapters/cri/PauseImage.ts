/** The image of the process that holds a Pod's namespaces, made of a static program of this machine. */
import { Effect } from "effect"
import { existsSync, readFileSync } from "node:fs"
import { DaemonFailed } from "./Daemon.ts"
import * as ImageArchive from "./ImageArchive.ts"

export const name = "keelson.local/pause:1"

const programs = [
  { path: "/usr/bin/catatonit", arguments: ["-P"] },
  { path: "/bin/busybox", arguments: ["sleep", "2147483647"] },
  { path: "/usr/bin/busybox", arguments: ["sleep", "2147483647"] }
]

export const archive = Effect.try({
  try: () => {
    const found = programs.find(({ path }) => existsSync(path) && ImageArchive.isStatic(path))
    if (found === undefined)
      throw new Error("no static program to hold a Pod's namespaces: install catatonit or busybox-static")
    // busybox looks at its own name: under another it needs its first argument to be the command.
    const file = found.path.endsWith("busybox") ? "busybox" : "pause"
    return ImageArchive.make({
      name,
      files: [{ path: file, bytes: readFileSync(found.path), mode: 0o755 }],
      entrypoint: [`/${file}`, ...found.arguments]
    })
  },
  catch: (cause) => new DaemonFailed({ detail: `${cause}` })
})
