/** What the thread of the SQLite driver runs. */
import { parentPort, workerData } from "node:worker_threads"
import { serve } from "./SqliteThread.ts"

if (parentPort !== null) serve(parentPort, workerData)
