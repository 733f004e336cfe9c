/** `keelson token create | list | delete`: the tokens by which machines join. */
import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { administratorFlags, kubeconfigOf, listed, pathsOf, settingsOf, words } from "./Flags.ts"

const createToken = Command.make(
  "create",
  {
    ...administratorFlags,
    token: Argument.String("token").pipe(Argument.optional),
    ttl: listed("ttl", "How long it lives: 24h, 90m, or 0 for ever (default 24h)", "24h"),
    usages: listed("usages", "authentication, signing, or both (default)", "authentication,signing"),
    groups: listed("groups", "Further groups of who joins with it: system:bootstrappers:…", ""),
    description: listed("description", "What it is for", ""),
    controlPlane: Flag.Boolean("control-plane").pipe(
      Flag.withDescription("Also for a further server: lets it fetch the keys that all servers share"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function* ({ controlPlane, description, groups, token, ttl, usages, ...given }) {
    const Token = yield* Effect.promise(() => import("./Token.ts"))
    const wanted = { token: Option.getOrUndefined(token), ttl, usages: words(usages), groups: words(groups), description }
    const paths = controlPlane ? pathsOf(yield* settingsOf(given)) : undefined
    yield* Token.create(yield* kubeconfigOf(given), wanted, paths)
  })
).pipe(Command.withDescription("Makes a token, and says how a machine joins with it"))

const listTokens = Command.make(
  "list",
  administratorFlags,
  Effect.fnUntraced(function* (given) {
    const Token = yield* Effect.promise(() => import("./Token.ts"))
    yield* Token.list(yield* kubeconfigOf(given))
  })
).pipe(Command.withDescription("Shows the tokens that there are"))

const deleteToken = Command.make(
  "delete",
  { ...administratorFlags, tokens: Argument.String("token").pipe(Argument.variadic({ min: 1 })) },
  Effect.fnUntraced(function* ({ tokens, ...given }) {
    const Token = yield* Effect.promise(() => import("./Token.ts"))
    yield* Token.remove(yield* kubeconfigOf(given), tokens)
  })
).pipe(Command.withDescription("Deletes tokens: nobody joins with them any more"))

export const token = Command.make("token").pipe(
  Command.withDescription("Tokens by which machines join"),
  Command.withSubcommands([createToken, listTokens, deleteToken])
)
