/** What is audited, and how much of it: the first rule that a request matches says it. Source: audit.k8s.io/v1 Policy. */
import { Schema } from "effect"

const { Array: List, Boolean: Bool, Literals, NullOr, String: Text, Struct, optionalKey } = Schema

export const levels = ["None", "Metadata", "Request", "RequestResponse"] as const
export type Level = (typeof levels)[number]
export const stages = ["RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"] as const
export type Stage = (typeof stages)[number]

const strings = optionalKey(NullOr(List(Text)))
const omitted = optionalKey(NullOr(List(Literals(stages))))

export const Rule = Struct({
  level: Literals(levels),
  users: strings,
  userGroups: strings,
  verbs: strings,
  resources: optionalKey(NullOr(List(Struct({ group: optionalKey(Text), resources: strings, resourceNames: strings })))),
  namespaces: strings,
  nonResourceURLs: strings,
  omitStages: omitted,
  omitManagedFields: optionalKey(NullOr(Bool))
})
export type Rule = typeof Rule.Type

export const Policy = Struct({
  rules: List(Rule),
  omitStages: omitted,
  omitManagedFields: optionalKey(Bool)
})
export type Policy = typeof Policy.Type
