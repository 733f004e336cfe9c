/** Webhooks that may refuse: all at once, and each may. */
import { Effect, Result } from "effect"
import type { ApiError } from "../../../kernel/client/Errors.ts"
import type { Admitted } from "../../../kernel/pipeline/Policy.ts"
import type { Unavailable } from "../../../kernel/plugin/Contract.ts"
import type { ServiceClient } from "../../apiserver/contracts/ServiceClient.ts"
import * as Subject from "../matching/Subject.ts"
import { call, type Invocation, settle } from "./Call.ts"
import type { Hook } from "./Hooks.ts"
import { invocationOf, isSubject, type World } from "./Matching.ts"

export const validate = Effect.fnUntraced(function* (
  hooks: ReadonlyArray<Hook>,
  world: World,
  request: Admitted
): Effect.fn.Return<void, ApiError | Unavailable, ServiceClient> {
  const subject = Subject.of(request)
  if (!isSubject(request, subject)) return
  const invocations: Array<Invocation> = []
  for (const hook of hooks) {
    const invocation = yield* invocationOf(hook, request, subject, world, "validating")
    if (invocation !== undefined) invocations.push(invocation)
  }
  const one = (invocation: Invocation) => {
    const { name } = invocation.hook.webhook
    const about = { name, type: "validating", operation: request.operation } as const
    return Effect.result(settle(invocation, about, call(invocation, request, subject, false)))
  }
  // All are heard, as each may count what it sees; the first in order is told.
  const outcomes = yield* Effect.forEach(invocations, one, { concurrency: "unbounded" })
  const refused = outcomes.find(Result.isFailure)
  if (refused !== undefined) return yield* refused.failure
})
