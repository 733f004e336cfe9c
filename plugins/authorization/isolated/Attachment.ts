/** How authorizers from outside have their say in this process. */
import { Clock, Effect, Layer } from "effect"
import { type Attributes, masters } from "../../../kernel/pipeline/Attributes.ts"
import { Authorizers, type Decision, type OrderedAuthorizer } from "../../../kernel/pipeline/Policy.ts"
import * as Asking from "../../packages/contracts/Asking.ts"
import { type About, Attachments } from "../../packages/contracts/Attachments.ts"
import * as Points from "../contracts/AuthorizationPoints.ts"
import { allows } from "../Rules.ts"

/** Before nodes and roles: these only ever allow what it does not deny. */
const order = 40
const most = 8192

type Point = Points.AuthorizationPoints["Service"]

const none: Decision = { decision: "noOpinion" }

export const authorizer = (
  points: Point,
  { rememberSeconds = 0, rules }: Points.Description,
  about: Pick<About, "name" | "fallback" | "callTimeoutMillis" | "isOnTrial">,
  clock: Pick<Clock.Clock, "currentTimeMillisUnsafe">
): OrderedAuthorizer => {
  const { fallback, name } = about
  const patiently = Asking.make(Points.AuthorizationPoints, about)
  const known = new Map<string, { readonly decision: Decision; readonly until: number }>()
  /** Nobody locks out those who may do everything, nor the plugin itself. */
  const isMine = (attributes: Attributes) =>
    !attributes.user.groups.includes(masters) &&
    attributes.user.name !== `system:plugin:${name}` &&
    rules.some((rule) => allows(rule, attributes))
  const remembered = (key: string) => {
    const found = known.get(key)
    if (found !== undefined && found.until > clock.currentTimeMillisUnsafe()) return found.decision
    known.delete(key)
    return undefined
  }
  const remember = (key: string, decision: Decision) => {
    if (rememberSeconds <= 0) return
    const [oldest] = known.keys()
    if (known.size >= most && oldest !== undefined) known.delete(oldest)
    known.set(key, { decision, until: clock.currentTimeMillisUnsafe() + rememberSeconds * 1000 })
  }
  const unknown = (why: string): Decision =>
    fallback === "Ignore" ? none : { decision: "deny", reason: `the authorizer ${name} ${why}` }
  const asked = (key: string, attributes: Attributes) =>
    patiently(points.decide(attributes)).pipe(
      Effect.tap((decision) => Effect.sync(() => remember(key, decision))),
      Effect.catch((error) =>
        Effect.as(Effect.logWarning(`the authorizer ${name} did not answer: ${error.message}`), unknown("did not answer"))
      )
    )
  return {
    order,
    ask: (attributes) => {
      if (!isMine(attributes)) return undefined
      const key = JSON.stringify(attributes)
      const decision = remembered(key)
      return decision === undefined ? asked(key, attributes) : Effect.succeed(decision)
    },
    use: (attributes) =>
      isMine(attributes) ? (remembered(JSON.stringify(attributes)) ?? unknown("has to be asked first")) : none
  }
}

export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const attachments = yield* Attachments
    const authorizers = yield* Authorizers
    const clock = yield* Clock.Clock
    yield* attachments.add({
      contract: Points.AuthorizationPoints,
      attach: Effect.fnUntraced(function* (points, about) {
        const described = yield* points.describe()
        yield* authorizers.add(authorizer(points, described, about, clock))
      })
    })
  })
)
