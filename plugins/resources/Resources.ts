/** The built-in kinds: everything in `contracts/`, served with the strategies that are written beside it. */
import { Effect, Layer, Predicate, type Scope } from "effect"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import type * as Kind from "../../kernel/resource/Kind.ts"
import { Kinds } from "../../kernel/resource/Kinds.ts"
import type { Strategy } from "../../kernel/resource/Strategy.ts"
import * as Configurations from "./admissionregistration/Configurations.ts"
import * as Webhooks from "./admissionregistration/Webhooks.ts"
import * as CustomResourceDefinition from "./apiextensions/CustomResourceDefinition.ts"
import * as APIService from "./apiregistration/APIService.ts"
import * as ControllerRevision from "./apps/ControllerRevision.ts"
import * as DaemonSet from "./apps/DaemonSet.ts"
import * as Deployment from "./apps/Deployment.ts"
import * as ReplicaSet from "./apps/ReplicaSet.ts"
import * as StatefulSet from "./apps/StatefulSet.ts"
import * as HorizontalPodAutoscaler from "./autoscaling/HorizontalPodAutoscaler.ts"
import * as CronJob from "./batch/CronJob.ts"
import * as Job from "./batch/Job.ts"
import * as CertificateSigningRequest from "./certificates/CertificateSigningRequest.ts"
import * as Admissionregistration from "./contracts/admissionregistration/v1.ts"
import * as Apiextensions from "./contracts/apiextensions/v1.ts"
import * as Apiregistration from "./contracts/apiregistration/v1.ts"
import * as Apps from "./contracts/apps/v1.ts"
import * as Authentication from "./contracts/authentication/v1.ts"
import * as Authorization from "./contracts/authorization/v1.ts"
import * as Autoscaling from "./contracts/autoscaling/v2.ts"
import * as Batch from "./contracts/batch/v1.ts"
import * as Certificates from "./contracts/certificates/v1.ts"
import * as Coordination from "./contracts/coordination/v1.ts"
import * as Core from "./contracts/core/v1.ts"
import * as Discovery from "./contracts/discovery/v1.ts"
import * as Flowcontrol from "./contracts/flowcontrol/v1.ts"
import * as Networking from "./contracts/networking/v1.ts"
import * as NodeClasses from "./contracts/node/v1.ts"
import * as Policy from "./contracts/policy/v1.ts"
import * as Rbac from "./contracts/rbac/v1.ts"
import * as Dynamic from "./contracts/resource/v1.ts"
import * as Scheduling from "./contracts/scheduling/v1.ts"
import * as Storage from "./contracts/storage/v1.ts"
import * as Storagemigration from "./contracts/storagemigration/v1beta1.ts"
import * as Lease from "./coordination/Lease.ts"
import * as ComponentStatus from "./core/ComponentStatus.ts"
import * as Data from "./core/Data.ts"
import * as Endpoints from "./core/Endpoints.ts"
import * as Event from "./core/Event.ts"
import * as Limits from "./core/Limits.ts"
import * as Namespace from "./core/Namespace.ts"
import * as Node from "./core/Node.ts"
import * as Pod from "./core/Pod.ts"
import * as PodTemplate from "./core/PodTemplate.ts"
import * as ReplicationController from "./core/ReplicationController.ts"
import * as Service from "./core/Service.ts"
import * as Volumes from "./core/Volumes.ts"
import * as EndpointSlice from "./discovery/EndpointSlice.ts"
import * as Flows from "./flowcontrol/Flowcontrol.ts"
import * as Network from "./networking/Networking.ts"
import * as RuntimeClass from "./node/RuntimeClass.ts"
import * as PodDisruptionBudget from "./policy/PodDisruptionBudget.ts"
import * as Roles from "./rbac/Rbac.ts"
import * as ResourceClaim from "./resource/ResourceClaim.ts"
import * as ResourceSlice from "./resource/ResourceSlice.ts"
import * as PriorityClass from "./scheduling/PriorityClass.ts"
import * as Volumed from "./storage/Storage.ts"
import * as StorageVersionMigration from "./storagemigration/StorageVersionMigration.ts"
import { withWrites } from "./Writes.ts"

/** A kind that is served with a strategy, or otherwise than its contract says. */
interface Entry {
  readonly storage: string
  readonly add: Effect.Effect<void, never, Kinds | Scope.Scope>
}
const entry = <A extends Kind.Resource, D extends Kind.ResourceDraft>(
  kind: Kind.Kind<A, D>,
  strategy?: Strategy<A>
): Entry => ({
  storage: kind.storage,
  add: Effect.flatMap(Kinds, (kinds) => kinds.add(kind, withWrites(kind.storage, strategy)))
})

