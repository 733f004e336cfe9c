/** An admission plugin of another isolate, as the pipeline sees it: asked about what its rules name, within its time. */
import { type Context, Effect } from "effect"
import { type ApiError, Forbidden, internalError } from "../../../kernel/client/Errors.ts"
import type { Admission, Admitted } from "../../../kernel/pipeline/Policy.ts"
import type { Unavailable } from "../../../kernel/plugin/Contract.ts"
import type { Version } from "../../../kernel/resource/Kind.ts"
import { equal } from "../../../kernel/resource/JsonEqual.ts"
import type { Kinds } from "../../../kernel/resource/Kinds.ts"
import { AdmissionPoints, type Description, type Refused, type Request } from "../contracts/AdmissionPoints.ts"
import type { About } from "../../packages/contracts/Attachments.ts"
import * as Asking from "../../packages/contracts/Asking.ts"
import * as Rules from "../matching/Rules.ts"
import * as Subject from "../matching/Subject.ts"
import { stored } from "../webhooks/Mutating.ts"
import { shownObject } from "../webhooks/Review.ts"

/** After what the server has of its own, before what users write: policies and webhooks. */
const order = 8900

interface Question {
  readonly version: Version
  readonly subject: Subject.Subject
  readonly request: Request
}

/** Nothing, if it is none of the plugin's writes. */
const questionOf = Effect.fnUntraced(function* ({ rules }: Description, admitted: Admitted) {
  const subject = Subject.of(admitted)
  if (Rules.isExempt(subject)) return undefined
  const version = Rules.versionFor(rules, "Equivalent", admitted, subject)
  if (version === undefined) return undefined
  const object = yield* shownObject(admitted, subject, admitted.object, version)
  const old = yield* shownObject(admitted, subject, admitted.old, version)
  const { group, version: name } = version
  const question: Question = {
    version,
    subject,
    request: {
      user: admitted.attributes.user,
      operation: admitted.operation,
      group,
      version: name,
      kind: subject.kind.kind,
      resource: subject.resource.resource,
      subresource: subject.subresource,
      namespace: admitted.attributes.namespace,
      name: subject.name,
      dryRun: admitted.dryRun,
      ...(object !== undefined && { object }),
      ...(old !== undefined && { old })
    }
  }
  return question
})

const forbidden = ({ attributes: { group, name, namespace, resource } }: Admitted, { message }: Refused) =>
  new Forbidden({ group, resource, namespace, name, detail: message })

export const make = (
  points: AdmissionPoints["Service"],
  described: Description,
  about: Pick<About, "callTimeoutMillis" | "fallback" | "isOnTrial">,
  kinds: Context.Context<Kinds>
): Admission => {
  const { name } = described
  const repeated = Asking.make(AdmissionPoints, about)
  /** What it says in time; or what the configuration says instead. */
  const settled = <A>(
    admitted: Admitted,
    call: Effect.Effect<A, Refused | Unavailable>
  ): Effect.Effect<A | undefined, ApiError> =>
    repeated(call).pipe(
      Effect.catch((failure): Effect.Effect<undefined, ApiError> => {
        if (failure._tag === "Refused") return Effect.fail(forbidden(admitted, failure))
        const words = `the admission plugin ${name} did not answer: ${failure.message}`
        return about.fallback === "Ignore"
          ? Effect.as(Effect.logWarning(`${words}; the request goes on without it`), undefined)
          : Effect.fail(internalError(words))
      })
    )
  const warn = ({ warn }: Admitted, warnings: ReadonlyArray<string> = []) => {
    for (const one of warnings) warn(one)
  }

  const mutate = Effect.fnUntraced(function* (admitted: Admitted) {
    const question = yield* questionOf(described, admitted)
    if (question === undefined || admitted.object === undefined) return undefined
    const said = yield* settled(admitted, points.mutate(question.request))
    warn(admitted, said?.warnings)
    const { object } = said ?? {}
    if (object === undefined || equal(object, question.request.object ?? null)) return undefined
    admitted.round.again()
    return question.subject.isOther ? object : yield* Effect.provideContext(stored(admitted, question, object), kinds)
  })
  const validate = Effect.fnUntraced(function* (admitted: Admitted) {
    const question = yield* questionOf(described, admitted)
    if (question === undefined) return
    const said = yield* settled(admitted, points.validate(question.request))
    warn(admitted, said?.warnings)
  })
  return {
    name,
    order,
    ...(described.points.includes("mutate") && { mutate }),
    ...(described.points.includes("validate") && { validate })
  }
}
