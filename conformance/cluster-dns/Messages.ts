/** Checks: how questions and answers are written, and what carries them. */
import { encode } from "dns-packet"
import { Effect } from "effect"
import assert from "node:assert/strict"
import { question, rcodeOf, read, tcp, udp } from "./Ask.ts"
import * as Liar from "./Liar.ts"
import { check } from "./Use.ts"
import { many } from "./World.ts"

const isOpt = ({ type }: { readonly type: string }) => type === "OPT"
const two = encode({
  type: "query",
  id: 1,
  questions: [
    { name: "a", type: "A" },
    { name: "b", type: "A" }
  ]
})

export const checks = {
  "question/case": check(
    function* ({ ask, at, world }) {
      const mixed = at("wEb").replace(/\.svc\./, ".SvC.")
      const answer = yield* ask(mixed, "A")
      assert.deepEqual(
        answer.data("A").length > 0,
        world.addresses.some((one) => one.includes("."))
      )
      assert.equal(answer.rcode, "NOERROR")
      assert.equal(answer.packet.questions?.[0]?.name, mixed)
      assert.equal((yield* ask(at("web"), "A")).packet.questions?.[0]?.name, at("web"))
    },
    Liar.telling((answer) => ({
      ...answer,
      questions: (answer.questions ?? []).map((one) => ({ ...one, name: one.name.toLowerCase() }))
    }))
  ),

  "question/broken": check(
    function* ({ ask, at, server }) {
      const whole = question(at("web"), "A")
      for (const bytes of [two, whole.subarray(0, 20), Buffer.from([1, 2, 3]), Buffer.alloc(0)]) {
        const told = yield* Effect.timeoutOption(udp(server, bytes), "300 millis")
        if (told._tag === "Some") assert.notEqual(rcodeOf(read(told.value).packet), "NOERROR")
      }
      assert.equal((yield* ask(at("web"), "A")).rcode, "NOERROR")
    },
    Liar.rcode(1, 0)
  ),

  "question/opcode": check(
    function* ({ at, server }) {
      const update = question(at("web"), "A")
      update.writeUInt8(5 << 3, 2)
      assert.equal(read(yield* udp(server, update)).rcode, "NOTIMP")
    },
    Liar.rcode(4, 0)
  ),

  "answer/turns": check(
    function* ({ ask, at }) {
      const firsts = new Set<string>()
      for (let round = 0; round < 200 && firsts.size < 2; round++) {
        const [first] = (yield* ask(at("db"), "A")).answers
        if (first !== undefined && "data" in first) firsts.add(String(first.data))
      }
      assert.ok(firsts.size > 1, `always ${[...firsts].join()} first`)
    },
    Liar.answers((all) => all.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)), "A")
  ),

  "edns/mirrored": check(
    function* ({ ask, at }) {
      assert.ok(!(yield* ask(at("web"), "A")).additionals.some(isOpt), "EDNS that was not asked for")
      assert.ok((yield* ask(at("web"), "A", { size: 1232 })).additionals.some(isOpt), "no EDNS")
      assert.ok((yield* ask(at("nobody"), "A", { size: 1232 })).additionals.some(isOpt), "no EDNS with NXDOMAIN")
    },
    Liar.telling((answer) => ({ ...answer, additionals: (answer.additionals ?? []).filter((one) => !isOpt(one)) }))
  ),

  "edns/version": check(
    function* ({ ask, at }) {
      const answer = yield* ask(at("web"), "A", { size: 1232, version: 1 })
      assert.equal(answer.rcode, "BADVERS")
      assert.equal(answer.answers.length, 0)
    },
    Liar.telling((answer) => ({ ...answer, additionals: (answer.additionals ?? []).filter((one) => !isOpt(one)) }))
  ),

  "datagram/size": check(
    function* ({ ask, at }) {
      for (const edns of [undefined, { size: 512 }, { size: 1000 }, { size: 1232 }]) {
        const answer = yield* ask(at("crowd"), "A", edns)
        assert.ok(answer.bytes.length <= (edns?.size ?? 512), `${answer.bytes.length} bytes`)
        assert.ok(answer.packet.flag_tc, "it does not say that something is missing")
      }
      assert.ok(!(yield* ask(at("web"), "A")).packet.flag_tc)
    },
    Liar.telling((answer) => ({ ...answer, flags: (answer.flags ?? 0) & ~0x0200 }))
  ),

  "stream/whole": check(
    function* ({ at, server }) {
      const asked = [question(at("crowd"), "A", { id: 1 }), question(at("web"), "A", { id: 2 })]
      const answers = (yield* tcp(server, ...asked)).map(read)
      const [crowd, web] = [1, 2].map((id) => answers.find(({ packet }) => packet.id === id))
      assert.equal(crowd?.data("A").length, many)
      assert.equal(web?.rcode, "NOERROR")
    },
    Liar.telling((answer, _, transport) =>
      transport === "tcp" ? { ...answer, answers: (answer.answers ?? []).slice(0, 20) } : answer
    )
  )
}
