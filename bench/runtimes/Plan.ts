/** What is measured of each runtime, and what comes of it. */
import { Schema } from "effect"

export const serial = { count: 20, atATime: 1 } as const
export const together = { count: 100, atATime: 8 } as const

/** Milliseconds: each start, all together, and the removal of all. */
const Figures = Schema.Struct({ each: Schema.Array(Schema.Number), wall: Schema.Number, removed: Schema.Number })
export type Figures = typeof Figures.Type

export const Line = Schema.fromJsonString(
  Schema.Struct({ way: Schema.Literals(["ours", "bare"]), serial: Figures, together: Figures })
)
