/** Records of one process on their way into its file: each is there before anything else happens, whoever is killed next. */
import { closeSync, globSync, openSync, readFileSync, writeSync } from "node:fs"
import { join } from "node:path"
import { Result } from "effect"
import { type BadHistory, line, merge, parse, type Record } from "./history/History.ts"

/** Microseconds of the clock that all processes of the machine share. */
export const now = () => Number(process.hrtime.bigint() / 1000n)

export interface Lines {
  readonly write: (record: Record) => void
  readonly close: () => void
}

export const open = (file: string): Lines => {
  const descriptor = openSync(file, "a")
  return { write: (record) => void writeSync(descriptor, line(record)), close: () => closeSync(descriptor) }
}

/** What a run has written so far, of one process or of all. */
export const read = (directory: string, pattern = "*.jsonl"): Result.Result<ReadonlyArray<Record>, BadHistory> =>
  Result.map(
    Result.all(
      globSync(pattern, { cwd: directory })
        .toSorted()
        .map((file) => parse(readFileSync(join(directory, file), "utf8")))
    ),
    merge
  )
