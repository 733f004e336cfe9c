/** Deviations of a stranger's part that are known: a file of JSON, by contract and law the reason. */
import { Effect, Schema } from "effect"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { Terms } from "./Adapter.ts"
import { contracts } from "./Contracts.ts"

export class DeviationsInvalid extends Schema.TaggedError<DeviationsInvalid>()("DeviationsInvalid", {
  message: Schema.String
}) {}

const Reason = Schema.String.check(Schema.isMinLength(1))
const decode = Schema.decodeUnknownEffect(
  Schema.fromJsonString(Schema.Record(Schema.String, Schema.Record(Schema.String, Reason)))
)

/** Beside a package's manifest. */
export const file = "deviations.json"

/** Whoever misspells a law would deviate without having said so. */
const unknown = (found: Terms["deviations"]) =>
  Object.entries(found).flatMap(([key, laws]) => {
    const contract = contracts.find((one) => one.key === key)
    if (contract === undefined) return [`there is no contract ${key}`]
    return Object.keys(laws)
      .filter((law) => contract.laws[law] === undefined)
      .map((law) => `${key} has no law ${law}`)
  })

export const read = Effect.fnUntraced(function* (path: string) {
  const text = yield* Effect.try({
    try: () => readFileSync(path, "utf8"),
    catch: (cause) => new DeviationsInvalid({ message: `the deviations cannot be read: ${cause}` })
  })
  const found = yield* Effect.mapError(
    decode(text),
    ({ message }) => new DeviationsInvalid({ message: `${path}: expected { "CONTRACT": { "LAW": "REASON" } }: ${message}` })
  )
  const mistakes = unknown(found)
  if (mistakes.length > 0) return yield* new DeviationsInvalid({ message: `${path}: ${mistakes.join("; ")}` })
  return found
})

/** Of a package: none, if it has no such file. */
export const beside = (directory: string): Effect.Effect<Terms["deviations"], DeviationsInvalid> => {
  const path = join(directory, file)
  return existsSync(path) ? read(path) : Effect.succeed({})
}
