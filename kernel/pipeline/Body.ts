/** Reads what is posted to an action: nulls are as good as nothing, constant defaults are filled in, the rest must fit. */
import { Effect, Schema } from "effect"
import * as Complete from "../client/Complete.ts"
import { BadRequest } from "../client/Errors.ts"
import { asJson, type Lazy } from "../resource/Field.ts"

export const decoder = <A>(schema: Lazy<A>) => {
  const complete = Complete.make({ group: "", version: "", schema: asJson(schema) })
  let decode: ((input: unknown) => Effect.Effect<A, Schema.SchemaError>) | undefined
  return (body: Schema.JsonObject): Effect.Effect<A, BadRequest> =>
    Effect.suspend(() => {
      decode ??= Schema.decodeUnknownEffect(schema())
      return decode(complete(body)).pipe(Effect.mapError(({ message }) => new BadRequest({ detail: message })))
    })
}

/** The `spec` of what is posted, and nothing else: what a client says of the answer is not read. */
export const specDecoder = <A>(schema: Lazy<A>) => {
  const decode = decoder<{ readonly spec: A }>(() => Schema.Struct({ spec: schema() }))
  return (body: Schema.JsonObject) => Effect.map(decode(body), ({ spec }) => spec)
}
