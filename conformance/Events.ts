/** The checks of the laws of `Events`. They start Pods with containers of the image `busybox`, which has to be there. */
import { Deferred, Effect, Random, Stream } from "effect"
import assert from "node:assert/strict"
import { ContainerRuntime } from "../plugins/kubelet/contracts/ContainerRuntime.ts"
import { Events } from "../plugins/kubelet/contracts/Events.ts"
import * as Suite from "./Suite.ts"

type Service = Events["Service"]

/** What a check works with: a Pod of its own, which goes in the end, and the hints that are about it. */
const use = Effect.gen(function* () {
  const events = yield* Events
  const runtime = yield* ContainerRuntime
  const uid = `law-${yield* Random.nextInt}`
  const { id: pod } = yield* Effect.acquireRelease(
    runtime.startPod({ uid, namespace: "laws", name: uid, attempt: 0, hostname: uid, network: { _tag: "host" } }),
    ({ id }) => Effect.ignore(runtime.removePod({ pod: id }))
  )
  const hints = Stream.filter(events.changes(), (hint) => hint.pod === pod)
  const container = { pod, name: "main", attempt: 0, image: "busybox", command: ["sleep", "600"] }
  const states = Effect.map(runtime.list({ uid }), (pods) =>
    pods.flatMap(({ containers }) => containers.map(({ state }) => state))
  )
  return { hints, runtime, uid, pod, container, states }
})
type Use = Effect.Success<typeof use>

const check = (
  holds: (use: Use) => Generator<Effect.Effect<unknown, unknown>, void, never>,
  saboteur: (honest: Service) => Partial<Service>
) => ({ holds: Effect.scoped(Effect.flatMap(use, Effect.fnUntraced(holds))), saboteur })

/** Hints of what there is, and none of what happens then. */
const once = ({ changes }: Service) => ({ changes: () => Stream.take(changes(), 1) })

export const suite = Suite.make<Events, Service, (typeof Events)["laws"], Events | ContainerRuntime>(Events, {
  "changes/hint": check(function* ({ container, hints, runtime, uid }) {
    // The hint for what there is starts a container, and that must bring the second.
    const seen = hints.pipe(
      Stream.tap(() => runtime.startContainer(container)),
      Stream.take(2),
      Stream.runCollect
    )
    const found = yield* Suite.inTime(seen)
    assert.deepEqual(
      found.map((hint) => hint.uid),
      [uid, uid]
    )
  }, once),
  "changes/exit": check(function* ({ container, hints, runtime, states }) {
    const command = ["sh", "-c", "sleep 1"]
    yield* runtime.startContainer({ ...container, command })
    // Every hint brings a look, as in the kubelet: one of them must see the end.
    const seen = hints.pipe(
      Stream.mapEffect(() => states),
      Stream.takeUntil(([state]) => state === "Exited"),
      Stream.runLast
    )
    assert.deepEqual(yield* Effect.map(Suite.inTime(seen), (last) => last._tag === "Some" && last.value), ["Exited"])
  }, once),
  "changes/removed": check(function* ({ hints, pod, runtime, uid }) {
    const isFirst = yield* Deferred.make<void>()
    const remove = Effect.andThen(Deferred.await(isFirst), runtime.removePod({ pod }))
    const gone = Effect.map(runtime.list({ uid }), (pods) => pods.length === 0)
    const seen = hints.pipe(
      Stream.tap(() => Deferred.succeed(isFirst, undefined)),
      Stream.mapEffect(() => gone),
      Stream.takeUntil((isGone) => isGone),
      Stream.runLast
    )
    const [last] = yield* Suite.inTime(Effect.all([seen, remove], { concurrency: "unbounded" }))
    assert.deepEqual(last._tag === "Some" && last.value, true)
  }, once)
})
