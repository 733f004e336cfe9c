/** Docker as a node's container runtime, over its Engine API: a sandbox whose network the kubelet attaches, and containers that join it. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as EngineDaemon from "../EngineDaemon.ts"
import { fullName } from "../EngineImages.ts"
import * as Machine from "../Machine.ts"
import * as Config from "./Config.ts"
import { dialect } from "./Dialect.ts"
import * as JsonFile from "./JsonFile.ts"
import * as Usage from "./Usage.ts"

export type Options = EngineDaemon.Options

/**
 * dockerd's containerd dies with it. Where nobody has looked at how it ended its pid is still there, and the next dockerd takes it for
 * running: so it is waited for, and then forgotten. `$0` is the pid file.
 */
const forgetting = `
  for attempt in 1 2 3 4 5 6 7 8 9 10; do
    pid=$(cat "$0" 2>/dev/null) && [ -e "/proc/$pid" ] || break
    grep -q "^State:.Z" "/proc/$pid/status" && rm -f "$0"
    sleep 0.1
  done
  exec "$@"`

/** A socket's path may have 107 bytes; the longest of Docker's is `exec/containerd/containerd-debug.sock`. */
const longest = 107 - "/exec/containerd/containerd-debug.sock".length

const configure = (own: EngineDaemon.Own) => {
  const { directory } = own
  if (directory.length > longest) {
    throw new Error(`${directory}: Docker's sockets in it would have paths that are too long; at most ${longest} characters`)
  }
  const config = join(directory, "daemon.json")
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const driver = Machine.takesOverlays(directory) ? "overlay2" : "vfs"
  writeFileSync(config, Config.daemon({ ...own, driver }), { mode: 0o600 })
  // Its own pid file would keep it from starting when the pid in it has been given again.
  const before = ["/bin/sh", "-c", forgetting, join(directory, "exec", "containerd", "containerd.pid")]
  return { arguments: ["--config-file", config, "--pidfile="], config, before }
}

const kind: EngineDaemon.Kind = {
  name: "docker",
  base: "/v1.41",
  program: "dockerd",
  packages: "docker.io",
  dialect,
  toPull: (image) => {
    const name = fullName(image)
    return { path: "/images/create", query: { fromImage: name }, name }
  },
  logs: JsonFile.parse,
  usage: Usage.layer,
  runtimeName: Config.runtimeName,
  configure,
  watchers: /^(\S*\/)?containerd(-shim\S*)? /
}

export const socketOf = (options: Pick<Options, "directory" | "endpoint">) => EngineDaemon.socketOf(kind, options)

/** Takes in an image archive, as `ImageArchive.make` and `docker save` write them, for Pods to use. */
export const importImage = (options: Pick<Options, "directory" | "endpoint">, archive: Uint8Array) =>
  EngineDaemon.importImage(kind, options, archive)

/** ContainerRuntime, Events, Images, Exec, Logs and Stats of one Docker. */
export const layer = (options: Options) => EngineDaemon.layer(kind, options)
