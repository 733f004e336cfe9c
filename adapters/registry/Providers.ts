/** What the providers of clouds' registries have in common: a name, patterns, and an answer that is good until some time. */
import { Clock, Effect, Schema } from "effect"
import { type Answer, type Login, NoCredentials, type Provider } from "../../plugins/kubelet/contracts/ImageCredentials.ts"
import { matches } from "../../plugins/kubelet/contracts/ImagePatterns.ts"

export interface Options {
  /** Beside those of the cloud itself, such as a mirror's. */
  readonly images?: ReadonlyArray<string>
}

/** The cloud, or what stands before it, said no. */
export class TokenRefused extends Schema.TaggedError<TokenRefused>()("TokenRefused", { message: Schema.String }) {}

/** What an SDK threw, in words. */
export const refused = (cause: unknown) =>
  new TokenRefused({ message: cause instanceof Error ? cause.message || cause.name : String(cause) })

export interface Got {
  readonly login: Login
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

/** Asked a minute before the end it would give what ends while the image is pulled. */
const spare = 60_000

export const make = (about: {
  readonly name: string
  readonly images: ReadonlyArray<string>
  readonly keptFor: Answer["keptFor"]
  readonly get: (image: string) => Effect.Effect<Got, TokenRefused>
}): Provider => {
  const { get, images, keptFor, name } = about
  return {
    describe: () => Effect.succeed({ name, images }),
    get: Effect.fn(`${name}.get`)(function* ({ image }) {
      const pattern = images.find((one) => matches(one, image))
      if (pattern === undefined) return { logins: {}, keptFor, keptMillis: 0 }
      const { expiresAt, login } = yield* Effect.mapError(get(image), ({ message }) => new NoCredentials({ image, message }))
      const left = expiresAt - spare - (yield* Clock.currentTimeMillis)
      return { logins: { [pattern]: login }, keptFor, keptMillis: Math.max(0, left) }
    })
  }
}
