/**
 * Which control planes there are on this machine, who runs them, and the server that keeps their logs. A file of SQLite, whose lock
 * is also that of everybody who changes any of it: it goes with its process, however that ends.
 */
import { Effect, Schedule, Schema } from "effect"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as Processes from "../Processes.ts"

export class RegistryUnusable extends Schema.TaggedError<RegistryUnusable>()("RegistryUnusable", {
  file: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `${this.file}, which says what control planes there are, cannot be used: ${this.reason}`
  }
}

export const Entry = Schema.Struct({
  name: Schema.String,
  port: Schema.Int,
  /** The public key of its user in the shared server; empty if its logs are elsewhere. */
  key: Schema.String,
  /** Who runs it, or ran it last. */
  pid: Schema.Int,
  began: Schema.String
})
export type Entry = typeof Entry.Type

/** Of the server that they share. */
export const Server = Schema.Struct({
  listen: Schema.String,
  monitor: Schema.String,
  passwords: Schema.Struct({ client: Schema.String, admin: Schema.String, route: Schema.String }),
  limits: Schema.Struct({ memory: Schema.Int, disk: Schema.Int }),
  /** The keys that it knows, once it has read of them. */
  knows: Schema.String
})
export type Server = typeof Server.Type
const ServerText = Schema.fromJsonString(Server)

const decodeEntries = Schema.decodeUnknownSync(Schema.Array(Entry))
const decodeServer = Schema.decodeUnknownSync(Schema.Array(Schema.Struct({ text: ServerText })))
const encodeServer = Schema.encodeSync(ServerText)

const tables = `
  CREATE TABLE IF NOT EXISTS entry (name TEXT PRIMARY KEY, port INTEGER NOT NULL, key TEXT NOT NULL, pid INTEGER NOT NULL, began TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS server (id INTEGER PRIMARY KEY CHECK (id = 1), text TEXT NOT NULL);
`

const registryOf = (database: DatabaseSync) => ({
  entries: () => decodeEntries(database.prepare("SELECT * FROM entry ORDER BY name").all()),
  put: ({ began, key, name, pid, port }: Entry) =>
    void database.prepare("REPLACE INTO entry VALUES (?, ?, ?, ?, ?)").run(name, port, key, pid, began),
  remove: (name: string) => void database.prepare("DELETE FROM entry WHERE name = ?").run(name),
  server: () => decodeServer(database.prepare("SELECT text FROM server").all())[0]?.text,
  putServer: (server: Server) => void database.prepare("REPLACE INTO server VALUES (1, ?)").run(encodeServer(server))
})
export type Registry = ReturnType<typeof registryOf>

export const isRunning = (entry: Entry) => Processes.isAlive(entry)

const isBusy = ({ reason }: RegistryUnusable) => reason.includes("database is locked")

/** What is done while nobody else does any of it. What fails leaves the registry as it was. */
export const locked = <A, E, R>(root: string, use: (registry: Registry) => Effect.Effect<A, E, R>) => {
  const file = join(root, "registry.db")
  const attempt = <B>(what: () => B) =>
    Effect.try({ try: what, catch: (cause) => new RegistryUnusable({ file, reason: String(cause) }) })
  const opened = attempt(() => {
    mkdirSync(root, { recursive: true, mode: 0o700 })
    // Who waits here for the lock would let nothing else of this process run.
    return new DatabaseSync(file, { timeout: 0 })
  })
  const begun = (database: DatabaseSync) =>
    Effect.retry(
      attempt(() => database.exec(`BEGIN IMMEDIATE; ${tables}`)),
      { while: isBusy, schedule: Schedule.spaced("20 millis").pipe(Schedule.upTo({ duration: "2 minutes" })) }
    )
  return Effect.acquireUseRelease(
    opened,
    (database) =>
      Effect.gen(function* () {
        yield* begun(database)
        const found = yield* use(registryOf(database))
        yield* attempt(() => database.exec("COMMIT"))
        return found
      }),
    // What was not committed is undone by it.
    (database) => Effect.sync(() => database.close())
  )
}
