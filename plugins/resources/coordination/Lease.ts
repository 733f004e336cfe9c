/** Leases: who leads, and until when. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { text } from "../Columns.ts"
import type { Lease } from "../contracts/coordination/v1.ts"

/** What coordinated elections would write, which are off. */
const withoutElection = (lease: Lease): Lease => {
  const { preferredHolder: _p, strategy: _s, ...spec } = lease.spec
  return lease.spec.preferredHolder === undefined && lease.spec.strategy === undefined ? lease : { ...lease, spec }
}

export const strategy: Strategy<Lease> = {
  createOnUpdate: true,
  prepareCreate: withoutElection,
  prepareUpdate: withoutElection,
  validate: ({ spec: { leaseDurationSeconds, leaseTransitions } }) => [
    ...(leaseDurationSeconds !== undefined && leaseDurationSeconds <= 0
      ? [Causes.invalid("spec.leaseDurationSeconds", leaseDurationSeconds, "must be greater than 0")]
      : []),
    ...(leaseTransitions !== undefined && leaseTransitions < 0
      ? [Causes.invalid("spec.leaseTransitions", leaseTransitions, "must be greater than or equal to 0")]
      : [])
  ],
  columns: [text("Holder", "Who has it.", ({ spec }) => spec.holderIdentity ?? "")]
}
