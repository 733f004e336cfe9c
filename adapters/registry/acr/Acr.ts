/**
 * Logins for Azure Container Registry. Source: Azure's REST reference, Container Registry, "Refresh tokens, get from exchange": an
 * access token of Entra ID is posted to the registry's `/oauth2/exchange`, and what it answers is the password of the user of zeros.
 */
import { DefaultAzureCredential } from "@azure/identity"
import { Effect, Layer, Schema } from "effect"
import { decodeJwt } from "jose/jwt/decode"
import { ImageCredentials } from "../../../plugins/kubelet/contracts/ImageCredentials.ts"
import { registryOf } from "../../../plugins/kubelet/contracts/ImagePatterns.ts"
import * as Providers from "../Providers.ts"

const images = ["*.azurecr.io", "*.azurecr.cn", "*.azurecr.us"]
const scope = "https://containerregistry.azure.net/.default"
const username = "00000000-0000-0000-0000-000000000000"

const decode = Schema.decodeUnknownEffect(Schema.Struct({ refresh_token: Schema.NonEmptyString }))
const attempt = <A>(run: (signal: AbortSignal) => Promise<A>) => Effect.tryPromise({ try: run, catch: Providers.refused })

/** As runtimes do: a registry on this machine is asked without TLS. */
const urlOf = (registry: string) =>
  `${/^(localhost|127\.|\[::1\])/.test(registry) ? "http" : "https"}://${registry}/oauth2/exchange`

const exchange = Effect.fnUntraced(function* (registry: string, token: string) {
  const body = new URLSearchParams({ grant_type: "access_token", service: registry, access_token: token })
  const response = yield* attempt((signal) => fetch(urlOf(registry), { method: "POST", body, signal }))
  if (!response.ok) {
    const text = yield* attempt(() => response.text())
    const message = `${registry} exchanges no token: ${response.status} ${text.slice(0, 200)}`
    return yield* new Providers.TokenRefused({ message })
  }
  const reply = yield* Effect.mapError(decode(yield* attempt(() => response.json())), Providers.refused)
  return reply.refresh_token
})

export const make = ({ images: more = [] }: Providers.Options = {}) => {
  const credential = new DefaultAzureCredential()
  const get = Effect.fnUntraced(function* (image: string) {
    const { expiresOnTimestamp, token } = yield* attempt((signal) => credential.getToken(scope, { abortSignal: signal }))
    const password = yield* exchange(registryOf(image), token)
    const { exp } = yield* Effect.orElseSucceed(
      Effect.try(() => decodeJwt(password)),
      () => ({ exp: undefined })
    )
    return { login: { username, password }, expiresAt: exp === undefined ? expiresOnTimestamp : exp * 1000 }
  })
  return Providers.make({ name: "acr", images: [...images, ...more], keptFor: "Registry", get })
}

export const layer = (options: Providers.Options = {}) => Layer.sync(ImageCredentials, () => make(options))
