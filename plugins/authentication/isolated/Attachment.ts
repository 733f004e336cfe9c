/** How plugins from outside say whose a token is, in this process. */
import { Clock, Effect, Layer } from "effect"
import { createHash } from "node:crypto"
import { Unauthorized } from "../../../kernel/client/Errors.ts"
import type { User } from "../../../kernel/pipeline/Attributes.ts"
import { type Authenticator, Authenticators } from "../../../kernel/pipeline/Policy.ts"
import * as Asking from "../../packages/contracts/Asking.ts"
import { type About, Attachments } from "../../packages/contracts/Attachments.ts"
import * as Points from "../contracts/AuthenticationPoints.ts"

/** After all that the server knows itself. */
const order = 400
/** As long as upstream's API server, so that not every request of a client is a call. */
const remembered = { millis: 10_000, tokens: 4096 }

const reserved = "system:"
const isReserved = ({ groups = [], name }: Points.User) => [name, ...groups].some((one) => one.startsWith(reserved))

type Point = Points.AuthenticationPoints["Service"]

export const authenticator = (
  points: Point,
  { prefixes }: Points.Description,
  about: Pick<About, "name" | "callTimeoutMillis" | "isOnTrial">
): Authenticator => {
  const { name } = about
  const patiently = Asking.make(Points.AuthenticationPoints, about)
  const known = new Map<string, { readonly user: User; readonly until: number }>()
  const isMine = (token: string) => prefixes === undefined || prefixes.some((prefix) => token.startsWith(prefix))
  const ask = (token: string) =>
    patiently(points.authenticate({ token })).pipe(
      Effect.catchTag("TokenRefused", ({ message }) =>
        Effect.andThen(Effect.logDebug(`${name} refuses a token`, message), new Unauthorized({ detail: "Unauthorized" }))
      ),
      // Then nobody knows the token, and whoever has shown it is told so.
      Effect.catchTag("Unavailable", ({ message }) =>
        Effect.as(Effect.logWarning(`${name} was asked whose a token is: ${message}`), { user: undefined })
      )
    )
  const remember = (key: string, user: User, now: number) => {
    const [oldest] = known.keys()
    if (known.size >= remembered.tokens && oldest !== undefined) known.delete(oldest)
    known.set(key, { user, until: now + remembered.millis })
  }
  const judged = Effect.fnUntraced(function* (token: string) {
    const now = yield* Clock.currentTimeMillis
    const key = createHash("sha256").update(token).digest("base64")
    const found = known.get(key)
    if (found !== undefined && found.until > now) return found.user
    known.delete(key)
    const { user } = yield* ask(token)
    if (user === undefined) return undefined
    if (isReserved(user)) {
      yield* Effect.logWarning(`${name} says that a token is that of ${user.name}, which is not for plugins to say`)
      return undefined
    }
    const told: User = { ...user, groups: user.groups ?? [] }
    remember(key, told, now)
    return told
  })
  return ({ token }) => (token === undefined || !isMine(token) ? Effect.undefined : judged(token))
}

export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const attachments = yield* Attachments
    const authenticators = yield* Authenticators
    yield* attachments.add({
      contract: Points.AuthenticationPoints,
      attach: Effect.fnUntraced(function* (points, about) {
        const described = yield* points.describe()
        yield* authenticators.add({ order, use: authenticator(points, described, about) })
      })
    })
  })
)
