/** What host and guest say of the guest, on the control channel. The host decodes what it hears: a guest is a stranger. */
import { Schema } from "effect"

export class IsolateFailed extends Schema.TaggedError<IsolateFailed>()("IsolateFailed", {
  plugin: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}

/** What the host tells its guest. */
export type Told = Start | { readonly _tag: "ping" } | { readonly _tag: "stop" }
export interface Start {
  readonly _tag: "start"
  readonly module: string
  readonly options: Schema.Json | undefined
  /** Keys of contracts: those that it has to offer, and those that it is given. */
  readonly offers: ReadonlyArray<string>
  readonly needs: ReadonlyArray<string>
}

/** What a guest says. */
export const Said = Schema.TaggedUnion({
  ready: {},
  failed: { reason: Schema.String },
  died: { reason: Schema.String },
  /** The answer to a ping. `memory`: the heap and the buffers of the guest, in bytes. */
  pong: { memory: Schema.Number }
})
export type Said = typeof Said.Type
export const decodeSaid = Schema.decodeUnknownOption(Said)

/** The longest reason that is kept of what a guest says. */
export const words = (reason: string) => (reason.length > 4096 ? `${reason.slice(0, 4096)}…` : reason)
