/**
 * A program for the tests of container runtimes: what the laws leave open, on the real runtime of a name in a folder given. Terminals,
 * streams that are long or that nobody reads, users and privileges, limits, and a registry that wants to know who asks. It prints a line
 * for each thing that held; what does not hold ends it.
 */
import { Console, Effect, Exit, Fiber, Schedule, type Scope, Stream } from "effect"
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as ImageArchive from "../../adapters/cri/ImageArchive.ts"
import * as Program from "../../adapters/Program.ts"
import { ContainerRuntime } from "../../plugins/kubelet/contracts/ContainerRuntime.ts"
import { Exec } from "../../plugins/kubelet/contracts/Exec.ts"
import { Images } from "../../plugins/kubelet/contracts/Images.ts"
import { Logs } from "../../plugins/kubelet/contracts/Logs.ts"
import * as Suite from "../../conformance/Suite.ts"
import * as Runtimes from "./Runtimes.ts"

const [, , name = "", directory = ""] = process.argv
const runtime = Runtimes.all[name]
if (runtime === undefined) throw new Error(`there is no runtime ${name}`)

const ok = (what: string) => Console.log(`ok       ${what}`)
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("utf8")
const busybox = (tag: string, user = "") =>
  ImageArchive.make({ name: tag, files: ImageArchive.busybox("/bin/busybox"), command: ["sh"], user })

type Config = Parameters<ContainerRuntime["Service"]["startContainer"]>[0]

/** A Pod, and what is asked of its containers. */
const use = Effect.gen(function* () {
  const pods = yield* ContainerRuntime
  const exec = yield* Exec
  const logs = yield* Logs
  const uid = "powers"
  const network = { _tag: "host" } as const
  const logDirectory = join(directory, "logs")
  const given = { uid, namespace: "tests", name: uid, attempt: 0, hostname: uid, network, logDirectory }
  const { id: pod } = yield* Effect.acquireRelease(pods.startPod(given), ({ id }) =>
    Effect.orDie(pods.removePod({ pod: id }))
  )
  const start = (name: string, command: ReadonlyArray<string>, more: Partial<Config> = {}) =>
    pods.startContainer({ pod, name, attempt: 0, image: "busybox", command, ...more })
  const said = (id: string) =>
    Suite.inTime(Effect.map(Stream.runCollect(logs.read({ id, follow: true })), (all) => all.map(({ line }) => text(line))))
  const output = (process: string) => Suite.inTime(Stream.runCollect(exec.output({ process })))
  const status = (id: string) =>
    Effect.map(pods.list({ uid }), (all) => all.flatMap(({ containers }) => containers).find((one) => one.id === id))
  const main = yield* start("main", ["sleep", "600"])
  return { pods, exec, start, said, output, status, main }
})
type Use = Effect.Success<typeof use>
type Output = Effect.Success<ReturnType<Use["output"]>>[number]

const of = (tag: "Stdout" | "Stderr", all: ReadonlyArray<Output>) =>
  Buffer.concat(all.flatMap((one) => (one._tag === tag ? [one.bytes] : [])))

const terminal = Effect.fnUntraced(function* ({ exec, main, output }: Use) {
  const process = yield* exec.start({ id: main, command: ["sh"], tty: true, stdin: true })
  yield* exec.input({ process, input: { _tag: "Size", rows: 33, columns: 99 } })
  yield* exec.input({ process, input: { _tag: "Stdin", bytes: Buffer.from("tty; stty size; exit 5\n") } })
  const all = yield* output(process)
  assert.match(text(of("Stdout", all)), /\/dev\/pts\/0\r+\n33 99/)
  assert.deepEqual(all.at(-1), { _tag: "Exited", code: 5 })
  yield* ok("a command has a terminal of the size that is said")
})

const streams = Effect.fnUntraced(function* ({ exec, main, output }: Use) {
  const cat = yield* exec.start({ id: main, command: ["cat"], tty: false, stdin: true })
  const reading = yield* Effect.forkChild(output(cat))
  const [pieces, bytes] = [64, Buffer.alloc(64 * 1024, "x")]
  for (let sent = 0; sent < pieces; sent++) yield* exec.input({ process: cat, input: { _tag: "Stdin", bytes } })
  yield* exec.input({ process: cat, input: { _tag: "End" } })
  assert.equal(of("Stdout", yield* Fiber.join(reading)).length, pieces * bytes.length)
  yield* ok("what goes in comes out, all of it")

  const size = 20_000_000
  const command = ["sh", "-c", `head -c ${size} /dev/zero; echo last >&2; exit 4`]
  const bulk = yield* exec.start({ id: main, command, tty: false, stdin: false })
  yield* Effect.sleep("300 millis")
  const all = yield* output(bulk)
  assert.deepEqual(
    [of("Stdout", all).length, text(of("Stderr", all)), all.at(-1)],
    [size, "last\n", { _tag: "Exited", code: 4 }]
  )
  yield* ok("who reads late misses nothing")
})

