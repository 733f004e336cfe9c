/** A plugin whose calls take long, whose streams are wide, and which says what has become of them. */
import { Effect, Layer, Schema, Stream } from "effect"
import * as Contract from "../../kernel/plugin/Contract.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"

export class Refused extends Schema.TaggedError<Refused>()("Refused", { at: Schema.Int }) {}

export class Ticker extends Contract.make<Ticker>()(
  "test/Ticker",
  { version: "1.0.0", laws: {} },
  Contract.method("hang", { doc: "Never answers.", errors: [] }),
  Contract.method("interrupted", { doc: "How many calls of `hang` were interrupted.", success: Schema.Int, errors: [] }),
  Contract.method("wide", {
    doc: "Pieces of this many bytes, for ever.",
    payload: { bytes: Schema.Int },
    success: Contract.Bytes,
    stream: true,
    errors: []
  }),
  Contract.method("heap", {
    doc: "So many pieces of this many bytes, all there at once.",
    payload: { pieces: Schema.Int, bytes: Schema.Int },
    success: Contract.Bytes,
    stream: true,
    errors: []
  }),
  Contract.method("made", { doc: "How many pieces `wide` has made.", success: Schema.Int, errors: [] }),
  Contract.method("counts", {
    doc: "Counts up to a number, and fails there.",
    payload: { to: Schema.Int },
    success: Schema.Int,
    stream: true,
    errors: [Refused]
  })
) {}

const layer = Layer.sync(Ticker, () => {
  let [interrupted, made] = [0, 0]
  return {
    hang: () => Effect.onInterrupt(Effect.never, () => Effect.sync(() => void interrupted++)),
    interrupted: () => Effect.sync(() => interrupted),
    wide: ({ bytes }) =>
      Stream.fromEffectRepeat(
        Effect.sync(() => {
          made++
          return new Uint8Array(bytes)
        })
      ),
    heap: ({ bytes, pieces }) => Stream.fromArray(new Array<Uint8Array>(pieces).fill(new Uint8Array(bytes))),
    made: () => Effect.sync(() => made),
    counts: ({ to }) => Stream.concat(Stream.range(1, to), Stream.fail(new Refused({ at: to })))
  }
})

export const plugin = Plugin.make({ name: "ticker", offers: [Ticker], layer })
