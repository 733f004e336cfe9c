/** Our API server as others start one: the program in the place of kube-apiserver, on a port and in a folder of its own. */
import { Effect, Schedule } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { get } from "node:https"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { freePort } from "../../kernel/FreePort.ts"

export const programs = join(import.meta.dirname, "../../bin/envtest")

const isWell = (url: string) =>
  Effect.callback<boolean>((resume) => {
    const call = get(url, { rejectUnauthorized: false, agent: false }, (answer) => {
      answer.resume()
      resume(Effect.succeed(answer.statusCode === 200))
    })
    call.on("error", () => resume(Effect.succeed(false)))
  })

/** Until the scope closes: it is asked to end, and does. */
export const start = Effect.gen(function* () {
  const port = yield* freePort
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "keelson-api-"))),
    (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
  )
  const flags = [
    "--bind-address=127.0.0.1",
    `--secure-port=${port}`,
    `--cert-dir=${directory}`,
    "--etcd-servers=http://none"
  ]
  let said = ""
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, [join(programs, "kube-apiserver"), ...flags, "--disable-admission-plugins=ServiceAccount"], {
        stdio: ["ignore", "pipe", "pipe"],
        // What is to be tried is what stands here, bundled or not.
        env: { ...process.env, KEELSON_SOURCE: "1" }
      })
    ),
    (child) =>
      Effect.promise(async () => {
        if (child.exitCode !== null) return
        const gone = once(child, "exit")
        child.kill("SIGTERM")
        await gone
      })
  )
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-10_000)
    })
  }
  const server = `https://127.0.0.1:${port}`
  yield* isWell(`${server}/healthz`).pipe(
    Effect.repeat({ schedule: Schedule.spaced("100 millis"), until: (is) => is || child.exitCode !== null }),
    Effect.timeoutOrElse({ duration: "150 seconds", orElse: () => Effect.die(new Error(`it does not serve:\n${said}`)) }),
    Effect.flatMap(() => (child.exitCode === null ? Effect.void : Effect.die(new Error(`it ended:\n${said}`))))
  )
  const kubeconfig = join(directory, "kubeconfig")
  const cluster = { name: "c", cluster: { server, "insecure-skip-tls-verify": true } }
  // It lets everybody in, as upstream's does by itself; a name keeps clients from asking for one.
  const user = { name: "u", user: { username: "u", password: "p" } }
  const context = { name: "x", context: { cluster: "c", user: "u" } }
  const head = { apiVersion: "v1", kind: "Config", "current-context": "x" }
  writeFileSync(kubeconfig, JSON.stringify({ ...head, clusters: [cluster], users: [user], contexts: [context] }))
  return { server, directory, kubeconfig }
})
