/** The owner of an SQLite log in a process of its own, for others of the machine: `OwnerMain.ts FILE SOCKET`. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Layer } from "effect"
import * as Socket from "../../kernel/plugin/Socket.ts"
import { Log } from "../../kernel/store/Log.ts"
import * as SqliteLog from "../../kernel/store/sqlite/SqliteLog.ts"

const [, , file = "", socket = ""] = process.argv
NodeRuntime.runMain(Layer.launch(Layer.provide(Socket.serve(Log, socket), SqliteLog.layer({ file }))))
