/** Packages that run on other machines, where `keelson plugin serve` runs them: what they are is asked there, as an object says. */
import { Effect, Schema } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import * as Isolate from "../../kernel/plugin/Isolate.ts"
import { Secret } from "../resources/contracts/core/v1.ts"
import * as Manifest from "./contracts/Manifest.ts"
import type { PluginRemote } from "./contracts/v1alpha1.ts"
import type { Kept } from "./Package.ts"
import { PackageInvalid } from "./PackageInvalid.ts"
import * as Words from "./Words.ts"

const invalid = (message: string) => new PackageInvalid({ message })

/** What a package on another machine says of itself, before any of its code is asked. */
const About = Schema.fromJsonString(Schema.Struct({ manifest: Manifest.Manifest, digest: Schema.String }))
export const about = (manifest: Manifest.Manifest, digest: string) => Schema.encodeEffect(About)({ manifest, digest })

const port = /^(.+):([0-9]{1,5})$/

/** Where it is, and the certificates of the Secret that the object names. */
export const settingsOf = Effect.fnUntraced(function* ({ address, secret: { name, namespace }, serverName }: PluginRemote) {
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
  const [, host = "", number = ""] = port.exec(address) ?? []
  const remote: Isolate.Remote = {
    ...{ host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(number) },
    ...{ ca: yield* read("ca.crt"), cert: yield* read("tls.crt"), key: yield* read("tls.key") },
    ...(serverName !== undefined && { serverName })
  }
  return remote
})

/** The package as it is there now. Nothing of it is kept here. */
export const found = Effect.fnUntraced(function* (name: string, remote: Isolate.Remote) {
  const at = `${remote.host}:${remote.port}`
  const said = yield* Effect.mapError(Isolate.about(name, remote), ({ reason }) => invalid(reason))
  const { digest, manifest } = yield* Effect.mapError(Schema.decodeEffect(About)(said), (error) =>
    invalid(`what ${at} says of its package cannot be read: ${Words.of(error)}`)
  )
  const kept: Kept = { manifest, digest, source: at, directory: "", module: new URL("file:///") }
  return kept
})
