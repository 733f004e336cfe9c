/** What becomes of a request that a rule has. */
import { Effect } from "effect"
import assert from "node:assert/strict"
import { freePort } from "../../kernel/FreePort.ts"
import type { Forward } from "../../plugins/ingress/contracts/IngressProxy.ts"
import { ask, seenIn } from "./Ask.ts"
import { who } from "./Routing.ts"
import { backend, check, exact, forward, forwards, prefix, rules, server, target, unchanged } from "./Use.ts"

const nobody = { name: "laws/nobody", weight: 1, targets: [], otherwise: 503 }
const changing = (about: Partial<Forward>) => forwards((one) => ({ ...one, ...about }))
const value = (name: string, text: string) => ({ name, value: text })

export const checks = {
  "backend/weights": check(
    function* (use) {
      const backends = [backend(use.a.port, 9), backend(use.b.port, 1), { ...nobody, weight: 0 }]
      yield* use.serve(server("", prefix("/", forward(0, { backends }))))
      const all = yield* Effect.forEach(Array.from({ length: 300 }), () => who(use, "x.example"), { concurrency: 16 })
      const b = all.filter((one) => one === "b").length
      // 30 are expected; so far away is one of a million.
      assert.ok(b > 4 && b < 65, `b answered ${b} of 300`)
      assert.equal(all.filter((one) => one === "a").length, 300 - b)
    },
    forwards((one) => ({ ...one, backends: one.backends.map((each) => ({ ...each, weight: 1 })) }))
  ),
  "backend/none": check(
    function* (use) {
      const one = (otherwise: number) => forward(0, { backends: [{ ...nobody, otherwise }] })
      yield* use.serve(server("", exact("/gone", one(503)), exact("/wrong", one(500))))
      assert.equal(yield* who(use, "x.example", { path: "/gone" }), "503")
      assert.equal(yield* who(use, "x.example", { path: "/wrong" }), "500")
    },
    forwards((one) => ({ ...one, backends: one.backends.map((each) => ({ ...each, otherwise: 404 })) }))
  ),
  "backend/dead": check(
    function* (use) {
      const dead = yield* freePort
      const two = [{ ...backend(0), targets: [target(dead), target(use.b.port)] }]
      yield* use.serve(server("", prefix("/", forward(0, { backends: two }))))
      const all = yield* Effect.forEach(Array.from({ length: 20 }), () => who(use, "x.example"))
      assert.deepEqual(new Set(all), new Set(["b"]))
    },
    forwards((one) => ({ ...one, backends: one.backends.map((each) => ({ ...each, targets: each.targets.slice(0, 1) })) }))
  ),
  "backend/slow": check(
    function* (use) {
      yield* use.serve(server("", prefix("/", { ...use.toA, timeoutMillis: 300 })))
      assert.equal(yield* who(use, "x.example", { path: "/slow/20000" }), "504")
    },
    changing({ timeoutMillis: 60_000 })
  ),
  "respond/status": check(
    function* (use) {
      yield* use.serve(server("", prefix("/", { type: "Respond", status: 410 })))
      assert.equal(yield* who(use, "x.example"), "410")
    },
    rules((one) => ({ ...one, action: { type: "Respond", status: 404 } }))
  ),
  "redirect/parts": check(
    function* (use) {
      const to = { type: "Redirect", status: 302 } as const
      yield* use.serve(
        server(
          "",
          prefix("/tls", { ...to, scheme: "https", status: 301 }),
          prefix("/host", { ...to, host: "else.example", port: 8080 }),
          prefix("/old", { ...to, path: { type: "Prefix", value: "/new/$1" } }),
          prefix("/full", { ...to, path: { type: "Full", value: "/all" } })
        )
      )
      const leads = (path: string) =>
        Effect.map(
          ask(use.port, `x.example:${use.port}`, { path }),
          ({ headers, status }) => `${status} ${headers.location}`
        )
      const here = `http://x.example:${use.port}`
      assert.equal(yield* leads("/tls/x?y=1"), "301 https://x.example/tls/x?y=1")
      assert.equal(yield* leads("/host"), "302 http://else.example:8080/host")
      assert.equal(yield* leads("/old/a%0d%0ab?q"), `302 ${here}/new/$1/a%0d%0ab?q`)
      assert.equal(yield* leads("/old"), `302 ${here}/new/$1`)
      assert.equal(yield* leads("/full/x"), `302 ${here}/all`)
    },
    rules((one) => (one.action.type === "Redirect" ? { ...one, action: { type: "Redirect", status: 302 } } : one))
  ),
  "rewrite/host": check(
    function* (use) {
      yield* use.serve(server("", prefix("/", { ...use.toA, host: "inner.example" })))
      assert.equal(seenIn(yield* ask(use.port, "x.example")).headers["host"], "inner.example")
    },
    changing({ host: "x.example" })
  ),
  "rewrite/path": check(
    function* (use) {
      yield* use.serve(
        server(
          "",
          prefix("/one", { ...use.toA, path: { type: "Prefix", value: "/new" } }),
          prefix("/root", { ...use.toA, path: { type: "Prefix", value: "/" } }),
          prefix("/full", { ...use.toA, path: { type: "Full", value: "/all$x" } })
        )
      )
      const url = (path: string) => Effect.map(ask(use.port, "x.example", { path }), (answer) => seenIn(answer).url)
      assert.equal(yield* url("/one/two?x=1"), "/new/two?x=1")
      assert.equal(yield* url("/one"), "/new")
      assert.equal(yield* url("/root/two"), "/two")
      assert.equal(yield* url("/root"), "/")
      assert.equal(yield* url("/full/two?x=1"), "/all$x?x=1")
    },
    changing({ path: { type: "Full", value: "/" } })
  ),
  "headers/request": check(
    function* (use) {
      const requestHeaders = {
        set: [value("X-Set", 'a "$b" \\c'), value("X-New", "new")],
        add: [value("X-Add", "more"), value("X-First", "first")],
        remove: ["X-Gone"]
      }
      yield* use.serve(server("", prefix("/", { ...use.toA, requestHeaders })))
      const asked = { "x-set": "old", "x-add": "one", "x-gone": "here", "x-stays": "here" }
      const { headers } = seenIn(yield* ask(use.port, "x.example", { headers: asked }))
      const names = ["x-set", "x-new", "x-add", "x-first", "x-gone", "x-stays"]
      const expected = ['a "$b" \\c', "new", "one,more", "first", undefined, "here"]
      assert.deepEqual(
        names.map((name) => headers[name]?.replaceAll(", ", ",")),
        expected
      )
    },
    changing({ requestHeaders: unchanged })
  ),
  "headers/response": check(
    function* (use) {
      const responseHeaders = { set: [value("X-Given", "by-$proxy")], add: [value("X-More", "more")], remove: ["X-Backend"] }
      yield* use.serve(server("", prefix("/", { ...use.toA, responseHeaders })))
      const { headers } = yield* ask(use.port, "x.example")
      const found = ["x-given", "x-more", "x-backend"].map((name) => headers[name])
      assert.deepEqual(found, ["by-$proxy", "more", undefined])
    },
    changing({ responseHeaders: unchanged })
  ),
  "headers/forwarded": check(
    function* (use) {
      yield* use.serve(server("", prefix("/", use.toA)))
      const { headers } = seenIn(yield* ask(use.port, "x.example"))
      const found = ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "host"].map((name) => headers[name])
      assert.deepEqual(found, ["127.0.0.1", "http", "x.example", "x.example"])
    },
    changing({ requestHeaders: { ...unchanged, remove: ["X-Forwarded-For"] } })
  )
}
