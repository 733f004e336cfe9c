/** Packages that run on other machines, where `keelson plugin serve` runs them: what they are is asked there, as an object says. */
import { Effect, Schema } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import * as Isolate from "../../kernel/plugin/Isolate.ts"
import { Secret } from "../resources/contracts/core/v1.ts"
import * as Manifest from "./contracts/Manifest.ts"
import { isNats, type PluginRemote } from "./contracts/v1alpha1.ts"
import type { Kept } from "./Package.ts"
import { PackageInvalid } from "./PackageInvalid.ts"
import * as Words from "./Words.ts"

const invalid = (message: string) => new PackageInvalid({ message })

/** What a package on another machine says of itself, before any of its code is asked. */
const About = Schema.fromJsonString(Schema.Struct({ manifest: Manifest.Manifest, digest: Schema.String }))
export const about = (manifest: Manifest.Manifest, digest: string) => Schema.encodeEffect(About)({ manifest, digest })

const port = /^(.+):([0-9]{1,5})$/

/** What the subjects of a plugin begin with, if nobody says otherwise. */
export const subjectOf = (name: string) => `plugins.${name}`

/** Where it is, and the certificates of the Secret that the object names. `plugin`: the object's name. */
export const settingsOf = Effect.fnUntraced(function* (plugin: string, remote: PluginRemote) {
  const { address, secret, serverName, subject = subjectOf(plugin) } = remote
  const { name, namespace } = secret
  const client = yield* Client
  const found = yield* Effect.mapError(client.get(Secret, { namespace, name }), (error) =>
    invalid(`spec.remote.secret: the Secret ${namespace}/${name} is not there: ${error.message}`)
  )
  const read = (key: string) => {
    const text = Buffer.from(found.data?.[key] ?? "", "base64").toString()
    return text === ""
      ? Effect.fail(invalid(`spec.remote.secret: the Secret ${namespace}/${name} has no ${key}`))
      : Effect.succeed(text)
  }
  const identity = {
    ...{ ca: yield* read("ca.crt"), cert: yield* read("tls.crt"), key: yield* read("tls.key") },
    ...(serverName !== undefined && { serverName })
  }
  if (isNats(address)) return { nats: address, subject, ...identity } satisfies Isolate.RemoteNats
  const [, host = "", number = ""] = port.exec(address) ?? []
  const at: Isolate.RemoteTls = { host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(number), ...identity }
  return at
})

const placeOf = (remote: Isolate.Remote) =>
  "nats" in remote ? `${remote.subject} at ${remote.nats}` : `${remote.host}:${remote.port}`

/** The package as it is there now. Nothing of it is kept here. */
export const found = Effect.fnUntraced(function* (name: string, remote: Isolate.Remote) {
  const at = placeOf(remote)
  const said = yield* Effect.mapError(Isolate.about(name, remote), ({ reason }) => invalid(reason))
  const { digest, manifest } = yield* Effect.mapError(Schema.decodeEffect(About)(said), (error) =>
    invalid(`what ${at} says of its package cannot be read: ${Words.of(error)}`)
  )
  const kept: Kept = { manifest, digest, source: at, directory: "", module: new URL("file:///") }
  return kept
})
