/** Conversion between versions by a webhook: all objects of an answer in one question. Source: apiextensions.k8s.io/v1 ConversionReview. */
import { Effect, Option, Schema } from "effect"
import type { WireObject } from "../../kernel/client/Api.ts"
import { StatusError } from "../../kernel/client/Errors.ts"
import * as Stamp from "../../kernel/pipeline/Stamp.ts"
import { isObject } from "./schema/Values.ts"
import * as Kind from "../../kernel/resource/Kind.ts"
import type { ServiceClient } from "../apiserver/contracts/ServiceClient.ts"
import type { CustomResourceDefinition } from "../resources/contracts/apiextensions/v1.ts"

const { Array: List, Json, Record, String: Text, Struct, optionalKey } = Schema

const Review = Struct({
  apiVersion: Text,
  kind: Schema.Literal("ConversionReview"),
  response: Struct({
    uid: Text,
    convertedObjects: optionalKey(List(Record(Text, Json))),
    result: optionalKey(Struct({ status: optionalKey(Text), message: optionalKey(Text), reason: optionalKey(Text) }))
  })
})
const decode = Schema.decodeUnknownOption(Review)

/** As long as upstream waits. */
const timeout = "30 seconds"

const known = ["v1", "v1beta1"]

type JsonObject = Schema.JsonObject
const metadataOf = ({ metadata }: JsonObject): JsonObject => (isObject(metadata) ? metadata : {})

/** Why an object is not what was asked for. */
const mistake = (before: WireObject, after: JsonObject, desired: string): string | undefined => {
  const [was, is] = [metadataOf(before), metadataOf(after)]
  if (after["apiVersion"] !== desired)
    return `invalid groupVersion (expected ${desired}, received ${String(after["apiVersion"])})`
  if (after["kind"] !== before["kind"])
    return `invalid kind (expected ${String(before["kind"])}, received ${String(after["kind"])})`
  const field = ["name", "namespace", "uid"].find((name) => was[name] !== is[name])
  return (
    field &&
    `invalid metadata: ${field} is immutable (expected ${JSON.stringify(was[field] ?? "")}, received ${JSON.stringify(is[field] ?? "")})`
  )
}

/** Of the metadata a webhook may change labels and annotations, and nothing else. */
const restored = (before: WireObject, after: JsonObject): WireObject => {
  const { annotations: _a, labels: _l, ...rest } = metadataOf(before)
  const { annotations, labels } = metadataOf(after)
  const metadata = { ...rest, ...(labels !== undefined && { labels }), ...(annotations !== undefined && { annotations }) }
  const { apiVersion = "", kind = "", ...body } = after
  return { apiVersion, kind, ...body, metadata }
}

export const make =
  ({ call }: ServiceClient["Service"]) =>
  ({ spec }: CustomResourceDefinition): NonNullable<Kind.Any["convert"]> => {
    const { clientConfig = {}, conversionReviewVersions = [] } = spec.conversion.webhook ?? {}
    const version = conversionReviewVersions.find((one) => known.includes(one)) ?? "v1"
    return Effect.fn("Custom.convert")(function* (objects, to) {
      const desired = Kind.apiVersion(to)
      const [first] = objects
      const from = String(first?.["apiVersion"] ?? "")
      const failed = (why: string) =>
        new StatusError({
          code: 500,
          reason: "",
          detail: `conversion webhook for ${from}, Kind=${spec.names.kind} failed: ${why}`
        })
      const uid = yield* Stamp.uid
      const answer = yield* call({
        to: clientConfig,
        timeout,
        body: {
          kind: "ConversionReview",
          apiVersion: `apiextensions.k8s.io/${version}`,
          request: { uid, desiredAPIVersion: desired, objects }
        }
      }).pipe(Effect.mapError(({ detail }) => failed(detail)))
      const review = decode(answer)
      if (Option.isNone(review)) return yield* failed(`expected a ConversionReview of apiextensions.k8s.io/${version}`)
      const { convertedObjects = [], result = {}, uid: answered } = review.value.response
      if (answered !== uid)
        return yield* failed(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(answered)}`)
      if (result.status !== "Success") return yield* failed(result.message ?? `no success: ${result.status ?? "no result"}`)
      if (convertedObjects.length !== objects.length)
        return yield* failed(`webhook returned ${convertedObjects.length} objects, expected ${objects.length}`)
      const converted: Array<WireObject> = []
      for (const [index, before] of objects.entries()) {
        const after = convertedObjects[index] ?? {}
        const wrong = mistake(before, after, desired)
        if (wrong !== undefined)
          return yield* failed(`webhook returned invalid converted object at index ${index}: ${wrong}`)
        converted.push(restored(before, after))
      }
      return converted
    })
  }
