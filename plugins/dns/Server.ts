/**
 * The sockets, UDP and TCP of one port at some addresses. They can be shared with another server of this node, so that one can
 * follow the other without a gap: the new one gets what comes from then on, the old one answers what it has and closes.
 */
import { Effect, FiberSet, Schema } from "effect"
import type { Responder } from "./Responder.ts"
import * as Tcp from "./Tcp.ts"
import * as Udp from "./Udp.ts"

export class NotListening extends Schema.TaggedError<NotListening>()("NotListening", {
  address: Schema.String,
  port: Schema.Int,
  transport: Schema.Literals(["udp", "tcp"]),
  detail: Schema.String
}) {
  override get message() {
    return `${this.address} port ${this.port} (${this.transport}) cannot be served: ${this.detail}`
  }
}

const open = Effect.fnUntraced(function* (address: string, port: number, respond: Responder, run: Udp.Run) {
  const refused = (transport: "udp" | "tcp") => (detail: string) => new NotListening({ address, port, transport, detail })
  const taken = yield* Effect.mapError(Udp.listen(address, port, respond, run), refused("udp"))
  yield* Effect.mapError(Tcp.listen(address, taken, respond, run), refused("tcp"))
  return taken
})

/** Answers until the scope closes. With port 0 it takes one that is free; which it is, it returns. */
export const listen = Effect.fnUntraced(function* (addresses: ReadonlyArray<string>, port: number, respond: Responder) {
  const fibers = yield* FiberSet.make()
  const run = yield* FiberSet.runtime(fibers)()
  let taken = port
  for (const address of addresses) {
    // A port that the kernel has chosen for datagrams may be taken for connections: then another.
    taken = yield* Effect.retry(open(address, taken, respond, run), { times: taken === 0 ? 20 : 0 })
  }
  return taken
})
