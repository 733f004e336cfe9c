/** The laws of `IngressProxy` on the real nginx, and the proof that their checks see each of them broken. */
import { describe } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Nginx from "../../adapters/ingress/nginx/Nginx.ts"
import { suite, Victim } from "../../conformance/IngressProxy.ts"
import { left } from "../Left.ts"
import { sabotage, verify } from "../Verify.ts"

const lacks = Nginx.find() === undefined ? ["nginx"] : []

const proxy = Layer.unwrap(
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        const folder = mkdtempSync(join(tmpdir(), "keelson-nginx-"))
        // nginx' workers are not root.
        chmodSync(folder, 0o755)
        return folder
      }),
      (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
    ),
    (folder) => {
      const directory = join(folder, "nginx")
      const kill = Effect.sync(() => {
        process.kill(Number(readFileSync(join(directory, "nginx.pid"), "utf8")), "SIGKILL")
      })
      return Layer.merge(Nginx.layer({ addresses: ["127.0.0.1"], directory }), Layer.succeed(Victim, kill))
    }
  )
)

describe.skipIf(lacks.length > 0)(`nginx${left(lacks)}`, () => {
  verify("nginx", suite, proxy)
  sabotage(suite, proxy)
})
