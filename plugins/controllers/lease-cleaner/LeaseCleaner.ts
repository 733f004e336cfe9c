/**
 * Deletes the Leases of API servers that have not been renewed for long: of servers that ended without a word and will not come back under
 * their name. Leases of nodes go with their nodes. Source: KEP-1965.
 */
import { Clock, Effect } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import type { Key } from "../../../kernel/resource/Kind.ts"
import * as ApiServers from "../../cluster/contracts/ApiServers.ts"
import { Lease } from "../../resources/contracts/coordination/v1.ts"
import { millisOf } from "../../resources/contracts/Time.ts"
import * as Controllers from "../contracts/Controllers.ts"

/** Upstream's servers hold theirs for so long; ours, for seconds, are kept as long to be looked at. In milliseconds. */
const kept = 3_600_000

/** When it may go, in milliseconds; 0 where it was never renewed. */
export const dueAt = ({ spec: { leaseDurationSeconds, renewTime } }: Lease) =>
  leaseDurationSeconds === undefined || renewTime === undefined
    ? 0
    : millisOf(renewTime) + Math.max(kept, leaseDurationSeconds * 1000)

const start = Effect.gen(function* () {
  const client = yield* Client
  const selection = { namespace: ApiServers.namespace, labelSelector: ApiServers.selector }
  const leases = yield* client.cache(Lease, { indexes: {}, selection })

  const reconcile = Effect.fn("LeaseCleaner.reconcile")(function* (key: Key) {
    const lease = leases.get(key)
    if (lease === undefined) return Controllers.done
    const now = yield* Clock.currentTimeMillis
    const left = dueAt(lease) - now
    if (left > 0) return Controllers.again(left)
    // If it was renewed just now, that is a conflict, and it stays.
    const { resourceVersion, uid } = lease.metadata
    yield* Effect.catchTag(client.delete(Lease, key, { uid, resourceVersion }), "NotFound", () => Effect.void)
    return Controllers.done
  })
  yield* Controllers.run({ name: "lease_cleaner", concurrency: 1, triggers: [Controllers.each(leases)], reconcile })
})

export const plugin = Controllers.plugin("lease-cleaner", start)
