/**
 * Admission for a plugin in another isolate: what writes it wants to see, how it would change them, and what it refuses. It is asked
 * about what its rules name, and nothing else crosses to it. Source of the rules: admissionregistration.k8s.io/v1 RuleWithOperations.
 */
import { Schema } from "effect"
import { WireObject } from "../../../kernel/client/Api.ts"
import * as Contract from "../../../kernel/plugin/Contract.ts"

const { Array: List, Boolean: Bool, Literals, Record, String: Text, Struct, optionalKey } = Schema

/** The plugin will not have it; the message is shown to whoever asked. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", { message: Text }) {}

const Operation = Literals(["CREATE", "UPDATE", "DELETE", "CONNECT"])

/** `*` is all of them; `pods/exec` is a subresource, `pods/*` all of pods. */
export const Rule = Struct({
  operations: List(Literals(["*", ...Operation.literals])),
  apiGroups: List(Text),
  apiVersions: List(Text),
  resources: List(Text),
  scope: optionalKey(Literals(["Cluster", "Namespaced", "*"]))
})
export type Rule = typeof Rule.Type

export const Description = Struct({
  name: Text,
  rules: List(Rule),
  points: List(Literals(["mutate", "validate"]))
})
export type Description = typeof Description.Type

/** A write on its way to the store. Objects are in the version that the rules name. */
export const Request = {
  user: Struct({ name: Text, uid: optionalKey(Text), groups: List(Text), extra: optionalKey(Record(Text, List(Text))) }),
  operation: Operation,
  group: Text,
  version: Text,
  kind: Text,
  resource: Text,
  subresource: Text,
  /** Empty for what has none. */
  namespace: Text,
  /** Empty where the server has yet to choose it. */
  name: Text,
  dryRun: Bool,
  /** Absent for a delete. */
  object: optionalKey(WireObject),
  /** Absent for a create. */
  old: optionalKey(WireObject)
}
export type Request = {
  readonly [K in keyof typeof Request as K extends "object" | "old" ? never : K]: (typeof Request)[K]["Type"]
} & {
  readonly object?: WireObject
  readonly old?: WireObject
}

/** Said to whoever asked, in Warning headers. */
const warnings = optionalKey(List(Text))

export class AdmissionPoints extends Contract.make<AdmissionPoints>()(
  "admission/AdmissionPoints",
  {
    version: "1.0.0",
    laws: {
      "describe/same": "What it describes itself by is the same each time, and has a rule and a point.",
      "mutate/again": "Of what it has changed it changes nothing when it is asked again.",
      "mutate/own": "It changes neither the name, the namespace nor the kind of what it is asked about.",
      "validate/same": "Of the same request it says the same."
    }
  },
  Contract.method("describe", {
    doc: "Its name, the writes it wants to be asked about, and where.",
    success: Description,
    errors: []
  }),
  Contract.method("mutate", {
    doc: "The object as it shall be; absent: as it is. Asked again if others have changed it since.",
    payload: Request,
    success: Struct({ object: optionalKey(WireObject), warnings }),
    errors: [Refused]
  }),
  Contract.method("validate", {
    doc: "Refuses by failing, when nobody changes the object any more.",
    payload: Request,
    success: Struct({ warnings }),
    errors: [Refused]
  })
) {}
