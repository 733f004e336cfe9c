/**
 * The defaults that are constants, by definition and field: what the published description does not hold. Source: the API
 * reference of Kubernetes 1.36. Defaults that depend on other fields are functions, in the strategies beside the kinds.
 * Also what the API always shows, even when nobody gave it: it is empty then, or zero.
 */
import type { Schema } from "effect"

interface Fields {
  readonly [field: string]: Schema.Json
}
type Table = { readonly [definition: string]: Fields }

const probe = { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 }
const container = {
  terminationMessagePath: "/dev/termination-log",
  terminationMessagePolicy: "File",
  resources: {}
}
/** Kinds whose spec and status the API always shows. */
const shown = { spec: {}, status: {} }
const file = { defaultMode: 0o644 }
const rbd = { pool: "rbd", user: "admin", keyring: "/etc/ceph/keyring" }
const iscsi = { iscsiInterface: "default" }
const scaleIO = { storageMode: "ThinProvisioned", fsType: "xfs" }
const condition = { reason: "", message: "" }

const core: Table = {
  "core.v1.ConfigMapVolumeSource": file,
  "core.v1.Container": container,
  "core.v1.ContainerPort": { protocol: "TCP" },
  "core.v1.ContainerStatus": { image: "", imageID: "", lastState: {}, ready: false, restartCount: 0, state: {} },
  "core.v1.AzureDiskVolumeSource": { cachingMode: "ReadWrite", fsType: "ext4", kind: "Shared", readOnly: false },
  "core.v1.DaemonEndpoint": { Port: 0 },
  "core.v1.DownwardAPIVolumeSource": file,
  "core.v1.EndpointPort": { protocol: "TCP" },
  "core.v1.EphemeralContainer": container,
  "core.v1.Event": { involvedObject: {}, reportingComponent: "", reportingInstance: "", source: {} },
  "core.v1.FileKeySelector": { optional: false },
  "core.v1.GRPCAction": { service: "" },
  "core.v1.HTTPGetAction": { path: "/", scheme: "HTTP" },
  "core.v1.HTTPHeader": { value: "" },
  "core.v1.HostPathVolumeSource": { type: "" },
  "core.v1.ISCSIPersistentVolumeSource": iscsi,
  "core.v1.ISCSIVolumeSource": iscsi,
  "core.v1.LimitRange": { spec: {} },
  "core.v1.Namespace": shown,
  "core.v1.NamespaceStatus": { phase: "Active" },
  "core.v1.Node": shown,
  "core.v1.NodeDaemonEndpoints": { kubeletEndpoint: {} },
  "core.v1.NodeStatus": { daemonEndpoints: {}, nodeInfo: {} },
  "core.v1.NodeSystemInfo": {
    architecture: "",
    bootID: "",
    containerRuntimeVersion: "",
    kernelVersion: "",
    kubeProxyVersion: "",
    kubeletVersion: "",
    machineID: "",
    operatingSystem: "",
    osImage: "",
    systemUUID: ""
  },
  "core.v1.ObjectFieldSelector": { apiVersion: "v1" },
  "core.v1.PersistentVolume": shown,
  "core.v1.PersistentVolumeClaim": shown,
  "core.v1.PersistentVolumeClaimSpec": { resources: {}, volumeMode: "Filesystem" },
  "core.v1.PersistentVolumeClaimStatus": { phase: "Pending" },
  "core.v1.PersistentVolumeClaimTemplate": { metadata: {} },
  "core.v1.PersistentVolumeSpec": { persistentVolumeReclaimPolicy: "Retain", volumeMode: "Filesystem" },
  "core.v1.PersistentVolumeStatus": { phase: "Pending" },
  "core.v1.Pod": shown,
  "core.v1.PodCertificateProjection": { maxExpirationSeconds: 86400 },
  "core.v1.PodSpec": {
    restartPolicy: "Always",
    terminationGracePeriodSeconds: 30,
    dnsPolicy: "ClusterFirst",
    securityContext: {},
    schedulerName: "default-scheduler"
  },
  "core.v1.PodTemplate": { template: {} },
  "core.v1.PodTemplateSpec": { metadata: {}, spec: {} },
  "core.v1.Probe": probe,
  "core.v1.ProjectedVolumeSource": file,
  "core.v1.ResourceFieldSelector": { divisor: "0" },
  "core.v1.RBDPersistentVolumeSource": rbd,
  "core.v1.RBDVolumeSource": rbd,
  "core.v1.ReplicationController": shown,
  "core.v1.ReplicationControllerSpec": { replicas: 1 },
  "core.v1.ReplicationControllerStatus": { replicas: 0 },
  "core.v1.ResourceQuota": shown,
  "core.v1.ScaleIOPersistentVolumeSource": scaleIO,
  "core.v1.ScaleIOVolumeSource": scaleIO,
  "core.v1.Secret": { type: "Opaque" },
  "core.v1.SecretVolumeSource": file,
  "core.v1.Service": shown,
  "core.v1.ServiceAccountTokenProjection": { expirationSeconds: 3600 },
  "core.v1.ServicePort": { protocol: "TCP" },
  "core.v1.ServiceSpec": { type: "ClusterIP", sessionAffinity: "None" },
  "core.v1.ServiceStatus": { loadBalancer: {} },
  "meta.v1.Condition": condition
}

