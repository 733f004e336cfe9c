/** Two API processes on one log share the port, whatever keeps the log. */
import { suite } from "./Suite.ts"

suite("two API processes on SQLite", { processes: 2 })
