/** `keelson encryption status | rotate`: the keys that what is stored is encrypted with. */
import { Console, Effect, Schema } from "effect"
import { Command } from "effect/cli"
import { administratorFlags, kubeconfigOf } from "./Flags.ts"
import * as Columns from "./Columns.ts"

const status = Command.make(
  "status",
  administratorFlags,
  Effect.fnUntraced(function* (given) {
    const [Administer, Route] = yield* Effect.promise(() =>
      Promise.all([import("./Administer.ts"), import("./EncryptionRoute.ts")])
    )
    const text = yield* Administer.ask(yield* kubeconfigOf(given), { path: Route.path })
    const { counts, keys, providers } = yield* Schema.decodeEffect(Schema.fromJsonString(Route.EncryptionStatus))(text)
    for (const { health, keyId, name } of providers) {
      yield* Console.log(`${name}: encrypts with the key ${keyId}${health === "ok" ? "" : `; it is not well: ${health}`}`)
    }
    const stateOf = (provider: string, keyId: string) => {
      if (provider === "") return "-"
      const own = keys.find((key) => key.provider === provider && key.keyId === keyId)
      return own?.state ?? (providers.some((one) => one.name === provider && one.keyId === keyId) ? "current" : "old")
    }
    const used = counts.map(({ history, keyId, objects, provider, resource }) => [
      resource,
      provider === "" ? "not encrypted" : `${provider} ${keyId}`,
      stateOf(provider, keyId),
      `${objects}`,
      `${history}`
    ])
    yield* Console.log(Columns.table([["RESOURCE", "KEY", "STATE", "OBJECTS", "HISTORY"], ...used]))
    const unused = keys.filter(
      ({ keyId, provider }) => !counts.some((one) => one.provider === provider && one.keyId === keyId)
    )
    for (const { keyId, made, state } of unused) yield* Console.log(`${keyId}: ${state}, made ${made}, not used`)
  })
).pipe(Command.withDescription("Shows how much is encrypted with which key"))

const rotate = Command.make(
  "rotate",
  administratorFlags,
  Effect.fnUntraced(function* (given) {
    const [Administer, Route] = yield* Effect.promise(() =>
      Promise.all([import("./Administer.ts"), import("./EncryptionRoute.ts")])
    )
    const asked = { method: "POST", path: `${Route.path}/rotate` } as const
    const text = yield* Administer.ask(yield* kubeconfigOf(given), asked)
    const { keyId, left, objects } = yield* Schema.decodeEffect(Schema.fromJsonString(Route.Rotated))(text)
    if (keyId !== "") yield* Console.log(`the key is now ${keyId}`)
    yield* Console.log(
      `${objects} objects are written again. The old key is retired when the history under it is forgotten.`
    )
    for (const key of left) yield* Console.error(`${key} stays as it was: it cannot be decrypted, or is too large`)
    if (left.length > 0) process.exitCode = 1
  })
).pipe(Command.withDescription("Makes a new key, and writes everything that is encrypted again with it"))

export const encryption = Command.make("encryption").pipe(
  Command.withDescription("The keys that what is stored is encrypted with"),
  Command.withSubcommands([status, rotate])
)