const apps: Table = {
  "apps.v1.DaemonSet": shown,
  "apps.v1.DaemonSetSpec": { revisionHistoryLimit: 10, updateStrategy: {} },
  "apps.v1.DaemonSetStatus": {
    currentNumberScheduled: 0,
    numberMisscheduled: 0,
    desiredNumberScheduled: 0,
    numberReady: 0
  },
  "apps.v1.DaemonSetUpdateStrategy": { type: "RollingUpdate" },
  "apps.v1.Deployment": shown,
  "apps.v1.DeploymentSpec": { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600, strategy: {} },
  "apps.v1.DeploymentStrategy": { type: "RollingUpdate" },
  "apps.v1.ReplicaSet": shown,
  "apps.v1.ReplicaSetSpec": { replicas: 1, template: {} },
  "apps.v1.ReplicaSetStatus": { replicas: 0 },
  "apps.v1.RollingUpdateDaemonSet": { maxSurge: 0, maxUnavailable: 1 },
  "apps.v1.RollingUpdateDeployment": { maxSurge: "25%", maxUnavailable: "25%" },
  "apps.v1.RollingUpdateStatefulSetStrategy": { partition: 0 },
  "apps.v1.StatefulSet": shown,
  "apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy": { whenDeleted: "Retain", whenScaled: "Retain" },
  "apps.v1.StatefulSetOrdinals": { start: 0 },
  "apps.v1.StatefulSetSpec": {
    serviceName: "",
    replicas: 1,
    revisionHistoryLimit: 10,
    persistentVolumeClaimRetentionPolicy: {},
    podManagementPolicy: "OrderedReady",
    updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 0 } }
  },
  "apps.v1.StatefulSetStatus": { availableReplicas: 0, replicas: 0 },
  "apps.v1.StatefulSetUpdateStrategy": { type: "RollingUpdate" }
}

const batch: Table = {
  "batch.v1.CronJob": shown,
  "batch.v1.CronJobSpec": {
    concurrencyPolicy: "Allow",
    suspend: false,
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 1
  },
  "batch.v1.Job": shown,
  "batch.v1.JobTemplateSpec": { metadata: {}, spec: {} },
  "batch.v1.PodFailurePolicyOnPodConditionsPattern": { status: "True" }
}

const network: Table = {
  "discovery.v1.Endpoint": { conditions: {} },
  "discovery.v1.EndpointPort": { name: "", protocol: "TCP" },
  "discovery.v1.EndpointSlice": { endpoints: [] },
  "networking.v1.Ingress": shown,
  "networking.v1.IngressClassParametersReference": { scope: "Cluster" },
  "networking.v1.IngressStatus": { loadBalancer: {} },
  "networking.v1.NetworkPolicy": { spec: {} },
  "networking.v1.NetworkPolicyPort": { protocol: "TCP" },
  "networking.v1.NetworkPolicySpec": { podSelector: {} },
  "networking.v1.ServiceCIDR": shown
}

const policy: Table = {
  "authentication.v1.SelfSubjectReview": { status: {} },
  "authentication.v1.SelfSubjectReviewStatus": { userInfo: {} },
  "authentication.v1.TokenRequest": { metadata: {}, spec: {}, status: {} },
  "authentication.v1.TokenRequestSpec": { expirationSeconds: 3600 },
  "authentication.v1.TokenReview": { status: {} },
  "authentication.v1.TokenReviewStatus": { user: {} },
  "authorization.v1.LocalSubjectAccessReview": { status: {} },
  "authorization.v1.SelfSubjectAccessReview": { status: {} },
  "authorization.v1.SelfSubjectRulesReview": { status: {} },
  "authorization.v1.SubjectAccessReview": { status: {} },
  "authorization.v1.SubjectAccessReviewStatus": { allowed: false },
  "authorization.v1.SubjectRulesReviewStatus": { incomplete: false, nonResourceRules: [], resourceRules: [] },
  "certificates.v1.CertificateSigningRequest": { status: {} },
  "policy.v1.PodDisruptionBudget": shown,
  "policy.v1.PodDisruptionBudgetStatus": {
    currentHealthy: 0,
    desiredHealthy: 0,
    disruptionsAllowed: 0,
    expectedPods: 0
  },
  "rbac.v1.ClusterRole": { rules: [] },
  "rbac.v1.Role": { rules: [] },
  "rbac.v1.RoleRef": { apiGroup: "rbac.authorization.k8s.io" }
}

