/** A part of a node is chosen anew by an annotation while the node runs. */
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import * as Choice from "../../bin/Choice.ts"
import { OwnNode } from "../../bin/OwnNode.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { Event, Node } from "../../plugins/resources/contracts/core/v1.ts"
import { Objects, layer as clientOf } from "../network/MemoryClient.ts"

const annotation = "keelson.io/colour"

const world = Effect.gen(function* () {
  const objects = new Objects()
  const happened: Array<string> = []
  const wish = (colour: string | undefined) =>
    objects.put(Node, {
      metadata: { name: "n1", annotations: colour === undefined ? {} : { [annotation]: colour } },
      spec: {}
    })
  const plugin = (name: string) =>
    Plugin.make({
      name,
      layer: Layer.effectDiscard(
        Effect.acquireRelease(
          Effect.sync(() => happened.push(`${name} starts`)),
          () => Effect.sync(() => happened.push(`${name} ends`))
        )
      )
    })
  const broken = Plugin.make({ name: "broken", layer: Layer.effectDiscard(Effect.fail("no such paint")) })
  const part = {
    name: "colour",
    annotation,
    standard: "red",
    choices: { red: plugin("red"), blue: plugin("blue"), broken },
    swapped: Effect.sync(() => void happened.push("swapped"))
  }
  const until = (count: number) =>
    Effect.sync(() => happened.length).pipe(
      Effect.repeat({ until: (length) => length >= count, schedule: Schedule.spaced("5 millis") }),
      Effect.timeout("20 seconds")
    )
  const layer = Choice.layer(part).pipe(
    Layer.provide(OwnNode.layer("n1")),
    Layer.provide(Plugin.Host.layer),
    Layer.provide(clientOf(objects))
  )
  return { objects, happened, wish, until, layer }
})

it.live("the new one serves before the old one ends, and what cannot be done changes nothing", () =>
  Effect.gen(function* () {
    const { happened, layer, objects, until, wish } = yield* world
    wish(undefined)
    yield* Effect.scoped(
      Effect.gen(function* () {
        yield* Layer.build(layer)
        assert.deepStrictEqual(happened, ["red starts"])
        wish("blue")
        yield* until(4)
        assert.deepStrictEqual(happened.splice(0), ["red starts", "blue starts", "swapped", "red ends"])
        wish("broken")
        wish("green")
        wish(undefined)
        yield* until(3)
        assert.deepStrictEqual(happened.splice(0), ["red starts", "swapped", "blue ends"])
        // Who records does not wait until it is written.
        const reasons = Effect.sync(() =>
          objects
            .table(Event)
            .all()
            .map(({ reason = "" }) => reason)
            .toSorted()
        )
        const said = yield* Effect.repeat(reasons, {
          until: ({ length }) => length >= 4,
          schedule: Schedule.spaced("5 millis")
        })
        assert.deepStrictEqual(said, ["PartNotSwapped", "PartNotSwapped", "PartSwapped", "PartSwapped"])
      })
    )
    assert.deepStrictEqual(happened, ["red ends"])
  })
)

it.live("an annotation from before is followed from the start, and one that means nothing is not", () =>
  Effect.gen(function* () {
    for (const [colour, starts] of [
      ["blue", "blue starts"],
      ["green", "red starts"]
    ] as const) {
      const { happened, layer, wish } = yield* world
      wish(colour)
      yield* Effect.scoped(Layer.build(layer))
      assert.strictEqual(happened[0], starts)
    }
  })
)
