/**
 * The state in which the day begins. One Pod of each Deployment, and those of DaemonSets on a few machines, have gone the whole way, by
 * the controllers, the scheduler and a machine; their likes are put into the log as copies of them, while nobody leads: ten thousand
 * times the same way would be most of the time that a day may take, and each has to go it anyway when it is replaced.
 */
import { Effect, Random } from "effect"
import type { WireObject } from "../../../kernel/client/Api.ts"
import { Client } from "../../../kernel/client/Client.ts"
import * as Stamp from "../../../kernel/pipeline/Stamp.ts"
import { keyOf as rowKey, seal } from "../../../kernel/table/Envelope.ts"
import { Log } from "../../../kernel/store/Log.ts"
import { controllerOf, keyOf } from "../../../kernel/resource/Kind.ts"
import { DaemonSet, Deployment, ReplicaSet } from "../../../plugins/resources/contracts/apps/v1.ts"
import { Pod } from "../../../plugins/resources/contracts/core/v1.ts"
import type { Machines } from "./Nodes.ts"
import type { Size } from "./Teams.ts"
import type { World } from "./World.ts"

/** As large as a team begins: one of each. */
export const small = (size: Size): Size => ({ ...size, deployments: size.deployments.map(() => 1) })

/** So many machines are there for what goes the whole way. */
export const pioneers = (size: Size) => Math.ceil(size.nodes / 20)

const copy = Effect.fnUntraced(function* (pod: Pod, node: string, address: number) {
  const log = yield* Log
  const { generateName = "", namespace = "" } = pod.metadata
  const podIP = `10.${64 + (address >> 16)}.${(address >> 8) & 255}.${address & 255}`
  const name = `${generateName}${yield* Stamp.letters(5)}`
  const object = {
    ...pod,
    metadata: { ...pod.metadata, name, uid: yield* Stamp.uid },
    status: { ...pod.status, podIP, podIPs: [{ ip: podIP }] }
  }
  // A Pod is JSON by its type, and so it is with another node in the place of its own, hence the cast.
  const elsewhere = JSON.parse(JSON.stringify(object).replaceAll(`"${pod.spec.nodeName}"`, `"${node}"`)) as WireObject
  const key = rowKey(Pod.storage, namespace, name)
  yield* log.append({ log: Pod.log, key, op: "put", bytes: seal(Pod, elsewhere), prev: 0, writeId: yield* Stamp.uid })
})

/** Every machine there, every Deployment as large as it is to be, and all with their Pods. Nobody leads meanwhile. */
export const grown = Effect.fnUntraced(function* (world: World, machines: Machines, size: Size) {
  const client = yield* Client
  const first = new Set(machines.names())
  for (let index = first.size; index < size.nodes; index++) yield* machines.join(index)
  const nodes = yield* Random.shuffle(machines.names().filter((name) => !first.has(name)))
  const pods = Map.groupBy(world.all(Pod), (pod) => controllerOf(pod)?.uid ?? "")
  const sets = Map.groupBy(world.all(ReplicaSet), (set) => controllerOf(set)?.uid ?? "")
  let copies = 0
  const podOf = (uid: string | undefined) => {
    const [pod] = pods.get(uid ?? "") ?? []
    return pod === undefined ? Effect.die(new Error(`${uid} has no Pod to be copied`)) : Effect.succeed(pod)
  }
  for (const set of world.all(DaemonSet)) {
    const pod = yield* podOf(set.metadata.uid)
    for (const node of nodes) yield* copy(pod, node, copies++)
  }
  for (const deployment of world.all(Deployment)) {
    const key = keyOf(deployment)
    const replicas = size.deployments[Number(/\d+$/.exec(key.name)?.[0])] ?? 1
    for (const set of sets.get(deployment.metadata.uid) ?? []) {
      const pod = yield* podOf(set.metadata.uid)
      yield* client.patch(Deployment, key, "merge", { spec: { replicas } })
      yield* client.patch(ReplicaSet, keyOf(set), "merge", { spec: { replicas } })
      for (let made = 1; made < replicas; made++) yield* copy(pod, nodes[copies % nodes.length] ?? "", copies++)
    }
  }
})
