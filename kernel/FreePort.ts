/** A port of this machine's loopback that nobody has, for servers that others must be told of before they listen. */
import { Effect, Random } from "effect"
import { createServer } from "node:net"

/** Below those that the system gives to outgoing connections, which would take it meanwhile; and below the ports of Services. */
const [lowest, highest] = [10_000, 29_999]
/** No port is given twice by one process. */
const given = new Set<number>()

const isFree = (port: number) =>
  Effect.callback<boolean>((resume) => {
    const server = createServer()
    server.on("error", () => resume(Effect.succeed(false)))
    server.listen(port, "127.0.0.1", () => void server.close(() => resume(Effect.succeed(true))))
  })

/** Random, so that processes that ask at the same time are not given the same. */
export const freePort: Effect.Effect<number> = Effect.gen(function* () {
  const port = yield* Random.nextIntBetween(lowest, highest)
  if (given.has(port)) return yield* freePort
  given.add(port)
  return (yield* isFree(port)) ? port : yield* freePort
})
