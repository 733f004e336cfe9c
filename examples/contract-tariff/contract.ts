/** The contract, which both who keeps it and who needs it import. */
import { Schema } from "effect"
import * as Contract from "keelson/kernel/plugin/Contract"

export class Unpriced extends Schema.TaggedError<Unpriced>()("Unpriced", { machine: Schema.String }) {}

export class Tariff extends Contract.make<Tariff>()(
  "contract-tariff/Tariff",
  {
    version: "1.0.0",
    laws: {
      "price/listed": "What is listed has a price, which is not below nothing.",
      "price/other": "What is not listed is Unpriced."
    }
  },
  Contract.method("list", {
    doc: "The kinds of machines that have a price.",
    success: Schema.Array(Schema.String),
    errors: []
  }),
  Contract.method("price", {
    doc: "An hour of one, in cents.",
    payload: { machine: Schema.String },
    success: Schema.Int,
    errors: [Unpriced]
  })
) {}
