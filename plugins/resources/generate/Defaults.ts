/**
 * The defaults that are constants, by definition and field: what the published description does not hold. Source: the API
 * reference of Kubernetes 1.36. Defaults that depend on other fields are functions, in the strategies beside the kinds.
 */
import type { Schema } from "effect"

type Table = { readonly [definition: string]: { readonly [field: string]: Schema.Json } }

const probe = { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 }
const container = {
  terminationMessagePath: "/dev/termination-log",
  terminationMessagePolicy: "File",
  resources: {}
}
/** Kinds whose spec and status the API always shows, also when they are empty. */
const shown = { spec: {}, status: {} }

export const defaults: Table = {
  "core.v1.Pod": shown,
  "core.v1.PodSpec": {
    restartPolicy: "Always",
    terminationGracePeriodSeconds: 30,
    dnsPolicy: "ClusterFirst",
    securityContext: {},
    schedulerName: "default-scheduler",
    enableServiceLinks: true
  },
  "core.v1.PodTemplateSpec": { metadata: {}, spec: {} },
  "core.v1.PodTemplate": { template: {} },
  "core.v1.Container": container,
  "core.v1.EphemeralContainer": container,
  "core.v1.ContainerPort": { protocol: "TCP" },
  "core.v1.Probe": probe,
  "core.v1.HTTPGetAction": { path: "/", scheme: "HTTP" },
  "core.v1.GRPCAction": { service: "" },
  "core.v1.ObjectFieldSelector": { apiVersion: "v1" },
  "core.v1.SecretVolumeSource": { defaultMode: 420 },
  "core.v1.ConfigMapVolumeSource": { defaultMode: 420 },
  "core.v1.DownwardAPIVolumeSource": { defaultMode: 420 },
  "core.v1.ProjectedVolumeSource": { defaultMode: 420 },
  "core.v1.ServiceAccountTokenProjection": { expirationSeconds: 3600 },
  "core.v1.HostPathVolumeSource": { type: "" },
  "core.v1.Service": shown,
  "core.v1.ServiceSpec": { type: "ClusterIP", sessionAffinity: "None", internalTrafficPolicy: "Cluster" },
  "core.v1.ServicePort": { protocol: "TCP" },
  "core.v1.ServiceStatus": { loadBalancer: {} },
  "core.v1.Secret": { type: "Opaque" },
  "core.v1.EndpointPort": { protocol: "TCP" },
  "core.v1.Namespace": shown,
  "core.v1.NamespaceStatus": { phase: "Active" },
  "core.v1.Node": shown,
  "core.v1.NodeStatus": { nodeInfo: {} },
  "core.v1.ReplicationController": shown,
  "core.v1.ReplicationControllerSpec": { replicas: 1 },
  "core.v1.ReplicationControllerStatus": { replicas: 0 },
  "core.v1.PersistentVolume": shown,
  "core.v1.PersistentVolumeClaim": shown,
  "core.v1.PersistentVolumeSpec": { persistentVolumeReclaimPolicy: "Retain", volumeMode: "Filesystem" },
  "core.v1.PersistentVolumeStatus": { phase: "Pending" },
  "core.v1.PersistentVolumeClaimSpec": { volumeMode: "Filesystem" },
  "core.v1.PersistentVolumeClaimStatus": { phase: "Pending" },
  "core.v1.ResourceQuota": shown,
  "core.v1.LimitRange": { spec: {} },
  "apps.v1.Deployment": shown,
  "apps.v1.DeploymentSpec": { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600, strategy: {} },
  "apps.v1.DeploymentStrategy": { type: "RollingUpdate" },
  "apps.v1.ReplicaSet": shown,
  "apps.v1.ReplicaSetSpec": { replicas: 1 },
  "apps.v1.ReplicaSetStatus": { replicas: 0 },
  "apps.v1.StatefulSet": shown,
  "apps.v1.StatefulSetSpec": {
    replicas: 1,
    revisionHistoryLimit: 10,
    podManagementPolicy: "OrderedReady",
    updateStrategy: {}
  },
  "apps.v1.StatefulSetUpdateStrategy": { type: "RollingUpdate" },
  "apps.v1.StatefulSetStatus": { replicas: 0 },
  "apps.v1.DaemonSet": shown,
  "apps.v1.DaemonSetSpec": { revisionHistoryLimit: 10, updateStrategy: {} },
  "apps.v1.DaemonSetUpdateStrategy": { type: "RollingUpdate" },
  "apps.v1.DaemonSetStatus": {
    currentNumberScheduled: 0,
    numberMisscheduled: 0,
    desiredNumberScheduled: 0,
    numberReady: 0
  },
  "batch.v1.Job": shown,
  "batch.v1.JobSpec": {
    backoffLimit: 6,
    completionMode: "NonIndexed",
    suspend: false,
    podReplacementPolicy: "TerminatingOrFailed"
  },
  "batch.v1.CronJob": shown,
  "batch.v1.CronJobSpec": {
    concurrencyPolicy: "Allow",
    suspend: false,
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 1
  },
  "batch.v1.JobTemplateSpec": { metadata: {}, spec: {} },
  "rbac.v1.RoleRef": { apiGroup: "rbac.authorization.k8s.io" },
  "networking.v1.Ingress": shown,
  "networking.v1.NetworkPolicy": { spec: {} },
  "policy.v1.PodDisruptionBudget": shown,
  "coordination.v1.Lease": { spec: {} },
  "certificates.v1.CertificateSigningRequest": { status: {} },
  "storage.v1.StorageClass": { reclaimPolicy: "Delete", volumeBindingMode: "Immediate" },
  "scheduling.v1.PriorityClass": { preemptionPolicy: "PreemptLowerPriority" },
  "autoscaling.v1.Scale": shown,
  "autoscaling.v1.ScaleSpec": { replicas: 0 },
  "autoscaling.v1.ScaleStatus": { replicas: 0 }
}
