/** Events as lines of text, in the form that upstream calls legacy. */
import type { Schema } from "effect"
import type { Event } from "./contracts/Auditor.ts"

const fieldOf = (value: Schema.Json | undefined, name: string): Schema.Json | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined
const textOf = (value: Schema.Json | undefined, otherwise: string) => {
  const text = typeof value === "string" || typeof value === "number" ? `${value}` : ""
  return text === "" ? otherwise : text
}
const listOf = (value: Schema.Json | undefined, otherwise: string) =>
  Array.isArray(value) && value.length > 0 ? value.map((one) => JSON.stringify(one)).join(",") : otherwise

export const legacy = (event: Event): string => {
  const { impersonatedUser, objectRef, responseStatus, sourceIPs, user } = event
  const fields = {
    id: textOf(event["auditID"], ""),
    stage: textOf(event["stage"], ""),
    ip: Array.isArray(sourceIPs) ? textOf(sourceIPs[0], "<unknown>") : "<unknown>",
    method: textOf(event["verb"], ""),
    user: textOf(fieldOf(user, "username"), "<none>"),
    groups: listOf(fieldOf(user, "groups"), "<none>"),
    as: textOf(fieldOf(impersonatedUser, "username"), "<self>"),
    asgroups: listOf(fieldOf(impersonatedUser, "groups"), "<lookup>"),
    "user-agent": textOf(event["userAgent"], ""),
    namespace: textOf(fieldOf(objectRef, "namespace"), "<none>"),
    uri: textOf(event["requestURI"], ""),
    response: textOf(fieldOf(responseStatus, "code"), "<deferred>")
  }
  const words = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  return `${textOf(event["requestReceivedTimestamp"], "")} AUDIT: ${words.join(" ")}`
}
