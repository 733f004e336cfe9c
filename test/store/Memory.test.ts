/** The log in memory keeps the laws directly, through a slot and in a thread; and the suite sees each law broken. */
import { Effect, Layer } from "effect"
import * as Log from "../../conformance/Log.ts"
import * as Worker from "../../kernel/plugin/Worker.ts"
import * as MemoryLog from "../../kernel/store/memory/MemoryLog.ts"
import { installed, sabotage, verify } from "../Verify.ts"

const thread = Worker.isolate(MemoryLog.plugin, new URL("../../kernel/store/memory/MemoryLog.ts", import.meta.url))
const restarted = Layer.unwrap(Effect.map(MemoryLog.kept, Log.restarting))

verify("in memory", Log.suite, restarted)
verify("in memory, through a slot", Log.suite, installed(MemoryLog.plugin))
verify("in memory, through a slot and a thread", Log.suite, installed(thread))
sabotage(Log.suite, restarted)
