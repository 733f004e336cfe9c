/**
 * Deno, on which a sandbox's guest runs where it is there: each file, address, program and variable that is not granted is refused
 * by the runtime itself, and nobody is asked. It does not hold the programs that it is granted, nor who breaks out of V8.
 */
import { spawnSync } from "node:child_process"
import { existsSync, realpathSync } from "node:fs"
import { isIPv6 } from "node:net"
import { homedir } from "node:os"
import { delimiter, extname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { type Command, heapMegabytes } from "./Process.ts"
import type { Settings } from "./Settings.ts"

export interface Address {
  readonly host: string
  readonly port: number
}
/** What a guest may reach. */
export interface Allowed {
  readonly read: ReadonlyArray<string>
  readonly write: ReadonlyArray<string>
  readonly network: ReadonlyArray<Address>
  /** Paths of sockets that it may connect to. */
  readonly sockets: ReadonlyArray<string>
  readonly commands: ReadonlyArray<string>
}

/** Before it, imports could not be led to what the host has. */
const floor = [2, 9] as const

/** Where `npm run parts` puts what no package of the system has. */
const parts = () => join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "keelson", "bin")

/** Not npm's, which is a program of Node.js that leads to it. */
const isNew = (file: string) => {
  if (!existsSync(file) || extname(realpathSync(file)) !== "") return false
  const { stdout } = spawnSync(file, ["--version"], { encoding: "utf8", env: {} })
  const [, major = 0, minor = 0] = /^deno (\d+)\.(\d+)/.exec(stdout ?? "") ?? []
  return Number(major) > floor[0] || (Number(major) === floor[0] && Number(minor) >= floor[1])
}

let found: { readonly file: string | undefined } | undefined
/** The program, on the PATH or among the parts, if it is new enough; looked for once. */
export const find = () => {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== ""), parts()]
  found ??= { file: folders.map((folder) => join(folder, "deno")).find(isNew) }
  return found.file
}

/** As Deno's flags have it, which part by commas what they allow, and know no other way to write one. */
const flag = (name: string, values: ReadonlyArray<string>) =>
  values.length === 0 ? [] : [`--allow-${name}=${[...new Set(values)].join(",")}`]

const address = ({ host, port }: Address) => (isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`)

/** `cache`: a folder in which Deno keeps what it has compiled. */
export const command = (
  file: string,
  settings: Pick<Settings, "budgets" | "name">,
  main: URL,
  allowed: Allowed,
  given: Command["env"],
  cache: string
): Command => ({
  file,
  args: [
    "run",
    ...["--no-prompt", "--no-check", "--no-lock", "--no-remote", "--cached-only", "--no-code-cache"],
    "--node-modules-dir=manual",
    `--v8-flags=--max-old-space-size=${heapMegabytes(settings)}`,
    ...flag("read", [...allowed.read, ...allowed.sockets]),
    ...flag("write", [...allowed.write, ...allowed.sockets]),
    ...flag("net", [...allowed.network.map(address), ...allowed.sockets.map((path) => `unix:${path}`)]),
    ...flag("run", allowed.commands),
    ...flag("env", Object.keys(given)),
    // A variable that it is not given is not there, which is no mistake of who looks.
    "--ignore-env",
    fileURLToPath(main),
    settings.name
  ],
  env: { ...given, DENO_DIR: cache, DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" }
})
