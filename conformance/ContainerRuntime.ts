/** The checks of the laws of `ContainerRuntime`. They ask for the image `busybox`, which has to be there. */
import { Effect, Random, type Scope, Stream } from "effect"
import assert from "node:assert/strict"
import { ContainerRuntime } from "../plugins/kubelet/contracts/ContainerRuntime.ts"
import * as Suite from "./Suite.ts"

type Runtime = ContainerRuntime["Service"]

/** What a check works with: a Pod of its own on the host's network, which every runtime can do. It goes in the end. */
const use = Effect.gen(function* () {
  const runtime = yield* ContainerRuntime
  const uid = `law-${yield* Random.nextInt}`
  const given = { uid, namespace: "laws", name: uid, attempt: 0, hostname: uid, network: { _tag: "host" } } as const
  const remove = (pod: { readonly id: string }) => Effect.ignore(runtime.removePod({ pod: pod.id }))
  const { id } = yield* Effect.acquireRelease(runtime.startPod(given), remove)
  const sleep = { pod: id, name: "sleep", attempt: 0, image: "busybox", command: ["sleep", "600"] }
  const status = Effect.map(runtime.list(), (pods) => pods.find((pod) => pod.id === id))
  return { runtime, given, pod: id, sleep, status }
})
type Use = Effect.Success<typeof use>

const check = (
  holds: (use: Use) => Generator<Effect.Effect<unknown, unknown, Scope.Scope>, void, never>,
  saboteur: (honest: Runtime) => Partial<Runtime>
) => ({ holds: Effect.scoped(Effect.flatMap(use, Effect.fnUntraced(holds))), saboteur })

/** Works once, as what does not expect to be asked again. */
const once = <P, A, E>(method: (payload: P) => Effect.Effect<A, E>) => {
  const asked = new Set<string>()
  return (payload: P) =>
    Effect.suspend(() => {
      const before = asked.size
      return asked.add(JSON.stringify(payload)).size > before ? method(payload) : Effect.die("no such thing")
    })
}
/** Never finds what is there. */
const anew =
  <P, A, E>(method: (payload: P) => Effect.Effect<A, E>) =>
  (payload: P) =>
    Effect.flatMap(Random.nextInt, (attempt) => method({ ...payload, attempt }))

export const suite = Suite.make(ContainerRuntime, {
  "pod/again": check(
    function* ({ given, pod, runtime }) {
      assert.equal((yield* runtime.startPod(given)).id, pod)
    },
    ({ startPod }) => ({ startPod: anew(startPod) })
  ),
  "pod/network": check(
    function* ({ given, runtime }) {
      const { network } = yield* runtime.describe()
      const before = yield* runtime.list()
      const other = { _tag: network === "given" ? "runtime" : "given", namespace: "/run/netns/law" } as const
      const refused = yield* Effect.flip(runtime.startPod({ ...given, uid: `${given.uid}-other`, network: other }))
      assert.equal(refused._tag, "NetworkUnsupported")
      assert.deepEqual(yield* runtime.list(), before)
    },
    ({ startPod }) => ({ startPod: (pod) => startPod({ ...pod, network: { _tag: "host" } }) })
  ),
  "container/no-image": check(
    function* ({ runtime, sleep }) {
      const refused = yield* Effect.flip(runtime.startContainer({ ...sleep, image: "no/such:image" }))
      assert.equal(refused._tag, "ImageMissing")
    },
    ({ startContainer }) => ({ startContainer: (container) => startContainer({ ...container, image: "busybox" }) })
  ),
  "container/again": check(
    function* ({ runtime, sleep, status }) {
      const id = yield* runtime.startContainer(sleep)
      assert.equal(yield* runtime.startContainer(sleep), id)
      assert.equal((yield* status)?.containers.length, 1)
    },
    ({ startContainer }) => ({ startContainer: anew(startContainer) })
  ),
  "stop/again": check(
    function* ({ runtime, sleep, status }) {
      const stop = { id: yield* runtime.startContainer(sleep), graceSeconds: 0 }
      yield* runtime.stopContainer(stop)
      const exited = yield* status
      yield* runtime.stopContainer(stop)
      assert.equal(exited?.containers[0]?.state, "Exited")
      assert.deepEqual(yield* status, exited)
    },
    ({ stopContainer }) => ({ stopContainer: once(stopContainer) })
  ),
  "remove/again": check(
    function* ({ pod, runtime }) {
      yield* runtime.removePod({ pod })
      yield* runtime.removePod({ pod })
    },
    ({ removePod }) => ({ removePod: once(removePod) })
  ),
  "list/all": check(
    function* ({ runtime, sleep, status }) {
      yield* runtime.stopContainer({ id: yield* runtime.startContainer(sleep), graceSeconds: 0 })
      yield* runtime.startContainer({ ...sleep, name: "other" })
      const states = (yield* status)?.containers.map(({ name, state }) => `${name} ${state}`)
      assert.deepEqual(states?.toSorted(), ["other Running", "sleep Exited"])
    },
    ({ list }) => ({
      list: () => Effect.map(list(), (pods) => pods.map((pod) => ({ ...pod, containers: pod.containers.slice(-1) })))
    })
  ),
  "changes/hint": check(
    function* ({ pod, runtime, sleep }) {
      // The hint for what there is starts a container, and that must bring the second.
      const hints = runtime.changes().pipe(
        Stream.filter((hint) => hint.pod === pod),
        Stream.tap(() => runtime.startContainer(sleep)),
        Stream.take(2)
      )
      assert.equal(yield* Effect.timeout(Stream.runCount(hints), "5 seconds"), 2)
    },
    ({ changes }) => ({ changes: () => Stream.take(changes(), 1) })
  )
})
