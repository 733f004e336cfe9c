/**
 * The way from kubectl's own apply to the server's: an annotation with the configuration that kubectl applied last. What it
 * says and the object still is may be taken over without a conflict. Source: KEP-555, "Upgrading from client-side apply".
 */
import { Result, Schema } from "effect"
import * as OwnedFields from "./OwnedFields.ts"
import * as Ownership from "./Ownership.ts"
import type { Shape } from "./Shape.ts"

const annotation = "kubectl.kubernetes.io/last-applied-configuration"
const maxBytes = 256 * 1024
const decode = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.Record(Schema.String, Schema.Json)))

const annotationsOf = ({ metadata }: Schema.JsonObject): Schema.JsonObject => {
  const annotations = OwnedFields.isObject(metadata) ? metadata["annotations"] : undefined
  return OwnedFields.isObject(annotations) ? annotations : {}
}

/** Only kubectl writes the annotation; another applier does not take over for it. */
export const manager = "kubectl"

/** The fields that the annotation lets kubectl take. */
export const takeable = (shape: Shape, live: Schema.JsonObject, apiVersion: string): Ownership.FieldSet => {
  const text = annotationsOf(live)[annotation]
  const applied = Result.getOrUndefined(decode(text))
  if (applied === undefined || applied["apiVersion"] !== apiVersion) return Ownership.empty
  const { added, modified, removed } = OwnedFields.compare(shape, applied, live)
  return [added, modified, removed].reduce(Ownership.difference, OwnedFields.of(shape, applied))
}

const withAnnotations = (object: Schema.JsonObject, annotations: Schema.JsonObject): Schema.JsonObject => {
  const metadata = OwnedFields.isObject(object["metadata"]) ? object["metadata"] : {}
  const { annotations: _, ...rest } = metadata
  return { ...object, metadata: Object.keys(annotations).length === 0 ? rest : { ...rest, annotations } }
}

/** As kubectl writes it, so that it compares equal with its own. */
const sorted = (value: Schema.Json): Schema.Json => {
  if (OwnedFields.isList(value)) return value.map(sorted)
  if (!OwnedFields.isObject(value)) return value
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([name, inner]) => [name, sorted(inner)]))
}

/** Keeps the annotation what was applied last, where there is one: kubectl's own apply may be used again. */
export const refresh = (object: Schema.JsonObject, applied: Schema.JsonObject): Schema.JsonObject => {
  const { [annotation]: before, ...others } = annotationsOf(object)
  if (before === undefined) return object
  const { [annotation]: _, ...given } = annotationsOf(applied)
  const text = `${JSON.stringify(sorted(withAnnotations(applied, given)))}\n`
  return withAnnotations(object, text.length > maxBytes ? others : { ...others, [annotation]: text })
}
