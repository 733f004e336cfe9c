/** The store in an SQLite file, and beside it a journal of what was written, a line each, for people and their tools: `tail -f journal`. */
import { Effect, Layer } from "effect"
import { appendFileSync } from "node:fs"
import { join } from "node:path"
import * as Plugin from "keelson/kernel/plugin/Plugin"
import { Log } from "keelson/kernel/store/Log"
import * as SqliteLog from "keelson/parts/sqlite-log"

/** `directory` is its own, and stays. */
export const plugin = ({ directory }: { readonly directory: string }) => {
  const journal = join(directory, "journal")
  const journaled = Effect.map(Log, (log) =>
    Log.of({
      ...log,
      append: (change) =>
        Effect.tap(log.append(change), (seq) =>
          Effect.sync(() => {
            const { bytes, key, log: name, op } = change
            // Leases are renewed all the time.
            if (name !== "leases") appendFileSync(journal, `${name} ${seq} ${op} ${key} ${bytes.length}\n`)
          })
        )
    })
  )
  return Plugin.make({
    name: "store-journal",
    offers: [Log],
    layer: Layer.provide(Layer.effect(Log, journaled), SqliteLog.layer({ file: join(directory, "store.db") }))
  })
}
