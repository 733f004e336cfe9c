/** The program of a guest in a thread, or in a process, which has the wire to its host as its file descriptor 3. */
import { Socket } from "node:net"
import { parentPort } from "node:worker_threads"
import * as Frames from "../Frames.ts"
import * as Guest from "./Guest.ts"
import * as Network from "./Network.ts"
import * as Worker from "./Worker.ts"

const exit = () => process.exit(0)
if (parentPort === null) {
  const granted = process.env[Network.variable]
  // The host has written it.
  if (granted !== undefined) await Network.relay(JSON.parse(granted))
  Guest.run(Frames.wireOf(new Socket({ fd: 3, readable: true, writable: true })), exit, process.env["KEELSON_MODULE"])
} else {
  Guest.run(Worker.wireOf(parentPort), exit)
}
