/** A database's thread that dies of its first commit. The next one takes the file and never says that it has. */
import { existsSync, writeFileSync } from "node:fs"
import { parentPort, workerData } from "node:worker_threads"
import { SqliteDatabase } from "../../kernel/store/sqlite/SqliteDatabase.ts"
import { serve, type Start } from "../../kernel/store/sqlite/SqliteThread.ts"

const start: Start = workerData
const died = `${start.file}.died`
if (parentPort !== null && existsSync(died)) {
  const held = new SqliteDatabase(start.file, start.epoch)
  writeFileSync(`${start.file}.held`, "")
  parentPort.on("message", () => held.close())
} else if (parentPort !== null) {
  serve(parentPort, start, () => {
    writeFileSync(died, "")
    throw new Error("the disk is gone")
  })
}
