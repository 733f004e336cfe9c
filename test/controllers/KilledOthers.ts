/** Scenarios of what is not a workload, in which controllers are killed. Each ends when all is as its objects say. */
import { Effect } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import * as DisruptionController from "../../plugins/controllers/disruption/Disruption.ts"
import * as EndpointsController from "../../plugins/controllers/endpoints/Endpoints.ts"
import * as EndpointSlices from "../../plugins/controllers/endpointslice/EndpointSlice.ts"
import * as EndpointSliceMirroring from "../../plugins/controllers/endpointslicemirroring/EndpointSliceMirroring.ts"
import * as EphemeralVolume from "../../plugins/controllers/ephemeral-volume/EphemeralVolume.ts"
import * as GarbageCollector from "../../plugins/controllers/garbage-collector/GarbageCollector.ts"
import * as Autoscaler from "../../plugins/controllers/horizontal-pod-autoscaler/HorizontalPodAutoscaler.ts"
import * as NamespaceController from "../../plugins/controllers/namespace/Namespace.ts"
import * as NodeIpam from "../../plugins/controllers/node-ipam/NodeIpam.ts"
import * as NodeLifecycle from "../../plugins/controllers/node-lifecycle/NodeLifecycle.ts"
import * as Binder from "../../plugins/controllers/persistent-volume-binder/PersistentVolumeBinder.ts"
import * as ResourceQuotas from "../../plugins/controllers/resourcequota/ResourceQuota.ts"
import * as RootCa from "../../plugins/controllers/root-ca/RootCa.ts"
import * as ResourceClaims from "../../plugins/controllers/resourceclaim/ResourceClaim.ts"
import * as ServiceAccounts from "../../plugins/controllers/serviceaccount/ServiceAccount.ts"
import * as Expander from "../../plugins/controllers/persistent-volume-expander/PersistentVolumeExpander.ts"
import * as ClaimProtection from "../../plugins/controllers/storage-protection/Claims.ts"
import * as VolumeProtection from "../../plugins/controllers/storage-protection/Volumes.ts"
import * as Ttl from "../../plugins/controllers/ttl/Ttl.ts"
import { ReplicaSet } from "../../plugins/resources/contracts/apps/v1.ts"
import { HorizontalPodAutoscaler } from "../../plugins/resources/contracts/autoscaling/v2.ts"
import {
  ConfigMap,
  Endpoints,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  ResourceQuota,
  Secret,
  Service,
  ServiceAccount
} from "../../plugins/resources/contracts/core/v1.ts"
import { EndpointSlice } from "../../plugins/resources/contracts/discovery/v1.ts"
import { PodDisruptionBudget } from "../../plugins/resources/contracts/policy/v1.ts"
import { ResourceClaim, ResourceClaimTemplate } from "../../plugins/resources/contracts/resource/v1.ts"
import { at, names, runs, when } from "./Cluster.ts"
import { until } from "./KilledWorkloads.ts"
import type { Scenario } from "./Killing.ts"

const labels = { app: "web" }
const spec = { containers: [{ name: "c", image: "i" }] }
const template = { metadata: { labels }, spec }
const storage = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } }

const endpoints: Scenario = {
  name: "Endpoints and EndpointSlices follow the Pods of a Service, and the Endpoints of another",
  controllers: [EndpointsController.plugin, EndpointSlices.plugin, EndpointSliceMirroring.plugin],
  kinds: [Endpoints, EndpointSlice],
  drive: Effect.gen(function* () {
    const client = yield* Client
    const ports = [{ port: 80, targetPort: 80 }]
    yield* client.create(Service, { metadata: at("web"), spec: { selector: labels, ports, clusterIP: "None" } })
    yield* client.create(Service, { metadata: at("by-hand"), spec: { ports, clusterIP: "None" } })
    const subsets = [{ addresses: [{ ip: "10.9.9.9" }], ports: [{ port: 80 }] }]
    yield* client.create(Endpoints, { metadata: at("by-hand"), subsets })
    const pod = (name: string) => client.create(Pod, { metadata: { ...at(name), labels }, spec: { ...spec, nodeName: "n" } })
    const first = yield* runs(yield* pod("p1"), { podIP: "10.0.0.1" })
    yield* runs(yield* pod("p2"), { podIP: "10.0.0.2" })
    const show = (count: number) => (all: ReadonlyArray<EndpointSlice>) =>
      all.length === 2 && all.flatMap(({ endpoints = [] }) => endpoints).length === count
    yield* when(EndpointSlice, show(3))
    yield* runs(first, { podIP: "10.0.0.1", ready: false })
    yield* until(Endpoints, "web", ({ subsets = [] }) => subsets[0]?.notReadyAddresses?.length === 1)
    yield* client.delete(Service, at("by-hand"))
    yield* client.delete(Endpoints, at("by-hand"))
    yield* when(EndpointSlice, (all) =>
      all.some(({ endpoints = [] }) => endpoints.some(({ conditions }) => conditions?.ready === false))
    )
  })
}

