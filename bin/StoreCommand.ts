/** `keelson store get | tail | at | migrate`: a look into the store, and at the cluster as it was; and another store. */
import { Clock, Console, DateTime, Effect, Option, Schema, Stream } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { stringify } from "yaml"
import { administratorFlags, kubeconfigOf, text } from "./Flags.ts"
import { migrate } from "./StoreMigrateCommand.ts"
import type { Told } from "./StoreRoute.ts"
import * as Columns from "./Columns.ts"

const output = Flag.Literals("output", ["text", "yaml", "json"]).pipe(
  Flag.withAlias("o"),
  Flag.withDescription("text (default), yaml or json"),
  Flag.withDefault("text")
)

const parts = Effect.promise(() => Promise.all([import("./Administer.ts"), import("./StoreRoute.ts")]))

const get = Command.make(
  "get",
  { ...administratorFlags, output, path: Argument.String("path") },
  Effect.fnUntraced(function* ({ output, path, ...given }) {
    const [Administer, Route] = yield* parts
    const asked = path.split("/").filter((part) => part !== "")
    const answer = yield* Administer.ask(yield* kubeconfigOf(given), {
      path: `${Route.path.objects}/${asked.map(encodeURIComponent).join("/")}`
    })
    const kept = yield* Schema.decodeEffect(Schema.fromJsonString(Route.Kept))(answer)
    if (output === "json") return yield* Console.log(JSON.stringify(kept, undefined, 2))
    if (output === "yaml") return yield* Console.log(stringify(kept).trimEnd())
    const rows = kept.entries.map(({ by = "", bytes, encrypted = "-", op, revision }) => [
      `${revision}`,
      op,
      by,
      `${bytes}`,
      encrypted
    ])
    yield* Console.log(`${kept.key}; the history is kept from revision ${kept.compacted} on\n`)
    yield* Console.log(Columns.table([["REVISION", "OP", "BY", "BYTES", "ENCRYPTED"], ...rows]))
    const last = kept.entries.at(-1)
    if (last?.unreadable !== undefined) return yield* Console.error(`\nit cannot be read: ${last.unreadable}`)
    yield* Console.log(`\n${stringify(last?.object ?? null).trimEnd()}`)
  })
).pipe(Command.withDescription("Shows one object as it is stored, with its history: /pods/default/web, /nodes/n1"))

const remove = Command.make(
  "remove",
  { ...administratorFlags, path: Argument.String("path") },
  Effect.fnUntraced(function* ({ path, ...given }) {
    const [Administer, Route] = yield* parts
    const asked = path.split("/").filter((part) => part !== "")
    yield* Administer.ask(yield* kubeconfigOf(given), {
      method: "DELETE",
      path: `${Route.path.objects}/${asked.map(encodeURIComponent).join("/")}`
    })
    yield* Console.log(`${asked.join("/")} is removed`)
  })
).pipe(Command.withDescription("Removes an object that cannot be decrypted any more; all others are deleted with kubectl"))

/** `PUT` is what the log calls both: what was there before tells creations from changes. */
const verb = ({ op, prev }: Told) => (op === "delete" ? "delete" : prev === 0 ? "create" : "change")
const line = (now: number, one: Told) =>
  `${DateTime.formatIso(DateTime.makeUnsafe(now)).slice(11, 23)} ${one.log} ${one.revision} ${verb(one)} ${one.key} ${one.bytes} bytes${
    one.unreadable === undefined ? "" : ` (${one.unreadable})`
  }`

const tail = Command.make(
  "tail",
  {
    ...administratorFlags,
    output,
    log: Flag.Literals("log", ["objects", "events", "leases"]).pipe(
      Flag.withDescription("Only this log (default: all three)"),
      Flag.optional
    ),
    resource: text("resource", "Only this resource: pods, deployments.apps"),
    namespace: Flag.String("namespace").pipe(Flag.withAlias("n"), Flag.withDescription("Only this namespace"), Flag.optional)
  },
  Effect.fnUntraced(function* ({ log, namespace, output, resource, ...given }) {
    const [Administer, Route] = yield* parts
    const query = new URLSearchParams()
    for (const [name, value] of Object.entries({ log, namespace, resource })) {
      if (Option.isSome(value)) query.set(name, value.value)
    }
    const lines = Administer.lines(yield* kubeconfigOf(given), { path: `${Route.path.feed}?${query}` })
    const decode = Schema.decodeEffect(Schema.fromJsonString(Route.Told))
    yield* Stream.runForEach(lines, (answer) =>
      Effect.gen(function* () {
        if (output === "json") return yield* Console.log(answer)
        const one = yield* decode(answer)
        if (output === "yaml") return yield* Console.log(`---\n${stringify(one).trimEnd()}`)
        yield* Console.log(line(yield* Clock.currentTimeMillis, one))
      })
    )
  }, Effect.scoped)
).pipe(Command.withDescription("Shows what is written to the store, as it is written"))

/** `90s`, `5m`, `1h`: so long ago. */
const ago = (text: string) => {
  const [, count, unit] = /^(\d+)(s|m|h)$/.exec(text) ?? []
  if (count === undefined) return undefined
  return Number(count) * (unit === "h" ? 3_600_000 : unit === "m" ? 60_000 : 1000)
}

const at = Command.make(
  "at",
  {
    ...administratorFlags,
    moment: Argument.String("moment").pipe(
      Argument.withDescription("A revision, a time such as 2006-01-02T15:04:05Z, or how long ago: 90s, 5m, 1h")
    ),
    args: Argument.String("args").pipe(Argument.withDescription("What kubectl is asked"), Argument.variadic({ min: 1 }))
  },
  Effect.fnUntraced(function* ({ args, moment, ...given }) {
    const [Kubeconfig, Kubectl] = yield* Effect.promise(() =>
      Promise.all([import("../adapters/client/https/Kubeconfig.ts"), import("./Kubectl.ts")])
    )
    const kubeconfig = yield* kubeconfigOf(given)
    const { server } = yield* Kubeconfig.read(kubeconfig)
    const millis = ago(moment)
    const then =
      millis === undefined ? moment : DateTime.formatIso(DateTime.makeUnsafe((yield* Clock.currentTimeMillis) - millis))
    const address = `${server.replace(/\/$/, "")}/as-of/${encodeURIComponent(then)}`
    process.exitCode = yield* Kubectl.run({ kubeconfig }, ["--server", address, ...args])
  })
).pipe(Command.withDescription("Asks kubectl of the cluster as it was: keelson store at 5m -- get pods"))

export const store = Command.make("store").pipe(
  Command.withDescription("A look into the store, and at the cluster as it was"),
  Command.withSubcommands([get, tail, at, remove, migrate])
)
