/**
 * Custom resources that were stored before their definition became what it is: they are read as the version in which they lie
 * says today - pruned, with its defaults - and, where versions differ in nothing but their names, under the name of the storage version.
 */
import { Result } from "effect"
import type { WireObject } from "../../kernel/client/Api.ts"
import * as Decoder from "../../kernel/resource/Decoder.ts"
import * as Kind from "../../kernel/resource/Kind.ts"
import * as Shape from "../../kernel/resource/Shape.ts"
import type { Reader } from "../../kernel/table/Row.ts"
import type { CustomResourceDefinition } from "../resources/contracts/apiextensions/v1.ts"
import type { CustomKind } from "./Definition.ts"

/** Metadata that was taken once is not refused now: then the object stays as it lies. */
const decoded = (version: Kind.Version, { apiVersion: _, kind: _k, ...body }: WireObject): WireObject =>
  Result.match(Decoder.decode(Shape.of(version.schema()))(body), {
    onSuccess: ({ object }) => object,
    onFailure: () => body
  })

export const reader = ({ spec }: CustomResourceDefinition, { form = "", kind, versions }: CustomKind): Reader => {
  const [storage] = versions
  return {
    form,
    read: (object) => {
      const lies = versions.find((version) => Kind.apiVersion(version) === object["apiVersion"]) ?? storage
      const isConverted = lies !== storage && spec.conversion.strategy === "Webhook"
      const body = decoded(lies, object)
      return isConverted
        ? { kind, apiVersion: Kind.apiVersion(lies), ...body }
        : { kind, apiVersion: Kind.apiVersion(storage), ...(lies === storage ? body : decoded(storage, body)) }
    }
  }
}
