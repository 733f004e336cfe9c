/** The admission that a cluster has without being asked, in the order that each names. */
import { Layer } from "effect"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import * as Certificates from "./certificates/Certificates.ts"
import * as ClaimResize from "./claim-resize/ClaimResize.ts"
import * as DefaultIngressClass from "./default-ingress-class/DefaultIngressClass.ts"
import * as DefaultStorageClass from "./default-storage-class/DefaultStorageClass.ts"
import * as PodTopologyLabels from "./pod-topology-labels/PodTopologyLabels.ts"
import * as StorageProtection from "./storage-protection/StorageProtection.ts"
import * as TaintNodes from "./taint-nodes/TaintNodes.ts"
import * as PodResize from "./pod-resize/PodResize.ts"
import * as PodSecurity from "./pod-security/PodSecurity.ts"
import * as DeviceAdminAccess from "./device-admin-access/DeviceAdminAccess.ts"
import * as DefaultTolerations from "./default-tolerations/DefaultTolerations.ts"
import * as LimitRanger from "./limit-ranger/LimitRanger.ts"
import * as NamespaceLifecycle from "./namespace-lifecycle/NamespaceLifecycle.ts"
import * as Priority from "./priority/Priority.ts"
import * as ResourceQuotas from "./resource-quota/ResourceQuotas.ts"
import * as RuntimeClass from "./runtime-class/RuntimeClass.ts"
import * as ServiceAccount from "./service-account/ServiceAccount.ts"

export const layer = Layer.mergeAll(
  NamespaceLifecycle.layer,
  Certificates.layer,
  ServiceAccount.layer,
  DefaultTolerations.layer,
  PodSecurity.layer(),
  ClaimResize.layer,
  PodResize.layer,
  DeviceAdminAccess.layer,
  DefaultIngressClass.layer,
  DefaultStorageClass.layer,
  PodTopologyLabels.layer,
  StorageProtection.layer,
  TaintNodes.layer,
  Priority.layer,
  RuntimeClass.layer,
  LimitRanger.layer,
  ResourceQuotas.layer
)

export const plugin = Plugin.make({ name: "admission", layer })
