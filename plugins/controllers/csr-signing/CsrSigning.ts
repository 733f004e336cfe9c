/** Signs what was approved, for the signers `kubernetes.io/…`; says why not where a signer does not sign that. */
import { Clock, Effect } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import type { Key } from "../../../kernel/resource/Kind.ts"
import type { Pair } from "../../certificates/contracts/Pki.ts"
import * as Signers from "../../certificates/contracts/Signers.ts"
import * as SigningRequest from "../../certificates/contracts/SigningRequest.ts"
import { CertificateSigningRequest } from "../../resources/contracts/certificates/v1.ts"
import { time } from "../../resources/contracts/Time.ts"
import * as Controllers from "../contracts/Controllers.ts"

export interface Options {
  readonly ca: Pair
  /** How long a certificate lives whose asker does not say, and at most. */
  readonly seconds?: number
}

const year = 365 * 86_400

const has = ({ status: { conditions = [] } }: CertificateSigningRequest, type: string) =>
  conditions.some((condition) => condition.type === type)

/** Approved, and nobody has signed it yet. */
export const isWaiting = (request: CertificateSigningRequest) =>
  Signers.all.includes(request.spec.signerName) &&
  has(request, "Approved") &&
  !has(request, "Denied") &&
  !has(request, "Failed") &&
  !request.status.certificate

const start = Effect.fnUntraced(function* ({ ca, seconds = year }: Options) {
  const client = yield* Client
  const requests = yield* client.cache(CertificateSigningRequest, { indexes: {} })

  const fail = Effect.fnUntraced(function* ({ status }: CertificateSigningRequest, message: string) {
    const now = time(yield* Clock.currentTimeMillis)
    const failed = { type: "Failed", status: "True", reason: "SignerValidationFailure", message }
    const conditions = [...(status.conditions ?? []), { ...failed, lastUpdateTime: now, lastTransitionTime: now }]
    return { ...status, conditions }
  })

  /** The status that answers it. */
  const answer = Effect.fnUntraced(function* (request: CertificateSigningRequest) {
    const { expirationSeconds = seconds, request: encoded, signerName, usages = [] } = request.spec
    const pem = Buffer.from(encoded, "base64").toString()
    const asked = SigningRequest.parse(pem)
    if (asked._tag === "Failure") return yield* fail(request, asked.failure.detail)
    const flaw = Signers.flawOf(signerName, asked.success, usages)
    if (flaw !== undefined) return yield* fail(request, flaw)
    const cert = yield* SigningRequest.sign(ca, pem, { usages, seconds: Math.min(seconds, expirationSeconds) })
    return { ...request.status, certificate: Buffer.from(cert).toString("base64") }
  })

  const reconcile = Effect.fn("CsrSigning.reconcile")(function* (key: Key) {
    const request = requests.get(key)
    if (request === undefined || !isWaiting(request)) return
    const status = yield* answer(request)
    yield* client.update(CertificateSigningRequest, { ...request, status }, { subresource: "status" })
  })
  yield* Controllers.run({
    name: "certificatesigningrequest-signing",
    triggers: [Controllers.each(requests)],
    reconcile
  })
})

export const plugin = (options: Options) => Controllers.plugin("certificatesigningrequest-signing", start(options))
