/**
 * How a machine gets to know a cluster that it joins: it reads `cluster-info`, which anybody may, believes it if its token has signed
 * it, and compares the authority with the one that it was told of. What it learned is kept, so that a restart needs no token.
 */
import { Context, Effect, FileSystem, Layer, Option, Schedule, Schema } from "effect"
import { join } from "node:path"
import { parse } from "yaml"
import * as Https from "../adapters/client/https/Https.ts"
import { Api } from "../kernel/client/Api.ts"
import * as ApiClient from "../kernel/client/ApiClient.ts"
import { Client } from "../kernel/client/Client.ts"
import * as BootstrapToken from "../plugins/authentication/contracts/BootstrapToken.ts"
import * as ClusterInfo from "../plugins/authentication/contracts/ClusterInfo.ts"
import * as Pki from "../plugins/certificates/contracts/Pki.ts"
import * as ClusterConfig from "../plugins/cluster/contracts/ClusterConfig.ts"
import { ConfigMap } from "../plugins/resources/contracts/core/v1.ts"
import type { Settings } from "./Settings.ts"

/** What the user gave. */
export interface Given {
  /** `host`, `host:port` or `https://host:port`. */
  readonly address: string
  readonly token: string
  /** `sha256:…`, of the authority's public key. */
  readonly caHash?: string
}

export class CannotJoin extends Schema.TaggedError<CannotJoin>()("CannotJoin", { message: Schema.String }) {}
const refuse = (message: string) => new CannotJoin({ message })

/** What is known of the cluster. `config` is absent where it is not one of ours. */
const Joined = Schema.Struct({
  /** What it was joined by. */
  address: Schema.String,
  /** Where it is reached. */
  server: Schema.String,
  ca: Schema.String,
  config: Schema.optionalKey(ClusterConfig.ClusterConfig)
})
export type Joined = typeof Joined.Type

const fileOf = ({ dataDir }: Settings) => join(dataDir, "joined.json")
const Kept = Schema.fromJsonString(Joined)

/** What a join before has learned. */
export const known = Effect.fnUntraced(function* (settings: Settings) {
  const files = yield* FileSystem.FileSystem
  return Option.flatMap(yield* Effect.option(files.readFileString(fileOf(settings))), Schema.decodeOption(Kept))
})

const keep = Effect.fnUntraced(function* (settings: Settings, joined: Joined) {
  const files = yield* FileSystem.FileSystem
  const file = fileOf(settings)
  yield* files.writeFileString(`${file}.new`, yield* Schema.encodeEffect(Kept)(joined), { mode: 0o600 })
  yield* files.rename(`${file}.new`, file)
})

const serverOf = (address: string) => {
  const text = address.includes("://") ? address : `https://${address}`
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || url.protocol !== "https:" || url.pathname !== "/") return undefined
  // A URL does not say the port of its scheme.
  return `https://${url.hostname}:${/:443\/?$/.test(text) ? "443" : url.port || "6443"}`
}

/** A client that is used once, or for as long as the scope is open. */
export const clientOf = (options: Https.Options) =>
  Effect.map(
    Layer.build(
      Layer.fresh(ApiClient.layer).pipe(Layer.provideMerge(Https.layer({ userAgent: "keelson-agent", ...options })))
    ),
    (services) => ({ client: Context.get(services, Client), api: Context.get(services, Api) })
  )

const Clusters = Schema.Struct({
  clusters: Schema.Array(
    Schema.Struct({
      cluster: Schema.Struct({ server: Schema.String, "certificate-authority-data": Schema.String })
    })
  )
})

/** The kubeconfig that is published there. It is not believed yet. */
const published = Effect.fnUntraced(function* (server: string) {
  const { client } = yield* clientOf({ server, insecure: true })
  const map = yield* client
    .get(ConfigMap, ClusterInfo.key)
    .pipe(
      Effect.mapError((error) =>
        error._tag === "Unavailable"
          ? refuse(`--join ${server}: no API answers there: ${String(error.cause)}`)
          : refuse(
              `--join ${server}: the cluster there tells strangers nothing of itself (${error._tag}): it cannot be joined with a token`
            )
      )
    )
  return map.data ?? {}
}, Effect.scoped)

