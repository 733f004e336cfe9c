/**
 * Who gets ready what Pods have claimed (ResourceClaim): a driver for each kind of device. It is a registry's value, local to the node's
 * process. Source of the rules: KEP-4381, the kubelet's API for DRA drivers.
 */
import { type Effect, Schema } from "effect"

export class DriverFailed extends Schema.TaggedError<DriverFailed>()("DriverFailed", { message: Schema.String }) {}

export interface Claim {
  readonly namespace: string
  readonly name: string
  readonly uid: string
}

export const Prepared = Schema.Struct({
  /** Which requests of the claim it is for; none: for all. */
  requests: Schema.Array(Schema.String),
  pool: Schema.String,
  device: Schema.String,
  share: Schema.optionalKey(Schema.String),
  cdiDevices: Schema.Array(Schema.String)
})
export type Prepared = typeof Prepared.Type

/** Of one claim: what is ready, or why not. */
export type Answer = { readonly devices: ReadonlyArray<Prepared> } | { readonly error: string }

/** By the claims' uids. Both can be asked again. */
type Answers = ReadonlyMap<string, Answer>

export interface ClaimDriver {
  /** As in a ResourceSlice's `spec.driver`. */
  readonly name: string
  readonly prepare: (claims: ReadonlyArray<Claim>) => Effect.Effect<Answers, DriverFailed>
  readonly unprepare: (claims: ReadonlyArray<Claim>) => Effect.Effect<Answers, DriverFailed>
}
