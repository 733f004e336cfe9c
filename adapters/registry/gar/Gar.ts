/**
 * Logins for Google's registries. Source: Artifact Registry, "Configure authentication to Artifact Registry for Docker", access token:
 * the user is `oauth2accesstoken`, the password the token.
 */
import { Clock, Effect, Layer } from "effect"
import { gcpMetadata, GoogleAuth } from "google-auth-library"
import { ImageCredentials } from "../../../plugins/kubelet/contracts/ImageCredentials.ts"
import * as Providers from "../Providers.ts"

const images = ["*.pkg.dev", "gcr.io", "*.gcr.io"]
const scopes = "https://www.googleapis.com/auth/cloud-platform"
/** Of a token that does not say how long it lasts, milliseconds. */
const standard = 5 * 60_000

export const make = ({ images: more = [] }: Providers.Options = {}) => {
  let auth: GoogleAuth | undefined
  // The library remembers also a failed look for credentials, and for the metadata server: then a new one looks again.
  const forgotten = Effect.sync(() => {
    auth = undefined
    gcpMetadata.resetIsAvailableCache()
  })
  const attempt = <A>(run: () => Promise<A>) => Effect.tryPromise({ try: run, catch: Providers.refused })
  const get = Effect.fnUntraced(
    function* () {
      const { credentials, token } = yield* attempt(async () => {
        const client = await (auth ??= new GoogleAuth({ scopes })).getClient()
        const { token } = await client.getAccessToken()
        return { token, credentials: client.credentials }
      })
      if (!token) return yield* new Providers.TokenRefused({ message: "Google's token service gave no token" })
      const expiresAt = credentials.expiry_date ?? (yield* Clock.currentTimeMillis) + standard
      return { login: { username: "oauth2accesstoken", password: token }, expiresAt }
    },
    Effect.tapError(() => forgotten)
  )
  return Providers.make({ name: "gar", images: [...images, ...more], keptFor: "Global", get })
}

export const layer = (options: Providers.Options = {}) => Layer.sync(ImageCredentials, () => make(options))
