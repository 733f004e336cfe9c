/** Our nodes and a node with flanneld itself are one network. Needs root, vxlan, ip netns and flanneld, and says what is not there. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Program from "../../adapters/Program.ts"
import * as Machine from "../e2e/Machine.ts"
import * as Fabric from "./Fabric.ts"

const missing = [
  ...Machine.missing.filter((one) => ["root", "ip", "nft", "nsenter", "busybox"].includes(one)),
  ...(Program.find("flanneld") === undefined ? ["flanneld (npm run parts -- flanneld)"] : [])
]

const path = (file: string) => fileURLToPath(new URL(file, import.meta.url))

/** A program of ours in a namespace, until the scope closes: as soon as `isReady`; done when it has taken back all. */
const run = (fabric: Fabric.Fabric, part: string, args: ReadonlyArray<string>, isReady: (printed: string) => boolean) =>
  Effect.gen(function* () {
    const [program = "", ...launcher] = fabric.launcher(part)
    let printed = ""
    let ended = false
    const child = spawn(program, [...launcher, process.execPath, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, KEELSON_SOURCE: "1" }
    })
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (printed += data))
    child.once("exit", () => (ended = true))
    const until = (holds: () => boolean) =>
      Effect.sync(holds).pipe(
        Effect.repeat({ until: (yes) => yes, schedule: Schedule.spaced("50 millis") }),
        Effect.timeoutOrElse({
          duration: "60 seconds",
          orElse: () => Effect.die(new Error(`${args.join(" ")}: ${printed}`))
        })
      )
    const end = Effect.andThen(
      Effect.sync(() => child.kill("SIGTERM")),
      until(() => ended)
    )
    yield* Effect.addFinalizer(() => end)
    yield* until(() => ended || isReady(printed))
    if (ended) return yield* Effect.die(new Error(`${args.join(" ")} ended: ${printed}`))
    return { end, kill: Effect.sync(() => child.kill("SIGKILL")) }
  })

/** A server without a node, where all nodes reach it. */
const cluster = Effect.gen(function* () {
  const fabric = yield* Fabric.make(3)
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "kt-fl-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
  )
  const address = "10.200.7.254"
  yield* fabric.run("wire", `ip addr add ${address}/24 dev br0`)
  const flags = ["--data-dir", directory, "--node-name", "n0", "--node-ip", address, "--store", "memory"]
  yield* run(fabric, "wire", [path("../../bin/keelson"), "server", ...flags], () => true)
  yield* fabric
    .run("wire", `busybox nc -w 2 ${address} 6443 < /dev/null`)
    .pipe(Effect.retry(Schedule.spaced("100 millis")), Effect.timeout("40 seconds"))
  // As `up` wrote it, but by the address that nodes reach.
  const kubeconfig = join(directory, "kubeconfig")
  yield* fabric.run("wire", `sed -i s/127.0.0.1/${address}/ ${kubeconfig}`)
  const member = (index: number, backend: string) => {
    const args = ["--import", "tsx", path("Member.ts"), kubeconfig, `${index}`, backend, join(directory, `n${index}`)]
    return run(fabric, `n${index}`, args, (printed) => printed.includes("ready"))
  }
  return { fabric, directory, member }
})

const allPairs = (fabric: Fabric.Fabric) =>
  Effect.forEach(fabric.indexes, (from) =>
    Effect.forEach(
      fabric.indexes.filter((to) => to !== from).flatMap((to) => Fabric.podsOf(to)),
      (to) => fabric.reaches(from, to),
      { concurrency: 4 }
    )
  )

describe.skipIf(missing.length > 0)(
  `flanneld${missing.length > 0 ? ` (this machine lacks ${missing.join(", ")})` : ""}`,
  () => {
    it.live(
      "a node with flanneld, one with our tunnel and one with plain ways are one network, and nothing is left",
      () =>
        Effect.gen(function* () {
          const { directory, fabric, member } = yield* cluster
          const before = yield* Effect.forEach(fabric.indexes, (index) => fabric.look(`n${index}`))
          const members = yield* Effect.all([member(1, "vxlan"), member(2, "flanneld"), member(3, "host-gw")])
          yield* allPairs(fabric)
          const routes = yield* fabric.run("n1", "ip route")
          assert.include(routes, "10.244.2.0/24 via 10.244.2.0 dev flannel.1")
          assert.include(routes, "10.244.3.0/24 via 10.200.7.3 dev eth0")
          assert.include(yield* fabric.run("n2", "ip route"), "10.244.1.0/24 via 10.244.1.0 dev flannel.1 onlink")
          const subnet = readFileSync(join(directory, "n2", "flanneld", "subnet.env"), "utf8")
          assert.match(subnet, /^FLANNEL_SUBNET=10\.244\.2\.1\/24$/m)
          assert.match(subnet, /^FLANNEL_MTU=1450$/m)
          yield* Effect.forEach(members, ({ end }) => end, { concurrency: "unbounded" })
          for (const [at, index] of fabric.indexes.entries()) {
            assert.deepStrictEqual(yield* fabric.look(`n${index}`), before[at])
            assert.isFalse(existsSync(join(directory, `n${index}`, "flanneld")))
          }
        }).pipe(Effect.scoped),
      150_000
    )

    it.live(
      "flanneld is started again when it ends, and taken over from an agent that was killed",
      () =>
        Effect.gen(function* () {
          const { directory, fabric, member } = yield* cluster
          yield* member(1, "vxlan")
          const killed = yield* member(2, "flanneld")
          yield* fabric.reaches(1, "10.244.2.2")
          const pidFile = join(directory, "n2", "flanneld", "flanneld.pid")
          const first = readFileSync(pidFile, "utf8")
          yield* Effect.sync(() => process.kill(Number(first), "SIGKILL"))
          const another = Effect.sync(() => readFileSync(pidFile, "utf8")).pipe(
            Effect.repeat({ until: (pid) => pid !== first, schedule: Schedule.spaced("50 millis") }),
            Effect.timeout("40 seconds")
          )
          yield* another
          yield* killed.kill
          assert.isTrue(yield* fabric.hears(1, "10.244.2.2"), "while no agent is there")
          yield* member(2, "flanneld")
          yield* fabric.reaches(1, "10.244.2.2")
          const running = Machine.processes().filter(
            ({ command }) => command.includes("flanneld") && command.includes(directory)
          )
          assert.strictEqual(running.filter(({ command }) => command.includes("--kube-subnet-mgr")).length, 1)
        }).pipe(Effect.scoped),
      150_000
    )
  }
)
