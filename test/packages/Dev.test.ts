/** `keelson plugin dev` and `logs`, as an author has them: programs of their own, beside a cluster of their own. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Schedule } from "effect"
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { join, resolve } from "node:path"
import * as Author from "../../bin/plugin/Author.ts"

const root = resolve(import.meta.dirname, "..", "..")
const keelson = join(root, "bin/keelson")
const env = { ...process.env, KEELSON_SOURCE: "1" }

const ended = (child: ChildProcess) =>
  Effect.callback<void>((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
    child.once("exit", () => resume(Effect.void))
    child.kill("SIGINT")
  })

/** The command as it runs, and all that it has printed. */
const developing = (directory: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(keelson, ["plugin", "dev", directory], { env, stdio: ["ignore", "pipe", "pipe"] })
      const said: Array<string> = []
      for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => said.push(text))
      return { child, said: () => said.join("") }
    }),
    ({ child }) => ended(child)
  )

/** Until it says so; machines that have much else to do take their time. */
const patience = { schedule: Schedule.spaced("100 millis"), times: 1200 }
const says = ({ said }: { readonly said: () => string }, what: RegExp) =>
  Effect.retry(
    Effect.suspend(() => (what.test(said()) ? Effect.void : Effect.fail(new Error(`${what} is not in ${said()}`)))),
    patience
  )

const logsOf = (name: string, data: string) =>
  Effect.callback<string>((resume) => {
    execFile(keelson, ["plugin", "logs", name, "--data-dir", data], { env }, (_, stdout, stderr) =>
      resume(Effect.succeed(`${stdout}${stderr}`))
    )
  })

const story = Effect.gen(function* () {
  const files = yield* FileSystem.FileSystem
  const lab = join(yield* files.makeTempDirectoryScoped({ prefix: "keelson-dev-" }), "lab")
  yield* Author.create("admission", lab)
  const [module, manifest] = [join(lab, "plugin.ts"), join(lab, "keelson.json")]
  const version = (from: string, to: string) =>
    Effect.flatMap(files.readFileString(manifest), (text) => files.writeFileString(manifest, text.replace(from, to)))
  const dev = yield* developing(lab)
  yield* says(dev, /lab 0\.1\.0 runs \(worker\)/)

  // What a module in a folder below says is the plugin's, too.
  yield* files.makeDirectory(join(lab, "src"))
  yield* files.writeFileString(join(lab, "src", "words.ts"), 'console.log("words are here")\n')
  const text = yield* files.readFileString(module)
  yield* files.writeFileString(module, text.replace("import ", 'import "./src/words.ts"\nimport '))
  yield* version("0.1.0", "0.2.0")
  yield* says(dev, /lab 0\.2\.0 runs \(worker\)/)

  yield* files.writeFileString(join(lab, "src", "words.ts"), 'throw new Error("no words")\n')
  yield* says(dev, /lab does not run as was asked: .*no words/s)
  yield* files.writeFileString(join(lab, "src", "words.ts"), "export {}\n")
  yield* version("0.2.0", "0.3.0")
  yield* says(dev, /lab 0\.3\.0 runs \(worker\)/)

  const logs = yield* logsOf("lab", join(lab, ".keelson"))
  for (const line of [
    /Normal Started: version 0\.1\.0 runs \(worker\)/,
    /Normal Swapped: version 0\.2\.0 \(worker\) runs in place of 0\.1\.0/,
    /Warning Failed: .*no words/,
    /words are here/
  ])
    assert.match(logs, line)
  assert.notMatch(yield* logsOf("la", join(lab, ".keelson")), /words are here/)

  yield* ended(dev.child)
  assert.strictEqual(dev.child.signalCode, null)
  const processes = yield* Effect.callback<string>((resume) => {
    execFile("ps", ["-eo", "args"], (_, stdout) => resume(Effect.succeed(stdout)))
  })
  assert.notInclude(processes, lab)
})

describe("an author at work", () => {
  it.live(
    "`keelson plugin dev` loads what is saved in any folder, says what is wrong, and ends with its cluster; `logs` has its words",
    () => story.pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    300_000
  )
})
