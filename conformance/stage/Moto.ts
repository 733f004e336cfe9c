/** A server of moto: AWS, as far as it is known to its authors, on this machine. `npm run parts -- moto` brings it. */
import { Effect, Schedule } from "effect"
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { createServer } from "node:net"
import { homedir } from "node:os"
import { join } from "node:path"
import * as Machine from "./Machine.ts"

const directory = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "keelson", "moto")

export const lacks = () => [
  ...Machine.lacking("python3"),
  ...(existsSync(join(directory, "moto")) ? [] : ["moto (npm run parts -- moto)"])
]

const freePort = Effect.callback<number>((resume) => {
  const server = createServer()
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0)))
  })
})

/** One for all of this process, which takes seconds to come up. It ends with the process. */
const running = Effect.runSync(
  Effect.cached(
    Effect.map(freePort, (port) => {
      const child = spawn("python3", ["-m", "moto.server", "-H", "127.0.0.1", "-p", `${port}`], {
        env: { PATH: process.env["PATH"] ?? "", PYTHONPATH: directory, PYTHONDONTWRITEBYTECODE: "1" },
        stdio: "ignore"
      })
      child.unref()
      process.once("exit", () => child.kill("SIGKILL"))
      return new URL(`http://127.0.0.1:${port}`)
    })
  )
)

export const start = Effect.gen(function* () {
  const endpoint = yield* running
  yield* Effect.tryPromise(() => fetch(new URL("/moto-api/data.json", endpoint))).pipe(
    Effect.retry({ schedule: Schedule.spaced("100 millis"), times: 600 })
  )
  return endpoint
})
