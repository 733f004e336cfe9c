/** The checks of the laws of `ContainerRuntime`. They ask for the image `busybox`, which has to be there. */
import { Effect, Random, Schedule, type Scope } from "effect"
import assert from "node:assert/strict"
import { ContainerRuntime, ImageMissing } from "../plugins/kubelet/contracts/ContainerRuntime.ts"
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
  const status = Effect.map(runtime.list({}), (pods) => pods.find((pod) => pod.id === id))
  return { runtime, given, pod: id, sleep, status }
})
type Use = Effect.Success<typeof use>

const check = (
  holds: (use: Use) => Generator<Effect.Effect<unknown, unknown, Scope.Scope>, void, never>,
  saboteur: (honest: Runtime) => Partial<Runtime>
) => ({ holds: Effect.scoped(Effect.flatMap(use, Effect.fnUntraced(holds))), saboteur })

/** What the outside world does takes its time. */
const eventually = <A, E>(read: Effect.Effect<A, E>, holds: (value: A) => boolean) =>
  Suite.inTime(Effect.repeat(read, { schedule: Schedule.spaced("50 millis"), until: holds }))

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
      const uid = `${given.uid}-other`
      const other = { _tag: network === "given" ? "runtime" : "given", namespace: "/run/netns/law" } as const
      const refused = yield* Effect.flip(runtime.startPod({ ...given, uid, network: other }))
      assert.equal(refused._tag, "NetworkUnsupported")
      assert.deepEqual(yield* runtime.list({ uid }), [])
    },
    ({ startPod }) => ({ startPod: (pod) => startPod({ ...pod, network: { _tag: "host" } }) })
  ),
  "describe/handlers": check(
    function* ({ given, runtime }) {
      const { handlers } = yield* runtime.describe()
      for (const [index, { name: handler }] of handlers.entries()) {
        const { id } = yield* runtime.startPod({ ...given, uid: `${given.uid}-${index}`, handler })
        yield* runtime.removePod({ pod: id })
      }
    },
    ({ describe }) => ({
      describe: () => Effect.map(describe(), (about) => ({ ...about, handlers: [{ name: "no-such-handler" }] }))
    })
  ),
  "pod/handler": check(
    function* ({ given, runtime }) {
      const uid = `${given.uid}-other`
      const refused = yield* Effect.flip(runtime.startPod({ ...given, uid, handler: "no-such-handler" }))
      assert.equal(refused._tag, "PodRefused")
      assert.deepEqual(yield* runtime.list({ uid }), [])
    },
    ({ startPod }) => ({ startPod: ({ handler: _, ...pod }) => startPod(pod) })
  ),
  "container/no-image": check(
    function* ({ runtime, sleep }) {
      const refused = yield* Effect.flip(runtime.startContainer({ ...sleep, image: "no/such:image" }))
      assert.equal(refused._tag, "ImageMissing")
    },
    ({ startContainer }) => ({ startContainer: (container) => startContainer({ ...container, image: "busybox" }) })
  ),
  "container/no-pod": check(
    function* ({ pod, runtime, sleep }) {
      yield* runtime.removePod({ pod })
      const refused = yield* Effect.flip(runtime.startContainer(sleep))
      assert.equal(refused._tag, "PodMissing")
    },
    () => ({ startContainer: ({ image }) => Effect.fail(new ImageMissing({ image })) })
  ),
  "container/exits": check(
    function* ({ runtime, sleep, status }) {
      yield* runtime.startContainer({ ...sleep, command: ["sh", "-c", "exit 3"] })
      const ended = yield* eventually(status, (pod) => pod?.containers[0]?.state === "Exited")
      const [container] = ended?.containers ?? []
      assert.equal(container?.exitCode, 3)
      assert.ok(Date.parse(container?.finishedAt ?? "") >= Date.parse(container?.startedAt ?? ""))
    },
    ({ startContainer }) => ({ startContainer: (container) => startContainer({ ...container, command: ["true"] }) })
  ),
  "container/again": check(
    function* ({ runtime, sleep, status }) {
      const id = yield* runtime.startContainer(sleep)
      assert.equal(yield* runtime.startContainer(sleep), id)
      assert.equal((yield* status)?.containers.length, 1)
    },
    ({ startContainer }) => ({ startContainer: anew(startContainer) })
  ),
  "update/runs": check(
    function* ({ runtime, sleep, status }) {
      const resources = { cpuShares: 512, cpuQuota: 50_000, cpuPeriod: 100_000, memoryBytes: 256 << 20 }
      const id = yield* runtime.startContainer({ ...sleep, resources })
      const before = yield* status
      yield* runtime.updateContainer({ id, resources: { cpuShares: 256, cpuQuota: 25_000, cpuPeriod: 100_000 } })
      yield* runtime.updateContainer({ id, resources: { memoryBytes: 128 << 20 } })
      assert.deepEqual(yield* status, before)
      assert.equal(before?.containers[0]?.state, "Running")
    },
    ({ stopContainer }) => ({
      updateContainer: ({ id }) => stopContainer({ id, graceSeconds: 0 })
    })
  ),
  "update/missing": check(
    function* ({ runtime, sleep }) {
      const id = yield* runtime.startContainer(sleep)
      yield* runtime.stopContainer({ id, graceSeconds: 0 })
      yield* runtime.removeContainer({ id })
      const refused = yield* Effect.flip(runtime.updateContainer({ id, resources: { memoryBytes: 128 << 20 } }))
      assert.equal(refused._tag, "ContainerMissing")
    },
    () => ({ updateContainer: () => Effect.void })
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
  "stop/pod": check(
    function* ({ pod, runtime, sleep, status }) {
      yield* runtime.startContainer(sleep)
      yield* runtime.stopPod({ pod, graceSeconds: 0 })
      const stopped = yield* eventually(status, (now) => now?.ready === false)
      assert.deepEqual(
        stopped?.containers.map(({ name, state }) => `${name} ${state}`),
        ["sleep Exited"]
      )
    },
    ({ removePod }) => ({ stopPod: ({ pod }) => removePod({ pod }) })
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
      list: (of) => Effect.map(list(of), (pods) => pods.map((pod) => ({ ...pod, containers: pod.containers.slice(-1) })))
    })
  ),
  "list/uid": check(
    function* ({ given, pod, runtime }) {
      const other = yield* runtime.startPod({ ...given, uid: `${given.uid}-other`, name: `${given.name}-other` })
      const found = yield* Effect.ensuring(
        runtime.list({ uid: given.uid }),
        Effect.ignore(runtime.removePod({ pod: other.id }))
      )
      assert.deepEqual(
        found.map(({ id }) => id),
        [pod]
      )
    },
    ({ list }) => ({ list: () => list({}) })
  ),
  "remove/container": check(
    function* ({ runtime, sleep, status }) {
      const id = yield* runtime.startContainer(sleep)
      yield* runtime.stopContainer({ id, graceSeconds: 0 })
      yield* runtime.removeContainer({ id })
      yield* runtime.removeContainer({ id })
      assert.deepEqual((yield* status)?.containers, [])
    },
    () => ({ removeContainer: () => Effect.void })
  )
})
