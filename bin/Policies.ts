/** What every request passes, and the kinds that there are: one line for each plugin. */
import { Layer } from "effect"
import * as Plugin from "../kernel/plugin/Plugin.ts"
import * as CertificateAdmission from "../plugins/admission/certificates/Certificates.ts"
import * as DefaultTolerations from "../plugins/admission/default-tolerations/DefaultTolerations.ts"
import * as LimitRanger from "../plugins/admission/limit-ranger/LimitRanger.ts"
import * as NamespaceLifecycle from "../plugins/admission/namespace-lifecycle/NamespaceLifecycle.ts"
import * as PodSecurity from "../plugins/admission/pod-security/PodSecurity.ts"
import * as Priority from "../plugins/admission/priority/Priority.ts"
import * as ResourceQuotas from "../plugins/admission/resource-quota/ResourceQuotas.ts"
import * as AdmissionPolicies from "../plugins/admission/policies/Policies.ts"
import * as RuntimeClassAdmission from "../plugins/admission/runtime-class/RuntimeClass.ts"
import * as ServiceAccountAdmission from "../plugins/admission/service-account/ServiceAccount.ts"
import * as ClaimResize from "../plugins/admission/claim-resize/ClaimResize.ts"
import * as DefaultIngressClass from "../plugins/admission/default-ingress-class/DefaultIngressClass.ts"
import * as DefaultStorageClass from "../plugins/admission/default-storage-class/DefaultStorageClass.ts"
import * as PodTopologyLabels from "../plugins/admission/pod-topology-labels/PodTopologyLabels.ts"
import * as StorageProtection from "../plugins/admission/storage-protection/StorageProtection.ts"
import * as DeviceAdminAccess from "../plugins/admission/device-admin-access/DeviceAdminAccess.ts"
import * as PodResize from "../plugins/admission/pod-resize/PodResize.ts"
import * as TaintNodes from "../plugins/admission/taint-nodes/TaintNodes.ts"
import * as Webhooks from "../plugins/admission/webhooks/Webhooks.ts"
import * as Authentication from "../plugins/authentication/Authentication.ts"
import * as PackageKinds from "../plugins/packages/Kinds.ts"
import * as PodActions from "../plugins/resources/core/PodActions.ts"
import * as Resources from "../plugins/resources/Resources.ts"
import * as CustomResources from "../plugins/custom-resources/CustomResources.ts"
import * as Addresses from "../plugins/resources/contracts/Addresses.ts"
import * as ServiceAddresses from "../plugins/service-addresses/ServiceAddresses.ts"
import type { ApiOptions } from "./ControlPlane.ts"

export const layer = ({ authentication, podSecurity = {}, serviceCidr, withoutAccounts = false }: ApiOptions) =>
  Layer.mergeAll(
    Plugin.install(CustomResources.plugin).pipe(Layer.provideMerge(Plugin.install(Resources.plugin))),
    Plugin.install(PackageKinds.plugin),
    Plugin.install(PodActions.plugin),
    Plugin.install(Authentication.plugin(authentication)),
    Plugin.install(NamespaceLifecycle.plugin),
    Plugin.install(CertificateAdmission.plugin),
    withoutAccounts ? Layer.empty : Plugin.install(ServiceAccountAdmission.plugin),
    Plugin.install(RuntimeClassAdmission.plugin),
    Plugin.install(DefaultTolerations.plugin),
    Plugin.install(Priority.plugin),
    Plugin.install(LimitRanger.plugin),
    Plugin.install(PodSecurity.plugin(podSecurity)),
    Plugin.install(ClaimResize.plugin),
    Plugin.install(PodResize.plugin),
    Plugin.install(DeviceAdminAccess.plugin),
    Plugin.install(DefaultIngressClass.plugin),
    Plugin.install(DefaultStorageClass.plugin),
    Plugin.install(PodTopologyLabels.plugin),
    Plugin.install(StorageProtection.plugin),
    Plugin.install(TaintNodes.plugin),
    Plugin.install(Webhooks.plugin),
    Plugin.install(AdmissionPolicies.plugin),
    Plugin.install(ResourceQuotas.plugin),
    Plugin.install(ServiceAddresses.plugin({ serviceCidrs: Addresses.list(serviceCidr) }))
  )
