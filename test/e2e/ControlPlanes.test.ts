/** Three servers with a replica of the store each: one after another dies or is started again, and whoever asks hardly notices. */
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { eventually } from "./Eventually.ts"
import * as Requests from "./Requests.ts"
import * as Three from "./ThreeServers.ts"
import { left } from "../Left.ts"
import * as RawNats from "../store/RawNats.ts"

const maps = "/api/v1/namespaces/default/configmaps"
const root = `${maps}/kube-root-ca.crt`
const lease = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/keelson-controllers"

const say = (what: string, { failedAtFirst, longestReadGap, longestWriteGap, refused, requests }: Requests.Figures) =>
  Effect.sync(() =>
    console.log(
      `${what}: ${requests} requests, ${failedAtFirst} failed at first, ${refused.length} refused with 503, longest gap ${longestWriteGap} ms between writes, ${longestReadGap} ms between reads`
    )
  )

const got = (ask: Requests.Ask, path: string) => Effect.promise(() => ask("GET", path))
const json = (ask: Requests.Ask, path: string) => Effect.map(got(ask, path), ({ text }) => JSON.parse(text))

/** What was acknowledged is there, whoever is asked. */
const keeps = (written: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { at } = yield* Three.ThreeServers
    for (const index of Three.indexes) {
      const { items } = yield* json(at(index), maps)
      const names = new Set(items.map(({ metadata }: { readonly metadata: { readonly name: string } }) => metadata.name))
      assert.deepStrictEqual(
        written.filter((name) => !names.has(name)),
        [],
        `of server ${index}`
      )
    }
  })

const back = (index: Three.Index) =>
  Effect.flatMap(Three.ThreeServers, ({ isReady }) =>
    eventually(`server ${index} is back`, 30, isReady(index), (ready) => ready)
  )

const kill = (pid: number, signal: NodeJS.Signals) => Effect.sync(() => process.kill(pid, signal))
const isGone = (pid: number) =>
  Effect.try(() => process.kill(pid, 0)).pipe(
    Effect.as(false),
    Effect.orElseSucceed(() => true)
  )

describe.skipIf(RawNats.lacks.length > 0)(`three servers${left(RawNats.lacks)}`, () => {
  layer(Three.layer, { excludeTestServices: true, timeout: "240 seconds" })((it) => {
    it.effect("every one answers everything, and what one has written, the others read at once", () =>
      Effect.gen(function* () {
        const { at } = yield* Three.ThreeServers
        for (const writer of Three.indexes) {
          const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: `by-${writer}` } }
          assert.strictEqual((yield* Effect.promise(() => at(writer)("POST", maps, body))).code, 201)
          for (const reader of Three.indexes) {
            assert.strictEqual((yield* got(at(reader), `${maps}/by-${writer}`)).code, 200)
          }
        }
      })
    )

    it.effect("the Service kubernetes leads to all of them", () =>
      Effect.gen(function* () {
        const { ask } = yield* Three.ThreeServers
        const ports = Effect.map(json(ask, "/api/v1/namespaces/default/endpoints/kubernetes"), ({ subsets = [] }) =>
          subsets.map(({ ports }: { readonly ports: ReadonlyArray<{ readonly port: number }> }) => ports[0]?.port)
        )
        const wanted = Three.indexes.map(Three.portOf)
        yield* eventually("three endpoints", 15, ports, (found) => JSON.stringify(found) === JSON.stringify(wanted))
      })
    )

    it.effect("one is killed: every request succeeds, some at the second attempt", () =>
      Effect.gen(function* () {
        const { old, pid } = yield* Three.ThreeServers
        const [victim] = Three.indexes
        const options = { attempts: 2, prefix: "killed", reads: root }
        const scene = Effect.gen(function* () {
          yield* Effect.sleep("2 seconds")
          yield* kill(yield* pid(victim), "SIGKILL")
          yield* Effect.sleep("3 seconds")
          yield* back(victim)
        })
        const figures = yield* Requests.during(old, options, scene)
        yield* say("one of three API processes was killed", figures)
        assert.deepStrictEqual(figures.failed, [])
        yield* keeps(figures.written)
      })
    )

    it.effect("one after another is started again: no request fails, and who led hands over at once", () =>
      Effect.gen(function* () {
        const { ask, pid } = yield* Three.ThreeServers
        const { spec: before } = yield* json(ask, lease)
        // On a busy machine an election may take longer than a write waits: whoever is refused then is not failed if he comes back.
        const options = { attempts: 5, prefix: "again", reads: root }
        const scene = Effect.forEach(Three.indexes, (index) =>
          Effect.gen(function* () {
            const old = yield* pid(index)
            yield* kill(old, "SIGTERM")
            yield* eventually(`server ${index} has ended`, 30, isGone(old), (gone) => gone)
            yield* back(index)
          })
        )
        const figures = yield* Requests.during(ask, options, scene)
        yield* say("three servers were started again, one after another", figures)
        assert.deepStrictEqual(figures.failed, [])
        assert.deepStrictEqual(figures.broken, [])
        assert.strictEqual(
          figures.failedAtFirst > 0,
          figures.refused.length > 0,
          "nothing but a store without a leader refuses"
        )
        yield* keeps(figures.written)
        const { spec } = yield* json(ask, lease)
        assert.isAbove(spec.leaseTransitions, before.leaseTransitions)
      })
    )

    it.effect("the machine of the store's leader is lost: no acknowledged write is, and reads from the tables go on", () =>
      Effect.gen(function* () {
        const { leader, old, pid, storePid } = yield* Three.ThreeServers
        const victim = yield* leader
        const options = { attempts: 30, prefix: "lost", reads: `${root}?resourceVersion=0` }
        const scene = Effect.gen(function* () {
          yield* Effect.sleep("2 seconds")
          const both = [storePid(victim), yield* pid(victim)]
          yield* Effect.forEach(both, (pid) => kill(pid, "SIGKILL"), { discard: true })
          yield* Effect.sleep("12 seconds")
          yield* back(victim)
        })
        const figures = yield* Requests.during(old, options, scene)
        yield* say(`the machine of server ${victim} with the store's leader was lost`, figures)
        assert.deepStrictEqual(figures.failed, [])
        assert.isTrue(
          figures.refused.every(({ retryAfter }) => retryAfter !== undefined),
          "whoever is refused is told when to come back"
        )
        // NATS elects a leader within nine seconds; a write waits ten for it.
        assert.isBelow(figures.longestWriteGap, 40_000)
        assert.isBelow(figures.longestReadGap, 5000)
        yield* keeps(figures.written)
      })
    )
  })
})
