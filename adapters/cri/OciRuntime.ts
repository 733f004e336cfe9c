/**
 * The programs that make containers for a runtime, runc and crun. Where a program would fail on this machine for something that can
 * be mended in what it is asked for, the runtime calls it through a script that does so: each start pays for that, hence no
 * interpreter but the shell.
 */
import { Effect } from "effect"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Program from "../Program.ts"
import { DaemonFailed } from "./Daemon.ts"
import * as Machine from "./Machine.ts"

export interface OciRuntime {
  /** As a handler of a RuntimeClass. */
  readonly name: string
  /** The program, or the script in front of it. */
  readonly path: string
}

export interface Options {
  /** For a runtime that asks for more than a machine without CAP_SYS_RESOURCE can give, and cannot be told not to. */
  readonly mendsLimits: boolean
}

/** In the JSON of a bundle or a process: a quote inside of a text has a backslash before it, so that only what is meant is found. */
export const edits = {
  /** Without CAP_SYS_RESOURCE nobody can give it, nor ask for less out-of-memory killing than he has. */
  limits: String.raw`
    s/("oomScoreAdj":\s*)-[0-9]+/\10/
    :a
    s/("capabilities":\s*\{[^}]*),\s*"CAP_SYS_RESOURCE"/\1/
    s/("capabilities":\s*\{[^}]*)"CAP_SYS_RESOURCE"\s*,?/\1/
    ta`,
  /** To a program that knows but version 1.0 of the specification; what came later it passes over. */
  version: String.raw`
    s/("ociVersion":\s*)"[^"]*"/\1"1.0.2"/`
}

const unifiedOf = (path: string) => {
  const shared = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .some((line) => line.split(" ")[4] === join(path, "..") && line.includes(" shared:"))
  const alone = shared ? `mount --make-private ${join(path, "..")}; ` : ""
  // In mount namespaces of its own the program finds cgroups of one version; its containers' mounts go on from there.
  return `unshare --mount --propagation unchanged /bin/sh -c '${alone}umount ${path}; exec "$0" "$@"'`
}

interface Mends {
  readonly edits: ReadonlyArray<string>
  /** Of cgroups of version 2 beside those of version 1. */
  readonly unified: string | undefined
}

export const script = (program: string, { edits: all, unified }: Mends) => `#!/bin/sh
# Written by Keelson when it starts: ${program}, asked for what this machine can do.
before=
for argument; do
  file=
  case $before in
  --bundle | -b) file=$argument/config.json ;;
  --process | -p) file=$argument ;;
  esac
  before=$argument
  if [ -n "$file" ]; then
    sed -zEi '${all.join("")}
    ' "$file"
  fi
done
exec ${unified === undefined ? "" : `${unifiedOf(unified)} `}${program} "$@"
`

/** crun before 1.9 refuses bundles of a later version of the specification, and all before 2 a machine with both versions of cgroups. */
const mendsOf = Effect.fnUntraced(function* (name: string, program: string, { mendsLimits }: Options) {
  const withheld = mendsLimits && !Machine.mayRaiseLimits() ? [edits.limits] : []
  if (name !== "crun") return { edits: withheld, unified: undefined }
  const said = yield* Effect.mapError(Program.run(program, ["--version"]), ({ detail }) => new DaemonFailed({ detail }))
  const [, minor = "0"] = /crun version 1\.(\d+)/.exec(said) ?? []
  return { edits: [...withheld, ...(Number(minor) < 9 ? [edits.version] : [])], unified: Machine.unifiedBeside() }
})

/** Those of this machine, the default first, with a script in `directory` for each that needs one. */
export const all = Effect.fn("OciRuntime.all")(function* (directory: string, options: Options) {
  const found: Array<OciRuntime> = []
  for (const name of ["runc", "crun"]) {
    const program = Program.find(name)
    if (program === undefined) continue
    const mends = yield* mendsOf(name, program, options)
    const isFit = mends.edits.length === 0 && mends.unified === undefined
    const folder = join(directory, "oci")
    const path = isFit ? program : join(folder, name)
    found.push({ name, path })
    if (isFit) continue
    yield* Effect.sync(() => {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      writeFileSync(path, script(program, mends), { mode: 0o700 })
    })
  }
  if (found.length === 0) return yield* new DaemonFailed({ detail: "no program makes containers: install runc or crun" })
  return found
})