const isRunning = (words: string) =>
  readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .some((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8") === `${words} `.replaceAll(" ", "\0")
      } catch {
        return false
      }
    })

const letGo = Effect.fnUntraced(function* ({ exec, main }: Use) {
  const seconds = `${70_000 + (process.pid % 10_000)}`
  const sleeping = yield* exec.start({ id: main, command: ["sleep", seconds], tty: false, stdin: false })
  yield* Effect.timeoutOption(Stream.runDrain(exec.output({ process: sleeping })), "1 second")
  yield* Suite.inTime(
    Effect.repeat(
      Effect.sync(() => isRunning(`sleep ${seconds}`)),
      { until: (is) => !is }
    )
  )
  yield* ok("a command ends with who asked for it")
})

const attached = Effect.fnUntraced(function* ({ exec, output, start }: Use) {
  const command = ["sh", "-c", "read word; echo got $word; echo err >&2; sleep 1; exit 6"]
  const id = yield* start("attached", command, { stdin: true })
  const process = yield* exec.attach({ id, tty: false, stdin: true })
  yield* exec.input({ process, input: { _tag: "Stdin", bytes: Buffer.from("it\n") } })
  const all = yield* output(process)
  assert.deepEqual([text(of("Stdout", all)), text(of("Stderr", all))], ["got it\n", "err\n"])
  yield* ok("a container's first process is attached to")
})

const lines = Effect.fnUntraced(function* ({ said, start }: Use) {
  const long = yield* start("long", ["sh", "-c", "head -c 40000 /dev/zero | tr '\\0' x; echo; printf end"])
  assert.equal((yield* said(long)).join(""), `${"x".repeat(40_000)}\nend`)
  const shown = yield* start("shown", ["sh", "-c", "tty; echo two"], { tty: true, logPath: "shown/0.log" })
  assert.match((yield* said(shown)).join(""), /^\/dev\/pts\/0\r?\ntwo\r?\n$/)
  yield* ok("long lines, the last without an end, and what goes to a terminal stand in the log")
})

const security = Effect.fnUntraced(function* ({ said, start }: Use) {
  const folder = join(directory, "mounted")
  mkdirSync(folder)
  writeFileSync(join(folder, "file"), "there")
  const id = yield* start(
    "careful",
    ["sh", "-c", "id; touch /x || touch /m/x || cat /m/file; grep -E 'NoNew|CapEff' /proc/self/status"],
    {
      security: {
        user: "nobody",
        supplementalGroups: [77],
        readOnlyRoot: true,
        noNewPrivileges: true,
        dropCapabilities: ["ALL"],
        seccomp: { _tag: "RuntimeDefault" }
      },
      mounts: [{ hostPath: folder, containerPath: "/m", readOnly: true, propagation: "none" }]
    }
  )
  const all = (yield* said(id)).join("")
  assert.match(all, /uid=65534\(nobody\)[^\n]*\b77\b/)
  assert.match(all, /there/)
  assert.match(all, /CapEff:\s*0+\n/)
  assert.match(all, /NoNewPrivs:\s*1/)
  const power = yield* start(
    "powerful",
    ["sh", "-c", "mount -t tmpfs none /mnt 2>&1 || mount -t tmpfs none /tmp && echo mounted"],
    {
      security: { privileged: true }
    }
  )
  assert.match((yield* said(power)).join(""), /mounted/)
  yield* ok("a container has the user, groups, capabilities and files that are said, or all of them")
})

const processes = Effect.fnUntraced(function* ({ main, pods, said, start }: Use) {
  const id = yield* start("beside", ["ps"], { processes: { _tag: "target", id: main } })
  assert.match((yield* said(id)).join(""), /\b1 root +sleep 600/)
  const config = { uid: "shared", namespace: "tests", name: "shared", attempt: 0, hostname: "shared" }
  const shared = yield* Effect.acquireRelease(
    pods.startPod({ ...config, network: { _tag: "host" }, processes: "pod", logDirectory: join(directory, "logs") }),
    (pod) => Effect.orDie(pods.removePod({ pod: pod.id }))
  )
  const first = { pod: shared.id, attempt: 0, image: "busybox" }
  yield* pods.startContainer({ ...first, name: "first", command: ["sleep", "600"] })
  const second = yield* pods.startContainer({ ...first, name: "second", command: ["ps"] })
  assert.match((yield* said(second)).join(""), /sleep 600/)
  yield* ok("containers see one another's processes where they shall")
})

const memory = Effect.fnUntraced(function* ({ said, start, status }: Use) {
  const id = yield* start("hungry", ["sh", "-c", "x=$(head -c 60000000 /dev/zero | tr '\\0' x); echo \"$x\" | wc -c"], {
    resources: { memoryBytes: 16 * 1024 * 1024, oomScoreAdjust: -5 }
  })
  yield* said(id)
  const ended = yield* Suite.inTime(Effect.repeat(status(id), { until: (one) => one?.state === "Exited" }))
  assert.deepEqual([ended?.reason, ended?.exitCode], ["OOMKilled", 137])
  yield* ok("a container that needs more memory than it may have ends, and why is told")
})

