/** `keelson plugin serve`: runs a package on this machine for clusters elsewhere, whose Plugin objects name it by `spec.remote`. */
import { Console, Effect, FileSystem, Path, Schema } from "effect"
import { pathToFileURL } from "node:url"
import * as Isolate from "../../kernel/plugin/Isolate.ts"
import { Main } from "../../kernel/plugin/isolate/Settings.ts"
import * as Package from "../../plugins/packages/Package.ts"
import { budgetsOf, grantsOf } from "../../plugins/packages/Permissions.ts"
import * as Remote from "../../plugins/packages/Remote.ts"
import { guest } from "../../plugins/packages/Running.ts"

export class ServeFailed extends Schema.TaggedError<ServeFailed>()("ServeFailed", { message: Schema.String }) {}

export interface Asked {
  /** `host:port`. Of it and `nats` one is there. */
  readonly listen?: string
  /** NATS' servers. */
  readonly nats?: string
  /** Over NATS: what its subjects begin with. */
  readonly subject?: string
  /** Files with PEM. */
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** Until it is interrupted. What is served is the package as it lay there when this began. */
export const run = Effect.fn("PluginServe.run")(function* (directory: string, { listen, nats, subject, ...asked }: Asked) {
  const [files, paths] = [yield* FileSystem.FileSystem, yield* Path.Path]
  const place = paths.resolve(directory)
  const manifest = yield* Package.manifest(place)
  const { module, name } = manifest
  if (module === undefined)
    return yield* new ServeFailed({ message: `${name} is a program: only what has a module can be served` })
  if ((listen === undefined) === (nats === undefined))
    return yield* new ServeFailed({
      message:
        "expected one of --listen, an address and a port of this machine, and --nats, servers such as tls://10.0.0.7:4222"
    })
  const read = (file: "ca" | "cert" | "key") =>
    Effect.mapError(
      files.readFileString(asked[file]),
      ({ message }) => new ServeFailed({ message: `--${file} ${asked[file]} cannot be read: ${message}` })
    )
  const [ca, cert, key] = [yield* read("ca"), yield* read("cert"), yield* read("key")]
  const about = yield* Remote.about(manifest, yield* Package.digest(place))
  const granted = { grants: grantsOf(manifest, place), budgets: budgetsOf(manifest, undefined) }
  const serving = { name, module: pathToFileURL(paths.join(place, module)), about, ...granted, ca, cert, key }
  const at = yield* Effect.provideService(
    nats === undefined ? listening(serving, listen ?? "") : subscribed(serving, nats, subject ?? Remote.subjectOf(name)),
    Main,
    guest
  )
  yield* Console.log(`${name} ${manifest.version} is served at ${at}`)
  return yield* Effect.never
}, Effect.scoped)

type Served = Omit<Isolate.Serving, "host" | "port">

const listening = Effect.fnUntraced(function* (serving: Served, listen: string) {
  const [, host = "", port = ""] = /^\[?(.+?)\]?:([0-9]{1,5})$/.exec(listen) ?? []
  if (host === "") return yield* new ServeFailed({ message: `--listen ${listen}: expected an address and a port` })
  return `${host}:${yield* Isolate.serve({ ...serving, host, port: Number(port) })}`
})

const subscribed = (serving: Served, nats: string, subject: string) =>
  Effect.as(Isolate.serveNats({ ...serving, nats, subject }), `${subject} of ${nats}`)
