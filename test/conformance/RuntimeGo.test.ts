/** The runtime in Go of `examples/`: whoever writes no TypeScript keeps the same laws, by the description alone. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { join, resolve } from "node:path"
import * as Machine from "../e2e/Machine.ts"
import * as Go from "../Go.ts"

const root = resolve(import.meta.dirname, "..", "..")
const lacks = Go.lacking()

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
        const { code, stderr, stdout } = yield* Machine.run(process.execPath, args, { env: Go.offline, seconds: 400 })
        assert.strictEqual(code, 0, `${stdout}${stderr}`)
        assert.match(stdout, /a runtime in Go: 34 laws hold, 0 are broken/)
      }),
    420_000
  )
})
