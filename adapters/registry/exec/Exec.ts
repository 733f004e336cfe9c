/** A credential provider as upstream's kubelet runs it: a program for each question. Source: KEP-2133, credentialprovider.kubelet.k8s.io. */
import { Effect, Layer, Schema } from "effect"
import { execFile } from "node:child_process"
import { join } from "node:path"
import { ImageCredentials, NoCredentials, type Provider } from "../../../plugins/kubelet/contracts/ImageCredentials.ts"
import * as Configuration from "./Configuration.ts"

export interface Options {
  readonly provider: Configuration.Provider
  /** Where the program is. */
  readonly directory: string
}

const Response = Schema.fromJsonString(
  Schema.Struct({
    apiVersion: Schema.String,
    kind: Schema.Literals(["CredentialProviderResponse"]),
    cacheKeyType: Schema.Literals(["Image", "Registry", "Global"]),
    cacheDuration: Schema.optionalKey(Schema.NullOr(Configuration.Duration)),
    auth: Schema.optionalKey(
      Schema.NullOr(Schema.Record(Schema.String, Schema.Struct({ username: Schema.String, password: Schema.String })))
    )
  })
)
const decode = Schema.decodeUnknownEffect(Response)

/** How long upstream waits for one, milliseconds. */
const patience = 60_000

const run = (program: string, { args = [], env = [] }: Configuration.Provider, input: string) =>
  Effect.callback<string, string>((resume) => {
    const given = Object.fromEntries(env.map(({ name, value }) => [name, value]))
    const options = { timeout: patience, env: { ...process.env, ...given } }
    const child = execFile(program, [...args], options, (error, stdout, stderr) =>
      resume(error === null ? Effect.succeed(stdout) : Effect.fail(stderr.trim() || error.message))
    )
    // One that ends without reading is told by its exit.
    child.stdin?.on("error", () => undefined).end(input)
    return Effect.sync(() => child.kill("SIGKILL"))
  })

const tokenOf = ({ tokenAttributes: wanted }: Configuration.Provider) =>
  wanted && {
    token: {
      audience: wanted.serviceAccountTokenAudience,
      required: wanted.requireServiceAccount,
      requiredAnnotations: wanted.requiredServiceAccountAnnotationKeys ?? [],
      optionalAnnotations: wanted.optionalServiceAccountAnnotationKeys ?? [],
      keptFor: wanted.cacheType
    }
  }

export const make = ({ directory, provider }: Options): Provider => {
  const { apiVersion, matchImages, name } = provider
  return {
    describe: () => Effect.succeed({ name, images: matchImages, ...tokenOf(provider) }),
    get: Effect.fn("exec.get")(function* ({ image, serviceAccount }) {
      const refused = (message: string) => new NoCredentials({ image, message })
      const request = {
        apiVersion,
        kind: "CredentialProviderRequest",
        image,
        ...(serviceAccount && {
          serviceAccountToken: serviceAccount.token,
          serviceAccountAnnotations: serviceAccount.annotations
        })
      }
      const text = yield* Effect.mapError(run(join(directory, name), provider, JSON.stringify(request)), refused)
      const response = yield* Effect.mapError(decode(text), ({ message }) => refused(`its answer is not one: ${message}`))
      if (response.apiVersion !== apiVersion)
        return yield* refused(`it answered in ${response.apiVersion}, expected ${apiVersion}`)
      const { auth, cacheDuration, cacheKeyType } = response
      const keptMillis = Configuration.millisOf(cacheDuration ?? provider.defaultCacheDuration)
      return { logins: auth ?? {}, keptFor: cacheKeyType, keptMillis }
    })
  }
}

export const layer = (options: Options) => Layer.sync(ImageCredentials, () => make(options))
