/** What a provider is told in `--cloud-config`: a file in YAML, with nothing in it that it does not know. */
import { Effect, Schema } from "effect"
import { readFile } from "node:fs/promises"
import { parse } from "yaml"
import { Refused } from "../../plugins/cloud/contracts/Cloud.ts"

export const read = Effect.fnUntraced(function* <A>(cloud: string, schema: Schema.ConstraintDecoder<A>, file: string) {
  const refused = (cause: unknown) =>
    new Refused({ reason: `--cloud-config ${file}, the configuration of ${cloud}: ${String(cause)}` })
  const text = yield* Effect.tryPromise({ try: () => readFile(file, "utf8"), catch: refused })
  const value = yield* Effect.try({ try: (): unknown => parse(text), catch: refused })
  return yield* Effect.mapError(Schema.decodeUnknownEffect(schema, { onExcessProperty: "error" })(value), refused)
})
