/** Tells a scheduler the stories of Stories.ts, and what came of each: for the tests that change one scheduler for another. */
import { Effect, Schedule } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import {
  Event,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  type PodDraft,
  ServiceAccount
} from "../../plugins/resources/contracts/core/v1.ts"
import {
  DeviceClass,
  ResourceClaim,
  ResourceSlice,
  type ResourceSliceSpec
} from "../../plugins/resources/contracts/resource/v1.ts"
import { PriorityClass } from "../../plugins/resources/contracts/scheduling/v1.ts"
import { StorageClass } from "../../plugins/resources/contracts/storage/v1.ts"
import { when } from "../controllers/Cluster.ts"
import { draftOf } from "../scheduler/Nodes.ts"
import { at, namespace, type Step, stories } from "./Stories.ts"

const nodes = [
  { name: "a1", zone: "a", cpu: "4", more: { labels: { disk: "ssd" } } },
  { name: "a2", zone: "a", cpu: "4", more: { taints: [{ key: "dedicated", value: "db", effect: "NoSchedule" }] } },
  { name: "b1", zone: "b", cpu: "2", more: { unschedulable: true } },
  { name: "b2", zone: "b", cpu: "2", more: {} }
] satisfies ReadonlyArray<{
  readonly name: string
  readonly zone: string
  readonly cpu: string
  readonly more: {
    readonly labels?: { readonly disk: string }
    readonly taints?: ReadonlyArray<{ readonly key: string; readonly value: string; readonly effect: string }>
    readonly unschedulable?: boolean
  }
}>

/** Nodes are made as the node controller would leave them. */
const addNode = Effect.fnUntraced(function* ({ cpu, more, name, zone }: (typeof nodes)[number]) {
  const client = yield* Client
  const labels = {
    "topology.kubernetes.io/zone": zone,
    "kubernetes.io/hostname": name,
    ...("labels" in more && more.labels)
  }
  const unschedulable = "unschedulable" in more && more.unschedulable
  const made = yield* client.create(Node, { metadata: { name, labels }, spec: { unschedulable } })
  const taint = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" }
  const taints = [...("taints" in more ? more.taints : []), ...(unschedulable ? [taint] : [])]
  const given = yield* client.update(Node, { ...made, spec: { ...made.spec, taints } })
  const status = draftOf(name, { cpu, extended: { "example.com/licence": "1" } }).status
  yield* client.update(Node, { ...given, status }, { subresource: "status" })
})

export const site = Effect.gen(function* () {
  const client = yield* Client
  const labels = { "resource.kubernetes.io/admin-access": "true" }
  yield* client.create(Namespace, { metadata: { name: namespace, labels } })
  yield* client.create(ServiceAccount, { metadata: at("default") })
  yield* Effect.forEach(nodes, addNode)
  yield* client.create(PriorityClass, { metadata: { name: "high" }, value: 1000 })
  yield* client.create(PriorityClass, { metadata: { name: "polite" }, value: 1000, preemptionPolicy: "Never" })
  const mode = (name: string, volumeBindingMode: string) =>
    client.create(StorageClass, { metadata: { name }, provisioner: "kubernetes.io/no-provisioner", volumeBindingMode })
  yield* mode("later", "WaitForFirstConsumer")
  yield* mode("now", "Immediate")
  yield* Effect.forEach(["gpu", "other"], (name) =>
    client.create(DeviceClass, {
      metadata: { name },
      spec: {
        selectors: [{ cel: { expression: `device.attributes["d.example.com"].kind == "${name}"` } }],
        config: [{ opaque: { driver: "d.example.com", parameters: { of: name } } }]
      }
    })
  )
  const gpu = (name: string, model: string, more: Partial<NonNullable<ResourceSliceSpec["devices"]>[number]> = {}) => ({
    name,
    attributes: { kind: { string: "gpu" }, model: { string: model }, version: { version: "1.2.3" } },
    capacity: { memory: { value: "40Gi" } },
    ...more
  })
  const slice = (name: string, nodeName: string, devices: ResourceSliceSpec["devices"]) =>
    client.create(ResourceSlice, {
      metadata: { name },
      spec: {
        driver: "d.example.com",
        pool: { name, generation: 1, resourceSliceCount: 1 },
        nodeName,
        ...(devices !== undefined && { devices })
      }
    })
  yield* slice("a1", "a1", [gpu("g0", "small"), gpu("g1", "small"), gpu("g2", "large")])
  const taints = [{ key: "broken", effect: "NoSchedule" }]
  yield* slice("b2", "b2", [gpu("g0", "large", { taints }), { name: "x", attributes: { kind: { string: "other" } } }])
})

const isPod = (step: Step): step is PodDraft => !Effect.isEffect(step)

const conditionOf = ({ status }: Pod) => status.conditions?.find(({ type }) => type === "PodScheduled")