/** Of either version of cgroups. */
const limitsFiles = [
  "/sys/fs/cgroup/memory.max",
  "/sys/fs/cgroup/memory/memory.limit_in_bytes",
  "/sys/fs/cgroup/cpu.max",
  "/sys/fs/cgroup/cpu/cpu.cfs_quota_us"
]

const updated = Effect.fnUntraced(function* ({ exec, pods, start }: Use) {
  const resources = { cpuShares: 512, cpuQuota: 50_000, cpuPeriod: 100_000, memoryBytes: 64 << 20 }
  const id = yield* start("resized", ["sleep", "600"], { resources })
  const read = Effect.map(
    exec.run({ id, command: ["sh", "-c", `cat ${limitsFiles.join(" ")} 2>/dev/null`], timeoutSeconds: 20 }),
    ({ stdout }) =>
      text(stdout)
        .split("\n")
        .map((line) => line.split(" ")[0])
  )
  assert.deepEqual((yield* read).slice(0, 2), [`${64 << 20}`, "50000"])
  yield* pods.updateContainer({
    id,
    resources: { cpuShares: 256, cpuQuota: 25_000, cpuPeriod: 100_000, memoryBytes: 32 << 20 }
  })
  assert.deepEqual((yield* read).slice(0, 2), [`${32 << 20}`, "25000"])
  yield* pods.updateContainer({ id, resources: { memoryBytes: 96 << 20 } })
  assert.deepEqual((yield* read).slice(0, 2), [`${96 << 20}`, "25000"])
  yield* ok("the limits of a container that runs are changed, up and down")
})

/** The password `secret`, as htpasswd keeps it. */
const password = "joe:$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n"
const host = Runtimes.registry

const registry = Effect.acquireRelease(
  Effect.sync(() => {
    const folder = join(directory, "registry")
    mkdirSync(folder)
    const [users, config] = [join(folder, "users"), join(folder, "config.json")]
    writeFileSync(users, password)
    const settings = {
      version: "0.1",
      storage: { filesystem: { rootdirectory: join(folder, "data") } },
      http: { addr: host },
      auth: { htpasswd: { realm: "tests", path: users } },
      log: { level: "error" }
    }
    writeFileSync(config, JSON.stringify(settings))
    return spawn("docker-registry", ["serve", config], { stdio: "ignore" })
  }),
  (child) => Effect.sync(() => child.kill("SIGKILL"))
)

const pull = Effect.gen(function* () {
  const missing = ["docker-registry", "skopeo"].filter((program) => Program.find(program) === undefined)
  if (missing.length > 0) return yield* Console.log(`left out: pulling, because this machine lacks ${missing.join(", ")}`)
  const images = yield* Images
  yield* registry
  const image = `${host}/team/busybox:1`
  const archive = join(directory, "registry", "image.tar")
  writeFileSync(archive, busybox(image, "1000:1000"))
  const to = ["--dest-tls-verify=false", "--dest-creds", "joe:secret", `docker-archive:${archive}`, `docker://${image}`]
  yield* Suite.inTime(Effect.retry(Program.run("skopeo", ["copy", ...to]), Schedule.spaced("200 millis")))
  const credentials = { username: "joe", password: "secret" }
  assert.equal((yield* Effect.flip(images.pull({ image })))._tag, "PullFailed")
  assert.equal(
    (yield* Effect.flip(images.pull({ image, credentials: { ...credentials, password: "no" } })))._tag,
    "PullFailed"
  )
  assert.equal((yield* Effect.flip(images.pull({ image: `${image}2`, credentials })))._tag, "ImageMissing")
  const id = yield* images.pull({ image, credentials })
  const found = yield* images.find({ image })
  assert.deepEqual([found?.id, found?.tags, found?.user], [id, [image], 1000])
  const digest = found?.digests[0]?.split("@")[1] ?? ""
  for (const exact of [`${host}/team/busybox@${digest}`, `${image}@${digest}`]) {
    assert.equal(yield* images.pull({ image: exact, credentials }), id)
    assert.equal((yield* images.find({ image: exact }))?.id, id)
  }
  yield* images.remove({ image })
  assert.ok(!(yield* images.list()).some((one) => one.id === id))
  yield* ok("an image is had of who gives it to those he knows, by its name and its digest, and goes")
})

const parts: ReadonlyArray<(use: Use) => Effect.Effect<void, unknown, Scope.Scope>> = [
  ...[terminal, streams, letGo, attached, lines, security, processes, memory, updated]
]
const program = Effect.gen(function* () {
  yield* runtime.importImage(directory, busybox("busybox:latest"))
  const used = yield* use
  for (const part of parts) yield* part(used)
  yield* pull
})

// As its layer comes to an end by a failure it would keep what runs, for whoever looks.
const exit = await Effect.runPromise(
  Effect.scoped(Effect.provide(Effect.exit(Effect.scoped(program)), runtime.layer(directory, "remove")))
)
if (Exit.isFailure(exit)) {
  console.error(exit.cause)
  process.exit(1)
}
