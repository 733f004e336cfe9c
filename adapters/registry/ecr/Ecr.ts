/**
 * Logins for Amazon ECR. Source: Amazon ECR API Reference, GetAuthorizationToken: the token is `AWS:password` in base64, and good for
 * twelve hours.
 */
import { ECRClient, GetAuthorizationTokenCommand } from "@aws-sdk/client-ecr"
import { Effect, Layer, Schema } from "effect"
import { ImageCredentials } from "../../../plugins/kubelet/contracts/ImageCredentials.ts"
import { registryOf } from "../../../plugins/kubelet/contracts/ImagePatterns.ts"
import * as Providers from "../Providers.ts"

export interface Options extends Providers.Options {
  readonly endpoint?: string
}

const images = [
  "*.dkr.ecr.*.amazonaws.com",
  "*.dkr.ecr-fips.*.amazonaws.com",
  "*.dkr.ecr.*.amazonaws.com.cn",
  "*.dkr.ecr.*.on.aws"
]

const Reply = Schema.Struct({
  authorizationData: Schema.NonEmptyArray(
    Schema.Struct({ authorizationToken: Schema.NonEmptyString, expiresAt: Schema.instanceOf(Date) })
  )
})
const decode = Schema.decodeUnknownEffect(Reply)

const regionOf = (image: string) => /\.dkr\.ecr(?:-fips)?\.([^.]+)\./.exec(registryOf(image))?.[1]

export const make = ({ endpoint, images: more = [] }: Options = {}) => {
  const clients = new Map<string, ECRClient>()
  const clientFor = (region: string | undefined) => {
    const client = clients.get(region ?? "") ?? new ECRClient({ ...(region && { region }), ...(endpoint && { endpoint }) })
    clients.set(region ?? "", client)
    return client
  }
  const get = (image: string) =>
    Effect.tryPromise({
      try: (signal) => clientFor(regionOf(image)).send(new GetAuthorizationTokenCommand({}), { abortSignal: signal }),
      catch: Providers.refused
    }).pipe(
      Effect.flatMap((reply) => Effect.mapError(decode(reply), Providers.refused)),
      Effect.map(({ authorizationData: [{ authorizationToken, expiresAt }] }) => {
        const [username = "", ...password] = Buffer.from(authorizationToken, "base64").toString("utf8").split(":")
        return { login: { username, password: password.join(":") }, expiresAt: expiresAt.getTime() }
      })
    )
  return Providers.make({ name: "ecr", images: [...images, ...more], keptFor: "Registry", get })
}

export const layer = (options: Options = {}) => Layer.sync(ImageCredentials, () => make(options))
