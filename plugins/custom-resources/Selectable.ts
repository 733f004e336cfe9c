/** `selectableFields`: by which fields custom resources can be selected besides their names. */
import type { Resource } from "../../kernel/resource/Kind.ts"
import type { SelectableField } from "../resources/contracts/apiextensions/v1.ts"
import { asJson } from "./Columns.ts"
import * as JsonPath from "./JsonPath.ts"
import { Result } from "effect"

/** What is not there is selected by nothing; what is no text, as JSON writes it. */
const value = (path: JsonPath.JsonPath) => (object: Resource) => {
  const [found] = path(asJson(object))
  return found === undefined || found === null || typeof found === "object" ? "" : String(found)
}

export const of = (fields: ReadonlyArray<SelectableField>) =>
  Object.fromEntries(
    fields.map(({ jsonPath }) => [
      jsonPath.replace(/^\./, ""),
      value(Result.getOrElse(JsonPath.parse(jsonPath), (): JsonPath.JsonPath => () => []))
    ])
  )
