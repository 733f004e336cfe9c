/**
 * An audit sink in another isolate: it is given what is asked of the API, some events at a time and each at least once. What is
 * recorded says the server's policy; without one, the sink's own. Source: audit.k8s.io/v1 Event.
 */
import { Schema } from "effect"
import { WireObject } from "../../../kernel/client/Api.ts"
import * as Contract from "../../../kernel/plugin/Contract.ts"
import { Policy } from "./Policy.ts"

const { Array: List, String: Text, Struct, optionalKey } = Schema

export const Description = Struct({
  name: Text,
  /** What it wants to be told of, where the server has no policy; without it, who asked for what. */
  policy: optionalKey(Policy)
})
export type Description = typeof Description.Type

/** At most so many come at once. */
export const most = 400

export class AuditPoints extends Contract.make<AuditPoints>()(
  "audit/AuditPoints",
  {
    version: "1.0.0",
    laws: {
      "describe/same": "What it describes itself by is the same each time.",
      "write/many": "It takes as many events as may come at once.",
      "write/again": "It takes events that it was given before.",
      "write/none": "Nothing is as good as something."
    }
  },
  Contract.method("describe", {
    doc: "Its name, and what it wants to be told of.",
    success: Description,
    errors: []
  }),
  Contract.method("write", {
    doc: "Keeps the events; when it fails they come again, with others behind them.",
    payload: { events: List(WireObject) },
    errors: []
  })
) {}
