/** Contracts that a package has made itself: others need them, whatever lies between, and whichever version is there. */
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Schedule, type Schema } from "effect"
import { join } from "node:path"
import { contracts } from "../../conformance/Contracts.ts"
import { reserved } from "../../plugins/packages/contracts/Manifest.ts"
import { Plugin, type PluginSpecDraft, type PluginStatus } from "../../plugins/packages/contracts/v1alpha1.ts"
import { ConfigMap } from "../../plugins/resources/contracts/core/v1.ts"
import { cluster } from "./Cluster.ts"

/** Each package has the contract as it was published; both majors of it. */
const contract = (version: string) => `
import { Schema } from "effect"
import * as Contract from "keelson/kernel/plugin/Contract"
export class Unknown extends Schema.TaggedError<Unknown>()("Unknown", { thing: Schema.String }) {}
export class Prices extends Contract.make<Prices>()("acme/Prices", { version: "${version}", laws: {} },
  Contract.method("price", {
    doc: "What a thing costs.",
    payload: { thing: Schema.String, seal: Contract.Bytes },
    success: Schema.Struct({ amount: Schema.BigInt, seal: Contract.Bytes }),
    errors: [Unknown]
  }),
  Contract.method("forget", { doc: "Nothing.", errors: [] }),
  Contract.method("changes", { doc: "New prices.", success: Schema.BigInt, stream: true, errors: [Unknown] }),
  Contract.method("discount", { doc: "Of 1.2.", success: Schema.Int, errors: [] })
) {}
export class Prices2 extends Contract.make<Prices2>()("acme/Prices@2", { version: "2.0.0", laws: {} },
  Contract.method("euros", { doc: "What anything costs.", success: Schema.Int, errors: [] })
) {}
`
const acme = `
import { Effect, Layer, Stream } from "effect"
import * as Plugin from "keelson/kernel/plugin/Plugin"
import { Prices, Prices2, Unknown } from "./contract.ts"
export const plugin = ({ price = 7 } = {}) => Plugin.make({
  name: "acme",
  offers: [Prices, Prices2],
  layer: Layer.merge(
    Layer.succeed(Prices, {
      price: ({ thing, seal }) =>
        thing === "tea" ? Effect.succeed({ amount: BigInt(price), seal: seal.toReversed() }) : Effect.fail(new Unknown({ thing })),
      forget: () => Effect.void,
      changes: () => Stream.concat(Stream.make(1n, 2n), Stream.fail(new Unknown({ thing: "end" }))),
      discount: () => Effect.succeed(50)
    }),
    Layer.succeed(Prices2, { euros: () => Effect.succeed(price * 100) })
  )
})
`
/** Refuses every ConfigMap, and says in the refusal what all its questions were answered. */
const shop = `
import { Effect, Layer, Stream } from "effect"
import { AdmissionPoints, Refused } from "keelson/admission/AdmissionPoints"
import * as Plugin from "keelson/kernel/plugin/Plugin"
import { Prices, Unknown } from "./contract.ts"
const rules = [{ operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps"] }]
const asked = (prices) => Effect.gen(function* () {
  const seal = new Uint8Array([1, 2, 3])
  const tea = yield* prices.price({ thing: "tea", seal })
  const gold = yield* Effect.flip(prices.price({ thing: "gold", seal }))
  yield* prices.forget()
  const seen = []
  const end = yield* Effect.flip(Stream.runForEach(prices.changes(), (one) => Effect.sync(() => seen.push(one))))
  return [typeof tea.amount, tea.amount, [...tea.seal].join(""), gold instanceof Unknown && gold.thing, seen.join(""), end.thing].join(" ")
})
export const plugin = Plugin.make({
  name: "shop",
  offers: [AdmissionPoints],
  needs: [Prices],
  layer: Layer.effect(AdmissionPoints, Effect.map(Prices, (prices) => ({
    describe: () => Effect.succeed({ name: "shop", rules, points: ["validate"] }),
    mutate: () => Effect.succeed({}),
    validate: () => asked(prices).pipe(
      Effect.catch((error) => Effect.succeed("fails: " + error.message)),
      Effect.flatMap((message) => Effect.fail(new Refused({ message })))
    )
  })))
})
`
const first = { contract: "acme/Prices", version: "1.1.0", methods: ["price", "forget"], streams: ["changes"] }
const second = { contract: "acme/Prices@2", version: "2.0.0", methods: ["euros"] }
const offered = (version: string) => [{ contract: "acme/Prices", version }]
const admission = [{ contract: "admission/AdmissionPoints", version: "^1.0.0" }]
const answers = (price: number) => `bigint ${price} 321 gold 12 end`

