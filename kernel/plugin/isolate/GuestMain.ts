/** The program of a guest in a thread, or in a process, which has the wire to its host as its file descriptor 3. */
import { Socket } from "node:net"
import { parentPort } from "node:worker_threads"
import * as Frames from "../Frames.ts"
import * as Guest from "./Guest.ts"
import * as Network from "./Network.ts"
import * as Worker from "./Worker.ts"

const exit = () => process.exit(0)
/** What nobody has caught ends the program, as it would without this; but the host is told what it was. */
const watched = (die: (cause: unknown) => void) => {
  process.on("uncaughtException", (error) => {
    console.error(error)
    die(error)
    setImmediate(() => process.exit(1))
  })
}
if (parentPort === null) {
  const granted = process.env[Network.variable]
  // The host has written it.
  if (granted !== undefined) await Network.relay(JSON.parse(granted))
  const wire = Frames.wireOf(new Socket({ fd: 3, readable: true, writable: true }))
  watched(Guest.run(wire, exit, process.env["KEELSON_MODULE"]))
} else {
  watched(Guest.run(Worker.wireOf(parentPort), exit))
}
