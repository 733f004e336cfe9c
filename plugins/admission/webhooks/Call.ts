/** One webhook asked about one request: its verdict, or why there is none. */
import { Clock, Effect, Result, Schema } from "effect"
import { BadRequest, internalError, StatusError } from "../../../kernel/client/Errors.ts"
import { annotate } from "../../../kernel/pipeline/Audit.ts"
import type { Admitted } from "../../../kernel/pipeline/Policy.ts"
import * as Stamp from "../../../kernel/pipeline/Stamp.ts"
import type { Version } from "../../../kernel/resource/Kind.ts"
import { ServiceClient } from "../../apiserver/contracts/ServiceClient.ts"
import type { Subject } from "../matching/Subject.ts"
import type { Hook } from "./Hooks.ts"
import * as Metrics from "./Metrics.ts"
import * as Review from "./Review.ts"

/** A webhook that the request is meant for, and the version in which it wants it. */
export interface Invocation {
  readonly hook: Hook
  readonly version: Version
}

/** It could not be asked, or its answer is none: its failure policy decides. */
export class NotCalled extends Schema.TaggedError<NotCalled>()("NotCalled", {
  webhook: Schema.String,
  why: Schema.String,
  code: Schema.Int
}) {
  override get message() {
    return `failed calling webhook ${JSON.stringify(this.webhook)}: ${this.why}`
  }
}

export type Failure = NotCalled | StatusError | BadRequest

/** A refusal is never a success, whatever its webhook says. */
const refusalOf = (name: string, { code = 0, details, message = "", reason = "" }: Review.Refusal = {}) => {
  const denied = `admission webhook ${JSON.stringify(name)} denied the request`
  const why = message === "" ? reason : message
  return new StatusError({
    code: Math.max(code, 400),
    reason,
    detail: why === "" ? `${denied} without explanation` : `${denied}: ${why}`,
    ...(details !== undefined && details !== null && { details })
  })
}

const runsDry = new Set(["None", "NoneOnDryRun"])

const exchange = Effect.fnUntraced(function* (
  { hook: { webhook }, version }: Invocation,
  request: Admitted,
  subject: Subject,
  mutates: boolean
) {
  const { admissionReviewVersions, clientConfig, name, timeoutSeconds } = webhook
  const failed = (why: string, code = 500) => new NotCalled({ webhook: name, why, code })
  const review = Review.versionOf(admissionReviewVersions)
  if (review === undefined)
    return yield* failed(
      "could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)"
    )
  const uid = yield* Stamp.uid
  const body = yield* Review.question(request, subject, version, review, uid)
  const answered = yield* (yield* ServiceClient)
    .call({ to: clientConfig, body, timeout: `${timeoutSeconds} seconds` })
    .pipe(Effect.mapError(({ code, detail }) => failed(`failed to call webhook: ${detail}`, code)))
  const verdict = Review.answer(answered, uid, review, mutates)
  if (Result.isSuccess(verdict)) return verdict.success
  return yield* failed(`received invalid webhook response: ${verdict.failure}`, 503)
})

/** Fails with the refusal, if there is one. Who asks learns the warnings either way. */
export const call = Effect.fn("Webhook.call")(function* (
  invocation: Invocation,
  request: Admitted,
  subject: Subject,
  mutates: boolean
): Effect.fn.Return<Review.Verdict, Failure, ServiceClient> {
  const { name, sideEffects } = invocation.hook.webhook
  if (request.dryRun && !runsDry.has(sideEffects))
    return yield* new BadRequest({ detail: `admission webhook ${JSON.stringify(name)} does not support dry run` })
  const verdict = yield* exchange(invocation, request, subject, mutates)
  for (const [key, value] of Object.entries(verdict.annotations)) yield* annotate(`${name}/${key}`, value)
  for (const warning of verdict.warnings) request.warn(warning)
  return verdict.allowed ? verdict : yield* refusalOf(name, verdict.refusal)
})

/**
 * What follows of a failure for the request: nothing if the webhook may be left out, otherwise an error. Counts it either way.
 */
export const settle = <A, R>(
  invocation: Invocation,
  about: Metrics.About,
  asked: Effect.Effect<A, Failure, R>
): Effect.Effect<A | undefined, StatusError | BadRequest, R> =>
  Effect.gen(function* () {
    const began = yield* Clock.currentTimeMillis
    const outcome = yield* Effect.result(asked)
    const seconds = ((yield* Clock.currentTimeMillis) - began) / 1000
    if (Result.isSuccess(outcome)) {
      yield* Metrics.called(about, seconds, 200, false)
      return outcome.success
    }
    const { failure } = outcome
    if (failure._tag === "NotCalled") {
      const ignored = invocation.hook.webhook.failurePolicy === "Ignore"
      yield* Metrics.called(about, seconds, failure.code, !ignored)
      if (ignored) {
        yield* Metrics.failOpen(about)
        yield* Effect.logWarning(`${failure.message}; the request goes on without it`)
        return undefined
      }
      yield* Metrics.rejected(about, "calling_webhook_error", failure.code)
      return yield* internalError(failure.message)
    }
    const code = failure._tag === "StatusError" ? failure.code : 400
    const isOurs = failure._tag === "StatusError" && failure.reason === "InternalError"
    yield* Metrics.called(about, seconds, code, true)
    yield* Metrics.rejected(about, isOurs ? "apiserver_internal_error" : "no_error", code)
    return yield* failure
  })
