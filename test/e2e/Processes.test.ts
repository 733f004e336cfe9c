/** Two API processes on one log share the port, whatever keeps the log: every call may reach either. */
import { assert } from "@effect/vitest"
import { Effect, Option } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import * as NatsBinary from "../../kernel/store/jetstream/NatsBinary.ts"
import { ConfigMap } from "../../plugins/resources/contracts/core/v1.ts"
import { Cluster } from "./Cluster.ts"
import { at } from "./Eventually.ts"
import { type It, suite } from "./Suite.ts"

const asked = 32

/** How often a process has said that there is no such quota, which only this test asks for. */
const refusals = (metrics: string) => {
  const lines = metrics.split("\n").filter((line) => /^apiserver_request_total\{.*resource="resourcequotas"/.test(line))
  return lines.filter((line) => line.includes('code="404"')).reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0)
}

const both = (it: It) => {
  it.effect("both processes answer", () =>
    Effect.gen(function* () {
      const { ask } = yield* Cluster
      const many = (path: string) => Effect.all(Array.from({ length: asked }, () => ask(path)))
      const refused = yield* many("/api/v1/namespaces/default/resourcequotas/none")
      assert.isTrue(refused.every(({ code }) => code === 404))
      const counted = new Set((yield* many("/metrics")).map(({ text }) => refusals(text)))
      yield* Effect.sync(() => console.log(`requests by process: ${[...counted].join(" and ")}`))
      // Two that have counted the same are one in the set.
      const [one = 0, two = one] = counted
      assert.isAtMost(counted.size, 2)
      assert.strictEqual(one + two, asked)
      assert.isAbove(Math.min(one, two), 0)
    })
  )
  it.effect("what one has written, the other reads at once", () =>
    Effect.gen(function* () {
      const client = yield* Client
      for (let index = 0; index < 50; index++) {
        const name = `written-${index}`
        const { metadata } = yield* client.create(ConfigMap, { metadata: at(name), data: { index: `${index}` } })
        assert.strictEqual((yield* client.get(ConfigMap, at(name))).metadata.resourceVersion, metadata.resourceVersion)
        assert.isTrue((yield* client.list(ConfigMap, { namespace: "default" })).some((each) => each.metadata.name === name))
        yield* client.delete(ConfigMap, at(name))
        assert.isTrue(Option.isNone(yield* client.find(ConfigMap, at(name))))
      }
    })
  )
}

suite("two API processes on SQLite", { processes: 2 }, both)

/** Where there is neither a nats-server nor Go to build one, this says so. */
const nats = await Effect.runPromise(Effect.result(NatsBinary.find()))
const lacks = nats._tag === "Failure" ? [nats.failure.message] : []

suite("two API processes on JetStream", { processes: 2, store: "jetstream" }, both, lacks)
