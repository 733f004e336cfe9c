/** What a patch says of the object that it is meant for: it has to be the one in the path. */
import { Effect, Predicate, type Schema } from "effect"
import type { PatchType } from "../../../kernel/client/Api.ts"
import { BadRequest } from "../../../kernel/client/Errors.ts"
import type { At } from "../../../kernel/pipeline/Pipeline.ts"
import { bodyKind } from "./BodyKind.ts"

const nameIn = (body: Schema.Json) => {
  const metadata = Predicate.isObject(body) ? body["metadata"] : undefined
  const name = Predicate.isObject(metadata) ? metadata["name"] : undefined
  return typeof name === "string" ? name : ""
}

const typed = (apiVersion: string, kind: string) => {
  const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion]
  return `${group}/${version}, Kind=${kind}`
}

/** An applied configuration is a whole object, and names itself. */
const applied = (at: At, body: Schema.Json): string | undefined => {
  if (!Predicate.isObject(body)) return "error decoding YAML: the configuration is no object"
  const { apiVersion, kind } = body
  const expected = bodyKind(at)
  if (typeof apiVersion !== "string" || typeof kind !== "string")
    return "invalid object type: apiVersion and kind must be set"
  return kind !== expected.kind || apiVersion !== expected.apiVersion
    ? `invalid object type: ${typed(apiVersion, kind)}`
    : undefined
}

export const check = (at: At, type: PatchType, body: Schema.Json): Effect.Effect<void, BadRequest> => {
  const name = type === "json" ? "" : nameIn(body)
  const detail =
    name !== "" && name !== at.name
      ? `the name of the object (${name}) does not match the name on the URL (${at.name})`
      : type === "apply"
        ? applied(at, body)
        : undefined
  return detail === undefined ? Effect.void : Effect.fail(new BadRequest({ detail }))
}
