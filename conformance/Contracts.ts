/** All contracts: what can be kept by a plugin of somebody else, and is described for those who do. */
import { Api } from "../kernel/client/Api.ts"
import type { Contract } from "../kernel/plugin/Contract.ts"
import { Handover } from "../kernel/plugin/Handover.ts"
import { Log } from "../kernel/store/Log.ts"
import { AdmissionPoints } from "../plugins/admission/contracts/AdmissionPoints.ts"
import { RoutePoints } from "../plugins/apiserver/contracts/RoutePoints.ts"
import { AuditPoints } from "../plugins/audit/contracts/AuditPoints.ts"
import { AuthenticationPoints } from "../plugins/authentication/contracts/AuthenticationPoints.ts"
import { AuthorizationPoints } from "../plugins/authorization/contracts/AuthorizationPoints.ts"
import { IngressBalancers } from "../plugins/cloud/contracts/IngressBalancers.ts"
import { Instances } from "../plugins/cloud/contracts/Instances.ts"
import { LoadBalancers } from "../plugins/cloud/contracts/LoadBalancers.ts"
import { Routes } from "../plugins/cloud/contracts/Routes.ts"
import { Zones } from "../plugins/cloud/contracts/Zones.ts"
import { Reconciler } from "../plugins/controllers/contracts/Reconciler.ts"
import { KindPoints } from "../plugins/custom-resources/contracts/KindPoints.ts"
import { ClusterDns } from "../plugins/dns/contracts/ClusterDns.ts"
import { KeyManagement } from "../plugins/encryption/contracts/KeyManagement.ts"
import { IngressProxy } from "../plugins/ingress/contracts/IngressProxy.ts"
import { ServiceProxy } from "../plugins/kube-proxy/contracts/ServiceProxy.ts"
import { ContainerRuntime } from "../plugins/kubelet/contracts/ContainerRuntime.ts"
import { Events } from "../plugins/kubelet/contracts/Events.ts"
import { Exec } from "../plugins/kubelet/contracts/Exec.ts"
import { ImageCredentials } from "../plugins/kubelet/contracts/ImageCredentials.ts"
import { Images } from "../plugins/kubelet/contracts/Images.ts"
import { Logs } from "../plugins/kubelet/contracts/Logs.ts"
import { NetworkAttachment } from "../plugins/kubelet/contracts/NetworkAttachment.ts"
import { NetworkConfiguration } from "../plugins/kubelet/contracts/NetworkConfiguration.ts"
import { ContainerService } from "../plugins/virtual-node/contracts/ContainerService.ts"
import { NodeDevices } from "../plugins/kubelet/contracts/NodeDevices.ts"
import { Stats } from "../plugins/kubelet/contracts/Stats.ts"
import { Scheduler } from "../plugins/scheduler/contracts/Scheduler.ts"
import { SchedulerPoints } from "../plugins/scheduler/contracts/SchedulerPoints.ts"
import { SnapshotStorage } from "../plugins/snapshots/contracts/SnapshotStorage.ts"
import { Volumes } from "../plugins/volumes/contracts/Volumes.ts"

export const contracts: ReadonlyArray<Contract<unknown, unknown>> = [
  AdmissionPoints,
  Api,
  AuditPoints,
  AuthenticationPoints,
  AuthorizationPoints,
  ClusterDns,
  ContainerRuntime,
  ContainerService,
  Events,
  Exec,
  Handover,
  ImageCredentials,
  Images,
  IngressBalancers,
  IngressProxy,
  Instances,
  KeyManagement,
  KindPoints,
  LoadBalancers,
  Log,
  Logs,
  NetworkAttachment,
  NetworkConfiguration,
  NodeDevices,
  Routes,
  Scheduler,
  Reconciler,
  RoutePoints,
  SchedulerPoints,
  ServiceProxy,
  SnapshotStorage,
  Stats,
  Volumes,
  Zones
]
