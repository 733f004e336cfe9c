/** Checks: what the cluster's names mean. */
import { isIPv6 } from "node:net"
import assert from "node:assert/strict"
import * as Liar from "./Liar.ts"
import { check, eventually, isNone, outside, reverse } from "./Use.ts"

const six = (addresses: ReadonlyArray<string>) => addresses.filter((one) => isIPv6(one))
const four = (addresses: ReadonlyArray<string>) => addresses.filter((one) => !isIPv6(one))

export const checks = {
  "service/address": check(
    function* ({ ask, at, world }) {
      for (const [type, addresses] of [
        ["A", four(world.addresses)],
        ["AAAA", six(world.addresses)]
      ] as const) {
        const answer = yield* ask(at("web"), type)
        assert.equal(answer.rcode, "NOERROR")
        assert.deepEqual(answer.data(type), addresses.toSorted())
        assert.ok(answer.packet.flag_aa, "the server does not say that it is the authority")
      }
    },
    Liar.answers(Liar.none, "A")
  ),

  "service/srv": check(
    function* ({ ask, at }) {
      for (const [port, number] of [
        ["_http._tcp", 80],
        ["_stats._udp", 9000]
      ] as const) {
        const answer = yield* ask(at(`${port}.web`), "SRV")
        assert.deepEqual(answer.data("SRV"), [`${number} ${at("web")}`])
      }
      assert.equal((yield* ask(at("_http._udp.web"), "SRV")).rcode, "NXDOMAIN")
    },
    Liar.answers(Liar.none, "SRV")
  ),

  "service/reverse": check(
    function* ({ ask, at, world }) {
      for (const address of world.addresses) {
        assert.deepEqual((yield* ask(reverse(address), "PTR")).data("PTR"), [at("web")])
      }
    },
    Liar.answers(Liar.none, "PTR")
  ),

  "headless/address": check(
    function* ({ ask, at }) {
      const answer = yield* ask(at("db"), "A")
      assert.deepEqual(answer.data("A"), ["10.243.1.3", "10.243.1.4", "10.243.1.6", "10.243.1.7"])
    },
    Liar.answers((all) => all.slice(1), "A")
  ),

  "headless/empty": check(
    function* ({ ask, at }) {
      const answer = yield* ask(at("idle"), "A")
      assert.equal(answer.rcode, "NXDOMAIN")
      assert.ok(isNone(answer))
    },
    Liar.rcode(3, 0)
  ),

  "headless/host": check(
    function* ({ ask, at }) {
      assert.deepEqual((yield* ask(at("db-0.db"), "A")).data("A"), ["10.243.1.3"])
      assert.deepEqual((yield* ask(at("twin.db"), "A")).data("A"), ["10.243.1.4", "10.243.1.7"])
      assert.equal((yield* ask(at("late.db"), "A")).rcode, "NXDOMAIN")
    },
    Liar.about("twin", (answer) => ({ ...answer, answers: (answer.answers ?? []).slice(1) }))
  ),

  "headless/srv": check(
    function* ({ ask, at }) {
      const answer = yield* ask(at("_http._tcp.db"), "SRV")
      const targets = answer.data("SRV").map((one) => one.split(" ")[1] ?? "")
      assert.ok(answer.data("SRV").every((one) => one.startsWith("8080 ")))
      assert.ok(targets.includes(at("db-0.db")) && targets.includes(at("twin.db")), targets.join(" "))
      const addresses = new Set<string>()
      for (const target of targets) for (const one of (yield* ask(target, "A")).data("A")) addresses.add(one)
      assert.deepEqual([...addresses].toSorted(), ["10.243.1.3", "10.243.1.4", "10.243.1.6", "10.243.1.7"])
    },
    Liar.answers((all) => all.slice(0, 1), "SRV")
  ),

  "headless/reverse": check(
    function* ({ ask, at }) {
      assert.deepEqual((yield* ask(reverse("10.243.1.3"), "PTR")).data("PTR"), [at("db-0.db")])
    },
    Liar.answers(Liar.none, "PTR")
  ),

  "headless/six": check(
    function* ({ ask, at }) {
      assert.deepEqual((yield* ask(at("six"), "AAAA")).data("AAAA"), ["fd00:243::3", "fd00:243::4"])
      assert.deepEqual((yield* ask(at("six-0.six"), "AAAA")).data("AAAA"), ["fd00:243::3"])
      assert.ok(isNone(yield* ask(at("six"), "A")))
      assert.deepEqual((yield* ask(reverse("fd00:243::3"), "PTR")).data("PTR"), [at("six-0.six")])
    },
    Liar.answers(Liar.none, "AAAA")
  ),

  "alias/name": check(
    function* (use) {
      const { ask, at, elsewhere, world } = use
      outside(use)
      const name = elsewhere("aliased")
      yield* world.alias("away", name)
      yield* world.alias("near", at("web"))
      for (const [alias, target, addresses] of [
        ["away", name, ["192.0.2.1"]],
        ["near", at("web"), four(world.addresses)]
      ] as const) {
        const answer = yield* eventually(ask(at(alias), "A"), ({ rcode }) => rcode === "NOERROR")
        assert.deepEqual(answer.data("CNAME"), [target])
        assert.deepEqual(answer.data("A"), addresses)
      }
      yield* world.remove("away")
      yield* world.remove("near")
    },
    Liar.answers((all) => all.filter(({ type }) => type !== "CNAME"))
  ),

  "pod/address": check(
    function* ({ ask, domain, world }) {
      const under = (namespace: string) => ask(`10-243-1-6.${namespace}.pod.${domain}`, "A")
      assert.deepEqual((yield* under(world.namespace)).data("A"), ["10.243.1.6"])
      assert.equal((yield* under(`${world.namespace}-not`)).rcode, "NXDOMAIN")
    },
    Liar.about("10-243", (answer) => ({ ...answer, answers: [] }))
  ),

  "absent/name": check(function* ({ ask, at, domain, world }) {
    for (const name of [at("nobody"), at("nobody.web"), `web.nobody-${world.namespace}.svc.${domain}`, `www.${domain}`]) {
      const answer = yield* ask(name, "A")
      assert.equal(answer.rcode, "NXDOMAIN", name)
      assert.ok(isNone(answer), `${name}: there is no SOA`)
      assert.equal(answer.soa?.name.toLowerCase(), domain)
    }
  }, Liar.authorities(Liar.none)),

  "absent/type": check(
    function* ({ ask, at, domain }) {
      for (const type of ["MX", "TXT", 65_280] as const) {
        const answer = yield* ask(at("web"), type)
        assert.equal(answer.rcode, "NOERROR", String(type))
        assert.ok(isNone(answer), `${type}: there is no SOA`)
        assert.equal(answer.soa?.name.toLowerCase(), domain)
      }
    },
    Liar.about("web", (answer) => ({ ...answer, flags: 3 }))
  ),

  "absent/wildcard": check(
    function* ({ ask, at, domain, world }) {
      for (const name of [at("*"), `web.*.svc.${domain}`, at("*.db"), `*.${world.namespace}.pod.${domain}`]) {
        assert.equal((yield* ask(name, "A")).rcode, "NXDOMAIN", name)
      }
      assert.equal((yield* ask(at("*._tcp.web"), "SRV")).rcode, "NXDOMAIN")
    },
    Liar.about("*", (answer) => ({ ...answer, flags: 0 }))
  ),

  "version/text": check(
    function* ({ ask, domain }) {
      assert.deepEqual((yield* ask(`dns-version.${domain}`, "TXT")).data("TXT"), ["1.1.0"])
    },
    Liar.about("dns-version", (answer) => ({ ...answer, answers: [] }))
  ),

  "change/seen": check(
    function* ({ ask, at, world }) {
      const name = at("later")
      assert.equal((yield* ask(name, "A")).rcode, "NXDOMAIN")
      yield* world.service("later", { clusterIP: "None", clusterIPs: ["None"] })
      yield* world.slice("later", [{ address: "10.243.3.1" }])
      yield* eventually(ask(name, "A"), (answer) => answer.data("A").join() === "10.243.3.1")
      yield* world.slice("later", [{ address: "fd00:243::31" }], "IPv6")
      yield* eventually(ask(name, "AAAA"), (answer) => answer.data("AAAA").join() === "fd00:243::31")
      yield* world.remove("later")
      yield* eventually(ask(name, "A"), ({ rcode }) => rcode === "NXDOMAIN")
    },
    Liar.about("later", (answer) => ({ ...answer, flags: 3, answers: [] }))
  )
}