/** The cluster that this token belongs to. */
const recognised = Effect.fnUntraced(function* (server: string, { caHash, token }: Given) {
  const halves = BootstrapToken.parse(token)
  if (halves === undefined) return yield* refuse("--token: expected <id>.<secret>, six and sixteen of a-z and 0-9")
  const { id, secret } = halves
  const name = `${ClusterInfo.signaturePrefix}${id}`
  // With a token that was made a moment ago nothing is signed yet; on a busy control plane that takes some seconds.
  const { kubeconfig = "", [name]: signature } = yield* published(server).pipe(
    Effect.repeat({ until: (data) => name in data, schedule: Schedule.spaced("500 millis"), times: 40 })
  )
  if (signature === undefined) {
    const detail = `the cluster at ${server} knows no token ${id}, or it has expired`
    return yield* refuse(`--token: ${detail}: make another with keelson token create`)
  }
  if (!ClusterInfo.isSigned(signature, kubeconfig, secret)) {
    return yield* refuse(
      `--token: what ${server} says of itself is not signed by this token: its second half is wrong, or it is not the cluster that the token is for`
    )
  }
  const decoded = Schema.decodeUnknownOption(Clusters)(parse(kubeconfig))
  const cluster = Option.getOrUndefined(decoded)?.clusters[0]?.cluster
  if (cluster === undefined) return yield* refuse(`--join ${server}: what it says of itself names no cluster`)
  const ca = Buffer.from(cluster["certificate-authority-data"], "base64").toString()
  const pin = Pki.pinOf(ca)
  if (caHash !== undefined && caHash !== pin) {
    return yield* refuse(`--ca-hash: the authority of the cluster at ${server} is ${pin}, and not ${caHash}`)
  }
  return { ca, advertised: cluster.server }
})

/** The address that was given, or the one that the cluster gives, whichever its certificate is for. */
const reachable = Effect.fnUntraced(function* (
  servers: ReadonlyArray<string>,
  { ca, token }: { readonly ca: string; readonly token: string }
) {
  const failures: Array<string> = []
  for (const server of servers) {
    const { client } = yield* clientOf({ server, ca, token })
    const config = yield* Effect.result(client.find(ConfigMap, ClusterConfig.key))
    if (config._tag === "Success") {
      const { data = {} } = Option.getOrElse(config.success, () => ({ data: {} }))
      return { server, config: Option.getOrUndefined(ClusterConfig.decode(data)) }
    }
    const { failure } = config
    // A cluster of others has no such object, and lets nobody read what it has not.
    if (failure._tag === "Forbidden") return { server, config: undefined }
    if (failure._tag === "Unauthorized")
      return yield* refuse("--token: the cluster does not let it in: it has expired, or is for signing alone")
    failures.push(`${server}: ${failure._tag === "Unavailable" ? String(failure.cause) : failure.message}`)
  }
  return yield* refuse(`--join: ${failures.join("; ")}`)
}, Effect.scoped)

/** Gets to know the cluster, and keeps what it learned. */
const discover = Effect.fn("Join.discover")(function* (settings: Settings, server: string, given: Given) {
  const { advertised, ca } = yield* recognised(server, given)
  const found = yield* reachable([...new Set([server, advertised])], { ca, token: given.token })
  const joined: Joined = {
    address: server,
    server: found.server,
    ca,
    ...(found.config !== undefined && { config: found.config })
  }
  yield* keep(settings, joined)
  return joined
})

/** The cluster of this data directory: the one that it has joined, or else the one that is given. */
export const open = Effect.fn("Join.open")(function* (settings: Settings, given: Given | undefined) {
  const before = Option.getOrUndefined(yield* known(settings))
  if (given === undefined) return before ?? (yield* refuse("this node has joined no cluster: --join says which"))
  const server = serverOf(given.address)
  if (server === undefined) return yield* refuse(`--join ${given.address}: expected host, host:port or https://host:port`)
  if (before !== undefined && before.address !== server) {
    return yield* refuse(
      `--join ${server}: ${settings.dataDir} belongs to a node of the cluster at ${before.address}: name another --data-dir`
    )
  }
  if (before === undefined && given.token === "") return yield* refuse("--join: the first time it takes a --token too")
  return before ?? (yield* discover(settings, server, given))
})
