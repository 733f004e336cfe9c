/** The columns of `additionalPrinterColumns`: what `kubectl get` shows of custom resources. */
import { Result, type Schema } from "effect"
import * as Age from "../../kernel/resource/Age.ts"
import type { Resource } from "../../kernel/resource/Kind.ts"
import type { Column } from "../../kernel/resource/Strategy.ts"
import type { CustomResourceColumnDefinition } from "../resources/contracts/apiextensions/v1.ts"
import * as JsonPath from "./JsonPath.ts"

/** Objects are the wire's JSON, hence the cast. */
export const asJson = (object: Resource) => object as unknown as Schema.JsonObject

type Cell = string | number | boolean | null

const text = (value: Schema.Json): string => (typeof value === "string" ? value : JSON.stringify(value))

/** A value that is not of the column's type is not shown. */
const cell = (type: string, value: Schema.Json, now: number): Cell => {
  switch (type) {
    case "integer":
      return typeof value === "number" ? Math.trunc(value) : null
    case "number":
      return typeof value === "number" ? value : null
    case "boolean":
      return typeof value === "boolean" ? value : null
    case "date":
      return typeof value === "string" ? Age.since(value, now) : null
    default:
      return text(value)
  }
}

export const column = ({
  description,
  format,
  jsonPath,
  name,
  priority = 0,
  type
}: CustomResourceColumnDefinition): Column<Resource> => {
  const path = Result.getOrElse(JsonPath.parse(jsonPath), () => () => [])
  return {
    name,
    type,
    priority,
    ...(format !== undefined && { format }),
    description: description ?? `Custom resource definition column (in JSONPath format): ${jsonPath}`,
    value: (object, now) => {
      const [found] = path(asJson(object))
      return found === undefined || found === null ? null : cell(type, found, now)
    }
  }
}
