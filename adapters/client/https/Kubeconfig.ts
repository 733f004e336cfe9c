/** The file by which clients find a cluster: kubectl's. Source: `v1` Config of client-go's tools/clientcmd. */
import { Effect, FileSystem, Path, Result, Schema } from "effect"
import { parse } from "yaml"
import type { Options } from "./Https.ts"

const { Array: List, Boolean: Bool, String: Text, Struct, optionalKey } = Schema

const Config = Struct({
  "current-context": optionalKey(Text),
  contexts: List(Struct({ name: Text, context: Struct({ cluster: Text, user: optionalKey(Text) }) })),
  clusters: List(
    Struct({
      name: Text,
      cluster: Struct({
        server: Text,
        "certificate-authority": optionalKey(Text),
        "certificate-authority-data": optionalKey(Text),
        "insecure-skip-tls-verify": optionalKey(Bool),
        "tls-server-name": optionalKey(Text)
      })
    })
  ),
  users: optionalKey(
    List(
      Struct({
        name: Text,
        user: Struct({
          "client-certificate": optionalKey(Text),
          "client-certificate-data": optionalKey(Text),
          "client-key": optionalKey(Text),
          "client-key-data": optionalKey(Text),
          token: optionalKey(Text),
          tokenFile: optionalKey(Text),
          exec: optionalKey(Schema.Unknown)
        })
      })
    )
  )
})
const decode = Schema.decodeUnknownResult(Config)

export class KubeconfigInvalid extends Schema.TaggedError<KubeconfigInvalid>()("KubeconfigInvalid", {
  file: Text,
  detail: Text
}) {
  override get message() {
    return `the kubeconfig ${this.file} cannot be used: ${this.detail}`
  }
}

/** What a kubeconfig says of its current context, or of another. Files that it names are read, relative to its own place. */
export const read = Effect.fnUntraced(function* (file: string, context?: string) {
  const files = yield* FileSystem.FileSystem
  const paths = yield* Path.Path
  const invalid = (detail: unknown) => new KubeconfigInvalid({ file, detail: String(detail) })
  const text = (path: string) => Effect.mapError(files.readFileString(path), ({ message }) => invalid(message))
  const near = (path: string) => paths.resolve(paths.dirname(file), path)
  const pem = (data: string | undefined, path: string | undefined) => {
    if (data !== undefined) return Effect.succeed(Buffer.from(data, "base64").toString())
    return path === undefined ? Effect.undefined : text(near(path))
  }

  const source = yield* text(file)
  const yaml = yield* Effect.try({ try: (): unknown => parse(source), catch: invalid })
  const config = yield* Effect.fromResult(Result.mapError(decode(yaml), invalid))
  const wanted = context ?? config["current-context"] ?? ""
  const found = config.contexts.find(({ name }) => name === wanted)?.context
  const cluster = config.clusters.find(({ name }) => name === found?.cluster)?.cluster
  if (cluster === undefined) return yield* invalid(`there is no context "${wanted}" with a cluster`)
  const user = config.users?.find(({ name }) => name === found?.user)?.user ?? {}
  if (user.exec !== undefined) return yield* invalid("credentials by `exec` are not supported: use a certificate or a token")

  const ca = yield* pem(cluster["certificate-authority-data"], cluster["certificate-authority"])
  const clientCertificate = yield* pem(user["client-certificate-data"], user["client-certificate"])
  const clientKey = yield* pem(user["client-key-data"], user["client-key"])
  const options: Options = {
    server: cluster.server,
    insecure: cluster["insecure-skip-tls-verify"] ?? false,
    ...(ca !== undefined && { ca }),
    ...(cluster["tls-server-name"] !== undefined && { serverName: cluster["tls-server-name"] }),
    ...(clientCertificate !== undefined && { clientCertificate }),
    ...(clientKey !== undefined && { clientKey }),
    ...(user.token !== undefined && { token: user.token }),
    ...(user.tokenFile !== undefined && { tokenFile: near(user.tokenFile) })
  }
  return options
})
