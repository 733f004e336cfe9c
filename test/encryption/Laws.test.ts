/** A log with encryption around it keeps the laws of the log; and the keyring those of key management. */
import { Effect, Layer } from "effect"
import * as KeyManagement from "../../conformance/KeyManagement.ts"
import * as Log from "../../conformance/Log.ts"
import * as MemoryLog from "../../kernel/store/memory/MemoryLog.ts"
import * as SqliteLog from "../../kernel/store/sqlite/SqliteLog.ts"
import * as Contract from "../../plugins/encryption/contracts/KeyManagement.ts"
import { sabotage, verify } from "../Verify.ts"
import { encrypted, providerOf, ringIn, temporary } from "./Keys.ts"

const keyring = Layer.effect(
  Contract.KeyManagement,
  Effect.map(Effect.flatMap(temporary, ringIn), (ring) => providerOf(ring).keys)
)
verify("a keyring", KeyManagement.suite, keyring)
sabotage(KeyManagement.suite, keyring)

const deviations = { "append/size": "what is encrypted is longer, so that the limit is lower for what is not yet" }
const sqlite = Layer.unwrap(Effect.map(temporary, (directory) => SqliteLog.layer({ file: `${directory}/store.db` })))
verify("in memory, encrypted", Log.suite, encrypted(MemoryLog.layer), { deviations })
verify("in SQLite, encrypted", Log.suite, encrypted(sqlite), { deviations })
