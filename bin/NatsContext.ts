/**
 * How a NATS that is there is come into: with a context as `nats context save` writes it, which names files and secrets and is
 * therefore a file itself; and what is known of its disks.
 */
import { Effect, FileSystem, Schema } from "effect"
import type * as JetStreamLog from "../kernel/store/jetstream/JetStreamLog.ts"
import { BadSetting, type Settings } from "./Settings.ts"

/** What `nats` leaves empty is not set. */
const Text = Schema.optionalKey(Schema.String)
const Context = Schema.fromJsonString(
  Schema.Struct({ user: Text, password: Text, creds: Text, nkey: Text, ca: Text, cert: Text, key: Text })
)

const given = (text: string | undefined) => (text === "" ? undefined : text)

const accessOf = Effect.fnUntraced(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  const bad = (what: string) => (cause: { readonly message: string }) =>
    new BadSetting({ message: `nats-context ${file}: ${what}: ${cause.message}` })
  const context = yield* fs.readFileString(file).pipe(
    Effect.mapError(bad("it cannot be read")),
    Effect.flatMap((text) => Effect.mapError(Schema.decodeEffect(Context)(text), bad("it is no context of NATS")))
  )
  const read = (path: string | undefined) =>
    given(path) === undefined
      ? Effect.undefined
      : Effect.mapError(fs.readFileString(path ?? ""), bad(`${path} cannot be read`))
  const [credentials, nkey, ca, cert, key] = yield* Effect.all([
    read(context.creds),
    read(context.nkey),
    read(context.ca),
    read(context.cert),
    read(context.key)
  ])
  const [user, password] = [given(context.user), given(context.password)]
  const tls = { ...(ca !== undefined && { ca }), ...(cert !== undefined && { cert }), ...(key !== undefined && { key }) }
  return {
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
    ...(credentials !== undefined && { credentials }),
    ...(nkey !== undefined && { nkey: nkey.trim() }),
    ...(Object.keys(tls).length > 0 && { tls })
  }
})

/** What the driver is given besides the addresses. */
export const optionsOf = Effect.fnUntraced(function* ({ natsContext, natsMonitor, natsUnsynced }: Settings) {
  const access = natsContext === "" ? {} : yield* accessOf(natsContext)
  const monitor = natsMonitor.split(",").filter((url) => url !== "")
  const options: Omit<JetStreamLog.Options, "servers" | "cluster"> = {
    ...access,
    ...(monitor.length > 0 && { monitor }),
    allowUnsynced: natsUnsynced === "allowed"
  }
  return options
})
