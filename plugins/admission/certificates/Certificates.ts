/**
 * Requests for certificates: who asks is what the server knows, who approves and who signs must be allowed to for the signer, and
 * nobody becomes an administrator by a certificate. Source: "CertificateApproval", "CertificateSigning" and
 * "CertificateSubjectRestriction" of the admission controllers' reference.
 */
import { Clock, Effect, Layer, Result } from "effect"
import type { WireObject } from "../../../kernel/client/Api.ts"
import { Forbidden } from "../../../kernel/client/Errors.ts"
import { masters } from "../../../kernel/pipeline/Attributes.ts"
import { decided } from "../../../kernel/pipeline/Authorize.ts"
import { type Admitted, Admissions, Authorizers } from "../../../kernel/pipeline/Policy.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import * as SigningRequest from "../../certificates/contracts/SigningRequest.ts"
import { CertificateSigningRequest } from "../../resources/contracts/certificates/v1.ts"
import { time } from "../../resources/contracts/Time.ts"

const isRequest = ({ kind }: Admitted) => kind.storage === CertificateSigningRequest.storage

/** What is admitted has been decoded as its kind, hence the casts. */
const asRequest = (object: WireObject | undefined) => object as unknown as CertificateSigningRequest | undefined

/** Who asks, as the server knows him, whatever the request says. */
const asked = ({ attributes: { user } }: Admitted, request: CertificateSigningRequest) => {
  const { extra: _e, groups: _g, uid: _u, username: _n, ...spec } = request.spec
  const { extra, groups, name, uid } = user
  const who = { username: name, groups, ...(uid !== undefined && { uid }), ...(extra !== undefined && { extra }) }
  return { ...request, spec: { ...spec, ...who }, status: {} }
}

/** Conditions say since when they hold, also where their writers do not. */
const dated = (request: CertificateSigningRequest, old: CertificateSigningRequest, now: string) => {
  const { conditions } = request.status
  if (conditions === undefined || conditions.every((one) => one.lastTransitionTime && one.lastUpdateTime)) return request
  const before = old.status.conditions ?? []
  const next = conditions.map((one) => {
    const same = before.find(({ status, type }) => type === one.type && status === one.status)
    return { lastUpdateTime: now, lastTransitionTime: same?.lastTransitionTime ?? now, ...one }
  })
  return { ...request, status: { ...request.status, conditions: next } }
}

const mutate = Effect.fnUntracedEager(function* (admitted: Admitted) {
  const [request, old] = [asRequest(admitted.object), asRequest(admitted.old)]
  if (!isRequest(admitted) || request === undefined) return undefined
  if (old === undefined) return asked(admitted, request) as unknown as WireObject
  if (admitted.attributes.subresource === "") return undefined
  return dated(request, old, time(yield* Clock.currentTimeMillis)) as unknown as WireObject
})

const forbidden = ({ group, name, namespace, resource }: Admitted["attributes"], detail: string) =>
  Effect.fail(new Forbidden({ group, resource, namespace, name, detail }))

/** For this signer, or for all of its domain: `example.com/*`. */
const may = (authorizers: Authorizers["Service"], { attributes }: Admitted, verb: string, signer: string) => {
  const whole = `${signer.split("/", 1)[0]}/*`
  const about = { ...attributes, verb, group: "certificates.k8s.io", version: "*", resource: "signers", subresource: "" }
  const one = (name: string) => Effect.map(decided({ authorizers }, { ...about, name }), (refusal) => refusal === undefined)
  return Effect.flatMap(one(signer), (may) => (may ? Effect.succeed(true) : one(whole)))
}

const failed = ({ status }: CertificateSigningRequest) => status.conditions?.some(({ type }) => type === "Failed") ?? false

/** Whoever approves or signs, each by his own subresource. */
const allowed =
  (verb: "approve" | "sign", authorizers: Authorizers["Service"]) =>
  (admitted: Admitted): Effect.Effect<void, Forbidden> => {
    const [request, old] = [asRequest(admitted.object), asRequest(admitted.old)]
    const subresource = verb === "approve" ? "approval" : "status"
    if (!isRequest(admitted) || admitted.attributes.subresource !== subresource) return Effect.void
    if (request === undefined || old === undefined) return Effect.void
    const signs = request.status.certificate !== old.status.certificate || failed(request) !== failed(old)
    const { signerName } = old.spec
    if (verb === "sign" && !signs) return Effect.void
    const words = `user not permitted to ${verb} requests with signerName ${JSON.stringify(signerName)}`
    return Effect.flatMap(may(authorizers, admitted, verb, signerName), (may) =>
      may ? Effect.void : forbidden(admitted.attributes, words)
    )
  }

const clientSigner = "kubernetes.io/kube-apiserver-client"

const restrict = (admitted: Admitted): Effect.Effect<void, Forbidden> => {
  const request = asRequest(admitted.object)
  if (!isRequest(admitted) || request === undefined || admitted.old !== undefined) return Effect.void
  if (request.spec.signerName !== clientSigner) return Effect.void
  const asked = SigningRequest.parse(Buffer.from(request.spec.request, "base64").toString())
  return Result.isSuccess(asked) && asked.success.organizations.includes(masters)
    ? forbidden(admitted.attributes, `use of ${clientSigner} signer with ${masters} group is not allowed`)
    : Effect.void
}

export const layer = Layer.unwrap(
  Effect.map(Authorizers, (authorizers) =>
    Layer.mergeAll(
      Admissions.add({ name: "CertificateRequester", order: 100, mutate }),
      Admissions.add({ name: "CertificateApproval", order: 810, validate: allowed("approve", authorizers) }),
      Admissions.add({ name: "CertificateSigning", order: 820, validate: allowed("sign", authorizers) }),
      Admissions.add({ name: "CertificateSubjectRestriction", order: 830, validate: restrict })
    )
  )
)

export const plugin = Plugin.make({ name: "admission/certificates", layer })
