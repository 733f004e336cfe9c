/** The checks of the laws of `AuthenticationPoints`: of any plugin, with tokens that nobody has given out. */
import { Effect } from "effect"
import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { AuthenticationPoints } from "../plugins/authentication/contracts/AuthenticationPoints.ts"
import * as Suite from "./Suite.ts"

type Points = AuthenticationPoints["Service"]

const word = () => randomBytes(24).toString("base64url")

/** One of each kind that it wants to see, and such as others have. */
const strangers = Effect.fnUntraced(function* (points: Points) {
  const { prefixes = [] } = yield* points.describe()
  return ["", word(), `${word()}.${word()}.${word()}`, ...prefixes.flatMap((prefix) => [prefix, `${prefix}${word()}`])]
})

/** Nobody, also where the token is refused. */
const userOf = (points: Points, token: string) =>
  points.authenticate({ token }).pipe(
    Effect.map(({ user }) => user),
    Effect.catchTag("TokenRefused", () => Effect.undefined)
  )

const each = (check: (points: Points, token: string) => Effect.Effect<void, unknown>) =>
  Effect.flatMap(AuthenticationPoints, (points) =>
    Effect.flatMap(strangers(points), (tokens) => Effect.forEach(tokens, (token) => check(points, token), { discard: true }))
  )

let turn = 0

export const suite = Suite.make(AuthenticationPoints, {
  "describe/same": {
    holds: Effect.gen(function* () {
      const points = yield* AuthenticationPoints
      assert.deepEqual(yield* points.describe(), yield* points.describe())
    }),
    saboteur: () => ({ describe: () => Effect.sync(() => ({ name: `p${turn++}` })) })
  },
  "authenticate/same": {
    holds: each((points, token) =>
      Effect.gen(function* () {
        assert.deepEqual(yield* userOf(points, token), yield* userOf(points, token))
      })
    ),
    saboteur: () => ({ authenticate: () => Effect.sync(() => ({ user: { name: `u${turn++}` } })) })
  },
  "authenticate/stranger": {
    holds: each((points, token) => Effect.map(userOf(points, token), (user) => assert.equal(user, undefined))),
    saboteur: () => ({ authenticate: () => Effect.succeed({ user: { name: "anybody" } }) })
  },
  "authenticate/user": {
    holds: each((points, token) =>
      Effect.map(userOf(points, token), (user) => {
        const names = user === undefined ? [] : [user.name, ...(user.groups ?? [])]
        assert.ok(!names.some((name) => name.startsWith("system:")), names.join(", "))
      })
    ),
    saboteur: () => ({ authenticate: () => Effect.succeed({ user: { name: "root", groups: ["system:masters"] } }) })
  }
})
