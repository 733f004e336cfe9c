/** Upstream's end-to-end suite as a program: which tests it has, and what became of some of them. Source: `e2e.test --help`, Ginkgo's reports. */
import { Effect, Schema } from "effect"
import { spawn } from "node:child_process"
import { createWriteStream, readFileSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"

export interface Options {
  /** The program: e2e.test of the release that is asked for. */
  readonly suite: string
  readonly ginkgo: string
  readonly kubectl: string
  readonly kubeconfig: string
  readonly focus: string
  readonly skip: string
  readonly procs: number
  readonly out: string
  /** Flags that the suite is given besides. */
  readonly flags: ReadonlyArray<string>
}

export class SuiteFailed extends Schema.TaggedError<SuiteFailed>()("SuiteFailed", { message: Schema.String }) {}

/** `flaky`: it failed, and passed when it was run again by itself. */
export const Outcome = Schema.Literals(["passed", "failed", "flaky"])
export const Result = Schema.Struct({
  name: Schema.String,
  outcome: Outcome,
  seconds: Schema.Finite,
  message: Schema.String
})
export type Result = typeof Result.Type

const Spec = Schema.Struct({
  ContainerHierarchyTexts: Schema.NullOr(Schema.Array(Schema.String)),
  LeafNodeType: Schema.String,
  LeafNodeText: Schema.String,
  State: Schema.String,
  /** In nanoseconds. */
  RunTime: Schema.Finite,
  Failure: Schema.optionalKey(Schema.Struct({ Message: Schema.optionalKey(Schema.String) }))
})
type Spec = typeof Spec.Type
const Report = Schema.fromJsonString(
  Schema.Array(Schema.Struct({ SpecReports: Schema.NullOr(Schema.Array(Spec)), SuiteSucceeded: Schema.Boolean }))
)

const nameOf = ({ ContainerHierarchyTexts: containers, LeafNodeText: leaf }: Spec) => [...(containers ?? []), leaf].join(" ")
const isRun = ({ State }: Spec) => !["skipped", "pending"].includes(State)
export const isSerial = (name: string) => name.includes("[Serial]")

/** All that it says goes to a file. */
const run = (program: string, args: ReadonlyArray<string>, log: string) =>
  Effect.callback<number, SuiteFailed>((resume) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] })
    const file = createWriteStream(log, { flags: "a" })
    child.stdout.pipe(file, { end: false })
    child.stderr.pipe(file, { end: false })
    child.once("error", ({ message }) => resume(Effect.fail(new SuiteFailed({ message: `${program}: ${message}` }))))
    child.once("close", (code) => {
      file.end()
      resume(Effect.succeed(code ?? 1))
    })
    return Effect.callback<void>((ended) => {
      child.once("close", () => ended(Effect.void))
      // It takes back its namespaces.
      child.kill("SIGINT")
    })
  })

const reported = Effect.fnUntraced(function* (path: string, log: string) {
  const text = yield* Effect.try({
    try: () => readFileSync(path, "utf8"),
    catch: () => new SuiteFailed({ message: `the suite wrote no report; what it said is in ${log}` })
  })
  const all = yield* Effect.mapError(
    Schema.decodeUnknownEffect(Report)(text),
    (error) => new SuiteFailed({ message: `${path}: ${error.message}` })
  )
  return all.flatMap(({ SpecReports }) => SpecReports ?? [])
})

/** The names of the tests that are meant. */
export const list = Effect.fnUntraced(function* ({ focus, kubeconfig, out, skip, suite }: Options) {
  const [report, log] = [join(out, "list.json"), join(out, "list.log")]
  rmSync(report, { force: true })
  const meant = [`--ginkgo.focus=${focus}`, ...(skip === "" ? [] : [`--ginkgo.skip=${skip}`])]
  yield* run(suite, ["--ginkgo.dry-run", ...meant, `--ginkgo.json-report=${report}`, `--kubeconfig=${kubeconfig}`], log)
  const specs = yield* reported(report, log)
  return specs.filter((spec) => spec.LeafNodeType === "It" && isRun(spec)).map(nameOf)
})

/** The images that it would use. */
export const images = Effect.fnUntraced(function* (suite: string, out: string) {
  const log = join(out, "images.txt")
  rmSync(log, { force: true })
  const code = yield* run(suite, ["--list-images"], log)
  if (code !== 0) return yield* new SuiteFailed({ message: `${suite} --list-images ended with ${code}; see ${log}` })
  return readFileSync(log, "utf8")
    .split("\n")
    .filter((line) => /^[\w.-]+(:\d+)?\/\S+:\S+$/.test(line))
    .toSorted()
})

/** As Go's regular expressions quote it. */
const quoted = (name: string) => name.replaceAll(/[\\.+*?()|[\]{}^$]/g, "\\$&")

const first = (text: string) => text.trim().split("\n")[0] ?? ""
const resultOf = (spec: Spec): Result => ({
  name: nameOf(spec),
  outcome: spec.State === "passed" ? "passed" : "failed",
  seconds: spec.RunTime / 1e9,
  message: first(spec.Failure?.Message ?? (spec.State === "passed" ? "" : spec.State))
})

/** What became of these tests. One that the suite has no word about did not come to its end. */
export const check = Effect.fnUntraced(function* (options: Options, names: ReadonlyArray<string>, procs: number) {
  const { flags, ginkgo, kubeconfig, kubectl, out, suite } = options
  const [report, log] = [join(out, "batch.json"), join(out, "e2e.log")]
  rmSync(report, { force: true })
  // Before the name Ginkgo sees what the suite is called.
  const focus = names.map((name) => `${quoted(name)}$`).join("|")
  const own = ["--no-color", "--timeout=10h", `--procs=${procs}`, `--focus=${focus}`]
  const reports = ["--json-report=batch.json", `--output-dir=${out}`]
  const given = ["--provider=skeleton", `--kubeconfig=${kubeconfig}`, `--kubectl-path=${kubectl}`, ...flags]
  yield* run(ginkgo, [...own, ...reports, suite, "--", ...given], log)
  const specs = yield* reported(report, log)
  const found = new Map(
    specs.filter((spec) => spec.LeafNodeType === "It" && isRun(spec)).map((spec) => [nameOf(spec), resultOf(spec)])
  )
  const lost = { outcome: "failed", seconds: 0, message: `it did not come to its end; see ${log}` } as const
  return names.map((name): Result => found.get(name) ?? { name, ...lost })
})

/** Beside the suite, or on the PATH. */
export const beside = (suite: string, name: string, exists: (path: string) => boolean) => {
  const path = join(dirname(suite), name)
  return exists(path) ? path : name
}
