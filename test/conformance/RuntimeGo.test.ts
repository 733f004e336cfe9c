/** The runtime in Go of `examples/`: whoever writes no TypeScript keeps the same laws, by the description alone. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawnSync } from "node:child_process"
import { join, resolve } from "node:path"
import * as Machine from "../e2e/Machine.ts"

const root = resolve(import.meta.dirname, "..", "..")
const sources = join(root, "examples", "runtime-go")
/** The modules are those of `go.sum`, and nothing is fetched. */
const offline = { GOPROXY: "off", GOFLAGS: "-mod=readonly" }

const lacking = () => {
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
const lacks = lacking()

describe.skipIf(lacks.length > 0)(`A runtime in Go${Machine.left(lacks)}`, () => {
  it.live(
    "keeps every law of the kubelet's contracts",
    () =>
      Effect.gen(function* () {
        const args = [
          "--import",
          "tsx",
          join(root, "conformance", "Main.ts"),
          "container-runtime",
          "--adapter",
          "runtime-go"
        ]
        const { code, stderr, stdout } = yield* Machine.run(process.execPath, args, { env: offline, seconds: 400 })
        assert.strictEqual(code, 0, `${stdout}${stderr}`)
        assert.match(stdout, /a runtime in Go: 34 laws hold, 0 are broken/)
      }),
    420_000
  )
})