const namespace: Scenario = {
  name: "a namespace gets what every one has, and goes with all that is in it",
  controllers: [
    NamespaceController.plugin({ kinds: [ConfigMap, Secret, ServiceAccount, Pod] }),
    ServiceAccounts.plugin,
    RootCa.plugin({ ca: "PEM" })
  ],
  kinds: [Namespace, ConfigMap, Secret, ServiceAccount],
  drive: Effect.gen(function* () {
    const client = yield* Client
    for (const name of ["blue", "green"]) yield* client.create(Namespace, { metadata: { name } })
    yield* when(ServiceAccount, (all) => all.length >= 2)
    yield* when(ConfigMap, (all) => all.length >= 2)
    for (const name of ["a", "b"]) yield* client.create(Secret, { metadata: { name, namespace: "blue" }, type: "Opaque" })
    yield* client.delete(Namespace, { namespace: "", name: "blue" })
    yield* when(Namespace, (all) => all.length > 0 && !names(all).includes("blue"))
  })
}

const garbage: Scenario = {
  name: "what has lost its owners goes: after them, before them, or not at all",
  controllers: [GarbageCollector.plugin({ kinds: [ConfigMap, Secret] })],
  kinds: [ConfigMap, Secret],
  drive: Effect.gen(function* () {
    const client = yield* Client
    for (const owner of ["background", "foreground", "orphan"]) {
      const { metadata } = yield* client.create(ConfigMap, { metadata: at(owner) })
      const ownerReferences = [
        { apiVersion: "v1", kind: "ConfigMap", name: owner, uid: metadata.uid, blockOwnerDeletion: true }
      ]
      for (const part of ["a", "b"]) {
        yield* client.create(Secret, { metadata: { ...at(`${owner}-${part}`), ownerReferences }, type: "Opaque" })
      }
    }
    yield* client.delete(ConfigMap, at("background"), { propagationPolicy: "Background" })
    yield* client.delete(ConfigMap, at("foreground"), { propagationPolicy: "Foreground" })
    yield* client.delete(ConfigMap, at("orphan"), { propagationPolicy: "Orphan" })
    yield* when(ConfigMap, (all) => all.length === 0)
    yield* when(
      Secret,
      (all) => all.length === 2 && all.every(({ metadata }) => (metadata.ownerReferences ?? []).length === 0)
    )
  })
}

const volumes: Scenario = {
  name: "claims get volumes of their own, and give them back",
  controllers: [Binder.plugin, EphemeralVolume.plugin, ClaimProtection.plugin, VolumeProtection.plugin, Expander.plugin],
  kinds: [PersistentVolume, PersistentVolumeClaim],
  drive: Effect.gen(function* () {
    const client = yield* Client
    const volume = (name: string, size: string) =>
      client.create(PersistentVolume, {
        metadata: { name },
        spec: { accessModes: ["ReadWriteOnce"], capacity: { storage: size }, hostPath: { path: "/x" } }
      })
    yield* volume("small", "1Gi")
    yield* volume("large", "9Gi")
    yield* when(PersistentVolume, (all) => all.length === 2 && all.every(({ status }) => status.phase === "Available"))
    yield* client.create(PersistentVolumeClaim, { metadata: at("first"), spec: storage })
    yield* until(PersistentVolumeClaim, "first", ({ status }) => status?.phase === "Bound")
    const template = { ephemeral: { volumeClaimTemplate: { spec: storage } } }
    yield* client.create(Pod, { metadata: at("p"), spec: { ...spec, volumes: [{ name: "v", ...template }] } })
    yield* until(PersistentVolumeClaim, "p-v", ({ status }) => status?.phase === "Bound")
    yield* client.delete(PersistentVolumeClaim, at("first"))
    yield* until(PersistentVolume, "small", ({ status }) => status.phase === "Released")
  })
}

const budget: Scenario = {
  name: "a budget counts its Pods, a quota what is there",
  controllers: [DisruptionController.plugin, ResourceQuotas.plugin],
  kinds: [PodDisruptionBudget, ResourceQuota],
  drive: Effect.gen(function* () {
    const client = yield* Client
    yield* client.create(ResourceQuota, { metadata: at("q"), spec: { hard: { pods: "5", configmaps: "5" } } })
    yield* client.create(PodDisruptionBudget, {
      metadata: at("web"),
      spec: { minAvailable: 1, selector: { matchLabels: labels } }
    })
    for (const name of ["p1", "p2"]) yield* runs(yield* client.create(Pod, { metadata: { ...at(name), labels }, spec }))
    yield* client.create(ConfigMap, { metadata: at("map") })
    yield* until(PodDisruptionBudget, "web", ({ status }) => status?.disruptionsAllowed === 1 && status.currentHealthy === 2)
    yield* until(ResourceQuota, "q", ({ status }) => status?.used?.["pods"] === "2" && status.used["configmaps"] === "1")
  })
}

