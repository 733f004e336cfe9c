/** Several servers of one API: who dies is left, and what may be asked again is. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import * as Failover from "../../adapters/client/https/Failover.ts"

/** A server that answers with its name, and can be made to break off what is asked. */
const server = (name: string) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly url: string; readonly state: { breaks: boolean; asked: number }; readonly end: () => void }>(
      (resume) => {
        const state = { breaks: false, asked: 0 }
        const http = createServer((request, response) => {
          state.asked++
          request.resume()
          if (state.breaks) request.socket.destroy()
          else response.end(name)
        })
        const end = () => {
          http.closeAllConnections()
          http.close()
        }
        http.listen(0, "127.0.0.1", () => {
          // A server that listens on a port has an address of this form, hence the cast.
          const { port } = http.address() as AddressInfo
          resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, state, end }))
        })
      }
    ),
    ({ end }) => Effect.sync(end)
  )

const setup = Effect.gen(function* () {
  const [a, b] = [yield* server("a"), yield* server("b")]
  const send = yield* Failover.make({ server: a.url, others: () => [b.url] })
  const ask = (method: string) =>
    Effect.scoped(
      Effect.flatMap(send({ method, path: "/", headers: {} }), ({ body }) =>
        Effect.promise(async () => Buffer.concat(await body.toArray()).toString())
      )
    )
  return { a, b, ask }
})

describe("several servers of one API", () => {
  it.live("one is asked as long as it answers, then the next", () =>
    Effect.gen(function* () {
      const { a, ask, b } = yield* setup
      assert.strictEqual(yield* ask("GET"), "a")
      assert.strictEqual(yield* ask("POST"), "a")
      a.end()
      assert.strictEqual(yield* ask("GET"), "b")
      assert.strictEqual(yield* ask("POST"), "b")
      assert.strictEqual(b.state.asked, 2)
    }).pipe(Effect.scoped)
  )

  it.live("what may have been done is not asked again, unless it was only to read", () =>
    Effect.gen(function* () {
      const { a, ask, b } = yield* setup
      a.state.breaks = true
      const lost = yield* Effect.flip(ask("POST"))
      assert.strictEqual(lost.applied, "unknown")
      assert.strictEqual(b.state.asked, 0)
      assert.strictEqual(yield* ask("POST"), "b", "the next request goes elsewhere")
      b.state.breaks = true
      a.state.breaks = false
      assert.strictEqual(yield* ask("GET"), "a", "a read is asked again of the other")
    }).pipe(Effect.scoped)
  )
})
