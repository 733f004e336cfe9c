/** Stands between an SDK and the server of a cloud: one request may be refused, or done and never answered. */
import { Effect } from "effect"
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { Deferred } from "effect"
import type { Disturbance, Fault } from "./Bed.ts"

/** How a cloud says that it is asked too often: the body, and what it is. */
export type Throttle = (asked: IncomingMessage) => { readonly status: number; readonly type: string; readonly body: string }

interface Plan {
  readonly fault: Fault
  readonly call: number
  readonly reached: Deferred.Deferred<void>
}

const bodyOf = async (message: IncomingMessage) => {
  const pieces: Array<Buffer> = []
  for await (const piece of message) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces)
}

const forwarded = async (asked: IncomingMessage, to: URL) => {
  const body = await bodyOf(asked)
  return await new Promise<{ readonly answer: IncomingMessage; readonly body: Buffer }>((resolve, reject) => {
    const onward = request(new URL(asked.url ?? "/", to), { method: asked.method, headers: asked.headers }, (answer) => {
      bodyOf(answer).then((body) => resolve({ answer, body }), reject)
    })
    onward.on("error", reject)
    onward.end(body)
  })
}

export const make = (to: URL, throttle: Throttle) =>
  Effect.gen(function* () {
    let calls = 0
    let plan: Plan | undefined
    let isReached = false

    const handle = async (asked: IncomingMessage, reply: ServerResponse) => {
      calls++
      const due = plan !== undefined && calls === plan.call ? plan : undefined
      if (due !== undefined) isReached = true
      if (due?.fault === "throttled") {
        await bodyOf(asked)
        const { body, status, type } = throttle(asked)
        reply.writeHead(status, { "content-type": type }).end(body)
        return Effect.runSync(Deferred.succeed(due.reached, undefined))
      }
      const { answer, body } = await forwarded(asked, to)
      if (due === undefined) return reply.writeHead(answer.statusCode ?? 500, answer.headers).end(body)
      // Who crashes is never answered; whose answer is lost learns that the connection is.
      if (due.fault === "lost") asked.socket.destroy()
      return Effect.runSync(Deferred.succeed(due.reached, undefined))
    }
    const server = yield* Effect.acquireRelease(
      Effect.callback<ReturnType<typeof createServer>>((resume) => {
        const server = createServer((asked, reply) => {
          handle(asked, reply).catch(() => asked.socket.destroy())
        })
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) =>
        Effect.sync(() => {
          server.closeAllConnections()
          server.close()
        })
    )
    const { port } = server.address() as AddressInfo
    return {
      endpoint: `http://127.0.0.1:${port}`,
      disturb: (fault: Fault, call: number) =>
        Effect.acquireRelease(
          Effect.sync((): Disturbance => {
            const reached = Deferred.makeUnsafe<void>()
            ;[calls, isReached, plan] = [0, false, { fault, call, reached }]
            return { isReached: () => isReached, reached: Deferred.await(reached) }
          }),
          () => Effect.sync(() => (plan = undefined))
        )
    }
  })