const written: ReadonlyArray<Entry> = [
  entry(Admissionregistration.MutatingAdmissionPolicy, Webhooks.mutatingPolicy),
  entry(Admissionregistration.MutatingAdmissionPolicyBinding, Webhooks.mutatingPolicyBinding),
  entry(Admissionregistration.MutatingWebhookConfiguration, Configurations.configuration),
  entry(Admissionregistration.ValidatingAdmissionPolicy, Webhooks.policy),
  entry(Admissionregistration.ValidatingAdmissionPolicyBinding, Webhooks.policyBinding),
  entry(Admissionregistration.ValidatingWebhookConfiguration, Configurations.configuration),
  entry(Apiextensions.CustomResourceDefinition, CustomResourceDefinition.strategy),
  entry(Apiregistration.APIService, APIService.strategy),
  entry(Apps.ControllerRevision, ControllerRevision.strategy),
  entry(Apps.DaemonSet, DaemonSet.strategy),
  entry(Apps.Deployment, Deployment.strategy),
  entry(Apps.ReplicaSet, ReplicaSet.strategy),
  entry(Apps.StatefulSet, StatefulSet.strategy),
  entry(Autoscaling.HorizontalPodAutoscaler, HorizontalPodAutoscaler.strategy),
  entry(Batch.CronJob, CronJob.strategy),
  entry(Batch.Job, Job.strategy),
  entry(Certificates.CertificateSigningRequest, CertificateSigningRequest.strategy),
  entry(Coordination.Lease, Lease.strategy),
  // Nothing happens to them that could be watched.
  entry({ ...Core.ComponentStatus, verbs: ["get", "list"] }, ComponentStatus.strategy),
  entry(Core.ConfigMap, Data.configMap),
  entry(Core.Endpoints, Endpoints.strategy),
  entry(Event.kind, Event.strategy),
  entry(Core.LimitRange, Limits.limitRange),
  entry(Core.Namespace, Namespace.strategy),
  entry(Core.Node, Node.strategy),
  entry(Core.PersistentVolume, Volumes.volume),
  entry(Core.PersistentVolumeClaim, Volumes.claim),
  entry(Core.Pod, Pod.strategy),
  entry(Core.PodTemplate, PodTemplate.strategy),
  entry(Core.ReplicationController, ReplicationController.strategy),
  entry(Core.ResourceQuota, Limits.quota),
  entry(Core.Secret, Data.secret),
  entry(Core.Service, Service.strategy),
  entry(Core.ServiceAccount, Data.serviceAccount),
  entry(Discovery.EndpointSlice, EndpointSlice.strategy),
  entry(Flowcontrol.FlowSchema, Flows.flow),
  entry(Flowcontrol.PriorityLevelConfiguration, Flows.level),
  entry(Networking.Ingress, Network.ingress),
  entry(Networking.IngressClass, Network.ingressClass),
  entry(Networking.IPAddress, Network.address),
  entry(Networking.NetworkPolicy, Network.policy),
  entry(Networking.ServiceCIDR, Network.range),
  entry(NodeClasses.RuntimeClass, RuntimeClass.strategy),
  entry(Policy.PodDisruptionBudget, PodDisruptionBudget.strategy),
  entry(Rbac.ClusterRole, Roles.clusterRole),
  entry(Rbac.ClusterRoleBinding, Roles.clusterRoleBinding),
  entry(Rbac.Role, Roles.role),
  entry(Rbac.RoleBinding, Roles.roleBinding),
  entry(Dynamic.DeviceClass, ResourceClaim.deviceClass),
  entry(Dynamic.ResourceClaim, ResourceClaim.claim),
  entry(Dynamic.ResourceClaimTemplate, ResourceClaim.template),
  entry(Dynamic.ResourceSlice, ResourceSlice.strategy),
  entry(Scheduling.PriorityClass, PriorityClass.strategy),
  entry(Storage.CSIDriver, Volumed.driver),
  entry(Storage.CSINode, Volumed.node),
  entry(Storage.CSIStorageCapacity, Volumed.capacity),
  entry(Storage.StorageClass, Volumed.storageClass),
  entry(Storage.VolumeAttachment, Volumed.attachment),
  entry(Storage.VolumeAttributesClass, Volumed.attributes),
  entry(Storagemigration.StorageVersionMigration, StorageVersionMigration.strategy)
]

const isKind = (value: unknown): value is Kind.Any =>
  Predicate.hasProperty(value, "storage") && Predicate.hasProperty(value, "versions")

const contracts = [
  Admissionregistration,
  Apiextensions,
  Apiregistration,
  Apps,
  Authentication,
  Authorization,
  Autoscaling,
  Batch,
  Certificates,
  Coordination,
  Core,
  Discovery,
  Flowcontrol,
  Networking,
  NodeClasses,
  Policy,
  Rbac,
  Dynamic,
  Scheduling,
  Storage,
  Storagemigration
]

/** Those of which nothing is to be said beyond their schema. */
const plain = contracts
  .flatMap((contract): ReadonlyArray<unknown> => Object.values(contract))
  .filter(isKind)
  .filter(({ storage }) => !written.some((one) => one.storage === storage))
  .map((kind) => entry(kind))

export const layer = Layer.effectDiscard(Effect.forEach([...written, ...plain], ({ add }) => add, { discard: true }))

export const plugin = Plugin.make({ name: "resources", layer })