const service = { port: 443 }
const match = { matchPolicy: "Equivalent", namespaceSelector: {}, objectSelector: {} }
const webhook = { ...match, failurePolicy: "Fail", timeoutSeconds: 10 }
const extension: Table = {
  "admissionregistration.v1.MatchResources": match,
  "admissionregistration.v1.MutatingAdmissionPolicySpec": { failurePolicy: "Fail" },
  "admissionregistration.v1.MutatingWebhook": { ...webhook, reinvocationPolicy: "Never" },
  "admissionregistration.v1.NamedRuleWithOperations": { scope: "*" },
  "admissionregistration.v1.RuleWithOperations": { scope: "*" },
  "admissionregistration.v1.ServiceReference": service,
  "admissionregistration.v1.ValidatingAdmissionPolicy": { status: {} },
  "admissionregistration.v1.ValidatingAdmissionPolicySpec": { failurePolicy: "Fail" },
  "admissionregistration.v1.ValidatingWebhook": webhook,
  "apiextensions.v1.CustomResourceConversion": { strategy: "None" },
  "apiextensions.v1.CustomResourceDefinitionSpec": { conversion: {} },
  "apiextensions.v1.ServiceReference": service,
  "apiregistration.v1.APIService": shown,
  "apiregistration.v1.ServiceReference": service
}

const limits = { lendablePercent: 0, nominalConcurrencyShares: 30 }
const others: Table = {
  "autoscaling.v1.HorizontalPodAutoscaler": { status: {} },
  "autoscaling.v1.HorizontalPodAutoscalerSpec": { minReplicas: 1 },
  "autoscaling.v1.HorizontalPodAutoscalerStatus": { currentReplicas: 0, desiredReplicas: 0 },
  "autoscaling.v1.Scale": shown,
  "autoscaling.v1.ScaleSpec": { replicas: 0 },
  "autoscaling.v1.ScaleStatus": { replicas: 0 },
  "autoscaling.v2.HorizontalPodAutoscaler": { status: {} },
  "autoscaling.v2.HorizontalPodAutoscalerSpec": { minReplicas: 1 },
  "autoscaling.v2.HorizontalPodAutoscalerStatus": { desiredReplicas: 0 },
  "coordination.v1.Lease": { spec: {} },
  "events.v1.Event": { deprecatedSource: {}, regarding: {} },
  "events.v1.EventSeries": { count: 0 },
  "flowcontrol.v1.ExemptPriorityLevelConfiguration": { lendablePercent: 0, nominalConcurrencyShares: 0 },
  "flowcontrol.v1.FlowSchema": shown,
  "flowcontrol.v1.FlowSchemaSpec": { matchingPrecedence: 1000 },
  "flowcontrol.v1.LimitedPriorityLevelConfiguration": limits,
  "flowcontrol.v1.PriorityLevelConfiguration": shown,
  "flowcontrol.v1.QueuingConfiguration": { handSize: 8, queueLengthLimit: 50, queues: 64 },
  "resource.v1.AllocationResult": { devices: {} },
  "resource.v1.DeviceSubRequest": { allocationMode: "ExactCount" },
  "resource.v1.DeviceToleration": { operator: "Equal" },
  "resource.v1.ExactDeviceRequest": { allocationMode: "ExactCount" },
  "resource.v1.ResourceClaim": { status: {} },
  "resource.v1.ResourceClaimSpec": { devices: {} },
  "resource.v1.ResourceClaimTemplateSpec": { metadata: {} },
  "scheduling.v1.PriorityClass": { preemptionPolicy: "PreemptLowerPriority", value: 0 },
  "storage.v1.CSIDriverSpec": {
    attachRequired: true,
    fsGroupPolicy: "ReadWriteOnceWithFSType",
    podInfoOnMount: false,
    requiresRepublish: false,
    seLinuxMount: false,
    storageCapacity: false,
    volumeLifecycleModes: ["Persistent"]
  },
  "storage.v1.CSINodeSpec": { drivers: [] },
  "storage.v1.StorageClass": { reclaimPolicy: "Delete", volumeBindingMode: "Immediate" },
  "storage.v1.VolumeAttachment": { status: {} },
  "storage.v1.VolumeAttachmentStatus": { attached: false }
}

export const defaults: Table = { ...core, ...apps, ...batch, ...network, ...policy, ...extension, ...others }

/** Required by the description, but not by the API, where it is nothing when it is missing. */
export const optional: { readonly [definition: string]: ReadonlyArray<string> } = {
  "events.v1.Event": ["eventTime"],
  "events.v1.EventSeries": ["lastObservedTime"],
  "meta.v1.Condition": ["lastTransitionTime"]
}

/** Required, but nothing and not zero when it is missing: the kinds say themselves what they require. */
export const pointers: { readonly [definition: string]: ReadonlyArray<string> } = {
  "admissionregistration.v1.MutatingWebhook": ["sideEffects"],
  "admissionregistration.v1.ValidatingWebhook": ["sideEffects"],
  "apps.v1.DaemonSetSpec": ["selector"],
  "apps.v1.DeploymentSpec": ["selector"],
  "apps.v1.ReplicaSetSpec": ["selector"],
  "apps.v1.StatefulSetSpec": ["selector"],
  "core.v1.ScaleIOPersistentVolumeSource": ["secretRef"],
  "core.v1.ScaleIOVolumeSource": ["secretRef"],
  "networking.v1.HTTPIngressPath": ["pathType"],
  "resource.v1.CapacityRequestPolicy": ["default"]
}
