/**
 * Authorization for a plugin in another isolate: may a user do this? It is asked about what its rules name, before roles are looked
 * at: who is denied is denied, who is allowed is allowed, and without an opinion the next is asked.
 * Source: authorization.k8s.io/v1 SubjectAccessReview; rbac.authorization.k8s.io/v1 PolicyRule.
 */
import { Schema } from "effect"
import * as Contract from "../../../kernel/plugin/Contract.ts"

const { Array: List, Finite, Literals, Record, String: Text, Struct, optionalKey } = Schema

/** As a rule of RBAC names requests: `pods/log` is a subresource, `*` is all of them. */
export const Rule = Struct({
  verbs: List(Text),
  apiGroups: optionalKey(List(Text)),
  resources: optionalKey(List(Text)),
  resourceNames: optionalKey(List(Text)),
  nonResourceURLs: optionalKey(List(Text))
})
export type Rule = typeof Rule.Type

export const Description = Struct({
  name: Text,
  /** The requests it wants to be asked about. */
  rules: List(Rule),
  /** How long a decision holds without being asked for again; 0 if it is absent. */
  rememberSeconds: optionalKey(Finite)
})
export type Description = typeof Description.Type

/** Of a request on objects; or, with `path`, of one on anything else. */
export const Attributes = {
  user: Struct({ name: Text, uid: optionalKey(Text), groups: List(Text), extra: optionalKey(Record(Text, List(Text))) }),
  verb: Text,
  group: Text,
  version: Text,
  resource: Text,
  subresource: Text,
  namespace: Text,
  name: Text,
  path: optionalKey(Text)
}
const attributes = Struct(Attributes)
export type Attributes = typeof attributes.Type

/** The reason is shown to whoever asked. */
export const Decision = Struct({
  decision: Literals(["allow", "deny", "noOpinion"]),
  reason: optionalKey(Text)
})
export type Decision = typeof Decision.Type

export class AuthorizationPoints extends Contract.make<AuthorizationPoints>()(
  "authorization/AuthorizationPoints",
  {
    version: "1.0.0",
    laws: {
      "describe/same": "What it describes itself by is the same each time, and has a rule.",
      "decide/same": "Of the same request it says the same.",
      "decide/reason": "Whom it denies it tells why.",
      "decide/nobody": "It does not allow everything to somebody of whom it knows nothing."
    }
  },
  Contract.method("describe", {
    doc: "Its name, and the requests it wants to be asked about.",
    success: Description,
    errors: []
  }),
  Contract.method("decide", {
    doc: "Whether the user may; noOpinion leaves it to others.",
    payload: Attributes,
    success: Decision,
    errors: []
  })
) {}
