/** What `npm run conformance` tells: the table, JUnit's XML and the page, of a run that had everything in it. */
import { assert, describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import {
  type Adapter,
  Asked,
  checked,
  kit,
  type Options,
  type Plan,
  Planned,
  Result,
  type Terms,
  Told
} from "../../conformance/Adapter.ts"
import { all, find } from "../../conformance/adapters/All.ts"
import * as Html from "../../conformance/report/Html.ts"
import * as Junit from "../../conformance/report/Junit.ts"
import { isGood, type Summary } from "../../conformance/report/Summary.ts"
import * as Table from "../../conformance/report/Table.ts"
import * as Suite from "../../conformance/Suite.ts"
import * as Contract from "../../kernel/plugin/Contract.ts"

class Door extends Contract.make<Door>()(
  "test/Door",
  {
    version: "1.0.0",
    laws: {
      "open/again": "Opening a door that is open succeeds.",
      "close/fast": "A door closes <at once>.",
      "lock/key": "A key locks.",
      "bell/rings": "A bell rings."
    },
    optional: ["bell/rings"]
  },
  Contract.method("open", { doc: "Opens it.", errors: [] })
) {}

const check = (holds: Effect.Effect<void, unknown>) => ({ holds, saboteur: () => ({ open: () => Effect.die("stuck") }) })
const suite = Suite.make(Door, {
  "open/again": check(Effect.void),
  "close/fast": check(Effect.suspend(() => Effect.fail(new Error("it took <5> s & more")))),
  "lock/key": check(Effect.void),
  "bell/rings": check(Effect.suspend(() => Effect.fail(new Error("there is no bell"))))
})
const door = Layer.succeed(Door, { open: () => Effect.void })

const adapter = (name: string, lacks: ReadonlyArray<string> = []): Adapter => ({
  name,
  title: `the ${name} door`,
  isAlone: false,
  lacks: () => lacks,
  kits: {}
})

const whole: Terms = { profile: "all", deviations: {}, done: {} }

/** What a kit tells, in a time that is always the same and without where in the code. */
const told = (options: Options<keyof typeof Door.laws & string>, terms: Terms = whole) =>
  Effect.gen(function* () {
    const [plans, results]: [Array<Plan>, Array<Result>] = [[], []]
    const hear = Layer.succeed(Told, (result: Result) => {
      const detail = result.detail.split("\n")[0] ?? ""
      return Effect.sync(() => void results.push({ ...result, detail, seconds: 0.25 }))
    })
    yield* kit(door, checked(suite, options)).pipe(
      Effect.provide(hear),
      Effect.provideService(Planned, (plan) => Effect.sync(() => void plans.push(plan))),
      Effect.provideService(Asked, terms)
    )
    return { plans, results }
  })

const summary = Effect.gen(function* (): Effect.fn.Return<Summary, unknown> {
  const wooden = yield* told({ lacking: { "lock/key": "there is no key here" } })
  const iron = yield* told({ deviations: { "close/fast": "it is heavy", "lock/key": "rust" } })
  const paper = { ...wooden, results: wooden.results.slice(0, 1) }
  return {
    contract: "log",
    suite: "keelson 0.1.0, checks 0123456789ab",
    profile: "all",
    when: "2026-01-01 00:00 UTC",
    machine: "a machine",
    found: [
      { adapter: adapter("wooden"), lacks: [], ...wooden, seconds: 1 },
      { adapter: adapter("iron"), lacks: [], ...iron, seconds: 2 },
      { adapter: adapter("glass", ["a glazier"]), lacks: ["a glazier"], plans: [], results: [], seconds: 0 },
      { adapter: adapter("paper"), lacks: [], ...paper, failure: "it burnt & fell", seconds: 3 }
    ]
  }
})

describe("what is asked of a run", () => {
  it.effect("leaves out what is optional, and what was checked before, and knows what deviates", () =>
    Effect.gen(function* () {
      const key = "test/Door"
      const terms = {
        profile: "mandatory",
        deviations: { [key]: { "close/fast": "slow" } },
        done: { [key]: ["lock/key"] }
      } as const
      const { plans, results } = yield* told({}, terms)
      assert.deepStrictEqual(
        plans.flatMap(({ laws }) => laws.map(({ law }) => law)),
        ["open/again", "close/fast", "lock/key"]
      )
      assert.deepStrictEqual(
        results.map(({ law, outcome }) => `${law} ${outcome}`),
        ["open/again holds", "close/fast deviates"]
      )
    })
  )
})

describe("what is told of a run", () => {
  it.effect("as a table, as XML and as a page", () =>
    Effect.gen(function* () {
      const made = yield* summary
      const told = [
        ["table.txt", Table.text(made)],
        ["report.xml", Junit.xml(made)],
        ["page.txt", Html.page(made)]
      ] as const
      for (const [file, text] of told) yield* Effect.promise(() => expect(text).toMatchFileSnapshot(`golden/${file}`))
      assert.deepStrictEqual(made.found.map(isGood), [false, false, true, false])
    })
  )

  it.effect("comes through a process as it was told", () =>
    Effect.gen(function* () {
      const { found } = yield* summary
      for (const result of found.flatMap(({ results }) => results)) {
        const line = JSON.stringify(yield* Schema.encodeEffect(Result)(result))
        assert.deepStrictEqual(yield* Schema.decodeUnknownEffect(Schema.fromJsonString(Result))(line), result)
      }
    })
  )
})

describe("the adapters", () => {
  it("have names of their own, and each a kit", () => {
    assert.strictEqual(new Set(all.map(({ name }) => name)).size, all.length)
    for (const { kits, name } of all)
      for (const contract of Object.keys(kits)) assert.isDefined(find(contract, name), `${name} for ${contract}`)
  })
})
