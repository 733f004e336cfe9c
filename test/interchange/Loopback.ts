/** Upstream's programs on this machine's loopback: started with a kubeconfig, ended with the scope, their words shown when a test fails. */
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { openSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as Program from "../../adapters/Program.ts"
import { freePort } from "../../kernel/FreePort.ts"

export const start = Effect.fnUntraced(function* (
  directory: string,
  name: string,
  given: { readonly [flag: string]: string }
) {
  const path = join(directory, `${name}.log`)
  const out = openSync(path, "a")
  const flags = { ...given, "secure-port": `${yield* freePort}`, "cert-dir": join(directory, name) }
  const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)
  yield* Effect.acquireRelease(
    Effect.sync(() => spawn(Program.find(name) ?? name, args, { cwd: directory, stdio: ["ignore", out, out] })),
    (child) =>
      Effect.promise(async () => {
        if (child.exitCode !== null) return
        const gone = once(child, "exit")
        child.kill("SIGKILL")
        await gone
      })
  )
  yield* Effect.addFinalizer((exit) =>
    exit._tag === "Success" ? Effect.void : Effect.logError(readFileSync(path, "utf8").slice(-3000))
  )
})
