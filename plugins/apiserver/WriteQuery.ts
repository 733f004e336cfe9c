/** How a write is to be done: its query, and the DeleteOptions that a DELETE carries. Source: meta/v1 and its validation. */
import { Result, Schema } from "effect"
import type { DeleteOptions } from "../../kernel/client/Api.ts"
import { BadRequest, type Cause, type Invalid } from "../../kernel/client/Errors.ts"
import type { WriteOptions } from "../../kernel/pipeline/Pipeline.ts"
import * as Causes from "../../kernel/resource/Causes.ts"
import { flag, integer, invalidOptions } from "./Query.ts"

const dryRunCauses = (values: ReadonlyArray<string>): ReadonlyArray<Cause> =>
  values.every((value) => value === "All") ? [] : [Causes.notSupported("dryRun", values, ["All"])]

const validations = ["Ignore", "Strict", "Warn"] as const
const validationOf = (text: string | null) => validations.find((word) => word === text)

const managerLimit = 128
const managerCauses = (manager: string): ReadonlyArray<Cause> => {
  if (manager.length > managerLimit) return [Causes.tooLong("fieldManager", managerLimit)]
  const at = manager.search(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u)
  if (at < 0) return []
  const code = (manager.codePointAt(at) ?? 0).toString(16).toUpperCase().padStart(4, "0")
  return [Causes.invalid("fieldManager", manager, `invalid character U+${code} (at position ${at})`)]
}

export type Verb = "CreateOptions" | "UpdateOptions" | "PatchOptions"

/** `isApply` for PATCH: apply wants a manager, and only apply may use force. */
export const write = (
  query: URLSearchParams,
  verb: Verb,
  manager: string,
  isApply = false
): Result.Result<WriteOptions, Invalid> => {
  const asked = query.get("fieldManager") ?? ""
  const validation = query.get("fieldValidation") ?? ""
  const force = flag(query, "force")
  const dryRun = query.getAll("dryRun")
  const causes = [
    ...managerCauses(asked),
    ...(isApply && asked === "" ? [Causes.required("fieldManager", "is required for apply patch")] : []),
    ...(verb === "PatchOptions" && !isApply && force !== undefined
      ? [Causes.forbidden("force", "may not be specified for non-apply patch")]
      : []),
    ...dryRunCauses(dryRun),
    ...(validation !== "" && validationOf(validation) === undefined
      ? [Causes.notSupported("fieldValidation", validation, ["", ...validations])]
      : [])
  ]
  if (causes.length > 0) return Result.fail(invalidOptions(verb, causes))
  const fieldValidation = validationOf(validation)
  return Result.succeed({
    fieldManager: asked === "" ? manager : asked,
    ...(asked === "" && { isProgram: true }),
    ...(dryRun.length > 0 && { dryRun: true }),
    ...(fieldValidation !== undefined && { fieldValidation }),
    ...(force !== undefined && { force })
  })
}

const { Array: List, Boolean: Bool, Int, NullOr, String: Text, Struct, optionalKey } = Schema
const DeleteBody = Struct({
  gracePeriodSeconds: optionalKey(NullOr(Int)),
  propagationPolicy: optionalKey(NullOr(Text)),
  orphanDependents: optionalKey(NullOr(Bool)),
  preconditions: optionalKey(NullOr(Struct({ uid: optionalKey(NullOr(Text)), resourceVersion: optionalKey(NullOr(Text)) }))),
  dryRun: optionalKey(NullOr(List(Text)))
})
const decodeDelete = Schema.decodeUnknownResult(DeleteBody)

const policies = ["Foreground", "Background", "Orphan"] as const

const deleteOf = (body: typeof DeleteBody.Type): Result.Result<DeleteOptions, Invalid> => {
  const { dryRun, gracePeriodSeconds, orphanDependents, preconditions, propagationPolicy } = body
  const policy = policies.find((word) => word === propagationPolicy)
  const causes = [
    ...(propagationPolicy && policy === undefined
      ? [Causes.notSupported("propagationPolicy", propagationPolicy, [...policies, "nil"])]
      : []),
    ...(propagationPolicy && typeof orphanDependents === "boolean"
      ? [
          Causes.invalid(
            "propagationPolicy",
            propagationPolicy,
            "orphanDependents and deletionPropagation cannot be both set"
          )
        ]
      : []),
    ...dryRunCauses(dryRun ?? [])
  ]
  if (causes.length > 0) return Result.fail(invalidOptions("DeleteOptions", causes))
  const orphan = typeof orphanDependents === "boolean" ? (orphanDependents ? "Orphan" : "Background") : undefined
  const propagation = policy ?? orphan
  return Result.succeed({
    ...(typeof gracePeriodSeconds === "number" && { gracePeriodSeconds }),
    ...(propagation !== undefined && { propagationPolicy: propagation }),
    ...(preconditions?.uid && { uid: preconditions.uid }),
    ...(preconditions?.resourceVersion && { resourceVersion: preconditions.resourceVersion }),
    ...(dryRun && dryRun.length > 0 && { dryRun: true })
  })
}

/** The body decides; without one, the query. */
export const deletion = (
  query: URLSearchParams,
  body: Schema.JsonObject | undefined
): Result.Result<DeleteOptions, Invalid | BadRequest> => {
  if (body !== undefined) {
    const { apiVersion = "v1", kind = "DeleteOptions" } = body
    if (kind !== "DeleteOptions")
      return Result.fail(
        new BadRequest({
          detail: `no kind ${JSON.stringify(kind)} of options is registered for version ${JSON.stringify(apiVersion)}`
        })
      )
    const decoded = decodeDelete(body)
    if (Result.isSuccess(decoded)) return deleteOf(decoded.success)
    return Result.fail(new BadRequest({ detail: `the body is no DeleteOptions: ${decoded.failure.message}` }))
  }
  const grace = integer(query, "gracePeriodSeconds")
  if (Result.isFailure(grace)) return Result.fail(grace.failure)
  return deleteOf({
    gracePeriodSeconds: grace.success ?? null,
    propagationPolicy: query.get("propagationPolicy"),
    orphanDependents: flag(query, "orphanDependents") ?? null,
    dryRun: query.getAll("dryRun").filter((value) => value !== "")
  })
}
