/** `/plugins/routes-pods`: how many Pods there are on each node, for people; and below it, at `/watch`, whenever that changes. */
import { Effect, Stream } from "effect"
import * as RoutesPlugin from "keelson/apiserver/RoutesPlugin"
import { Client } from "keelson/kernel/client/Client"
import { Pod } from "keelson/resources/core/v1"

const page = (pods: ReadonlyArray<Pod>) => {
  const counts = new Map<string, number>()
  for (const { spec } of pods) {
    const node = spec.nodeName ?? "none yet"
    counts.set(node, (counts.get(node) ?? 0) + 1)
  }
  return [...counts]
    .toSorted()
    .map(([node, count]) => `${node} ${count}\n`)
    .join("")
}

const pages = Effect.gen(function* () {
  const client = yield* Client
  const cache = yield* client.cache(Pod, { indexes: {} })
  return Stream.map(cache.changes, () => page(cache.all()))
})

export const plugin = RoutesPlugin.make({
  name: "routes-pods",
  isLong: true,
  routes: {
    "/plugins/routes-pods": ({ path }) =>
      path === "/plugins/routes-pods"
        ? Effect.gen(function* () {
            const client = yield* Client
            return { body: page(yield* Effect.orDie(client.list(Pod))) }
          })
        : Effect.succeed({ code: 404, body: `there is no ${path}\n` }),
    "/plugins/routes-pods/watch": () =>
      Effect.succeed({
        body: Stream.unwrap(pages).pipe(
          Stream.changes,
          Stream.map((text) => new TextEncoder().encode(`${text}\n`))
        )
      })
  }
})
