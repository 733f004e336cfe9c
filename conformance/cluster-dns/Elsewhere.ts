/** Checks: names outside the cluster, which others are asked for. */
import type { Packet } from "dns-packet"
import { Effect } from "effect"
import assert from "node:assert/strict"
import { question, type Read, read, tcp, udp } from "./Ask.ts"
import * as Liar from "./Liar.ts"
import { zone } from "./Outside.ts"
import { check, eventually, isNone, outside, type Use } from "./Use.ts"

const ttlOf = ({ answers: [first] }: Read) => (first !== undefined && "ttl" in first ? (first.ttl ?? 0) : 0)
const isOutside = (asked: Packet) => asked.questions?.some(({ name }) => name.toLowerCase().endsWith(zone)) ?? false
const withTtl = (ttl: number) =>
  Liar.telling((answer, asked) =>
    isOutside(asked) ? { ...answer, answers: (answer.answers ?? []).map((one) => ({ ...one, ttl })) } : answer
  )
const withRcode = (rcode: number) =>
  Liar.telling((answer, asked) =>
    isOutside(asked) ? { ...answer, flags: ((answer.flags ?? 0) & ~0xf) | rcode, answers: [] } : answer
  )

/** With some of the servers outside silent; afterwards all answer, and the server that is checked has noticed. */
const silencing = (use: Use, which: ReadonlyArray<number>, run: Effect.Effect<unknown, unknown>) => {
  const { servers } = outside(use)
  const silence = (silent: boolean) => Effect.sync(() => which.forEach((index) => servers[index]?.silence(silent)))
  let round = 0
  const again = Effect.suspend(() => use.ask(use.elsewhere(`back-${which.join()}-${round++}`), "A"))
  return Effect.acquireUseRelease(
    silence(true),
    () => run,
    () => silence(false)
  ).pipe(Effect.andThen(eventually(again, ({ rcode }) => rcode === "NOERROR")))
}

export const checks = {
  "outside/asked": check(function* (use) {
    const { ask, askTcp, elsewhere } = use
    outside(use)
    const answer = yield* ask(elsewhere("host"), "A")
    assert.equal(answer.rcode, "NOERROR")
    assert.deepEqual(answer.data("A"), ["192.0.2.1"])
    assert.ok(answer.packet.flag_ra, "it does not say that it asks further")
    assert.deepEqual((yield* askTcp(elsewhere("stream"), "A")).data("A"), ["192.0.2.1"])
    assert.ok((yield* ask(elsewhere("long"), "A")).packet.flag_tc)
    assert.equal((yield* askTcp(elsewhere("long"), "A")).answers.length, 60)
  }, withRcode(5)),

  "outside/failover": check(function* (use) {
    const { ask, elsewhere } = use
    for (const silent of [0, 1]) {
      const asked = Effect.tap(ask(elsewhere(`without-${silent}`), "A"), (answer) =>
        Effect.sync(() => assert.equal(answer.rcode, "NOERROR"))
      )
      yield* silencing(use, [silent], Effect.timeout(asked, "5 seconds"))
    }
  }, withRcode(2)),

  "outside/nobody": check(function* (use) {
    const { ask, at, elsewhere } = use
    const both = Effect.all([ask(elsewhere("lost"), "A"), ask(at("web"), "A")], { concurrency: "unbounded" })
    const told = Effect.tap(both, ([lost, web]) =>
      Effect.sync(() => assert.deepEqual([lost.rcode, web.rcode], ["SERVFAIL", "NOERROR"]))
    )
    yield* silencing(use, [0, 1], told)
  }, withRcode(3)),

  "outside/kept": check(function* (use) {
    const { ask, elsewhere } = use
    const { asked } = outside(use)
    const name = elsewhere("ttl-20")
    const first = ttlOf(yield* ask(name, "A"))
    assert.ok(first > 0 && first <= 20, `it holds for ${first} s of 20`)
    const older = yield* eventually(ask(name, "A"), (answer) => ttlOf(answer) < first)
    assert.deepEqual(older.data("A"), ["192.0.2.1"])
    assert.equal(asked(name), 1)
    const brief = elsewhere("ttl-1")
    yield* ask(brief, "A")
    yield* eventually(ask(brief, "A"), () => asked(brief) > 1)
  }, withTtl(100)),

  "outside/absent": check(function* (use) {
    const { ask, elsewhere } = use
    const { asked } = outside(use)
    const name = elsewhere("none")
    for (let round = 0; round < 3; round++) {
      const answer = yield* ask(name, "A")
      assert.equal(answer.rcode, "NXDOMAIN")
      assert.ok(isNone(answer), "there is no SOA")
    }
    assert.equal(asked(name), 1)
  }, withRcode(0)),

  "describe/serves": check(
    function* ({ addresses, at, dns, domain }) {
      const { ready } = yield* dns.health()
      assert.ok(ready)
      assert.ok(addresses.length > 0 && at("web").endsWith(domain))
      for (const address of addresses) {
        const asked = question(at("web"), "A")
        const answers = [yield* udp(address, asked), ...(yield* tcp(address, asked))].map((bytes) => read(bytes).rcode)
        assert.deepEqual(answers, ["NOERROR", "NOERROR"], address)
      }
      const { name, version } = yield* dns.describe()
      assert.ok(name !== "" && version !== "")
    },
    () => ({ health: () => Effect.succeed({ ready: false, detail: "asleep", restarts: 0 }) })
  )
}
