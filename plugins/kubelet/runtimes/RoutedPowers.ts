/** Images, Exec, Logs and Stats of several runtimes, each as one. */
import { Effect, Stream } from "effect"
import { ContainerMissing, Exec } from "../contracts/Exec.ts"
import { type Image, Images, PullFailed } from "../contracts/Images.ts"
import { Logs } from "../contracts/Logs.ts"
import { Stats } from "../contracts/Stats.ts"
import type { Router } from "./Router.ts"

const both = { concurrency: "unbounded" } as const

/** An image that several runtimes have is one. */
const union = (images: ReadonlyArray<Image>) => {
  const byId = new Map<string, Image>()
  for (const image of images) {
    const { digests = [], tags = [] } = byId.get(image.id) ?? {}
    byId.set(image.id, {
      ...image,
      tags: [...new Set([...tags, ...image.tags])],
      digests: [...new Set([...digests, ...image.digests])]
    })
  }
  return [...byId.values()]
}

export const images = ({ all, target }: Router) =>
  Images.of({
    find: ({ handler, ...of }) =>
      Effect.flatMap(target(handler), (found) =>
        found === undefined ? Effect.succeed(null) : found.one.images.find({ ...of, ...found.own })
      ),
    pull: Effect.fnUntraced(function* ({ handler, ...of }) {
      const found = yield* target(handler)
      if (found === undefined)
        return yield* new PullFailed({ image: of.image, message: `no runtime for "${handler}" is configured` })
      return yield* found.one.images.pull({ ...of, ...found.own })
    }),
    list: () =>
      Effect.map(
        Effect.forEach(all, (one) => one.images.list(), both),
        (found) => union(found.flat())
      ),
    remove: Effect.fnUntraced(function* ({ handler, ...of }) {
      const found = yield* target(handler)
      const where = handler === undefined ? all : found === undefined ? [] : [found.one]
      yield* Effect.forEach(where, (one) => one.images.remove(of), { ...both, discard: true })
    })
  })

/** Ids of processes are unique in one runtime only: here they begin with its name. */
export const exec = ({ all, ownerOfContainer }: Router) => {
  const owner = Effect.fnUntraced(function* (id: string) {
    const one = yield* ownerOfContainer(id)
    return one ?? (yield* new ContainerMissing({ id }))
  })
  const started = <P extends { readonly id: string }, E>(
    of: P,
    start: (exec: Exec["Service"]) => (of: P) => Effect.Effect<string, E>
  ) => Effect.flatMap(owner(of.id), (one) => Effect.map(start(one.exec)(of), (process) => `${one.key}/${process}`))
  const place = (process: string) => {
    const [key = "", ...rest] = process.split("/")
    return { one: all.find((one) => one.key === key), process: rest.join("/") }
  }
  return Exec.of({
    run: (of) => Effect.flatMap(owner(of.id), (one) => one.exec.run(of)),
    start: (of) => started(of, ({ start }) => start),
    attach: (of) => started(of, ({ attach }) => attach),
    input: ({ input, process }) => {
      const at = place(process)
      return at.one === undefined ? Effect.void : at.one.exec.input({ process: at.process, input })
    },
    output: ({ process }) => {
      const at = place(process)
      return at.one === undefined ? Stream.empty : at.one.exec.output({ process: at.process })
    }
  })
}

export const logs = ({ ownerOfContainer }: Router) =>
  Logs.of({
    read: (of) =>
      Stream.unwrap(
        Effect.map(ownerOfContainer(of.id), (one) =>
          one === undefined ? Stream.fail(new ContainerMissing({ id: of.id })) : one.logs.read(of)
        )
      )
  })

export const stats = ({ all }: Router) =>
  Stats.of({
    sample: () =>
      Effect.map(
        Effect.forEach(all, (one) => one.stats.sample(), both),
        (samples) => samples.flat()
      )
  })
