/** An operator of controller-runtime under envtest, both as they are: our program stands where envtest looks for kube-apiserver. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Machine from "../e2e/Machine.ts"
import * as ApiServer from "./ApiServer.ts"

const directory = join(import.meta.dirname, "operator")
/** The modules are those of `go.sum`, and nothing is fetched. */
const offline = { GOPROXY: "off", GOFLAGS: "-mod=readonly" }

const lacking = () => {
  if (!Machine.has("go")) return ["go"]
  const { status } = spawnSync("go", ["list", "-deps", "."], {
    cwd: directory,
    env: { ...process.env, ...offline },
    stdio: "ignore"
  })
  return status === 0 ? [] : ["the Go modules of test/interchange/operator: `go mod download` there brings them"]
}
const lacks = lacking()

const built = Effect.gen(function* () {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "keelson-operator-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
  )
  const program = join(folder, "operator")
  const { code, stderr } = yield* Machine.run("go", ["build", "-C", directory, "-o", program, "."], {
    env: offline,
    seconds: 600
  })
  assert.strictEqual(code, 0, stderr)
  return program
})

const steps = [
  ...["envtest has started", "it leads", "its webhook serves", "a Website is reconciled, with its default"],
  ...["it is reconciled again", "refused: ", "nobody else may read", "envtest has stopped"]
]

const variables = { sources: { KEELSON_SOURCE: "1" }, "the bundle": {} }

describe.skipIf(lacks.length > 0)(`An operator${Machine.left(lacks)}`, () => {
  // All of client-go is compiled, where that has not been done before.
  const patience = 900_000
  it.live.each(["sources", "the bundle"] as const)(
    "leads, reconciles and refuses on %s",
    (form) =>
      Effect.scoped(
        Effect.gen(function* () {
          const env = { KUBEBUILDER_ASSETS: ApiServer.programs, ...variables[form] }
          const options = { env, seconds: 200 }
          const { code, stderr, stdout } = yield* Machine.run(yield* built, [join(directory, "objects")], options)
          assert.strictEqual(code, 0, `${stdout}${stderr}`)
          const lines = stdout.split("\n")
          const missing = steps.filter((step) => !lines.some((line) => line.startsWith(step)))
          assert.deepStrictEqual(missing, [], stdout)
          assert.include(stdout, 'admission webhook "websites.example.com" denied the request: five replicas are enough')
        })
      ),
    patience
  )
})
