/** `keelson token create | list | delete`: bootstrap tokens, by which machines join. Asked of the API, as the administrator. */
import { Clock, Console, Effect, Option, Schema } from "effect"
import { randomInt } from "node:crypto"
import { parse } from "yaml"
import * as Kubeconfig from "../adapters/client/https/Kubeconfig.ts"
import * as BootstrapToken from "../plugins/authentication/contracts/BootstrapToken.ts"
import * as ClusterInfo from "../plugins/authentication/contracts/ClusterInfo.ts"
import * as Pki from "../plugins/certificates/contracts/Pki.ts"
import { ConfigMap, Secret } from "../plugins/resources/contracts/core/v1.ts"
import { time } from "../plugins/resources/contracts/Time.ts"
import { Client } from "../kernel/client/Client.ts"
import * as Join from "./Join.ts"
import { lifetime } from "./Lifetime.ts"
import { type Paths, settingsFile } from "./Paths.ts"
import * as Settings from "./Settings.ts"
import * as SharedKeys from "./SharedKeys.ts"
import * as StoreRecord from "./StoreRecord.ts"
import * as Columns from "./Columns.ts"

export class BadToken extends Schema.TaggedError<BadToken>()("BadToken", { message: Schema.String }) {}
const refuse = (message: string) => new BadToken({ message })

const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
/** Nobody may guess them. */
const letters = (count: number) =>
  Effect.sync(() => Array.from({ length: count }, () => alphabet[randomInt(alphabet.length)]).join(""))

const client = (kubeconfig: string) =>
  Effect.flatMap(Kubeconfig.read(kubeconfig), (options) =>
    Effect.map(Join.clientOf({ ...options, userAgent: "keelson" }), ({ client }) => client)
  )

export interface Wanted {
  readonly token: string | undefined
  readonly ttl: string
  readonly usages: ReadonlyArray<string>
  readonly groups: ReadonlyArray<string>
  readonly description: string
}

const isUsage = (text: string): text is BootstrapToken.Usage => BootstrapToken.usages.some((usage) => usage === text)

const made = Effect.fnUntraced(function* ({ description, groups, token, ttl, usages }: Wanted) {
  const millis = lifetime(ttl)
  if (millis === undefined) return yield* refuse(`--ttl ${ttl}: expected a time such as 24h, 90m or 0 for ever`)
  const unknown = usages.find((usage) => !isUsage(usage))
  if (unknown !== undefined)
    return yield* refuse(`--usages ${unknown}: expected some of ${BootstrapToken.usages.join(", ")}`)
  const odd = groups.find((group) => !BootstrapToken.isGroup(group))
  if (odd !== undefined) return yield* refuse(`--groups ${odd}: expected names such as system:bootstrappers:workers`)
  const given = token ?? `${yield* letters(6)}.${yield* letters(16)}`
  const halves = BootstrapToken.parse(given)
  if (halves === undefined) return yield* refuse("the token: expected <id>.<secret>, six and sixteen of a-z and 0-9")
  const expires = millis === 0 ? {} : { expires: (yield* Clock.currentTimeMillis) + millis }
  return { ...halves, description, groups: [BootstrapToken.group, ...groups], usages: usages.filter(isUsage), ...expires }
})

const Published = Schema.Struct({
  clusters: Schema.Array(
    Schema.Struct({ cluster: Schema.Struct({ server: Schema.String, "certificate-authority-data": Schema.String }) })
  )
})

/** The settings of the server that runs here, of which the next one has to know where the store is. */
const storeOf = Effect.fnUntraced(function* (paths: Paths) {
  const config = Option.some(settingsFile(paths))
  const { controlPlanes, processes, store } = yield* StoreRecord.applied(yield* Settings.load({}, config))
  if (controlPlanes > 1) return yield* refuse("--control-plane: the servers that keelson up runs have no room for another")
  if (processes > 1) return yield* refuse("--control-plane: start the server without --processes first")
  return /^(nats|tls):/.test(store) ? store : "jetstream"
})

/** Makes a token, and says how a machine joins with it; as a further server, if the data of one is named. */
export const create = Effect.fn("Token.create")(function* (kubeconfig: string, wanted: Wanted, server?: Paths) {
  const token = yield* made(wanted)
  const cluster = yield* client(kubeconfig)
  const store = server === undefined ? "" : yield* storeOf(server)
  const secret = yield* cluster.create(Secret, BootstrapToken.draft(token))
  const upload = (paths: Paths) => Effect.provideService(SharedKeys.upload(paths, store, secret, token.id), Client, cluster)
  const certificateKey = server === undefined ? undefined : yield* upload(server)
  const text = `${token.id}.${token.secret}`
  yield* Console.log(text)
  const info = yield* cluster.find(ConfigMap, ClusterInfo.key)
  const published = Option.flatMap(info, ({ data = {} }) =>
    Schema.decodeUnknownOption(Published)(parse(data["kubeconfig"] ?? ""))
  )
  const about = Option.getOrUndefined(published)?.clusters[0]?.cluster
  if (about === undefined) return
  const ca = Buffer.from(about["certificate-authority-data"], "base64").toString()
  const address = about.server.replace("https://", "")
  const join = `--join ${address} --token ${text} --ca-hash ${Pki.pinOf(ca)}`
  yield* Console.error(
    certificateKey === undefined
      ? `\nOn the machine that shall join:\n  keelson agent ${join}`
      : `\nOn the machine that shall become a server:\n  keelson server ${join} --certificate-key ${certificateKey}`
  )
}, Effect.scoped)

export const list = Effect.fn("Token.list")(function* (kubeconfig: string) {
  const cluster = yield* client(kubeconfig)
  const selection = { namespace: BootstrapToken.namespace, fieldSelector: `type=${BootstrapToken.secretType}` }
  const secrets = yield* cluster.list(Secret, selection)
  const now = yield* Clock.currentTimeMillis
  const rows = secrets
    .flatMap((secret) => BootstrapToken.of(secret) ?? [])
    .map((token) => {
      const { description, expires, groups, id, secret, usages } = token
      const until = expires === undefined ? "never" : BootstrapToken.isExpired(token, now) ? "expired" : time(expires)
      return [`${id}.${secret}`, until, usages.join(","), groups.join(","), description]
    })
  yield* Console.log(Columns.table([["TOKEN", "EXPIRES", "USAGES", "GROUPS", "DESCRIPTION"], ...rows]))
}, Effect.scoped)

/** By their first halves, or whole. */
export const remove = Effect.fn("Token.remove")(function* (kubeconfig: string, tokens: ReadonlyArray<string>) {
  const cluster = yield* client(kubeconfig)
  for (const token of tokens) {
    const [id = ""] = token.split(".", 1)
    const key = { namespace: BootstrapToken.namespace, name: BootstrapToken.nameOf(id) }
    yield* cluster
      .delete(Secret, key)
      .pipe(Effect.catchTag("NotFound", () => Effect.fail(refuse(`there is no token ${id}`))))
    yield* Console.log(`the token ${id} is deleted`)
  }
}, Effect.scoped)
