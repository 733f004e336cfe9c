/** Reads what is posted to an action, as the pipeline reads objects: checked, pruned, with constant defaults. */
import { Effect, Result, Schema } from "effect"
import { BadRequest } from "../client/Errors.ts"
import * as Decoder from "../resource/Decoder.ts"
import type { Lazy } from "../resource/Field.ts"
import * as Shape from "../resource/Shape.ts"

export const decoder =
  <A>(schema: Lazy<A>) =>
  (body: Schema.JsonObject): Effect.Effect<A, BadRequest> =>
    Effect.suspend(() => {
      const decoded = Decoder.decode(Shape.of(schema()))(body)
      // Made by the walker of A's own schema, hence the cast.
      if (Result.isSuccess(decoded)) return Effect.succeed(decoded.success.object as unknown as A)
      const { causes, malformed } = decoded.failure
      const detail = malformed ?? causes.map((cause) => `${cause.field}: ${cause.detail}`).join(", ")
      return Effect.fail(new BadRequest({ detail }))
    })

/** The `spec` of what is posted, empty if there is none, and nothing else: what a client says of the answer is not read. */
export const specDecoder = <A>(schema: Lazy<A>) => {
  let whole: Schema.Codec<{ readonly spec: A }> | undefined
  const decode = decoder<{ readonly spec: A }>(() => (whole ??= Schema.Struct({ spec: schema() })))
  return (body: Schema.JsonObject) => Effect.map(decode({ spec: {}, ...body }), ({ spec }) => spec)
}
