/** A part of a node is chosen anew by an annotation while the node runs. */
import { assert, it } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Schedule, Scope } from "effect"
import * as Choice from "../../bin/Choice.ts"
import { OwnNode } from "../../bin/OwnNode.ts"
import * as Contract from "../../kernel/plugin/Contract.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { type About, Attachments } from "../../plugins/packages/contracts/Attachments.ts"
import { Event, Node } from "../../plugins/resources/contracts/core/v1.ts"
import { Objects, layer as clientOf } from "../network/MemoryClient.ts"

const annotation = "keelson.io/colour"

class Paint extends Contract.make<Paint>()("test/Paint", { version: "1.0.0", laws: {} }) {}

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
    swapped: Effect.sync(() => void happened.push("swapped")),
    outside: {
      contracts: [Paint],
      plugin: (_: unknown, { version }: About) => (version === "0.0.0" ? broken : plugin(`painter ${version}`)),
      left: () => Effect.sync(() => void happened.push("left"))
    }
  }
  const until = (count: number) =>
    Effect.sync(() => happened.length).pipe(
      Effect.repeat({ until: (length) => length >= count, schedule: Schedule.spaced("5 millis") }),
      Effect.timeout("20 seconds")
    )
  const layerOf = (
    given: Omit<typeof part, "choices"> & {
      readonly choices: { readonly [name: string]: Plugin.Plugin<never, never> }
      readonly needsRoom?: (failure: Error) => boolean
    }
  ) =>
    Choice.layer(given).pipe(
      Layer.provide(OwnNode.layer("n1")),
      Layer.provide(Plugin.Host.layer),
      Layer.provideMerge(Attachments.layer),
      Layer.provide(clientOf(objects))
    )
  return { objects, happened, wish, until, part, layerOf, layer: layerOf(part) }
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

it.live("a package stands in the place of the choices until it goes, whatever its version", () =>
  Effect.gen(function* () {
    const { happened, layer, wish } = yield* world
    wish(undefined)
    yield* Effect.scoped(
      Effect.gen(function* () {
        const attachments = Context.get(yield* Layer.build(layer), Attachments)
        const attachment = attachments.find(Paint.key)
        assert.isDefined(attachment)
        const attach = (name: string, version: string) =>
          Effect.gen(function* () {
            const scope = yield* Scope.make()
            const about = { name, version, fallback: "Fail", callTimeoutMillis: 1000 } as const
            yield* Scope.provide(attachment?.attach({}, about) ?? Effect.void, scope)
            return scope
          })
        const one = yield* attach("painter", "1.0.0")
        assert.deepStrictEqual(happened.splice(0), ["red starts", "painter 1.0.0 starts", "swapped", "red ends"])
        const other = yield* Effect.exit(attach("sprayer", "1.0.0"))
        assert.include(String(other), "the colour of this node is the plugin painter: suspend that first")
        const two = yield* attach("painter", "2.0.0")
        yield* Scope.close(one, Exit.void)
        assert.deepStrictEqual(happened.splice(0), ["painter 2.0.0 starts", "swapped", "painter 1.0.0 ends"])
        const bad = yield* Scope.make()
        const about = { name: "painter", version: "0.0.0", fallback: "Fail", callTimeoutMillis: 1000 } as const
        const refused = yield* Effect.exit(Scope.provide(attachment?.attach({}, about) ?? Effect.void, bad))
        yield* Scope.close(bad, Exit.void)
        assert.include(String(refused), "no such paint")
        assert.deepStrictEqual(happened.splice(0), [], "what is refused leaves the version before where it is")
        yield* Scope.close(two, Exit.void)
        assert.deepStrictEqual(happened.splice(0), ["red starts", "swapped", "painter 2.0.0 ends", "left"])
      })
    )
    assert.deepStrictEqual(happened, ["red ends"])
  })
)

it.live("what only one can have is left if the new one cannot start beside it, and taken again if that is no good", () =>
  Effect.gen(function* () {
    const { happened, layerOf, part, until, wish } = yield* world
    wish(undefined)
    yield* Effect.scoped(
      Effect.gen(function* () {
        const alone = Plugin.make({
          name: "alone",
          layer: Layer.effectDiscard(
            Effect.suspend(() =>
              happened.at(-1) === "blue ends" ? Effect.sync(() => happened.push("alone starts")) : Effect.fail("no room")
            )
          )
        })
        const needsRoom = ({ message }: Error) => /no (room|such paint)/.test(message)
        yield* Layer.build(layerOf({ ...part, choices: { ...part.choices, alone }, needsRoom }))
        wish("blue")
        yield* until(4)
        assert.deepStrictEqual(happened.splice(0), ["red starts", "blue starts", "swapped", "red ends"])
        wish("broken")
        yield* until(2)
        assert.deepStrictEqual(happened.splice(0), ["blue ends", "blue starts"])
        wish("alone")
        yield* until(3)
        assert.deepStrictEqual(happened.splice(0), ["blue ends", "alone starts", "swapped"])
      })
    )
  })
)
