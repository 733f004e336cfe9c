/** ContainerRuntime and Events of several runtimes, as one. */
import { Effect, Schedule, Stream } from "effect"
import { ContainerRuntime, PodMissing, PodRefused, type PodStatus } from "../contracts/ContainerRuntime.ts"
import { Events } from "../contracts/Events.ts"
import { ContainerMissing } from "../contracts/Exec.ts"
import * as Handlers from "./Handlers.ts"
import type { Named, Router } from "./Router.ts"

type PodConfig = Parameters<ContainerRuntime["Service"]["startPod"]>[0]

const startPod = (router: Router) => {
  const { all, listOf, nameOf, places, target } = router

  const on = Effect.fnUntraced(function* (one: Named, config: PodConfig) {
    const pod = yield* Effect.acquireUseRelease(
      Effect.sync(() => places.begin(one.key, config.uid)),
      () => Effect.tap(one.runtime.startPod(config), (pod) => Effect.sync(() => places.put(one.key, pod))),
      (end) => Effect.sync(end)
    )
    return { ...pod, runtime: yield* nameOf(one) } satisfies PodStatus
  })

  /** A Pod stays where it is, also when its handler means another runtime by now. */
  return Effect.fn("Runtimes.startPod")(function* ({ handler, ...config }: PodConfig) {
    const found = yield* target(handler)
    if (found === undefined) return yield* new PodRefused({ message: `no runtime for "${handler}" is configured` })
    for (const other of all.filter((one) => one !== found.one && places.mayHave(one.key, config.uid))) {
      const there = (yield* listOf(other, config.uid)).find(({ attempt }) => attempt === config.attempt)
      if (there !== undefined) return there
    }
    return yield* on(found.one, { ...config, ...found.own })
  })
}

export const runtime = (router: Router) => {
  const { all, ask, first, list, ownerOfContainer, ownerOfPod, places } = router
  const both = { concurrency: "unbounded" } as const
  /** What nobody has is gone already. */
  const inOwner = <E>(owner: Effect.Effect<Named | undefined, E>, act: (one: Named) => Effect.Effect<void, E>) =>
    Effect.flatMap(owner, (one) => (one === undefined ? Effect.void : act(one)))

  return ContainerRuntime.of({
    describe: () =>
      Effect.map(Effect.all(all.map(ask), both), (described) => ({
        ...(described[0]?.about ?? { name: "", version: "", network: "runtime" as const }),
        handlers: Handlers.describe(described)
      })),

    /** A node can run Pods if its default runtime can; of the others it is said what they lack. */
    health: Effect.fnUntraced(function* () {
      const silent = { runtime: false, network: false, message: "it does not answer" }
      const answers = yield* Effect.forEach(
        all,
        (one) =>
          Effect.map(
            Effect.catch(one.runtime.health(), () => Effect.succeed(silent)),
            (health) => ({ one, health })
          ),
        both
      )
      const main = answers.find(({ one }) => one === first)?.health ?? silent
      const lacks = answers.flatMap(({ health, one }) => (health.message === "" ? [] : [`${one.key}: ${health.message}`]))
      return { ...main, message: lacks.join("; ") }
    }),

    startPod: startPod(router),
    stopPod: (of) => inOwner(ownerOfPod(of.pod), (one) => one.runtime.stopPod(of)),
    removePod: (of) =>
      inOwner(ownerOfPod(of.pod), (one) =>
        Effect.andThen(
          one.runtime.removePod(of),
          Effect.sync(() => places.forget(of.pod))
        )
      ),

    startContainer: Effect.fnUntraced(function* (config) {
      const one = yield* ownerOfPod(config.pod)
      if (one === undefined) return yield* new PodMissing({ pod: config.pod })
      const id = yield* one.runtime.startContainer(config)
      places.contain(config.pod, id)
      return id
    }),
    updateContainer: Effect.fnUntraced(function* (of) {
      const one = yield* ownerOfContainer(of.id)
      if (one === undefined) return yield* new ContainerMissing({ id: of.id })
      yield* one.runtime.updateContainer(of)
    }),
    stopContainer: (of) => inOwner(ownerOfContainer(of.id), (one) => one.runtime.stopContainer(of)),
    removeContainer: (of) => inOwner(ownerOfContainer(of.id), (one) => one.runtime.removeContainer(of)),

    list: ({ uid }) => list(uid)
  })
}

/** One that does not tell of changes for a while keeps the others from nothing; one that is gone is not waited for. */
export const events = ({ all, each, places }: Router) =>
  Events.of({
    changes: () =>
      Stream.flatMap(
        each,
        (one) =>
          one.events.changes().pipe(
            Stream.tap((hint) => Effect.sync(() => places.hint(one.key, hint))),
            Stream.retry(Schedule.while(Schedule.spaced("1 second"), () => Effect.succeed(all.includes(one)))),
            Stream.catch(() => Stream.empty)
          ),
        { concurrency: "unbounded" }
      )
  })
