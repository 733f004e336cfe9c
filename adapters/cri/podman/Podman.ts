/** Podman as a node's container runtime, over its REST API: plain containers in a network namespace that the kubelet gives. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import * as Program from "../../Program.ts"
import * as EngineDaemon from "../EngineDaemon.ts"
import { fullName } from "../EngineImages.ts"
import * as LogFile from "../LogFile.ts"
import * as Machine from "../Machine.ts"
import * as Config from "./Config.ts"
import { dialect } from "./Dialect.ts"
import * as Usage from "./Usage.ts"

export type Options = EngineDaemon.Options

const configure = ({ directory, insecureRegistries, runtimes, socket }: EngineDaemon.Own) => {
  const { run, temporary } = Config.folders(directory)
  for (const folder of [directory, run, temporary]) mkdirSync(folder, { recursive: true, mode: 0o700 })
  // What is true until the machine starts again: that of earlier starts is true no more.
  const now = dirname(run)
  for (const boot of readdirSync(dirname(now)).filter((name) => name !== basename(now)))
    rmSync(join(dirname(now), boot), { recursive: true })
  const driver = Machine.takesOverlays(directory) ? "overlay" : "vfs"
  const conmon = Program.find("conmon") ?? "conmon"
  const files = Config.files({ directory, runtimes, conmon, driver, insecureRegistries })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text, { mode: 0o700 })
  return {
    arguments: ["system", "service", "--time=0", `unix://${socket}`],
    config: socket,
    environment: Config.environment(directory)
  }
}

const kind: EngineDaemon.Kind = {
  name: "podman",
  base: "/v4.0.0/libpod",
  program: "podman",
  packages: "podman and conmon",
  dialect,
  toPull: (image) => {
    const name = fullName(image)
    return { path: "/images/pull", query: { reference: name, policy: "always" }, name }
  },
  logs: LogFile.parse,
  usage: Usage.layer,
  runtimeName: ({ name }) => name,
  configure,
  watchers: /^(\S*\/)?(conmon|podman) /
}

export const socketOf = (options: Pick<Options, "directory" | "endpoint">) => EngineDaemon.socketOf(kind, options)

/** Takes in an image archive, as `ImageArchive.make` and `podman save` write them, for Pods to use. */
export const importImage = (options: Pick<Options, "directory" | "endpoint">, archive: Uint8Array) =>
  EngineDaemon.importImage(kind, options, archive)

/** ContainerRuntime, Events, Images, Exec, Logs and Stats of one Podman. */
export const layer = (options: Options) => EngineDaemon.layer(kind, options)