const world = Effect.gen(function* () {
  const { client, home } = yield* cluster
  const files = yield* FileSystem.FileSystem
  const written = Effect.fnUntraced(function* (folder: string, manifest: object, code: string, version = "1.1.0") {
    const path = join(home, folder)
    yield* files.makeDirectory(path)
    const all = { "keelson.json": JSON.stringify({ module: "plugin.ts", ...manifest }), "plugin.ts": code }
    for (const [name, text] of Object.entries({ ...all, "contract.ts": contract(version) }))
      yield* files.writeFileString(join(path, name), text)
    return { path }
  })
  const key = (name: string) => ({ namespace: "", name })
  const becomes = (name: string, what: string, holds: (status: PluginStatus) => boolean) =>
    Effect.retry(
      Effect.flatMap(client.get(Plugin, key(name)), ({ status }) =>
        holds(status) ? Effect.succeed(status) : Effect.fail(new Error(`${name} is not ${what}: ${JSON.stringify(status)}`))
      ),
      { schedule: Schedule.spaced("50 millis"), times: 600 }
    )
  const says = (name: string, reason: string) => becomes(name, reason, (status) => status.reason === reason)
  const runs = (name: string, version: string, isolation = "worker") =>
    becomes(
      name,
      `running ${version} (${isolation})`,
      (status) =>
        status.state === "Running" &&
        status.reason === undefined &&
        status.version === version &&
        status.isolation === isolation
    )
  const load = (name: string, spec: PluginSpecDraft) => client.create(Plugin, { metadata: { name }, spec })
  const change = (name: string, spec: { readonly [field: string]: Schema.Json }) =>
    client.patch(Plugin, key(name), "merge", { spec })
  /** What the shop says. */
  const said = Effect.map(
    Effect.flip(client.create(ConfigMap, { metadata: { namespace: "default", name: "one" }, data: {} })),
    ({ message }) => /denied the request: (.*)|is forbidden: (.*)/.exec(message)?.slice(1).join("") ?? message
  )
  return { client, key, written, says, runs, load, change, said }
})

const about = (version: string, contracts: ReadonlyArray<object>, range: ReadonlyArray<string>) => ({
  name: "acme",
  version,
  contracts,
  offers: range.flatMap(offered),
  configuration: { type: "object" }
})
const shopAbout = (range: string) => ({ name: "shop", version: "1.0.0", offers: admission, needs: offered(range) })

const story = Effect.gen(function* () {
  const { change, client, key, load, runs, said, says, written } = yield* world
  yield* load("shop", { source: yield* written("shop", shopAbout("^1.0.0"), shop) })
  yield* says("shop", "it waits for a package that offers acme/Prices")
  yield* load("acme", { source: yield* written("acme", about("1.0.0", [first], ["^1.0.0"]), acme) })
  yield* runs("acme", "1.0.0")
  yield* runs("shop", "1.0.0")
  assert.strictEqual(yield* said, answers(7))

  // The next minor version in its place, under questions: nobody hears of it.
  const [newer, failed] = [{ ...first, version: "1.2.0", methods: [...first.methods, "discount"] }, new Set<string>()]
  const asking = yield* Effect.forkScoped(
    Effect.forever(Effect.tap(said, (words) => Effect.sync(() => words === answers(7) || failed.add(words))))
  )
  const next = yield* written("next", about("1.1.0", [newer, second], ["^1.0.0", "^2.0.0"]), acme, "1.2.0")
  yield* change("acme", { source: next })
  yield* runs("acme", "1.1.0")
  yield* Effect.sleep("200 millis")
  asking.interruptUnsafe()
  assert.deepStrictEqual([...failed], [])

  // What another needs is not taken from it; what it needs has to be there in its version.
  const major = yield* written("major", about("2.0.0", [second], ["^2.0.0"]), acme)
  yield* change("acme", { source: major })
  const lost = "acme 2.0.0 does not offer acme/Prices ^1.0.0, which shop needs"
  yield* says("acme", `${lost}: let it offer that beside what is new, or swap or delete shop first`)
  assert.strictEqual(yield* said, answers(7))
  yield* change("acme", { source: next })
  yield* runs("acme", "1.1.0")
  yield* change("shop", { source: yield* written("picky", shopAbout("^1.3.0"), shop) })
  yield* says("shop", "shop needs acme/Prices ^1.3.0, and acme offers 1.2.0, acme offers 2.0.0")
  // A method that came with the newer version, for who was made for that.
  const modern = shop.replace("yield* prices.forget()", "if ((yield* prices.discount()) !== 50) return 'no discount'")
  yield* change("shop", { source: yield* written("modern", { ...shopAbout("^1.2.0"), version: "1.1.0" }, modern, "1.2.0") })
  yield* runs("shop", "1.1.0")
  assert.strictEqual(yield* said, answers(7))

  // It goes: who needs it waits.
  yield* client.delete(Plugin, key("acme"))
  yield* says("shop", "it waits for a package that offers acme/Prices")
  assert.include(
    (yield* client.create(ConfigMap, { metadata: { namespace: "default", name: "two" }, data: {} })).metadata.name,
    "two"
  )
})

const levels = Effect.gen(function* () {
  const { change, load, runs, said, written } = yield* world
  const [maker, user] = [
    yield* written("acme", about("1.0.0", [first], ["^1.0.0"]), acme),
    yield* written("shop", shopAbout("^1.0.0"), shop)
  ]
  yield* load("acme", { source: maker, isolation: "in-process" })
  yield* load("shop", { source: user, isolation: "in-process" })
  for (const [one, other] of [
    ["in-process", "in-process"],
    ["process", "in-process"],
    ["process", "worker"],
    ["in-process", "process"],
    ["worker", "process"]
  ] as const) {
    yield* change("acme", { isolation: one })
    yield* runs("acme", "1.0.0", one)
    yield* change("shop", { isolation: other })
    yield* runs("shop", "1.0.0", other)
    assert.strictEqual(yield* said, answers(7), `${one}, ${other}`)
  }
})

it("no name of a contract of Keelson's can be a package's", () => {
  const firsts = contracts.map(({ key }) => key.split("/")[0] ?? "")
  assert.deepStrictEqual([...new Set(firsts)].toSorted(), reserved.toSorted())
})

describe("a contract that a package has made", () => {
  it.live(
    "is there for others: in its versions, while it is swapped, and until it goes",
    () => story.pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    180_000
  )
  it.live(
    "is the same at any distance of both",
    () => levels.pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    180_000
  )
})