/** Once it has a node, or it is said why not. */
const told = Effect.fnUntraced(function* (name: string) {
  const isTold = (pod: Pod) =>
    pod.metadata.name === name &&
    (pod.spec.nodeName !== undefined || (conditionOf(pod)?.status === "False" && !pod.status.nominatedNodeName))
  const all = yield* when(Pod, (all) => all.some(isTold))
  const pod = all.find(isTold)
  const client = yield* Client
  // Events are written beside all else.
  const wanted = pod?.spec.nodeName === undefined ? "FailedScheduling" : "Scheduled"
  const events = yield* Effect.repeat(client.list(Event, { namespace }), {
    until: (events) => events.some(({ involvedObject, reason }) => involvedObject.name === name && reason === wanted),
    times: 200,
    schedule: Schedule.spaced("50 millis")
  })
  const event = events.find(({ involvedObject, reason }) => involvedObject.name === name && reason === wanted)
  const condition = pod && conditionOf(pod)
  return {
    node: pod?.spec.nodeName,
    condition: [condition?.status, condition?.reason, condition?.message].filter(Boolean).join(" "),
    event: `${event?.type} ${event?.reason} ${event?.message}`
  }
})

/** What is left of a story when it is over. */
const claims = Effect.gen(function* () {
  const client = yield* Client
  const devices = (yield* client.list(ResourceClaim, { namespace })).map(
    ({ metadata, status: { allocation, reservedFor = [] } }) =>
      [
        `claim ${metadata.name}`,
        {
          results: allocation?.devices.results,
          config: allocation?.devices.config,
          places: allocation?.nodeSelector?.nodeSelectorTerms,
          users: reservedFor.map(({ name }) => name).toSorted(),
          finalizers: metadata.finalizers
        }
      ] as const
  )
  const volumes = (yield* client.list(PersistentVolumeClaim, { namespace })).map(
    ({ metadata }) =>
      [`volume claim ${metadata.name}`, metadata.annotations?.["volume.kubernetes.io/selected-node"]] as const
  )
  const disks = (yield* client.list(PersistentVolume)).map(
    ({ metadata, spec }) => [`volume ${metadata.name}`, spec.claimRef?.name] as const
  )
  const victims = (yield* client.list(Event, { namespace }))
    .filter(({ reason }) => reason === "Preempted")
    .map(({ involvedObject, message }) => [`gone ${involvedObject.name}`, message?.replace(/[0-9a-f-]{36}/, "…")] as const)
  return Object.fromEntries([...devices, ...volumes, ...disks, ...victims])
})

const clear = Effect.gen(function* () {
  const client = yield* Client
  const pods = yield* client.list(Pod, { namespace })
  yield* Effect.forEach(pods, ({ metadata: { name } }) => client.delete(Pod, at(name), { gracePeriodSeconds: 0 }))
  yield* when(Pod, (all) => all.length === 0)
  const of = yield* client.list(ResourceClaim, { namespace })
  yield* Effect.forEach(of, (one) =>
    client.update(ResourceClaim, { ...one, status: {} }, { subresource: "status" }).pipe(
      Effect.flatMap(({ metadata }) => client.update(ResourceClaim, { ...one, metadata: { ...metadata, finalizers: [] } })),
      Effect.andThen(client.delete(ResourceClaim, at(one.metadata.name)))
    )
  )
  yield* Effect.forEach(yield* client.list(PersistentVolumeClaim, { namespace }), ({ metadata: { name } }) =>
    Effect.andThen(
      client.patch(PersistentVolumeClaim, at(name), "merge", { metadata: { finalizers: null } }),
      client.delete(PersistentVolumeClaim, at(name))
    )
  )
  yield* Effect.forEach(yield* client.list(PersistentVolume), ({ metadata: { name } }) =>
    Effect.andThen(
      client.patch(PersistentVolume, { namespace: "", name }, "merge", { metadata: { finalizers: null } }),
      client.delete(PersistentVolume, { namespace: "", name })
    )
  )
  const events = yield* client.list(Event, { namespace })
  yield* Effect.forEach(events, ({ metadata: { name } }) => Effect.ignore(client.delete(Event, at(name))))
})

const tell = Effect.fnUntraced(function* (steps: (typeof stories)[string]) {
  const client = yield* Client
  const outcome: Record<string, unknown> = {}
  for (const step of steps) {
    if (!isPod(step)) {
      yield* step
      continue
    }
    const { name = "" } = step.metadata
    yield* client.create(Pod, step)
    outcome[name] = yield* told(name)
  }
  const whole = { ...outcome, ...(yield* claims) }
  yield* clear
  return whole
})

/** By story, what came of it. */
export const run = Effect.fnUntraced(function* (of: typeof stories = stories) {
  const told: Record<string, unknown> = {}
  for (const [name, steps] of Object.entries(of)) told[name] = yield* tell(steps)
  return told
})
