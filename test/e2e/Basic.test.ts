/** A cluster of one process on SQLite. */
import { suite } from "./Suite.ts"

suite("a cluster on SQLite", {})
