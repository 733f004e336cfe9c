/** Lets Pods into the queue when plugins that have to be asked for it have answered: many Pods at once. What they have refused, they take back here. */
import { Effect, FiberMap, type Latch, Result, Schedule, Stream } from "effect"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import type { Extension, Plugins } from "./contracts/Extensions.ts"
import type { View } from "./contracts/Nodes.ts"
import type { Profiles } from "./Profiles.ts"
import type { Queue, Waiting } from "./Queue.ts"

interface Around {
  readonly queue: Queue
  readonly profiles: Profiles
  readonly extensions: Plugins["Service"]
  readonly view: View
  readonly now: () => number
  readonly awake: () => void
  /** Open while somebody waits outside. */
  readonly entered: Latch.Latch
  /** Says of a Pod why it is not decided about. */
  readonly tell: (pod: Waiting["pod"], message: string) => Effect.Effect<void>
}

/** About how many Pods plugins are asked at once. */
const most = 1000

/** How long until plugins are asked again that did not answer, and are heard again that had nothing more to say. */
const pause = "1 second"

export const make = Effect.fnUntraced(function* (around: Around) {
  const { awake, entered, extensions, now, profiles, queue, tell, view } = around

  /** Each plugin is asked about the Pods that it has a say about. */
  const ask = (comers: ReadonlyArray<Waiting>) => {
    const asked = comers.flatMap((waiting) =>
      (profiles.of(waiting.pod)?.at("prepareEnqueue") ?? []).map((plugin) => ({ plugin, waiting }))
    )
    const waiting = () => queue.waiting()
    const revision = { ...view.revision }
    return Effect.forEach(
      Map.groupBy(asked, ({ plugin }) => plugin),
      ([{ prepareEnqueue }, some]) => prepareEnqueue({ pods: some.map(({ waiting }) => waiting), waiting, revision }),
      { concurrency: "unbounded" }
    )
  }
  /** Who was told why it waits, by uid: since when it waits. */
  const told = new Map<string, number>()
  /** Once each time that it comes. */
  const wait = Effect.fnUntraced(function* (comers: ReadonlyArray<Waiting>, message: string) {
    const news = comers.filter(({ pod, since }) => told.get(pod.metadata.uid) !== since)
    for (const { pod, since } of news) told.set(pod.metadata.uid, since)
    yield* Effect.forEach(news, ({ pod }) => tell(pod, message), { discard: true })
    yield* Effect.sleep(pause)
  })
  const admit = Effect.gen(function* () {
    const comers = queue.comers(most)
    if (comers.length === 0) {
      entered.closeUnsafe()
      return yield* entered.await
    }
    const asked = yield* Effect.result(ask(comers))
    if (Result.isFailure(asked)) return yield* wait(comers, asked.failure.message)
    told.clear()
    if (asked.success.includes(true)) queue.sort()
    for (const comer of comers) queue.letIn(comer)
    awake()
  })
  const hearing = yield* FiberMap.make<Extension>()
  /** What it had to say before it was heard is not known: all that it has refused is tried again. */
  const hear = (extension: Extension) => {
    const { again, name } = extension.plugin
    if (again === undefined) return Effect.void
    const heard = Stream.runForEach(Stream.concat(Stream.succeed([]), again), (uids) =>
      Effect.sync(() => {
        queue.retry(name, uids, now())
        awake()
      })
    )
    return FiberMap.run(hearing, extension, Effect.repeat(Effect.ignore(heard), Schedule.spaced(pause)), {
      onlyIfMissing: true
    })
  }
  const changed = Effect.fnUntraced(function* (all: ReadonlyArray<Extension>) {
    const { gone, isQueue } = profiles.join(all)
    queue.renew(gone, isQueue, now())
    for (const [extension] of hearing) if (!all.includes(extension)) yield* FiberMap.remove(hearing, extension)
    yield* Effect.forEach(all, hear, { discard: true })
    awake()
  })
  yield* Plugin.background(Stream.runForEach(extensions.changes, changed))
  yield* Plugin.background(Effect.forever(admit))
})
