/** The runtime in Go of `examples/`, built where that is possible without fetching anything. */
import { Effect } from "effect"
import { execFile, spawnSync } from "node:child_process"
import { join, resolve } from "node:path"
import * as Machine from "./e2e/Machine.ts"

export const sources = join(resolve(import.meta.dirname, ".."), "examples", "runtime-go")
/** The modules are those of `go.sum`, and nothing is fetched. */
export const offline = { GOPROXY: "off", GOFLAGS: "-mod=readonly" }

/** What this machine lacks to build and run it. */
export const lacking = () => {
  const programs = ["go", "runc", "ip", "nsenter"].filter((program) => !Machine.has(program))
  if (process.getuid?.() !== 0) return ["root", ...programs]
  if (programs.length > 0) return programs
  const { status } = spawnSync("go", ["list", "-deps", "."], {
    cwd: sources,
    env: { ...process.env, ...offline },
    stdio: "ignore"
  })
  return status === 0 ? [] : ["the Go modules of examples/runtime-go: `go mod download` there brings them"]
}

export const build = (program: string) =>
  Effect.callback<void, Error>((resume) => {
    const child = execFile(
      "go",
      ["build", "-o", program, "."],
      { cwd: sources, env: { ...process.env, ...offline } },
      (error) => resume(error === null ? Effect.void : Effect.fail(error))
    )
    return Effect.sync(() => child.kill())
  })
