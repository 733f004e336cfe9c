/** A whole scheduler: the first node, by name, that is ready and has room for one more Pod. It asks for nothing else. */
import { Effect, Semaphore, Stream } from "effect"
import { Client } from "keelson/kernel/client/Client"
import { background } from "keelson/kernel/plugin/Plugin"
import { keyOf } from "keelson/kernel/resource/Kind"
import * as Quantity from "keelson/kernel/resource/Quantity"
import { Node, Pod } from "keelson/resources/core/v1"
import * as OwnScheduler from "keelson/scheduler/OwnScheduler"

const schedulerNames = ["default-scheduler"]
const isWaiting = ({ metadata, spec, status }: Pod) =>
  !spec.nodeName &&
  schedulerNames.includes(spec.schedulerName) &&
  metadata.deletionTimestamp === undefined &&
  (spec.schedulingGates ?? []).length === 0 &&
  status.phase !== "Failed"
const isOpen = ({ spec }: Node) => spec.unschedulable !== true && (spec.taints ?? []).length === 0
const isOn = (name: string) => (pod: Pod) =>
  pod.spec.nodeName === name && pod.status.phase !== "Succeeded" && pod.status.phase !== "Failed"

const start = Effect.gen(function* () {
  const client = yield* Client
  const nodes = yield* client.cache(Node, { indexes: {} })
  const pods = yield* client.cache(Pod, { indexes: {} })
  const turn = yield* Semaphore.make(1)
  let isQuiet = false

  const withRoom = () =>
    nodes
      .all()
      .filter(isOpen)
      .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
      .find(({ metadata, status }) => {
        const room = Quantity.value(Quantity.of(status.allocatable?.["pods"]))
        return pods.all().filter(isOn(metadata.name)).length < room
      })
  const place = Effect.fnUntraced(function* (pod: Pod) {
    const target = withRoom()
    if (isQuiet || target === undefined) return
    const { name, namespace = "", uid } = pod.metadata
    const node = { kind: "Node", name: target.metadata.name }
    const binding = { apiVersion: "v1", kind: "Binding", metadata: { name, namespace, uid }, target: node }
    // Somebody else's write came first: what the cache shows next says what is left to do.
    yield* Effect.ignore(client.post(Pod, keyOf(pod), "binding", binding), { log: "Debug" })
  })
  const decide = turn.withPermit(
    Effect.suspend(() => Effect.forEach(pods.all().filter(isWaiting), place, { discard: true }))
  )
  yield* background(Stream.runForEach(Stream.merge(pods.changes, nodes.changes), () => decide))
  const stop = Effect.sync(() => (isQuiet = true))
  return { quiet: Effect.andThen(stop, turn.withPermit(Effect.void)) }
})

export const plugin = OwnScheduler.deciding({ name: "first-fit", schedulerNames, start })
