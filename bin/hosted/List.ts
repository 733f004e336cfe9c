/** What `keelson server list` shows of the control planes of a machine. */
import { Effect, FileSystem } from "effect"
import * as Columns from "../Columns.ts"
import * as Paths from "../Paths.ts"
import * as Hosted from "./Hosted.ts"
import * as Place from "./Place.ts"
import * as Registry from "./Registry.ts"

/** A part of what the process has for itself, and of its share of what it has with others. Source: proc(5). */
const memoryOf = Effect.fnUntraced(function* (pid: number, together: number) {
  const fs = yield* FileSystem.FileSystem
  const text = yield* Effect.orElseSucceed(fs.readFileString(`/proc/${pid}/smaps_rollup`), () => "")
  const kibibytes = /^Pss:\s+(\d+)/m.exec(text)?.[1]
  return kibibytes === undefined ? "-" : `${Math.round(Number(kibibytes) / 1024 / together)} MiB`
})

export const table = Effect.fn("List.table")(function* (dataDir: string) {
  const entries = yield* Hosted.list(dataDir)
  const rows = yield* Effect.forEach(entries, (entry) =>
    Effect.gen(function* () {
      const { name, pid, port } = entry
      const runs = Registry.isRunning(entry)
      const { kubeconfig } = Paths.make(Place.directoryOf(dataDir, name), "")
      const memory = runs ? yield* memoryOf(pid, entries.filter((other) => other.pid === pid).length) : "-"
      return [name, runs ? "Running" : "Stopped", runs ? `${pid}` : "-", memory, `https://127.0.0.1:${port}`, kubeconfig]
    })
  )
  if (rows.length === 0) return `there is no control plane with a name in ${dataDir}: keelson server --name NAME makes one`
  return Columns.table([["NAME", "STATUS", "PROCESS", "MEMORY", "API", "KUBECONFIG"], ...rows])
})
