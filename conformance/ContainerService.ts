/** The checks of the laws of `ContainerService`. Each runs Pods of its own, and stops them. */
import { Effect, Fiber, Latch, type Scope, Stream } from "effect"
import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import { type Change, ContainerService, type PodState } from "../plugins/virtual-node/contracts/ContainerService.ts"
import * as Suite from "./Suite.ts"

type Service = ContainerService["Service"]

const podOf = (uid: string) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { uid, namespace: "laws", name: `law-${uid.slice(0, 8)}` },
  spec: {
    nodeName: "laws",
    restartPolicy: "Always",
    containers: ["one", "two"].map((name) => ({ name, image: "registry.k8s.io/pause:3.10" }))
  }
})

const isOf = (uid: string) => (change: Change) => change.uid === uid

/** The first that is told of a Pod, to whoever begins to listen now, that holds. */
const told = (service: Service, uid: string, holds: (pod: PodState | undefined) => boolean) =>
  service.changes().pipe(
    Stream.filter(isOf(uid)),
    Stream.filter(({ pod }) => holds(pod)),
    Stream.runHead,
    Effect.flatMap(Effect.fromOption)
  )
const running = (service: Service, uid: string) =>
  Effect.map(
    told(service, uid, (pod) => pod?.phase === "Running" && pod.containers.every(({ state }) => state === "running")),
    ({ pod }) => pod
  )

/** A Pod that runs, until the check has ended. */
const pod = Effect.fnUntraced(function* (service: Service) {
  const uid = yield* Effect.sync(() => randomUUID())
  yield* Effect.addFinalizer(() => Effect.ignore(service.stop({ uid, gracePeriodSeconds: 0 })))
  yield* service.run({ pod: podOf(uid) })
  return { uid, state: yield* running(service, uid) }
})

/** All that is told of at the beginning, as far as it comes before a Pod that is told of for certain. */
const listed = (service: Service, uid: string) =>
  Effect.gen(function* () {
    const last = yield* pod(service)
    const before = yield* service.changes().pipe(Stream.takeUntil(isOf(last.uid)), Stream.runCollect)
    return [...before].filter((change) => change.uid === uid && change.pod !== undefined)
  })

const check = (
  holds: (service: Service) => Effect.Effect<void, unknown, Scope.Scope>,
  saboteur: (honest: Service) => Partial<Service>
) => ({ holds: Suite.inTime(Effect.scoped(Effect.flatMap(ContainerService, holds))), saboteur })

export const suite = Suite.make(ContainerService, {
  "describe/size": check(
    Effect.fnUntraced(function* (service) {
      const { cpu, memory, name, pods } = yield* service.describe()
      assert.match(name, /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
      assert.match(cpu, /^\d+(\.\d+)?m?$/)
      assert.match(memory, /^\d+([KMGT]i?)?$/)
      assert.ok(pods > 0, "it has no room for Pods")
    }),
    ({ describe }) => ({ describe: () => Effect.map(describe(), (about) => ({ ...about, pods: 0 })) })
  ),
  "run/runs": check(
    Effect.fnUntraced(function* (service) {
      const { state, uid } = yield* pod(service)
      assert.match(state?.ip ?? "", /[.:]/, "it has no address")
      assert.deepEqual(state?.containers.map(({ name }) => name).toSorted(), ["one", "two"])
      assert.equal(state?.node, "laws")
      assert.equal(state?.name, podOf(uid).metadata.name)
    }),
    ({ changes }) => ({
      changes: () =>
        Stream.map(changes(), ({ pod, uid }) => ({
          uid,
          ...(pod && { pod: { ...pod, containers: pod.containers.slice(1) } })
        }))
    })
  ),
  "run/again": check(
    Effect.fnUntraced(function* (service) {
      const { state, uid } = yield* pod(service)
      yield* service.run({ pod: podOf(uid) })
      const all = yield* listed(service, uid)
      assert.equal(all.length, 1, `it is there ${all.length} times`)
      assert.equal(all[0]?.pod?.ip, state?.ip)
      assert.equal(all[0]?.pod?.startedAt, state?.startedAt)
    }),
    ({ run, stop }) => ({
      run: ({ pod }) => {
        const { uid } = Object(pod["metadata"])
        return Effect.andThen(stop({ uid: String(uid), gracePeriodSeconds: 0 }), run({ pod }))
      }
    })
  ),
  "stop/gone": check(
    Effect.fnUntraced(function* (service) {
      const { uid } = yield* pod(service)
      const listening = Latch.makeUnsafe()
      const gone = yield* service.changes().pipe(
        Stream.filter(isOf(uid)),
        Stream.tap(() => listening.open),
        Stream.takeUntil(({ pod }) => pod === undefined),
        Stream.runDrain,
        Effect.forkScoped
      )
      // Who listens has been told of it before it is stopped.
      yield* listening.await
      yield* service.stop({ uid, gracePeriodSeconds: 0 })
      yield* Fiber.join(gone)
      assert.deepEqual(yield* listed(service, uid), [])
    }),
    () => ({ stop: () => Effect.void })
  ),
  "stop/absent": check(
    (service) => service.stop({ uid: randomUUID(), gracePeriodSeconds: 0 }),
    () => ({ stop: () => Effect.die("there is no such Pod") })
  ),
  "changes/first": check(
    Effect.fnUntraced(function* (service) {
      const { uid } = yield* pod(service)
      const all = yield* Effect.forEach([1, 2, 3], () => running(service, uid), { concurrency: "unbounded" })
      for (const state of all) assert.equal(state?.uid, uid)
    }),
    ({ changes }) => {
      let count = 0
      return { changes: () => (count++ === 0 ? changes() : Stream.never) }
    }
  )
})