const nodes: Scenario = {
  name: "a node gets a range, and a taint while it is not ready",
  controllers: [NodeIpam.plugin({ podCidrs: ["10.244.0.0/16"] }), NodeLifecycle.plugin, Ttl.plugin],
  kinds: [Node],
  drive: Effect.gen(function* () {
    const client = yield* Client
    const made = yield* client.create(Node, { metadata: { name: "n1" } })
    const now = new Date().toISOString().replace(/\.\d+Z$/, "Z")
    const ready = {
      type: "Ready",
      status: "False",
      reason: "r",
      message: "m",
      lastHeartbeatTime: now,
      lastTransitionTime: now
    }
    yield* Effect.suspend(() => client.get(Node, { namespace: "", name: "n1" })).pipe(
      Effect.flatMap((node) =>
        client.update(Node, { ...node, status: { ...made.status, conditions: [ready] } }, { subresource: "status" })
      ),
      Effect.retry({ times: 20 })
    )
    yield* until(
      Node,
      "n1",
      ({ metadata, spec }) =>
        metadata.annotations?.["node.alpha.kubernetes.io/ttl"] === "0" &&
        spec.podCIDR !== undefined &&
        spec.taints?.some(({ key }) => key === "node.kubernetes.io/not-ready") === true
    )
  })
}

const autoscaler: Scenario = {
  name: "an autoscaler brings its target within its limits",
  controllers: [Autoscaler.plugin],
  // What the autoscaler says of itself, it says anew every 15 seconds.
  kinds: [ReplicaSet],
  drive: Effect.gen(function* () {
    const client = yield* Client
    yield* client.create(ReplicaSet, {
      metadata: at("web"),
      spec: { replicas: 9, selector: { matchLabels: labels }, template }
    })
    const scaleTargetRef = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web" }
    yield* client.create(HorizontalPodAutoscaler, { metadata: at("web"), spec: { scaleTargetRef, maxReplicas: 3 } })
    yield* until(ReplicaSet, "web", ({ spec }) => spec.replicas === 3)
  })
}

const claims: Scenario = {
  name: "a Pod gets the claims that it has templates of, and gives them back",
  controllers: [ResourceClaims.plugin],
  kinds: [ResourceClaim],
  drive: Effect.gen(function* () {
    const client = yield* Client
    const devices = { requests: [{ name: "r", exactly: { deviceClassName: "gpu" } }] }
    yield* client.create(ResourceClaimTemplate, { metadata: at("t"), spec: { spec: { devices } } })
    yield* client.create(ResourceClaim, { metadata: at("shared"), spec: { devices } })
    const resourceClaims = [
      { name: "own", resourceClaimTemplateName: "t" },
      { name: "other", resourceClaimTemplateName: "t" },
      { name: "shared", resourceClaimName: "shared" }
    ]
    for (const name of ["p1", "p2"]) yield* client.create(Pod, { metadata: at(name), spec: { ...spec, resourceClaims } })
    const pods = yield* when(
      Pod,
      (all) => all.length === 2 && all.every(({ status }) => status.resourceClaimStatuses?.length === 2)
    )
    const shared = yield* client.get(ResourceClaim, at("shared"))
    const reservedFor = pods.map(({ metadata: { name, uid } }) => ({ resource: "pods", name, uid }))
    const results = [{ request: "r", driver: "d.example.com", pool: "p", device: "x" }]
    const finalizers = ["resource.kubernetes.io/delete-protection"]
    const kept = yield* client.update(ResourceClaim, { ...shared, metadata: { ...shared.metadata, finalizers } })
    const status = { allocation: { devices: { results } }, reservedFor }
    yield* client.update(ResourceClaim, { ...kept, status }, { subresource: "status" })
    const over = yield* client.get(Pod, at("p1"))
    yield* client.update(Pod, { ...over, status: { ...over.status, phase: "Succeeded" } }, { subresource: "status" })
    yield* client.delete(Pod, at("p2"), { gracePeriodSeconds: 0 })
    yield* until(ResourceClaim, "shared", ({ metadata }) => (metadata.finalizers ?? []).length === 0)
    // Those of the Pod that is gone altogether are the garbage collector's.
    yield* when(ResourceClaim, (all) => all.length === 3)
  })
}

export const scenarios = [endpoints, namespace, garbage, volumes, budget, nodes, autoscaler, claims]
