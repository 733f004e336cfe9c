/** What the server does with custom resources beyond their schema: the same for all of them, but for their subresources. */
import type { Schema } from "effect"
import type { Resource } from "../../kernel/resource/Kind.ts"
import type { Strategy } from "../../kernel/resource/Strategy.ts"
import { asJson } from "./Columns.ts"

/** An object with other parts is an object still, hence the cast. */
const asResource = (object: Schema.JsonObject) => object as unknown as Resource

const withStatus = (object: Schema.JsonObject, { status }: Schema.JsonObject): Resource => {
  const { status: _, ...rest } = object
  return asResource(status === undefined ? rest : { ...rest, status })
}

/** A write of `status` changes the status and nothing else; any other, where status is a subresource, all but the status. */
const prepareUpdate = (object: Resource, old: Resource, subresource: string): Resource => {
  if (subresource !== "status") return withStatus(asJson(object), asJson(old))
  const { managedFields: _, ...metadata } = old.metadata
  const { managedFields } = object.metadata
  const kept = { ...metadata, ...(managedFields && { managedFields }) }
  return withStatus({ ...asJson(old), metadata: asJson({ ...old, metadata: kept })["metadata"] ?? {} }, asJson(object))
}

export const of = (subresources: ReadonlyArray<string>): Strategy<Resource> => ({
  generation: true,
  strategicMerge: false,
  prepareUpdate: subresources.includes("status") ? prepareUpdate : (object) => object
})
