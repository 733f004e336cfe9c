/**
 * Clocks that are wrong. nats-server asks the kernel for the time without any library in between, so that one is built whose
 * `time.Now` adds what a file says, in seconds; of Node.js `Clock.mjs` moves `Date`. Timers go on by the monotonic clock in both.
 */
import { Effect, FileSystem, Path, Schema } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import * as NatsBinary from "../../kernel/store/jetstream/NatsBinary.ts"

/** Both programs read the file that this variable names, if it is there. */
export const variable = "FAULTS_CLOCK"
export const preload = new URL("Clock.mjs", import.meta.url).pathname

class CannotSkew extends Schema.TaggedError<CannotSkew>()("CannotSkew", { reason: Schema.String }) {
  override get message() {
    return `no nats-server with a clock that can be moved: ${this.reason}`
  }
}

const run = (command: string, args: ReadonlyArray<string>, options: { readonly cwd?: string } = {}) =>
  Effect.flatMap(ChildProcessSpawner.ChildProcessSpawner, (spawner) =>
    spawner.string(ChildProcess.make(command, args, { ...options, extendEnv: true }), { includeStderr: true })
  )

const replaced = (file: string, text: string, from: string, to: string) =>
  text.split(from).length === 2
    ? Effect.succeed(text.replace(from, to))
    : Effect.fail(new CannotSkew({ reason: `${file} is not as expected: it does not have once: ${from.trim()}` }))

const now = "\tsec, nsec, mono := runtimeNow()\n\tif mono == 0 {"
const skewedNow = "\tsec, nsec, mono := runtimeNow()\n\tsec += Skew\n\tif mono == 0 {"
const skew = "// Skew is added to what time it is, in seconds.\nvar Skew int64\n\n// x/tools uses a linkname of time.Now"

const follow = `
func followClock(file string) {
	for ; ; time.Sleep(100 * time.Millisecond) {
		if text, err := os.ReadFile(file); err == nil {
			if seconds, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil {
				time.Skew = seconds
			}
		}
	}
}

func main() {
	if file := os.Getenv("${variable}"); file != "" {
		go followClock(file)
	}
`

const Module = Schema.fromJsonString(Schema.Struct({ Dir: Schema.String }))

/** The version that the cluster would run. */
const versionOf = (binary: string) =>
  Effect.flatMap(run(binary, ["--version"]), (said) => {
    const version = /v\d+\.\d+\.\d+/.exec(said)?.[0]
    return version === undefined ? new CannotSkew({ reason: `${binary} does not say its version` }) : Effect.succeed(version)
  })

/** The one of the cache; where there is none it is built, if it may be: that takes a few minutes. */
export const nats = Effect.fn("Skew.nats")(function* (builds: boolean) {
  const files = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const found = yield* NatsBinary.find()
  const version = yield* versionOf(found)
  const cache = path.resolve(import.meta.dirname, "..", "..", ".cache", "faults")
  const binary = path.join(cache, `nats-server-${version}`)
  if (yield* files.exists(binary)) return binary
  if (!builds) return yield* new CannotSkew({ reason: `there is no ${binary}` })
  const work = path.join(cache, "build")
  yield* files.remove(work, { recursive: true, force: true })
  // A folder of its own for the replacement: what lies beside main.go is compiled with it.
  yield* files.makeDirectory(path.join(work, "overlay"), { recursive: true })
  const download = ["mod", "download", "-json", `github.com/nats-io/nats-server/v2@${version}`]
  const { Dir } = yield* Schema.decodeUnknownEffect(Module)(yield* run("go", download))
  const root = (yield* run("go", ["env", "GOROOT"])).trim()
  const sources = { time: path.join(root, "src", "time", "time.go"), main: path.join(Dir, "main.go") }
  const time = yield* files.readFileString(sources.time)
  const main = yield* files.readFileString(sources.main)
  const movable = yield* replaced(sources.time, time, now, skewedNow)
  const timeGo = yield* replaced(sources.time, movable, "// x/tools uses a linkname of time.Now", skew)
  const imported = yield* replaced(sources.main, main, '\t"os"\n', '\t"os"\n\t"strconv"\n\t"strings"\n\t"time"\n')
  const mainGo = yield* replaced(sources.main, imported, "\nfunc main() {\n", follow)
  const required = yield* files.readFileString(path.join(Dir, "go.mod"))
  const goMod = `${required.replace(/^module .*$/m, "module skewed")}\nrequire github.com/nats-io/nats-server/v2 ${version}\n`
  const written = {
    "main.go": mainGo,
    "go.mod": goMod,
    "go.sum": yield* files.readFileString(path.join(Dir, "go.sum")),
    "overlay/time.go": timeGo,
    "overlay.json": JSON.stringify({ Replace: { [sources.time]: path.join(work, "overlay", "time.go") } })
  }
  for (const [name, text] of Object.entries(written)) yield* files.writeFileString(path.join(work, name), text)
  const said = yield* run("go", ["build", "-mod=mod", "-overlay", "overlay.json", "-o", binary, "."], { cwd: work })
  if (!(yield* files.exists(binary))) return yield* new CannotSkew({ reason: said.trim().slice(-500) })
  return binary
})
