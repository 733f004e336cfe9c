/** Upstream's programs on a machine of the tests: where they are, how they are started, and what they are told. */
import { Effect, Scope } from "effect"
import { spawn } from "node:child_process"
import { existsSync, mkdirSync, openSync, writeFileSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import * as Program from "../../adapters/Program.ts"
import type * as Pki from "../../plugins/certificates/contracts/Pki.ts"
import * as Machine from "../e2e/Machine.ts"
import type * as Site from "../e2e/Site.ts"

/** What this machine lacks of these, for the tests' names. They lie on the PATH or in ~/.cache/keelson/bin. */
export const lacks = (...programs: ReadonlyArray<string>) => [
  ...Machine.missing,
  ...programs.filter((name) => Program.find(name) === undefined).map((name) => `upstream's ${name}`)
]
export const programOf = (name: string) => Program.find(name) ?? name

/** A containerd that upstream's kubelet of today takes: 1.7 or newer. */
export const containerd = join(homedir(), ".cache", "keelson", "containerd-2.1", "usr", "bin", "containerd")
export const lacksContainerd = existsSync(containerd) ? [] : ["containerd 2.1 (npm run parts -- containerd-2.1)"]

/** What is said to whoever runs the tests. */
export const said = (text: string) => Effect.sync(() => process.stdout.write(`  ${text}\n`))

export const versionOf = (name: string) =>
  Effect.map(Machine.run(programOf(name), ["--version"]), ({ stdout }) => stdout.trim().split("\n")[0] ?? "")

/** Keeps what is started until the scope closes that is open now, whoever starts it later. */
export const starter = Effect.map(
  Effect.scope,
  (scope) =>
    (...args: Parameters<typeof start>) =>
      Effect.asVoid(Scope.provide(start(...args), scope))
)

/** Runs a program until the scope closes; its output goes to a file of its name. */
export const start = (
  site: Site.Shape,
  name: string,
  args: ReadonlyArray<string>,
  given: { inside?: ReadonlyArray<string> } = {}
) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      mkdirSync(join(site.dataDir, "log"), { recursive: true })
      const log = openSync(join(site.dataDir, "log", `${name}.log`), "a")
      const [launcher = "", ...rest] = given.inside ?? site.inside
      const path = `${join(containerd, "..")}:${process.env["PATH"]}`
      const child = spawn(launcher, [...rest, programOf(name), ...args], {
        cwd: site.dataDir,
        stdio: ["ignore", log, log],
        env: { ...process.env, PATH: path }
      })
      return child
    }),
    (child) =>
      Effect.gen(function* () {
        const { pid } = child
        if (pid === undefined || child.exitCode !== null) return
        child.kill("SIGTERM")
        const gone = Effect.callback<void>((resume) => {
          if (child.exitCode !== null || child.signalCode !== null) resume(Effect.void)
          else child.once("exit", () => resume(Effect.void))
        })
        yield* Effect.timeoutOrElse(gone, {
          duration: "10 seconds",
          orElse: () =>
            Effect.andThen(
              Effect.sync(() => child.kill("SIGKILL")),
              gone
            )
        })
      })
  )

/** The end of what it wrote. */
export const logOf = (site: Site.Shape, name: string) =>
  Machine.textOf(join(site.dataDir, "log", `${name}.log`)).slice(-3000)

export const file = (site: Site.Shape, name: string, text: string) => {
  const path = join(site.dataDir, name)
  writeFileSync(path, text, { mode: 0o600 })
  return path
}

/** In JSON, which is YAML. */
export const kubeconfig = (server: string, ca: string, user: { readonly token: string } | Pki.Pair) => {
  const encoded = (text: string) => Buffer.from(text).toString("base64")
  const credentials =
    "token" in user ? user : { "client-certificate-data": encoded(user.cert), "client-key-data": encoded(user.key) }
  return JSON.stringify({
    ...{ apiVersion: "v1", kind: "Config", "current-context": "x" },
    clusters: [{ name: "c", cluster: { server, "certificate-authority-data": encoded(ca) } }],
    users: [{ name: "u", user: credentials }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }]
  })
}
