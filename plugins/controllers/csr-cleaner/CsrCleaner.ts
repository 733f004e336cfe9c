/** Deletes requests for certificates that nobody needs any more: what came of one is with its asker within an hour, or never. */
import { X509Certificate } from "node:crypto"
import { Clock, Effect } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import type { Key } from "../../../kernel/resource/Kind.ts"
import { CertificateSigningRequest } from "../../resources/contracts/certificates/v1.ts"
import { millisOf } from "../../resources/contracts/Time.ts"
import * as Controllers from "../contracts/Controllers.ts"

const hour = 3_600_000
/** After these times, in milliseconds, as upstream has them. */
const keep = { decided: hour, pending: 24 * hour }

const endOf = (certificate: string) => {
  try {
    return new X509Certificate(Buffer.from(certificate, "base64")).validToDate.getTime()
  } catch {
    // What is no certificate does not run out.
    return Number.POSITIVE_INFINITY
  }
}

/** When one goes, in milliseconds; undefined while somebody may yet act on it. */
export const dueAt = ({ metadata, status }: CertificateSigningRequest): number | undefined => {
  const { certificate = "", conditions = [] } = status
  if (conditions.length === 0) return millisOf(metadata.creationTimestamp) + keep.pending
  const done = conditions.filter(
    ({ type }) => type === "Denied" || type === "Failed" || (type === "Approved" && certificate !== "")
  )
  if (done.length === 0) return undefined
  const after = done.map(({ lastUpdateTime }) => millisOf(lastUpdateTime) + keep.decided)
  return Math.min(...after, certificate === "" ? Number.POSITIVE_INFINITY : endOf(certificate))
}

const start = Effect.gen(function* () {
  const client = yield* Client
  const requests = yield* client.cache(CertificateSigningRequest, { indexes: {} })

  const reconcile = Effect.fn("CsrCleaner.reconcile")(function* (key: Key) {
    const request = requests.get(key)
    const due = request && dueAt(request)
    if (request === undefined || due === undefined) return Controllers.done
    const now = yield* Clock.currentTimeMillis
    if (due > now) return Controllers.again(due - now)
    yield* client.delete(CertificateSigningRequest, key, { uid: request.metadata.uid })
    return Controllers.done
  })
  yield* Controllers.run({
    name: "certificatesigningrequest-cleaner",
    triggers: [Controllers.each(requests)],
    reconcile
  })
})

export const plugin = Controllers.plugin("certificatesigningrequest-cleaner", start)
