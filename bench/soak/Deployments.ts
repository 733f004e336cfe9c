/**
 * A long run of Deployments: `npm run soak -- world --minutes 60`. It creates, scales, rolls and deletes Deployments of a cluster that it starts (or of the
 * one of a kubeconfig), and after each step waits until everything holds that has to. What it has done stands in a file, and
 * whoever starts it again, after Ctrl-C or a crash, goes on there. Flags after `--` go to `keelson up`.
 */
import { Clock, Console, Effect, FileSystem, Layer, Option, Random } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { resolve } from "node:path"
import * as Https from "../../adapters/client/https/Https.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import * as Cluster from "./Cluster.ts"
import * as Progress from "./Progress.ts"
import * as World from "./World.ts"

const flags = {
  minutes: Flag.Int("minutes").pipe(Flag.withDescription("How long in all, over all starts"), Flag.withDefault(60)),
  directory: Flag.String("directory").pipe(
    Flag.withDescription("Where its progress and its own cluster lie"),
    Flag.withDefault(".cache/soak")
  ),
  kubeconfig: Flag.String("kubeconfig").pipe(
    Flag.withDescription("A cluster that is there, instead of its own"),
    Flag.optional
  ),
  image: Flag.String("image").pipe(
    Flag.withDescription("An image with sh and httpd, as busybox has"),
    Flag.withDefault("keelson.local/hello:1")
  ),
  seed: Flag.String("seed").pipe(Flag.withDescription("What the steps are drawn from"), Flag.withDefault("soak")),
  growth: Flag.Int("growth").pipe(
    Flag.withDescription("By how many MiB its own cluster may grow after the first 20 steps"),
    Flag.withDefault(256)
  )
}

interface Run {
  readonly directory: string
  readonly minutes: number
  readonly image: string
  readonly growth: number
  readonly calls: boolean
  /** In MiB; undefined where the processes are not ours. */
  readonly memory: () => number | undefined
}

/** Until this many steps of a start, memory is what caches and compiled code need. */
const warm = 20

const steps = Effect.fnUntraced(function* (
  { calls, directory, growth, image, memory, minutes }: Run,
  first: Progress.Progress
) {
  let progress = first
  let base: number | undefined
  for (let here = 1; progress.seconds < minutes * 60; here++) {
    const before = yield* Clock.currentTimeMillis
    const version = `${progress.steps + 1}`
    const did = yield* World.step(image, version).pipe(Random.withSeed(`${progress.seed} ${version}`))
    yield* World.rest(calls)
    const took = ((yield* Clock.currentTimeMillis) - before) / 1000
    const now = memory()
    if (here === warm) base = now
    progress = {
      ...progress,
      steps: progress.steps + 1,
      seconds: progress.seconds + took,
      counts: { ...progress.counts, [did]: (progress.counts[did] ?? 0) + 1 },
      slowestSeconds: Math.max(progress.slowestSeconds, took),
      largestMiB: Math.max(progress.largestMiB, now ?? 0)
    }
    yield* Progress.write(directory, progress)
    yield* Console.log(`${version} ${did}: at rest after ${took.toFixed(1)} s${now === undefined ? "" : `, ${now} MiB`}`)
    if (base !== undefined && now !== undefined && now > base + growth)
      return yield* new Cluster.SoakFailed({ message: `the cluster has grown from ${base} to ${now} MiB` })
  }
  return progress
})

const soak = Effect.fnUntraced(function* ({ flags: more, kubeconfig, seed, ...given }: Given) {
  const files = yield* FileSystem.FileSystem
  const directory = resolve(given.directory)
  yield* files.makeDirectory(directory, { recursive: true })
  const before = yield* Progress.read(directory, seed)
  const progress = { ...before, starts: before.starts + 1 }
  const { minutes } = given
  yield* Console.log(
    before.starts === 0
      ? `a run of ${minutes} minutes; its progress: ${directory}/progress.json`
      : `goes on after ${before.steps} steps and ${(before.seconds / 60).toFixed(1)} of ${minutes} minutes`
  )
  const own = Option.isSome(kubeconfig) ? undefined : yield* Cluster.start(directory, more)
  const file = Option.getOrElse(kubeconfig, () => own?.kubeconfig ?? "")
  const run = {
    ...given,
    directory,
    // From elsewhere a cluster IP leads nowhere, and a hollow node has nobody who answers.
    calls: own !== undefined && !own.isHollow,
    memory: () => (own === undefined ? undefined : Cluster.memory(own.dataDir))
  }
  const client = Layer.provide(ApiClient.layer, Https.fromKubeconfig(file, { userAgent: "keelson-soak" }))
  const {
    counts,
    largestMiB,
    seconds,
    slowestSeconds,
    starts,
    steps: done
  } = yield* Effect.provide(Effect.andThen(World.prepare, steps(run, progress)), client)
  const what = Object.entries(counts).map(([did, count]) => `${count} × ${did}`)
  yield* Console.log(
    `\neverything held: ${done} steps (${what.join(", ")}) in ${(seconds / 60).toFixed(1)} minutes and ${starts} starts; ` +
      `the slowest was at rest after ${slowestSeconds.toFixed(1)} s${largestMiB === 0 ? "" : `; at most ${largestMiB} MiB`}`
  )
  yield* Console.log(`a new run begins when ${directory} is removed`)
}, Effect.scoped)
type Given = Omit<Run, "calls" | "memory"> & {
  readonly kubeconfig: Option.Option<string>
  readonly seed: string
  readonly flags: ReadonlyArray<string>
}

export const command = Command.make(
  "world",
  { ...flags, flags: Argument.String("flags").pipe(Argument.variadic()) },
  soak
).pipe(Command.withDescription("Changes a cluster for a long time, and looks whether everything holds"))
