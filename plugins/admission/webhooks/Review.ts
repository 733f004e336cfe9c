/** The question that a webhook is asked, and what it may answer. Source: admission.k8s.io/v1 and v1beta1 AdmissionReview. */
import { Effect, Option, Result, Schema } from "effect"
import type { WireObject } from "../../../kernel/client/Api.ts"
import { Details, type StatusError } from "../../../kernel/client/Errors.ts"
import type { Admitted } from "../../../kernel/pipeline/Policy.ts"
import type { Version } from "../../../kernel/resource/Kind.ts"
import { resourceOf, shown, type Subject } from "../matching/Subject.ts"

const { Array: List, Boolean: Bool, Int, NullOr, String: Text, Struct, optionalKey } = Schema

/** The versions that we speak, as a webhook names them. */
const known = ["v1", "v1beta1"] as const
export type ReviewVersion = (typeof known)[number]
export const versionOf = (accepted: ReadonlyArray<string>): ReviewVersion | undefined =>
  accepted.flatMap((version) => known.find((one) => one === version) ?? [])[0]

/** What only the server says is not there yet before a create, and a name that is to be made up. */
const blank = ["name", "resourceVersion", "uid"]
const withoutBlanks = (object: WireObject): WireObject => {
  const metadata: WireObject = Object(object["metadata"])
  if (!blank.some((field) => metadata[field] === "")) return object
  const said = Object.entries(metadata).filter(([field, value]) => value !== "" || !blank.includes(field))
  return { ...object, metadata: Object.fromEntries(said) }
}

/** The object in the version that the webhook wants. */
export const shownObject = (request: Admitted, subject: Subject, object: WireObject | undefined, version: Version) =>
  Effect.map(shown(request, subject, object, version), (object) =>
    object === undefined || subject.isOther ? object : withoutBlanks(object)
  )

/** `version`: the one that the webhook's rules name. */
export const question = Effect.fnUntraced(function* (
  request: Admitted,
  subject: Subject,
  version: Version,
  review: ReviewVersion,
  uid: string
): Effect.fn.Return<WireObject, StatusError> {
  const { attributes, dryRun, object, old, operation, options = null } = request
  const { extra, groups, name: username, uid: userUid } = attributes.user
  const { kind, name, namespace, resource, subresource } = subject
  const shownKind = subject.isOther ? kind : { group: version.group, version: version.version, kind: kind.kind }
  return {
    kind: "AdmissionReview",
    apiVersion: `admission.k8s.io/${review}`,
    request: {
      uid,
      kind: { ...shownKind },
      resource: { ...resourceOf(request, version) },
      ...(subresource !== "" && { subResource: subresource }),
      requestKind: { ...kind },
      requestResource: { ...resource },
      ...(subresource !== "" && { requestSubResource: subresource }),
      ...(name !== "" && { name }),
      ...(namespace !== "" && { namespace }),
      operation,
      userInfo: {
        username,
        ...(userUid !== undefined && userUid !== "" && { uid: userUid }),
        ...(groups.length > 0 && { groups }),
        ...(extra !== undefined && Object.keys(extra).length > 0 && { extra })
      },
      object: (yield* shownObject(request, subject, object, version)) ?? null,
      oldObject: (yield* shownObject(request, subject, old, version)) ?? null,
      dryRun,
      options
    }
  }
})

const Refusal = Struct({
  status: optionalKey(Text),
  message: optionalKey(Text),
  reason: optionalKey(Text),
  details: optionalKey(NullOr(Details)),
  code: optionalKey(Int)
})
export type Refusal = typeof Refusal.Type

const Response = Struct({
  uid: optionalKey(Text),
  allowed: optionalKey(Bool),
  status: optionalKey(NullOr(Refusal)),
  patch: optionalKey(NullOr(Text)),
  patchType: optionalKey(NullOr(Text)),
  auditAnnotations: optionalKey(NullOr(Schema.Record(Text, Text))),
  warnings: optionalKey(NullOr(List(Text)))
})
const Answer = Struct({
  apiVersion: optionalKey(Text),
  kind: optionalKey(Text),
  response: optionalKey(NullOr(Response))
})
const decode = Schema.decodeUnknownResult(Answer)

export interface Verdict {
  readonly allowed: boolean
  readonly refusal: Refusal | undefined
  /** JSON text. */
  readonly patch: Option.Option<string>
  readonly annotations: { readonly [key: string]: string }
  readonly warnings: ReadonlyArray<string>
}

const gvk = (apiVersion: string, kind: string) => `${apiVersion}, Kind=${kind}`
const quote = JSON.stringify

const patchOf = (
  { patch, patchType }: typeof Response.Type,
  mutates: boolean,
  review: ReviewVersion
): Result.Result<Option.Option<string>, string> => {
  const has = patch !== undefined && patch !== null && patch !== ""
  const typed = patchType !== undefined && patchType !== null
  if (!mutates && review === "v1") {
    if (has) return Result.fail("validating webhook may not return response.patch")
    if (typed) return Result.fail("validating webhook may not return response.patchType")
  }
  if (mutates && review === "v1") {
    if (has && !typed) return Result.fail("webhook returned response.patch but not response.patchType")
    if (!has && typed) return Result.fail("webhook returned response.patchType but not response.patch")
  }
  if (!mutates || !has) return Result.succeed(Option.none())
  if (typed && patchType !== "JSONPatch") return Result.fail(`unsupported patch type ${quote(patchType)}`)
  return Result.succeed(Option.some(Buffer.from(patch, "base64").toString()))
}

/** What the webhook has said; or why that is no answer. */
export const answer = (
  body: unknown,
  uid: string,
  review: ReviewVersion,
  mutates: boolean
): Result.Result<Verdict, string> => {
  const decoded = decode(body)
  if (Result.isFailure(decoded)) return Result.fail(`the answer is no AdmissionReview: ${decoded.failure.message}`)
  const { apiVersion = "", kind = "", response } = decoded.success
  if (response === undefined || response === null) return Result.fail("webhook response was absent")
  if (review === "v1") {
    if (response.uid !== uid) return Result.fail(`expected response.uid=${quote(uid)}, got ${quote(response.uid ?? "")}`)
    const [wanted, got] = [gvk("admission.k8s.io/v1", "AdmissionReview"), gvk(apiVersion, kind)]
    if (wanted !== got) return Result.fail(`expected webhook response of ${wanted}, got ${got}`)
  }
  return Result.map(patchOf(response, mutates, review), (patch) => ({
    allowed: response.allowed === true,
    refusal: response.status ?? undefined,
    patch,
    annotations: response.auditAnnotations ?? {},
    warnings: response.warnings ?? []
  }))
}
