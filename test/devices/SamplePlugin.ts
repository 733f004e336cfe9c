/** The device plugin of upstream's own tests, unmodified, as a process of the test. It knows one place where kubelets are, and is shown the test's there. */
import { Effect } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import * as Program from "../../adapters/Program.ts"

const program = "sample-device-plugin"
export const lacks = [
  ...(process.getuid?.() === 0 ? [] : ["root"]),
  ...["unshare", "mount", program].filter((name) => Program.find(name) === undefined)
]

/** The files that it makes stay in its mount namespace. */
const script = `
mount -t tmpfs none /var/lib && mkdir -p /var/lib/kubelet/device-plugins
mount --bind "$1" /var/lib/kubelet/device-plugins
mount -t tmpfs none /tmp && mount -t tmpfs none /run && mkdir /run/cdi
exec "$2"`

const ended = (child: ChildProcess, signal: NodeJS.Signals) =>
  Effect.callback<void>((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
    child.once("exit", () => resume(Effect.void))
    child.kill(signal)
  })

/** It registers in this folder; a function that ends it. */
export const start = Effect.fnUntraced(function* (directory: string, env: { readonly [name: string]: string } = {}) {
  const args = ["--mount", "--propagation", "private", "sh", "-c", script, "sh", directory, Program.find(program) ?? program]
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn("unshare", args, { stdio: "ignore", env: { PATH: process.env["PATH"], ...env } })),
    (child) => ended(child, "SIGKILL")
  )
  return { end: (signal: NodeJS.Signals) => ended(child, signal) }
})
