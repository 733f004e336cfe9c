/** An S3 server of its own for a test, on a folder: versitygw, which checks signatures. `npm run parts -- versitygw` brings it. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, FileSystem, Schedule } from "effect"
import { spawn } from "node:child_process"
import { join } from "node:path"
import { freePort } from "../../kernel/FreePort.ts"
import type { Options } from "../../adapters/snapshots/S3.ts"
import { sign } from "../../adapters/snapshots/SigV4.ts"
import * as Program from "../../adapters/Program.ts"

/** Absent where it could not be built. */
export const program = Program.find("versitygw")

const credentials = { accessKeyId: "keelson", secretAccessKey: "a-secret-of-the-test" }
const region = "us-east-1"

/** Runs until the scope closes. */
export const bucket = Effect.gen(function* () {
  const files = yield* FileSystem.FileSystem
  const folder = yield* files.makeTempDirectoryScoped({ prefix: "keelson-s3-" })
  for (const name of ["data", "meta"]) yield* files.makeDirectory(join(folder, name))
  const port = yield* freePort
  const { accessKeyId, secretAccessKey } = credentials
  const serving = ["--port", `127.0.0.1:${port}`, "--access", accessKeyId, "--secret", secretAccessKey, "--region", region]
  yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(program ?? "", [...serving, "posix", "--sidecar", join(folder, "meta"), join(folder, "data")], {
        stdio: "ignore"
      })
    ),
    (child) =>
      Effect.callback<void>((resume) => {
        child.once("exit", () => resume(Effect.void))
        child.kill("SIGKILL")
      })
  )
  const endpoint = `http://127.0.0.1:${port}`
  const url = new URL("/snapshots", endpoint)
  const make = Effect.tryPromise(async () => {
    const headers = sign({ method: "PUT", url }, credentials, { region, time: Date.now() })
    const { ok, status } = await fetch(url, { method: "PUT", headers })
    if (!ok) throw new Error(`the bucket was not made: ${status}`)
  })
  yield* Effect.retry(make, { schedule: Schedule.spaced("100 millis"), times: 300 })
  const options: Options = { bucket: "snapshots", prefix: "clusters/a b/", region, endpoint, credentials }
  return options
}).pipe(Effect.provide(NodeServices.layer))
