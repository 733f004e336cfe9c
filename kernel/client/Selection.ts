/** Which objects a selection chooses, decided on the objects' wire form: for caches, and for what answers in memory. */
import { Predicate, Result, type Schema } from "effect"
import * as FieldSelector from "../resource/FieldSelector.ts"
import * as Selector from "../resource/Selector.ts"
import type { WireObject } from "./Api.ts"
import type { Selection } from "./Client.ts"

export type Matches = (object: WireObject) => boolean

const isRecord = (value: unknown): value is Schema.JsonObject => Predicate.isObject(value)

/** What a selector's field says of an object that nobody has a strategy for: the value at that path, empty if absent. */
const valueAt = (object: WireObject, path: ReadonlyArray<string>): string => {
  let value: Schema.Json | undefined = object
  for (const step of path) value = isRecord(value) ? value[step] : undefined
  return value === undefined || value === null ? "" : String(value)
}

const labelsOf = ({ metadata }: WireObject): Selector.Labels | undefined => {
  const labels = isRecord(metadata) ? metadata["labels"] : undefined
  // The wire's labels are a map of strings, hence the cast.
  return isRecord(labels) ? (labels as Selector.Labels) : undefined
}

export const compile = ({ fieldSelector = "", labelSelector = "", namespace = "" }: Selection) =>
  Result.gen(function* () {
    const byLabel = Selector.compile(yield* Selector.parse(labelSelector))
    const fields = yield* FieldSelector.parse(fieldSelector)
    const tests = fields.map(({ equal, field, value }): Matches => {
      const path = field.split(".")
      return (object) => (valueAt(object, path) === value) === equal
    })
    if (namespace !== "") tests.push((object) => valueAt(object, ["metadata", "namespace"]) === namespace)
    if (labelSelector !== "") tests.push((object) => byLabel(labelsOf(object)))
    const matches: Matches = (object) => tests.every((test) => test(object))
    return matches
  })
