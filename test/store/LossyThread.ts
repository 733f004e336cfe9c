/** A database's thread that dies after each tenth commit, before it has answered. */
import { parentPort, workerData } from "node:worker_threads"
import { serve } from "../../kernel/store/sqlite/SqliteThread.ts"

let commits = 0
if (parentPort !== null) {
  serve(parentPort, workerData, () => {
    if (++commits % 10 === 0) throw new Error("the disk is gone")
  })
}
