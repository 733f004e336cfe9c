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
  const parts = apiVersion.split("/")
  if (parts.length > 2) return "/, Kind="
  const [version = "", group = ""] = parts.toReversed()
  return `${group}/${version}, Kind=${kind}`
}

const textOf = (value: unknown) => (typeof value === "string" ? value : "")

/** An applied configuration is a whole object, and says of which kind. */
const applied = (at: At, body: Schema.Json): string | undefined => {
  if (body !== null && (!Predicate.isObject(body) || Array.isArray(body)))
    return "error decoding YAML: the configuration is no object"
  const { apiVersion, kind } = bodyKind(at)
  const [givenVersion, givenKind] = [textOf(body?.["apiVersion"]), textOf(body?.["kind"])]
  return givenKind === kind && givenVersion === apiVersion
    ? undefined
    : `invalid object type: ${typed(givenVersion, givenKind)}`
}

export const check = (at: At, type: PatchType, body: Schema.Json): Effect.Effect<void, BadRequest> => {
  const name = type === "json" ? "" : nameIn(body)
  const misnamed =
    name === "" || name === at.name
      ? undefined
      : `the name of the object (${name}) does not match the name on the URL (${at.name})`
  const detail = (type === "apply" ? applied(at, body) : undefined) ?? misnamed
  return detail === undefined ? Effect.void : Effect.fail(new BadRequest({ detail }))
}
