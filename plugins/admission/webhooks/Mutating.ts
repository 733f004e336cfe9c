/** Webhooks that change objects: one after another, each on what the one before has left. */
import { Effect, Option, Result, Schema } from "effect"
import type { WireObject } from "../../../kernel/client/Api.ts"
import { type ApiError, internalError, type StatusError } from "../../../kernel/client/Errors.ts"
import type { Admitted } from "../../../kernel/pipeline/Policy.ts"
import * as Stages from "../../../kernel/pipeline/Stages.ts"
import type { Unavailable } from "../../../kernel/plugin/Contract.ts"
import { equal } from "../../../kernel/resource/JsonEqual.ts"
import * as JsonPatch from "../../../kernel/resource/JsonPatch.ts"
import { Kinds } from "../../../kernel/resource/Kinds.ts"
import type { ServiceClient } from "../../apiserver/contracts/ServiceClient.ts"
import * as Subject from "../matching/Subject.ts"
import { call, type Invocation, settle } from "./Call.ts"
import type { Hook } from "./Hooks.ts"
import { invocationOf, isSubject, type World } from "./Matching.ts"
import { shownObject } from "./Review.ts"
import * as Rounds from "../matching/Rounds.ts"

const parse = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.Json))
const isObject = (value: Schema.Json): value is WireObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The object with a webhook's patch, in the version that the webhook was shown; nothing if that changes nothing. */
const patched = (
  name: string,
  shown: WireObject | undefined,
  text: string
): Result.Result<WireObject | undefined, StatusError> => {
  const patch = parse(text)
  if (Result.isFailure(patch)) return Result.fail(internalError(patch.failure.message))
  if (Array.isArray(patch.success) && patch.success.length === 0) return Result.succeed(undefined)
  if (shown === undefined) {
    const what = "attempted to modify the object, which is not supported for this operation"
    return Result.fail(internalError(`admission webhook ${JSON.stringify(name)} ${what}`))
  }
  const after = JsonPatch.patch(shown, patch.success)
  if (Result.isFailure(after)) return Result.fail(internalError(after.failure.message))
  if (!isObject(after.success)) return Result.fail(internalError("the patch leaves no object"))
  return Result.succeed(equal(after.success, shown) ? undefined : after.success)
}

/** Back to the storage version, checked, and with the defaults of what was added, for whoever sees it next. */
export const stored = Effect.fnUntraced(function* (
  request: Admitted,
  { version }: Pick<Invocation, "version">,
  wire: WireObject
) {
  const { attributes, kind } = request
  const served = (yield* Kinds).byStorage(kind.storage) ?? { kind, strategy: {} }
  const { name, namespace, subresource, user } = attributes
  const at = { user, served, version, namespace, name, subresource }
  const { object } = yield* Stages.decode(at, wire, { fieldValidation: "Ignore" }).pipe(
    Effect.mapError((error) => internalError(error.message))
  )
  return Stages.asWire(object)
})

const ask = Effect.fnUntraced(function* (invocation: Invocation, request: Admitted, subject: Subject.Subject) {
  const { hook, version } = invocation
  const { patch } = yield* call(invocation, request, subject, true)
  if (Option.isNone(patch)) return undefined
  const shown = yield* shownObject(request, subject, request.object, version)
  const after = yield* Effect.fromResult(patched(hook.webhook.name, shown, patch.value))
  if (after === undefined || subject.isOther) return after
  return yield* stored(request, invocation, after)
})

/** What has become of the webhooks that want to be asked again. */
const progressOf = Rounds.make()

export const mutate = Effect.fnUntraced(function* (
  hooks: ReadonlyArray<Hook>,
  world: World,
  request: Admitted
): Effect.fn.Return<WireObject | undefined, ApiError | Unavailable, ServiceClient | Kinds> {
  const { operation, round } = request
  const subject = Subject.of(request)
  if (!isSubject(request, subject)) return undefined
  const own = progressOf(round)
  if (round.isSecond && own.left !== request.object) Rounds.overtake(own)
  let current = request
  for (const hook of hooks) {
    const invocation = yield* invocationOf(hook, current, subject, world, "admit")
    if (invocation === undefined || (round.isSecond && !own.again.has(hook.id))) continue
    const about = { name: hook.webhook.name, type: "admit", operation } as const
    const changed = yield* settle(invocation, about, ask(invocation, current, subject))
    if (changed !== undefined) {
      current = { ...current, object: changed }
      Rounds.overtake(own)
      round.again()
    }
    if (hook.webhook.reinvocationPolicy === "IfNeeded") own.asked.add(hook.id)
  }
  own.left = current.object
  return current.object
})
