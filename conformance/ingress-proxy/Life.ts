/** Certificates, connections that stay, and what happens while routes change. */
import { Context, Effect, Fiber, Latch, Schedule } from "effect"
import { Agent } from "node:http"
import { Agent as SecureAgent } from "node:https"
import assert from "node:assert/strict"
import { createServer, type Server as Neighbour } from "node:net"
import { freePort } from "../../kernel/FreePort.ts"
import {
  type Configuration,
  type Listener,
  NotConfigured,
  type Server
} from "../../plugins/ingress/contracts/IngressProxy.ts"
import { ask, ask2, handshake, listens, said, seenIn, upgraded } from "./Ask.ts"
import { meanwhile } from "./Meanwhile.ts"
import { who } from "./Routing.ts"
import { certificate, check, forward, given, http, prefix, routes, server, servers, type Use } from "./Use.ts"

/** Kills what serves, as a defect of it would. */
export class Victim extends Context.Service<Victim, Effect.Effect<void>>()("conformance/IngressProxyVictim") {}

const https = (port: number, ...of: ReadonlyArray<Server>): Listener => ({ port, protocol: "HTTPS", servers: of })
const shown = (name: string, one: Server): Server => ({ ...one, certificate: name })
const toA = (use: Use, host = "") => server(host, prefix("/", use.toA))
const toB = (use: Use, host = "") => server(host, prefix("/", use.toB))

const kept = <A extends Agent>(make: () => A) =>
  Effect.acquireRelease(Effect.sync(make), (agent) => Effect.sync(() => agent.destroy()))
/** Somebody else who listens, at a port that is shared with whoever wants it too. */
const neighbour = (port: number) =>
  Effect.acquireRelease(
    Effect.callback<Neighbour, Error>((resume) => {
      const server = createServer()
      server.on("error", (error) => resume(Effect.fail(error)))
      server.listen({ host: "127.0.0.1", port, reusePort: true }, () => resume(Effect.succeed(server)))
    }),
    (server) => Effect.callback<void>((resume) => void server.close(() => resume(Effect.void)))
  )

const never = given(({ certificates, listeners }: Configuration) => ({ certificates, listeners: listeners.slice(0, 0) }))

