/** What a check of the cluster's names works with. */
import type { RecordType } from "dns-packet"
import { Effect, Random, Schedule, type Scope } from "effect"
import assert from "node:assert/strict"
import { ClusterDns } from "../../plugins/dns/contracts/ClusterDns.ts"
import * as Suite from "../Suite.ts"
import { type Edns, type NoAnswer, question, type Read, read, tcp, udp } from "./Ask.ts"
import { type Outside, zone } from "./Outside.ts"
import { World } from "./World.ts"

type Service = ClusterDns["Service"]

const make = Effect.gen(function* () {
  const dns = yield* ClusterDns
  const world = yield* World
  const { addresses, domain } = yield* dns.describe()
  const [server = ""] = addresses
  const nonce = (yield* Random.nextIntBetween(0, 2 ** 32)).toString(36)
  /** The whole name; `at("web")` is the Service. */
  const at = (name: string) => `${name}.${world.namespace}.svc.${domain}`
  const ask = (name: string, type: RecordType | number, edns?: Edns) =>
    Effect.map(udp(server, question(name, type, edns === undefined ? {} : { edns })), read)
  const askTcp = (name: string, type: RecordType) =>
    Effect.map(tcp(server, question(name, type)), ([answer = Buffer.alloc(12)]) => read(answer))
  /** A name outside that nobody has asked for before. */
  const elsewhere = (start: string) => `${start}.${nonce}.${zone}`
  return { dns, world, server, addresses, domain, nonce, at, ask, askTcp, elsewhere }
})
export type Use = Effect.Success<typeof make>

/** Asks until the answer is so: the server learns of what happens, but not at once. */
export const eventually = (asking: Effect.Effect<Read, NoAnswer>, holds: (answer: Read) => boolean) =>
  Suite.inTime(Effect.repeat(asking, { until: holds, schedule: Schedule.spaced("50 millis") }))

export const check = (
  holds: (use: Use) => Generator<Effect.Effect<unknown, unknown, Scope.Scope>, void, never>,
  saboteur: (honest: Service) => Partial<Service>
) => ({
  holds: Effect.scoped(
    Effect.gen(function* () {
      const use = yield* make
      // What was made last is known last.
      yield* eventually(use.ask(use.at("crowd"), "A"), ({ rcode }) => rcode === "NOERROR")
      yield* Effect.fnUntraced(holds)(use)
    })
  ),
  saboteur
})

/** The servers outside, for checks that need them. */
export const outside = ({ world }: Use): Outside["Service"] => {
  assert.ok(world.outside !== undefined, "there is no server outside that it could ask")
  return world.outside
}

/** The name under which an address is looked up the other way round. */
export const reverse = (address: string) => {
  if (!address.includes(":")) return `${address.split(".").toReversed().join(".")}.in-addr.arpa`
  const [head = "", tail] = address.split("::")
  const groups = (text: string | undefined) => (text === undefined || text === "" ? [] : text.split(":"))
  const [before, after] = [groups(head), groups(tail)]
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => "0")
  const digits = [...before, ...(tail === undefined ? [] : zeros), ...after].map((one) => one.padStart(4, "0")).join("")
  return `${[...digits].toReversed().join(".")}.ip6.arpa`
}

export const isNone = ({ answers, soa }: Read) => answers.length === 0 && soa !== undefined
