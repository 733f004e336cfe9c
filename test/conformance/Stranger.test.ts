/** `npm run conformance` as a stranger runs it, on a DNS server and an API that are there, from the first word to the files. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { execFile } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as ControlPlane from "../../conformance/stage/ControlPlane.ts"
import { kubeconfig } from "../../plugins/certificates/contracts/Kubeconfig.ts"
import * as Dns from "../../plugins/dns/Dns.ts"

const [address, port] = ["127.0.0.90", 5390]
const outside = ["127.0.0.90:5391", "127.0.0.90:5392"]

const conformance = (...args: ReadonlyArray<string>) =>
  Effect.callback<{ readonly code: number; readonly stdout: string; readonly stderr: string }, "it hung">((resume) => {
    const main = new URL("../../conformance/Main.ts", import.meta.url).pathname
    const call = [process.execPath, ["--import", "tsx", main, ...args], { timeout: 100_000, killSignal: "SIGKILL" }] as const
    execFile(...call, (error, stdout, stderr) =>
      resume(
        error?.killed === true
          ? Effect.fail("it hung")
          : Effect.succeed({ code: error === null ? 0 : Number(error.code), stdout, stderr })
      )
    )
    // Seen once: Node.js with tsx's loader, at its end, waiting for its own thread.
  }).pipe(Effect.retry({ times: 1 }))

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "kt-law-test-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

/** A busy machine takes its time to start programs. */
const minutes = 4 * 60_000

const stranger = Effect.gen(function* () {
  const directory = yield* folder
  const file = join(directory, "kubeconfig")
  const api = yield* ControlPlane.ControlPlane
  yield* Effect.sync(() => writeFileSync(file, kubeconfig({ ...api, user: "stranger" })))
  const client = yield* Layer.build(ControlPlane.client)
  yield* Effect.provide(Dns.serve({ address, port, domain: "strange.test", upstream: outside }), client)
  return { directory, file }
})

describe("npm run conformance, at an endpoint", () => {
  it.live(
    "checks a DNS server, and writes what it found",
    () =>
      Effect.gen(function* () {
        const { directory, file } = yield* stranger
        const given = ["--endpoint", `${address}:${port}`, "--kubeconfig", file, "--domain", "strange.test"]
        const all = ["--outside", outside.join(","), "--out", join(directory, "out")]
        const { code, stderr, stdout } = yield* conformance("cluster-dns", ...given, ...all)
        assert.strictEqual(code, 0, stdout + stderr)
        assert.match(stdout, /30 laws hold, 0 are broken/)
        assert.include(
          readFileSync(join(directory, "out", "cluster-dns.xml"), "utf8"),
          'failures="0" errors="0" skipped="0"'
        )
        assert.include(readFileSync(join(directory, "out", "cluster-dns.html"), "utf8"), "30</strong> of 30 laws hold")
      }).pipe(Effect.provide(ControlPlane.layer), Effect.scoped),
    minutes
  )

  it.live(
    "says what it cannot do",
    () =>
      Effect.gen(function* () {
        const none = yield* conformance("api", "--adapter", "nobody")
        assert.deepStrictEqual([none.code, none.stdout], [1, ""])
        assert.include(none.stderr, "--adapter: there is no nobody: expected some of memory, ")
        const odd = yield* conformance("cluster-dns", "--endpoint", "nonsense")
        assert.strictEqual(odd.code, 1)
        assert.include(odd.stderr, "--endpoint nonsense: expected ADDRESS:PORT")
      }),
    minutes
  )
})
