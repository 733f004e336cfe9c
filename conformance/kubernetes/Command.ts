/**
 * `npm run conformance -- kubernetes --suite e2e.test --kubeconfig FILE`: upstream's end-to-end suite against any cluster, in batches, so
 * that one sees how far it is and an interrupted run goes on where it was. What failed beside others is run again by itself.
 */
import { Console, Effect, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { Broken, NotRunnable } from "../Ends.ts"
import * as Record from "./Record.ts"
import * as Suite from "./Suite.ts"

const text = (name: string, description: string, otherwise = "") =>
  Flag.String(name).pipe(Flag.withDescription(description), Flag.withDefault(otherwise))

const flags = {
  suite: Flag.String("suite").pipe(
    Flag.withDescription("The program e2e.test; ginkgo and kubectl are taken from beside it, or the PATH")
  ),
  kubeconfig: text("kubeconfig", "Of the cluster", process.env["KUBECONFIG"] ?? ""),
  focus: text("focus", "Tests whose names match this expression", "\\[Conformance\\]"),
  skip: text("skip", "None whose names match this one"),
  procs: Flag.Int("procs").pipe(
    Flag.withDescription("How many at once, but for those that are [Serial]"),
    Flag.withDefault(4)
  ),
  batch: Flag.Int("batch").pipe(Flag.withDescription("How many between two looks"), Flag.withDefault(40)),
  retries: Flag.Int("retries").pipe(
    Flag.withDescription("How often a test that failed is run again by itself"),
    Flag.withDefault(1)
  ),
  images: Flag.Boolean("images").pipe(
    Flag.withDescription("Print the images that the suite would use, and run nothing"),
    Flag.withDefault(false)
  ),
  import: text("import", "A folder of image archives for machines without a way out: each is given to --importer first"),
  importer: text("importer", "What takes in an archive, whose path comes last", "ctr -n k8s.io images import"),
  again: Flag.Boolean("again").pipe(Flag.withDescription("Forget what is known from before"), Flag.withDefault(false)),
  flags: text("flags", "Flags for the suite, separated by spaces: --num-nodes=2"),
  out: text("out", "A folder for what becomes of it", "conformance-kubernetes")
}

class ImportFailed extends Schema.TaggedError<ImportFailed>()("ImportFailed", { message: Schema.String }) {}

const importAll = (folder: string, importer: string) =>
  Effect.forEach(
    readdirSync(folder).filter((name) => name.endsWith(".tar")),
    (name) =>
      Effect.try({
        try: () => {
          const [program = "", ...args] = importer.split(" ")
          execFileSync(program, [...args, join(folder, name)], { stdio: ["ignore", "ignore", "pipe"] })
        },
        catch: (cause) => new ImportFailed({ message: `${name} was not taken in: ${cause}` })
      }),
    { discard: true }
  )

const signs = { passed: "✓", failed: "✗", flaky: "~" } as const

const batches = <A>(all: ReadonlyArray<A>, size: number) =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, index) => all.slice(index * size, (index + 1) * size))

const checkAll = Effect.fnUntraced(function* (options: Suite.Options, names: ReadonlyArray<string>, batch: number) {
  const known = Record.read(options.out)
  const left = names.filter((name) => !known.has(name))
  let done = names.length - left.length
  if (done > 0) yield* Console.log(`${done} of ${names.length} are known from before`)
  const plan = [
    ...batches(
      left.filter((name) => !Suite.isSerial(name)),
      batch
    ).map((some) => ({ some, procs: options.procs })),
    ...batches(left.filter(Suite.isSerial), batch).map((some) => ({ some, procs: 1 }))
  ]
  for (const { procs, some } of plan) {
    const results = yield* Suite.check(options, some, procs)
    Record.add(options.out, results)
    for (const { message, name, outcome, seconds } of results) {
      yield* Console.log(`${signs[outcome]} ${name}, ${seconds.toFixed(1)} s${message === "" ? "" : `: ${message}`}`)
    }
    done += some.length
    yield* Console.log(`${done} of ${names.length}`)
  }
})

/** What passes by itself is flaky, and said to be. */
const retry = Effect.fnUntraced(function* (options: Suite.Options, names: ReadonlyArray<string>, retries: number) {
  for (let round = 0; round < retries; round++) {
    const known = Record.read(options.out)
    const failed = names.filter((name) => known.get(name)?.outcome === "failed")
    if (failed.length === 0) return
    yield* Console.log(`once more by themselves: ${failed.length}`)
    const results = yield* Suite.check(options, failed, 1)
    Record.add(
      options.out,
      results.map((result) =>
        result.outcome === "passed"
          ? { ...result, outcome: "flaky", message: known.get(result.name)?.message ?? "" }
          : result
      )
    )
  }
})

const report = Effect.fnUntraced(function* ({ out }: Suite.Options, names: ReadonlyArray<string>) {
  const known = Record.read(out)
  const results = names.flatMap((name) => known.get(name) ?? [])
  writeFileSync(join(out, "junit.xml"), Record.junit(results))
  const archive = Record.sonobuoy(out, results)
  const count = (outcome: Suite.Result["outcome"]) => results.filter((result) => result.outcome === outcome).length
  for (const { message, name, outcome } of results) {
    if (outcome !== "passed") yield* Console.log(`${signs[outcome]} ${name}: ${message}`)
  }
  yield* Console.log(
    `${count("passed")} passed, ${count("failed")} failed, ${count("flaky")} flaky\n${join(out, "junit.xml")}\n${archive}`
  )
  if (count("failed") > 0) return yield* new Broken()
})

export const command = Command.make("kubernetes", flags, (given) =>
  Effect.gen(function* () {
    const out = resolve(given.out)
    const suite = resolve(given.suite)
    if (!existsSync(suite)) return yield* new NotRunnable({ message: `--suite: there is no ${suite}` })
    mkdirSync(out, { recursive: true })
    if (given.images) return yield* Console.log((yield* Suite.images(suite, out)).join("\n"))
    if (!existsSync(given.kubeconfig))
      return yield* new NotRunnable({ message: `--kubeconfig: there is no ${given.kubeconfig || "file named"}` })
    if (given.again) rmSync(join(out, "results.jsonl"), { force: true })
    if (given.import !== "") yield* importAll(given.import, given.importer)
    const options: Suite.Options = {
      suite,
      ginkgo: Suite.beside(suite, "ginkgo", existsSync),
      kubectl: Suite.beside(suite, "kubectl", existsSync),
      kubeconfig: resolve(given.kubeconfig),
      focus: given.focus,
      skip: given.skip,
      procs: given.procs,
      out,
      flags: given.flags.split(" ").filter((flag) => flag !== "")
    }
    const names = yield* Suite.list(options)
    if (names.length === 0) return yield* new NotRunnable({ message: "--focus: the suite has no such test" })
    yield* checkAll(options, names, given.batch)
    yield* retry(options, names, given.retries)
    yield* report(options, names)
  })
).pipe(Command.withDescription("Upstream's end-to-end suite against any cluster"))
