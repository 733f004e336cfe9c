/** Which rule a request comes to: hosts, paths and conditions. */
import { Effect } from "effect"
import assert from "node:assert/strict"
import type { Rule } from "../../plugins/ingress/contracts/IngressProxy.ts"
import { type Asked, ask, seenIn } from "./Ask.ts"
import { check, exact, given, matches, prefix, rules, server, servers, type Use } from "./Use.ts"

/** The status, or who answered. */
export const who = ({ port }: Use, host: string, asked: Asked = {}) =>
  Effect.map(ask(port, host, asked), (answer) => (answer.status === 200 ? seenIn(answer).who : String(answer.status)))

const expect = (use: Use, host: string, answers: { readonly [path: string]: string }) =>
  Effect.forEach(
    Object.entries(answers),
    ([path, expected]) => Effect.map(who(use, host, { path }), (found) => assert.equal(found, expected, `${host}${path}`)),
    { discard: true }
  )

const all = (action: Rule["action"]) => prefix("/", action)
const header = (type: "Exact" | "RegularExpression", name: string, value: string) => ({ name, type, value })

export const checks = {
  "host/exact": check(
    function* (use) {
      yield* use.serve(server("a.example", all(use.toA)), server("b.example", all(use.toB)))
      assert.equal(yield* who(use, "a.example"), "a")
      assert.equal(yield* who(use, "B.Example"), "b")
      assert.equal(yield* who(use, `b.example:${use.port}`), "b")
    },
    servers((one) => ({ ...one, host: one.host.replace("b.", "c.") }))
  ),
  "host/wildcard": check(
    function* (use) {
      yield* use.serve(
        { ...server("*.one.example", all(use.toA)), labels: "one" },
        server("*.any.example", all(use.toA)),
        server("own.any.example", all(use.toB))
      )
      assert.equal(yield* who(use, "x.one.example"), "a")
      assert.equal(yield* who(use, "y.x.one.example"), "404")
      assert.equal(yield* who(use, "one.example"), "404")
      assert.equal(yield* who(use, "y.x.any.example"), "a")
      assert.equal(yield* who(use, "any.example"), "404")
      assert.equal(yield* who(use, "own.any.example"), "b")
    },
    servers((one) => ({ ...one, labels: "any" }))
  ),
  "host/other": check(
    function* (use) {
      yield* use.serve(server("a.example", all(use.toA)), server("", all(use.toB)))
      assert.equal(yield* who(use, "else.example"), "b")
      yield* use.serve(server("a.example", all(use.toA)))
      assert.equal(yield* who(use, "else.example"), "404")
    },
    given((one) => ({ ...one, listeners: one.listeners.map((l) => ({ ...l, servers: l.servers.slice(0, 1) })) }))
  ),
  "path/exact": check(
    function* (use) {
      yield* use.serve(server("", exact("/one", use.toA), exact("/two/", use.toB), exact("/a.b", use.toA)))
      yield* expect(use, "x.example", {
        ...{ "/one": "a", "/one?x=/": "a", "/one/": "404", "/one/more": "404", "/On": "404" },
        ...{ "/two/": "b", "/two": "404", "/a.b": "a", "/axb": "404" }
      })
    },
    matches(({ path }) => ({ path: { ...path, type: "Prefix" } }))
  ),
  "path/prefix": check(
    function* (use) {
      yield* use.serve(server("", prefix("/one/two/", use.toB), prefix("/one", use.toA)))
      yield* expect(use, "x.example", {
        ...{ "/one": "a", "/one/": "a", "/one/more": "a", "/onemore": "404", "/": "404" },
        ...{ "/one/two": "b", "/one/two/": "b", "/one/two/x": "b", "/one/twox": "a" }
      })
    },
    matches(({ path }) => ({ path: { ...path, type: "Exact" } }))
  ),
  "path/order": check(
    function* (use) {
      const colour = { headers: [header("Exact", "x-colour", "red")] }
      yield* use.serve(server("", prefix("/deep/er", use.toB, colour), prefix("/deep", use.toA), prefix("/", use.toB)))
      assert.equal(yield* who(use, "x.example", { path: "/deep/er", headers: { "x-colour": "red" } }), "b")
      yield* expect(use, "x.example", { "/deep/er": "a", "/deep": "a", "/": "b" })
      yield* use.serve(server("", prefix("/", use.toB), prefix("/deep", use.toA)))
      yield* expect(use, "x.example", { "/deep": "b" })
    },
    servers((one) => ({ ...one, rules: one.rules.toReversed() }))
  ),
  "path/as-asked": check(
    function* (use) {
      const path = "/a%2Fb/%E2%82%AC/c%20d//e?x=1&y=%26%20&z"
      yield* use.serve(server("", prefix("/", use.toA)))
      assert.equal(seenIn(yield* ask(use.port, "x.example", { path })).url, path)
    },
    rules((one) =>
      one.action.type === "Forward" ? { ...one, action: { ...one.action, path: { type: "Prefix", value: "/x" } } } : one
    )
  ),
  "match/method": check(
    function* (use) {
      yield* use.serve(server("", prefix("/", use.toA, { method: "POST" }), prefix("/", use.toB, { method: "GET" })))
      assert.equal(yield* who(use, "x.example", { method: "POST", body: Buffer.from("x") }), "a")
      assert.equal(yield* who(use, "x.example"), "b")
      assert.equal(yield* who(use, "x.example", { method: "PUT" }), "404")
    },
    rules(({ action, match: { headers, path, query } }) => ({ action, match: { headers, path, query } }))
  ),
  "match/header": check(
    function* (use) {
      const both = { headers: [header("Exact", "X-One", "1.$"), header("RegularExpression", "x-two", "b+|c")] }
      yield* use.serve(server("", prefix("/", use.toA, both), prefix("/", use.toB)))
      const asked = (one: string, two: string) => who(use, "x.example", { headers: { "x-one": one, "x-two": two } })
      assert.equal(yield* asked("1.$", "bbb"), "a")
      assert.equal(yield* asked("1.$", "c"), "a")
      assert.equal(yield* asked("1.$", "bc"), "b")
      assert.equal(yield* asked("1x$", "b"), "b")
      assert.equal(yield* who(use, "x.example", { headers: { "x-one": "1.$" } }), "b")
    },
    matches(({ headers }) => ({ headers: headers.slice(0, 1) }))
  ),
  "match/query": check(
    function* (use) {
      const both = { query: [header("Exact", "one", "a b"), header("RegularExpression", "two", "[0-9]+")] }
      yield* use.serve(server("", prefix("/", use.toA, both), prefix("/", use.toB)))
      yield* expect(use, "x.example", {
        ...{ "/?one=a%20b&two=12": "a", "/?x=1&two=12&one=a%20b&y": "a", "/?one=a%20b": "b", "/?one=a%20b&two=1x": "b" },
        ...{ "/?xone=a%20b&two=12": "b", "/?one=c&one=a%20b&two=12": "b", "/": "b" }
      })
    },
    matches(({ query }) => ({ query: query.slice(0, 1) }))
  )
}
