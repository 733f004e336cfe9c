/**
 * A runtime of our own, looked after: detached, so that Pods outlive the node agent, found again by its pid file, and started again
 * when it ends. How it ends with us the option `stop` says.
 */
import { Cause, Effect, Exit, Layer, Schedule } from "effect"
import { rmSync } from "node:fs"
import { Cri } from "./Cri.ts"
import * as Daemon from "./Daemon.ts"
import * as PauseImage from "./PauseImage.ts"
import * as Replies from "./Replies.ts"

export interface Options {
  readonly daemon: Daemon.Daemon
  readonly socket: string
  readonly stop: "keep" | "remove"
  /** A process that watches a container of this daemon and outlives it, by its command line. */
  readonly isWatcher: (commandLine: string) => boolean
  /** What has to be mended whenever the daemon was started and answers. */
  readonly started?: Effect.Effect<void>
  /** What this runtime leaves beyond processes and mounts. */
  readonly sweep?: Effect.Effect<void>
}

const answers = Effect.scoped(
  Effect.gen(function* () {
    const cri = yield* Cri
    return yield* cri.call("Version", Replies.Version, {}, "5 seconds")
  })
)

/** Whether something answers on the socket within a while. */
export const inTime = <A, E>(name: string, socket: string, answer: Effect.Effect<A, E>) =>
  answer.pipe(
    Effect.retry(Schedule.spaced("50 millis")),
    Effect.timeout("30 seconds"),
    Effect.mapError((cause) => new Daemon.DaemonFailed({ detail: `${name} does not answer on ${socket}: ${cause}` }))
  )

export const ready = (name: string, socket: string) =>
  inTime(name, socket, Effect.provide(answers, Layer.fresh(Cri.layer(socket))))

/** How such a runtime is spoken to. */
export interface Speech {
  readonly ready: Effect.Effect<unknown, Daemon.DaemonFailed>
  readonly removePods: Effect.Effect<unknown, unknown>
}

/** Containers first: not every runtime ends those of a Pod when the Pod is stopped. */
const removePods = Effect.gen(function* () {
  const cri = yield* Cri
  const { containers } = yield* cri.call("ListContainers", Replies.ListContainers, {})
  const all = { concurrency: 8, discard: true } as const
  const stop = ({ id }: Replies.Container) =>
    Effect.ignore(cri.call("StopContainer", Replies.Nothing, { container_id: id, timeout: 0 }))
  yield* Effect.forEach(
    containers.filter(({ state }) => state === "CONTAINER_RUNNING"),
    stop,
    all
  )
  const { items } = yield* cri.call("ListPodSandbox", Replies.ListPodSandbox, {})
  const remove = ({ id }: Replies.PodSandbox) =>
    Effect.andThen(
      Effect.ignore(cri.call("StopPodSandbox", Replies.Nothing, { pod_sandbox_id: id })),
      Effect.ignore(cri.call("RemovePodSandbox", Replies.Nothing, { pod_sandbox_id: id }))
    )
  yield* Effect.forEach(items, remove, all)
})

/** Ends all Pods of this daemon, whoever started them, and then the daemon. */
const removeAll = Effect.fn("Supervised.removeAll")(function* (
  { daemon, isWatcher, socket, sweep }: Options,
  { removePods }: Speech
) {
  yield* removePods.pipe(Effect.timeout("60 seconds"), Effect.ignore)
  yield* Daemon.stop(daemon)
  yield* Daemon.sweep(daemon, isWatcher)
  yield* sweep ?? Effect.void
  yield* Effect.sync(() => rmSync(socket, { force: true }))
})

/** Starts it again whenever it is gone, later each time it goes soon. */
const watchOver = ({ daemon, started = Effect.void }: Options, { ready }: Speech) =>
  Effect.gen(function* () {
    let pause = 200
    for (;;) {
      let lived = 0
      for (; Daemon.running(daemon) !== undefined; lived += 500) yield* Effect.sleep("500 millis")
      pause = lived > 10_000 ? 200 : Math.min(pause * 2, 10_000)
      yield* Effect.logWarning(`${daemon.name} ended; it is started again`).pipe(Effect.annotateLogs({ pause }))
      yield* Effect.sleep(pause)
      // It may end again before it answers.
      const ended = Effect.repeat(
        Effect.delay(
          Effect.sync(() => Daemon.running(daemon)),
          "200 millis"
        ),
        { until: (pid) => pid === undefined }
      )
      const mended = Effect.raceFirst(Effect.andThen(ready, started), ended)
      yield* Effect.ignore(Effect.andThen(Daemon.start(daemon), mended))
    }
  })

/** Not an end by a failure: of that whoever starts next shall find the Pods as they are. */
const isIntended = (exit: Exit.Exit<unknown, unknown>) => Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)

export const runWith = Effect.fn("Supervised.run")(function* (options: Options, speech: Speech) {
  const { daemon, started = Effect.void, stop } = options
  yield* Effect.acquireRelease(
    Daemon.running(daemon) === undefined ? Daemon.start(daemon) : Effect.log(`found ${daemon.name} running`),
    (_, exit) => (stop === "remove" && isIntended(exit) ? removeAll(options, speech) : Effect.void)
  )
  yield* speech.ready
  yield* started
  yield* Effect.forkScoped(watchOver(options, speech))
})

/** One that speaks the CRI. */
export const run = (options: Options) =>
  runWith(options, {
    ready: ready(options.daemon.name, options.socket),
    removePods: Effect.provide(removePods, Layer.fresh(Cri.layer(options.socket)))
  })

/** Has the image of the Pods' first process there, for a runtime whose configuration names it. */
export const pauseImage = Effect.fnUntraced(function* <E, R>(take: (archive: Uint8Array) => Effect.Effect<void, E, R>) {
  const cri = yield* Cri
  const { image } = yield* cri.call("ImageStatus", Replies.ImageStatus, { image: { image: PauseImage.name } })
  if (image === null) yield* take(yield* PauseImage.archive)
})
