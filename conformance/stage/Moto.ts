/** A server of moto: AWS, as far as it is known to its authors, on this machine. `npm run parts -- moto` brings it. */
import { Effect, Schedule } from "effect"
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { createServer, Socket } from "node:net"
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

/** It ends when nobody holds the other end of its input any more: threads and processes that are killed say nothing. */
const program = [
  "import os, sys, threading",
  "threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()",
  "from moto.server import main",
  "main(sys.argv[1:])"
].join("\n")

/** One for all of this process or thread, which takes seconds to come up. It ends with that. */
const running = Effect.runSync(
  Effect.cached(
    Effect.map(freePort, (port) => {
      const child = spawn("python3", ["-c", program, "-H", "127.0.0.1", "-p", `${port}`], {
        env: { PATH: process.env["PATH"] ?? "", PYTHONPATH: directory, PYTHONDONTWRITEBYTECODE: "1" },
        stdio: ["pipe", "ignore", "ignore"]
      })
      child.unref()
      if (child.stdin instanceof Socket) child.stdin.unref()
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