export const checks = {
  "tls/names": check(
    function* (use) {
      const certificates = [yield* certificate("one", "a.example"), yield* certificate("two", "*.b.example")]
      const both = https(use.port, shown("one", toA(use, "a.example")), shown("two", toB(use, "*.b.example")))
      yield* use.proxy.sync(routes([both], certificates))
      assert.equal((yield* handshake(use.port, "a.example")).name, "a.example")
      assert.equal((yield* handshake(use.port, "x.b.example")).name, "*.b.example")
      assert.equal((yield* handshake(use.port, "a.example", ["h2", "http/1.1"])).protocol, "h2")
      assert.equal(yield* who(use, "x.b.example", { tls: true }), "b")
      assert.equal(seenIn(yield* ask2(use.port, "a.example")).who, "a")
    },
    servers((one) => ({ ...one, certificate: "one" }))
  ),
  "tls/unknown": check(
    function* (use) {
      yield* use.proxy.sync(routes([https(use.port, shown("one", toA(use, "a.example")))], [yield* certificate("one", "a")]))
      assert.equal((yield* Effect.exit(handshake(use.port, "b.example")))._tag, "Failure")
      assert.equal((yield* handshake(use.port, "a.example")).name, "a")
    },
    servers((one) => ({ ...one, host: "" }))
  ),
  "tls/changed": check(
    function* (use) {
      const listeners = [https(use.port, shown("one", toA(use)))]
      yield* use.proxy.sync(routes(listeners, [yield* certificate("one", "first.example")]))
      const agent = yield* kept(() => new SecureAgent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false }))
      const opened = new Set<unknown>()
      agent.on("free", (socket) => opened.add(socket))
      const stays = Effect.map(ask(use.port, "x.example", { tls: true, agent }), ({ status }) => status)
      assert.equal(yield* stays, 200)
      yield* meanwhile(
        use.port,
        { tls: true },
        Effect.forEach(
          ["second", "third"],
          Effect.fnUntraced(function* (name) {
            yield* use.proxy.sync(routes(listeners, [yield* certificate("one", `${name}.example`)]))
            assert.equal((yield* handshake(use.port, "x.example")).name, `${name}.example`)
            assert.equal(yield* stays, 200)
          }),
          { discard: true }
        )
      )
      assert.equal(opened.size, 1)
    },
    (honest) => {
      let first: Configuration["certificates"] = []
      return {
        sync: (one) => {
          if (first.length === 0) first = one.certificates
          return honest.sync(one.certificates.length === 0 ? one : { ...one, certificates: first })
        }
      }
    }
  ),
  "stream/upgrade": check(function* (use) {
    yield* use.serve(toA(use))
    const socket = yield* upgraded(use.port, "x.example")
    assert.equal(yield* said(socket, "one"), "one")
    yield* use.serve(toB(use))
    assert.equal(yield* who(use, "x.example"), "b")
    assert.equal(yield* said(socket, "two"), "two")
  }, never),
  "stream/parts": check(function* (use) {
    yield* use.serve(toA(use))
    const begun = Latch.makeUnsafe()
    const answer = yield* Effect.forkChild(
      ask(use.port, "x.example", { path: "/held" }, (part) => part.includes("begun") && begun.openUnsafe())
    )
    yield* begun.await
    yield* use.a.release
    assert.equal((yield* Fiber.join(answer)).body, "begun\nended\n")
    const body = Buffer.alloc(20 * 1024 * 1024, "x")
    assert.equal(seenIn(yield* ask(use.port, "x.example", { method: "POST", body })).bytes, body.length)
  }, never),
  "sync/whole": check(
    function* (use) {
      const other = yield* freePort
      yield* use.proxy.sync(routes([http(use.port, toA(use, "a.example"), toA(use, "b.example")), http(other, toA(use))]))
      assert.ok(yield* listens(other))
      yield* use.serve(toA(use, "a.example"))
      assert.equal(yield* who(use, "b.example"), "404")
      yield* Effect.repeat(listens(other), { while: (is) => is, schedule: Schedule.spaced("20 millis") })
    },
    (honest) => {
      let before: Configuration = { listeners: [], certificates: [] }
      return {
        sync: (one) => {
          before = one.listeners.length > 1 || one.listeners.length === 0 ? one : before
          return honest.sync(before)
        }
      }
    }
  ),
  "sync/load": check(
    function* (use) {
      yield* use.serve(toA(use))
      const begun = Latch.makeUnsafe()
      const held = yield* Effect.forkChild(ask(use.port, "x.example", { path: "/held" }, () => begun.openUnsafe()))
      yield* begun.await
      const turns = [toB(use), toA(use), toB(use), toA(use), toB(use)]
      yield* meanwhile(
        use.port,
        {},
        Effect.forEach(turns, (one) => use.serve(one), { discard: true })
      )
      assert.equal(yield* who(use, "x.example"), "b")
      yield* use.a.release
      assert.equal((yield* Fiber.join(held)).body, "begun\nended\n")
    },
    (honest) => ({ sync: (one) => Effect.andThen(honest.remove(), honest.sync(one)) })
  ),
  "sync/broken": check(
    function* (use) {
      yield* use.serve(toA(use))
      const broken = shown("absent", toB(use))
      const { reason } = yield* Effect.flip(
        Effect.catchTag(use.proxy.sync(routes([https(use.port, broken)])), "Unavailable", Effect.die)
      )
      assert.ok(reason.length > 0)
      assert.equal(yield* who(use, "x.example"), "a")
      assert.equal((yield* use.proxy.health()).ready, false)
      yield* use.serve(toB(use))
      assert.equal(yield* who(use, "x.example"), "b")
      assert.equal((yield* use.proxy.health()).ready, true)
    },
    (honest) => ({ sync: (one) => Effect.ignore(honest.sync(one)) })
  ),
  "sync/again": check(
    function* (use) {
      yield* use.serve(toA(use))
      const agent = yield* kept(() => new Agent({ keepAlive: true, maxSockets: 1 }))
      const opened = new Set<unknown>()
      agent.on("free", (socket) => opened.add(socket))
      for (const turn of [1, 2, 3]) {
        assert.equal(yield* who(use, "x.example", { agent }), "a", `turn ${turn}`)
        yield* use.serve(toA(use))
      }
      assert.equal(opened.size, 1)
    },
    (honest) => ({ sync: (one) => Effect.andThen(honest.remove(), honest.sync(one)) })
  ),
  "sync/shared": check(
    function* (use) {
      yield* Effect.scoped(Effect.andThen(neighbour(use.port), use.serve(toA(use))))
      assert.equal(yield* who(use, "x.example"), "a")
      yield* Effect.scoped(neighbour(use.port))
      assert.equal(yield* who(use, "x.example"), "a")
    },
    (honest) => ({
      sync: Effect.fnUntraced(function* (one) {
        const taken = yield* Effect.filter(one.listeners, ({ port }) => listens(port))
        if (taken.length > 0) return yield* new NotConfigured({ reason: "address already in use" })
        return yield* honest.sync(one)
      })
    })
  ),
  "life/again": {
    ...check(function* (use) {
      yield* use.serve(toA(use))
    }, never),
    holds: Effect.flatMap(
      Victim,
      (kill) =>
        check(
          function* (use) {
            yield* use.serve(toA(use))
            assert.equal(yield* who(use, "x.example"), "a")
            const { restarts } = yield* use.proxy.health()
            yield* kill
            const answered = Effect.orElseSucceed(who(use, "x.example"), () => "")
            const again = Effect.all([answered, use.proxy.health()])
            yield* Effect.repeat(again, {
              until: ([found, health]) => found === "a" && health.restarts > restarts && health.ready,
              schedule: Schedule.spaced("50 millis")
            })
          },
          () => ({})
        ).holds
    )
  },
  "remove/nothing": check(
    function* (use) {
      yield* use.proxy.sync(routes([http(use.port, server("", prefix("/", forward(use.a.port))))]))
      assert.ok(yield* listens(use.port))
      yield* use.proxy.remove()
      yield* use.proxy.remove()
      assert.equal(yield* listens(use.port), false)
    },
    () => ({ remove: () => Effect.void })
  )
}
