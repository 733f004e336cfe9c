/** Other processes of the machine reach the owner's log over a socket: the same laws there. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, FileSystem, Layer } from "effect"
import * as Suite from "../../conformance/Log.ts"
import * as Socket from "../../kernel/plugin/Socket.ts"
import { Log } from "../../kernel/store/Log.ts"
import * as SqliteLog from "../../kernel/store/sqlite/SqliteLog.ts"
import { verify } from "../Verify.ts"

const temporary = Effect.provide(
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped({ prefix: "keelson-socket-" })),
  NodeServices.layer
)

/** The owner, and a consumer that has nothing of it but the socket. */
const far = Effect.map(temporary, (directory) => {
  const owner = Layer.provide(Socket.serve(Log, `${directory}/log.sock`), SqliteLog.layer({ file: `${directory}/store.db` }))
  return Layer.provide(Socket.connect(Log, `${directory}/log.sock`), owner)
})

verify("in SQLite, through a socket", Suite.suite, Layer.unwrap(Effect.map(far, Suite.restarting)))
