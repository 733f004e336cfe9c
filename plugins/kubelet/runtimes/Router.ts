/** Several runtimes of a node, and the way to the one that is meant: by a handler, by the id of a Pod, by the id of a container. */
import { Effect, Queue, Schema, Stream } from "effect"
import type { Unavailable } from "../../../kernel/plugin/Contract.ts"
import type { ContainerRuntime, PodStatus } from "../contracts/ContainerRuntime.ts"
import type { Events } from "../contracts/Events.ts"
import type { Exec } from "../contracts/Exec.ts"
import type { Images } from "../contracts/Images.ts"
import type { Logs } from "../contracts/Logs.ts"
import type { Stats } from "../contracts/Stats.ts"
import * as Handlers from "./Handlers.ts"
import * as Places from "./Places.ts"

/** A runtime by its name on this node. */
export interface Named {
  readonly key: string
  readonly runtime: ContainerRuntime["Service"]
  readonly events: Events["Service"]
  readonly exec: Exec["Service"]
  readonly images: Images["Service"]
  readonly logs: Logs["Service"]
  readonly stats: Stats["Service"]
}

export class RuntimeTaken extends Schema.TaggedError<RuntimeTaken>()("RuntimeTaken", { key: Schema.String }) {
  override get message() {
    return `this node has a runtime ${this.key} already: give the plugin another name`
  }
}

/** The first is the default one. */
export const make = (first: Named, others: ReadonlyArray<Named>) => {
  const all = [first, ...others]
  const watchers = new Set<(one: Named) => void>()
  const named = (key: string | undefined) => all.find((one) => one.key === key)
  const places = Places.make()
  const known = new Map<string, Handlers.Description>()

  /** As it says now, or as it said before if it does not answer. */
  const ask = ({ key, runtime }: Named) =>
    Effect.map(
      Effect.catch(runtime.describe(), (failure) => {
        const before = known.get(key)
        return before === undefined ? Effect.fail(failure) : Effect.succeed(before)
      }),
      (about) => {
        known.set(key, about)
        return { key, about }
      }
    )
  const described = (one: Named) => {
    const about = known.get(one.key)
    return about === undefined ? ask(one) : Effect.succeed({ key: one.key, about })
  }
  const nameOf = (one: Named) => Effect.map(described(one), ({ about }) => about.name)

  /** What serves the handler, and what it is called there; undefined: nothing does. */
  const target = Effect.fnUntraced(function* (handler: string | undefined) {
    const direct = handler === undefined || handler === "" ? first : named(handler)
    if (direct !== undefined) return { one: direct, own: {} }
    // Of a runtime that does not answer nothing is known but its name.
    const answers = yield* Effect.forEach(all, (one) => Effect.option(described(one)), { concurrency: "unbounded" })
    const found = Handlers.table(answers.flatMap((answer) => (answer._tag === "Some" ? [answer.value] : []))).get(
      handler ?? ""
    )
    const one = named(found?.key)
    return one && found && { one, own: found.handler === "" ? {} : { handler: found.handler } }
  })

  const listOf = Effect.fnUntraced(function* (one: Named, uid?: string) {
    const learn = places.listing(one.key, uid)
    const pods = yield* one.runtime.list(uid === undefined ? {} : { uid })
    learn(pods)
    const runtime = yield* nameOf(one)
    return pods.map((pod): PodStatus => ({ ...pod, runtime }))
  })

  /** A runtime that has never had a Pod of this uid is not asked: it need not even answer. */
  const list = (uid?: string) =>
    Effect.map(
      Effect.forEach(
        all.filter(({ key }) => uid === undefined || places.mayHave(key, uid)),
        (one) => listOf(one, uid),
        { concurrency: "unbounded" }
      ),
      (found) => found.flat()
    )

  /** What is not known is looked for, once, in all of them. */
  const owner = (find: () => string | undefined): Effect.Effect<Named | undefined, Unavailable> =>
    Effect.suspend(() => {
      const known = named(find())
      return known === undefined ? Effect.map(list(), () => named(find())) : Effect.succeed(known)
    })

  /** One more, until the scope closes. Pods that it has then stay with it, and are known again when it comes back. */
  const add = (one: Named) => {
    const put = Effect.suspend(() => {
      if (all.some(({ key }) => key === one.key)) return Effect.fail(new RuntimeTaken({ key: one.key }))
      all.push(one)
      for (const watch of watchers) watch(one)
      return Effect.void
    })
    const remove = Effect.sync(() => {
      all.splice(all.indexOf(one), 1)
      known.delete(one.key)
    })
    return Effect.asVoid(Effect.acquireRelease(put, () => remove))
  }

  /** Those that there are, and each that is added. */
  const each = Stream.callback<Named>((queue) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        const watch = (one: Named) => void Queue.offerUnsafe(queue, one)
        all.forEach(watch)
        watchers.add(watch)
        return watch
      }),
      (watch) => Effect.sync(() => watchers.delete(watch))
    )
  )

  return {
    first,
    all: all as ReadonlyArray<Named>,
    add,
    each,
    places,
    ask,
    nameOf,
    target,
    list,
    listOf,
    ownerOfPod: (pod: string) => owner(() => places.ofPod(pod)),
    ownerOfContainer: (id: string) => owner(() => places.ofContainer(id))
  }
}

export type Router = ReturnType<typeof make>
