/**
 * A day in the life of a cluster, on virtual time. While it goes on its judges look at every write; every few hours nothing new happens
 * until all has come to rest, and then all has to be as its objects say.
 */
import { Clock, Effect, Exit, Fiber, Layer, Logger, Random } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import * as Compactor from "../../../kernel/store/Compactor.ts"
import { Namespace } from "../../../plugins/resources/contracts/core/v1.ts"
import { acting, Deleters } from "./Actors.ts"
import * as Availability from "./Availability.ts"
import * as Budgets from "./Budgets.ts"
import * as Cluster from "./Cluster.ts"
import * as Creations from "./Creations.ts"
import * as Happenings from "./Happenings.ts"
import { Heartbeats } from "./Heartbeats.ts"
import * as Jobs from "./Jobs.ts"
import * as Morning from "./Morning.ts"
import * as Nodes from "./Nodes.ts"
import * as Placement from "./Placement.ts"
import * as Settled from "./Settled.ts"
import * as Teams from "./Teams.ts"
import * as VirtualTime from "./VirtualTime.ts"
import * as Workloads from "./Workloads.ts"
import * as World from "./World.ts"

const hour = 3_600_000
/** Hours between two rests. */
const stretch = 6

export interface Options {
  readonly seed: string
  readonly size: Teams.Size
  readonly hours: number
  /** Told what happens, and of every change of a Pod whose path begins with `watched`. */
  readonly tell: (line: string) => void
  readonly watched: string | undefined
}

const judges = Effect.fnUntraced(function* (world: World.World, deleters: Deleters, verdict: World.Verdict) {
  const workloads = yield* Workloads.make(world, verdict)
  Availability.judge(world, workloads, deleters, verdict)
  Creations.judge(world, workloads, verdict)
  yield* Placement.judge(world, verdict)
  const { evictions } = yield* Budgets.judge(world, workloads, deleters, verdict)
  const { missed, served } = yield* Jobs.judge(world, verdict)
  return { evictions, missed, served }
})

const program = Effect.fnUntraced(function* (options: Options, verdict: World.Verdict) {
  const { hours, size, tell, watched } = options
  const client = yield* Client
  const world = yield* World.make
  const [deleters, beats] = [new Deleters(), new Heartbeats()]
  const say = (what: string) => tell(`${new Date(verdict.now()).toISOString().slice(11, 19)} ${what}`)
  let [made, ended] = [0, 0]
  world.judge((before, after) => {
    if (before === undefined) made++
    if (after === undefined) ended++
    const pod = after ?? before
    if (watched === undefined || pod === undefined || !`${pod.namespace}/${pod.name}`.startsWith(watched)) return
    say(`${pod.namespace}/${pod.name} ${after === undefined ? "gone" : JSON.stringify(after)} ${deleters.of(pod)}`)
  })
  const judged = yield* judges(world, deleters, verdict)
  const machines = yield* Nodes.make(world, beats)
  const leader = yield* Cluster.leading(deleters, beats)
  const stage: Happenings.Stage = { size, world, machines, leader }

  const rest = Effect.fnUntraced(function* (what: string) {
    const left = yield* Settled.settle(world, machines, 20)
    for (const line of left) verdict.say(`${what}: ${line}`)
    say(`at rest ${what}: ${[...world.pods()].length} Pods; ${made} were made and ${ended} have gone`)
  })
  const begin = (what: string, happen: (typeof Happenings.ordinary)[number]["happen"]) =>
    Effect.suspend(() => {
      say(what)
      return happen(stage)
    }).pipe(
      Effect.provide(acting("user", deleters, beats)),
      Effect.catchCause((cause) => Effect.sync(() => say(`${what} was not carried through: ${cause}`))),
      Effect.forkScoped
    )
  /** What happens in an hour, each at a time of its own. */
  const anHour = Effect.fnUntraced(function* (number: number) {
    const fibers: Array<Fiber.Fiber<unknown>> = []
    const plan: Array<{ readonly at: number; readonly index: number }> = []
    for (const [index, { often }] of Happenings.ordinary.entries())
      for (let left = often; left > 0; left--)
        if (left >= 1 || (yield* Random.next) < left) plan.push({ at: yield* Random.nextBetween(0, hour), index })
    const start = yield* Clock.currentTimeMillis
    for (const { at, index } of plan.toSorted((a, b) => a.at - b.at)) {
      yield* Effect.sleep(Math.max(0, start + at - (yield* Clock.currentTimeMillis)))
      const found = Happenings.ordinary[index]
      if (found !== undefined) fibers.push(yield* begin(found.what, found.happen))
    }
    for (const { at, happen, what } of Happenings.once) if (at === number) fibers.push(yield* begin(what, happen))
    yield* Effect.sleep(Math.max(0, start + hour - (yield* Clock.currentTimeMillis)))
    return fibers
  })

  yield* leader.begin
  yield* client.create(Namespace, { metadata: { name: Teams.system } })
  for (let index = 0; index < Morning.pioneers(size); index++) yield* machines.join(index)
  for (let index = 0; index < size.daemonSets; index++) yield* Teams.daemonSet(index)
  for (let index = 0; index < size.teams; index++) yield* Teams.team(index, Morning.small(size))
  yield* rest("with one of each")
  yield* leader.stop
  yield* Morning.grown(world, machines, size)
  yield* leader.begin
  yield* rest("at the beginning")
  for (let from = 0; from < hours; from += stretch) {
    const fibers: Array<Fiber.Fiber<unknown>> = []
    for (let number = from; number < Math.min(hours, from + stretch); number++) fibers.push(...(yield* anHour(number)))
    yield* Effect.forEach(fibers, Fiber.await, { discard: true })
    judged.missed()
    yield* rest(`after ${Math.min(hours, from + stretch)} hours`)
  }
  return { made, ended, pods: [...world.pods()].length, evictions: judged.evictions(), jobs: judged.served() }
}, Effect.scoped)

/** What a controller could not bear is wrong; what it tries again is not. */
const logger = (verdict: World.Verdict) =>
  Logger.make(({ cause, logLevel, message }) => {
    if (logLevel === "Error" || logLevel === "Fatal") verdict.say(`an error was logged: ${message} ${cause}`)
  })

export const run = async (options: Options) => {
  const start = Date.UTC(2026, 0, 5)
  const time = new VirtualTime.VirtualTime(start)
  const verdict = new World.Verdict(time.currentTimeMillisUnsafe)
  const layer = Layer.provideMerge(Compactor.layer({ window: "20 minutes", every: "10 minutes" }), Cluster.api).pipe(
    Layer.provideMerge(Logger.layer([logger(verdict)]))
  )
  const exit = await time.run(
    program(options, verdict).pipe(Effect.provide(layer)),
    options.seed,
    () => verdict.wrong.length > 0
  )
  const wrong = Exit.isFailure(exit) && verdict.wrong.length === 0 ? [`${exit.cause}`] : verdict.wrong
  return { wrong, figures: Exit.isSuccess(exit) ? exit.value : undefined, ended: time.currentTimeMillisUnsafe() - start }
}
