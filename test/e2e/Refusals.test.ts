/** What cannot be done is said in one sentence that names what is wrong, and nothing is begun. */
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { keelson } from "./Cluster.ts"
import * as Machine from "./Machine.ts"
import * as Site from "./Site.ts"

/** A command that must not succeed: what it said, without the help that follows a wrong command line. */
const refused = (...args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { address, dataDir, inside } = yield* Site.Site
    const [program = "", ...enter] = inside
    const all = [...enter, process.execPath, keelson, ...args, "--data-dir", dataDir, "--node-ip", address]
    const { code, stderr, stdout } = yield* Machine.run(program, all, { seconds: 30 })
    assert.notStrictEqual(code, 0, stdout)
    assert.notMatch(stderr, /^\s+at /m, "no stack is shown")
    return stderr.trim()
  })

const fileWith = (text: string) =>
  Effect.map(Site.Site, ({ dataDir }) => {
    const file = `${dataDir}.yaml`
    writeFileSync(file, text)
    return file
  })

/** Something else that listens. */
const listening = (port: number) =>
  Effect.flatMap(Site.Site, ({ inside: [program = "", ...enter] }) =>
    Effect.acquireRelease(
      Effect.callback<ReturnType<typeof spawn>>((resume) => {
        const script = `require("node:net").createServer().listen(${port}, "0.0.0.0", () => console.log("yes"))`
        const child = spawn(program, [...enter, process.execPath, "-e", script])
        child.stdout.once("data", () => resume(Effect.succeed(child)))
      }),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    )
  )

describe.skipIf(Machine.missing.length > 0)(`what is refused${Machine.left()}`, () => {
  layer(Site.layer, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    it.effect("flags that are not there, or have no such values", () =>
      Effect.gen(function* () {
        assert.match(yield* refused("up", "--no-such-flag"), /no-such-flag/)
        assert.match(yield* refused("up", "--api-port", "many"), /api-port/)
        assert.match(yield* refused("up", "--api-port", "70000"), /^keelson: flags: apiPort: .*a port from 1 to 65535/)
        assert.match(yield* refused("up", "--store", "paper"), /^keelson: flags: store: .*sqlite, jetstream/)
        assert.match(yield* refused("up", "--service-cidr", "10.96.0.0"), /^keelson: flags: serviceCidr: .*10\.96\.0\.0\/16/)
        assert.match(yield* refused("up", "--isolate", "scheduler,shedulre"), /^keelson: .*isolate.*shedulre/)
        assert.match(yield* refused("up", "--controllers", "*,-jbo"), /^keelson: .*controllers.*jbo.*job/)
        assert.match(yield* refused("nonsense"), /nonsense/)
      })
    )

    it.effect("a config file that is not there, is no YAML, or has other fields", () =>
      Effect.gen(function* () {
        assert.match(yield* refused("up", "--config", "/none.yaml"), /^keelson: --config \/none\.yaml: it cannot be read/)
        const unreadable = yield* fileWith("a: [")
        assert.match(yield* refused("up", "--config", unreadable), /^keelson: --config .*: expected YAML or JSON/)
        const unknown = yield* fileWith("apiPrt: 6443\nprocesses: 0\n")
        const said = yield* refused("up", "--config", unknown)
        assert.match(said, /: apiPrt: /)
        assert.match(said, /: processes: .*from 1 to 64/)
        rmSync(unknown, { force: true })
      })
    )

    it.effect("a port that is taken", () =>
      Effect.gen(function* () {
        yield* listening(6443)
        assert.match(yield* refused("up"), /^keelson: port 6443 .*--api-port/)
        yield* listening(10250)
        assert.match(yield* refused("up", "--api-port", "6444"), /^keelson: port 10250 .*--kubelet-port/)
      })
    )

    it.effect("a data directory that cannot be made", () =>
      Effect.gen(function* () {
        const { dataDir } = yield* Site.Site
        const file = join(dataDir, "file")
        mkdirSync(dataDir, { recursive: true })
        writeFileSync(file, "")
        const said = yield* Machine.run(process.execPath, [keelson, "up", "--data-dir", join(file, "data")])
        assert.notStrictEqual(said.code, 0)
        assert.match(said.stderr, /^keelson: .*file/)
        assert.notMatch(said.stderr, /^\s+at /m)
        rmSync(file)
      })
    )

    it.effect("a store that is not there, and a runtime that is not there", () =>
      Effect.gen(function* () {
        assert.match(yield* refused("up", "--store", "jetstream", "--nats-server", "/none"), /^keelson: .*\/none/)
        assert.match(yield* refused("up", "--containerd-endpoint", "/none.sock"), /^keelson: .*\/none\.sock/)
      })
    )

    it.effect("further nodes that cannot be", () =>
      Effect.gen(function* () {
        assert.match(yield* refused("up", "--nodes", "0"), /^keelson: flags: nodes: .*from 1 to 64/)
        assert.match(yield* refused("up", "--nodes", "2", "--runtime", "hollow"), /^keelson: --nodes 2: .*real containers/)
        assert.match(
          yield* refused("up", "--nodes", "15", "--node-cidr", "10.200.0.0/28"),
          /^keelson: --node-cidr .*15 nodes/
        )
      })
    )

    it.effect("without a cluster: its state, and kubectl", () =>
      Effect.gen(function* () {
        const { dataDir } = yield* Site.Site
        for (const command of ["status", "kubectl"]) {
          const { code, stderr } = yield* Machine.run(process.execPath, [
            keelson,
            command,
            "--data-dir",
            join(dataDir, "none")
          ])
          assert.notStrictEqual(code, 0)
          assert.match(stderr, /^keelson: there is no .*start the cluster first/)
        }
      })
    )

    it.effect("nothing of it goes on", () =>
      Effect.gen(function* () {
        const { remains } = yield* Site.Site
        assert.deepStrictEqual(yield* remains, Site.nothing)
      })
    )
  })
})
