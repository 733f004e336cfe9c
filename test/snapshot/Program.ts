/** `keelson server` as a process on loopback, with nobody's containers, and what a test asks of it as the administrator. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Schedule } from "effect"
import { execFile, spawn } from "node:child_process"
import { openSync } from "node:fs"
import { Agent, request } from "node:https"
import { fileURLToPath } from "node:url"
import { freePort } from "../../kernel/FreePort.ts"
import * as Kubeconfig from "../../adapters/client/https/Kubeconfig.ts"

/** From the sources, whatever bundle lies about. */
const main = fileURLToPath(new URL("../../bin/Main.ts", import.meta.url))

export interface Answer {
  readonly code: number
  readonly text: string
}

/** Of one data directory. */
export const make = Effect.fnUntraced(function* (dataDir: string) {
  const port = yield* freePort
  const flags = ["--data-dir", dataDir, "--node-name", "n1"]
  const serverFlags = [...flags, "--api-port", `${port}`, "--node-ip", "127.0.0.1", "--runtime", "hollow"]

  /** Runs a command to its end: what it said, or why it failed. */
  const run = (...args: ReadonlyArray<string>) =>
    Effect.callback<string, Error>((resume) => {
      execFile(process.execPath, [main, ...args], { timeout: 120_000 }, (error, stdout, stderr) =>
        resume(error === null ? Effect.succeed(stdout) : Effect.fail(new Error(stderr || stdout || error.message)))
      )
    })

  const agentOf = Effect.map(Effect.provide(Kubeconfig.read(`${dataDir}/kubeconfig`), NodeServices.layer), (target) => ({
    server: target.server,
    agent: new Agent({ keepAlive: true, ca: target.ca, cert: target.clientCertificate, key: target.clientKey })
  }))

  const ask = (method: string, path: string, body?: unknown, type = "application/json") =>
    Effect.flatMap(agentOf, ({ agent, server }) =>
      Effect.callback<Answer, Error>((resume) => {
        const call = request(new URL(path, server), { method, agent, headers: { "content-type": type } }, (response) => {
          let text = ""
          response.setEncoding("utf8").on("data", (chunk: string) => {
            text += chunk
          })
          response.on("end", () => {
            agent.destroy()
            resume(Effect.succeed({ code: response.statusCode ?? 0, text }))
          })
        })
        call.on("error", (error) => resume(Effect.fail(error)))
        call.end(body === undefined ? undefined : JSON.stringify(body))
      })
    )

  /** Serves until it is killed, at the latest when the scope closes. */
  const start = Effect.fnUntraced(function* (...more: ReadonlyArray<string>) {
    const log = openSync(`${dataDir}.log`, "a")
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        // A group of its own: the program starts another, and that one its store.
        spawn(process.execPath, [main, "server", ...serverFlags, ...more], { stdio: ["ignore", log, log], detached: true })
      ),
      (child) => kill(child.pid ?? 0)
    )
    yield* Effect.retry(
      Effect.flatMap(ask("GET", "/readyz"), ({ code, text }) => (code === 200 ? Effect.void : Effect.fail(new Error(text)))),
      { schedule: Schedule.spaced("200 millis"), times: 400 }
    )
    return { kill: kill(child.pid ?? 0) }
  })

  return { flags, run, ask, agentOf, start }
})

/** As when the power goes. The port is free when this is done. */
const kill = (group: number) =>
  Effect.suspend(() => {
    try {
      process.kill(-group, "SIGKILL")
      return Effect.fail("it lived" as const)
    } catch {
      // There is nobody left in the group.
      return Effect.void
    }
  }).pipe(Effect.retry({ schedule: Schedule.spaced("50 millis"), times: 200 }), Effect.orDie)
