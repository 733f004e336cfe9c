// Generated from the API description of Kubernetes 1.36 by plugins/resources/generate. Do not edit.
import * as Field from "../../../../kernel/resource/Field.ts"
import * as Kind from "../../../../kernel/resource/Kind.ts"
import { ObjectMetaDraft, type ObjectMeta } from "../../../../kernel/resource/Metadata.ts"
import * as coreV1 from "../core/v1.ts"
import * as metaV1 from "../meta/v1.ts"

const { Int32, IntOrString, Text, asJson, define, defaulted, list, optional, pointer, struct } = Field

export interface HTTPIngressPath {
  readonly backend: IngressBackend
  readonly path?: string
  readonly pathType: string
}
export const HTTPIngressPath: Field.Lazy<HTTPIngressPath> = define("networking.v1.HTTPIngressPath", () =>
  struct({
    backend: IngressBackend(),
    path: optional(Text),
    pathType: pointer(Text)
  }), { omitted: ["path"], parts: ["backend","pathType"] })

export interface HTTPIngressRuleValue {
  readonly paths: ReadonlyArray<HTTPIngressPath>
}
export const HTTPIngressRuleValue: Field.Lazy<HTTPIngressRuleValue> = define("networking.v1.HTTPIngressRuleValue", () =>
  struct({
    paths: list(HTTPIngressPath(), { list: "atomic" })
  }), { parts: ["paths"] })

export interface IPAddress {
  readonly metadata: ObjectMeta
  readonly spec: IPAddressSpec
}
export interface IPAddressDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec: IPAddressSpec
}
export const IPAddressSchema: Field.Lazy<IPAddressDraft> = define("networking.v1.IPAddress", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: IPAddressSpec()
  }), { parts: ["metadata","spec"] })
export const IPAddress = Kind.make<IPAddress, IPAddressDraft>({
  kind: "IPAddress",
  plural: "ipaddresses",
  singular: "ipaddress",
  namespaced: false,
  storage: "ipaddresses.networking.k8s.io",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  shortNames: ["ip"],
  versions: [{ group: "networking.k8s.io", version: "v1", schema: asJson(IPAddressSchema) }]
})

export interface IPAddressSpec {
  readonly parentRef: ParentReference
}
export const IPAddressSpec: Field.Lazy<IPAddressSpec> = define("networking.v1.IPAddressSpec", () =>
  struct({
    parentRef: ParentReference()
  }))

export interface IPBlock {
  readonly cidr: string
  readonly except?: ReadonlyArray<string>
}
export const IPBlock: Field.Lazy<IPBlock> = define("networking.v1.IPBlock", () =>
  struct({
    cidr: Text,
    except: optional(list(Text, { list: "atomic" }))
  }), { parts: ["cidr"] })

export interface Ingress {
  readonly metadata: ObjectMeta
  readonly spec: IngressSpec
  readonly status: IngressStatus
}
export interface IngressDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec?: IngressSpec
  readonly status?: IngressStatusDraft
}
export const IngressSchema: Field.Lazy<IngressDraft> = define("networking.v1.Ingress", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: defaulted(IngressSpec(), {}),
    status: defaulted(IngressStatus(), {})
  }), { parts: ["metadata","spec","status"] })
export const Ingress = Kind.make<Ingress, IngressDraft>({
  kind: "Ingress",
  plural: "ingresses",
  singular: "ingress",
  namespaced: true,
  storage: "ingresses.networking.k8s.io",
  verbs: ["list","watch","deletecollection","create","delete","get","patch","update"],
  subresources: ["status"],
  shortNames: ["ing"],
  versions: [{ group: "networking.k8s.io", version: "v1", schema: asJson(IngressSchema) }]
})

export interface IngressBackend {
  readonly resource?: coreV1.TypedLocalObjectReference
  readonly service?: IngressServiceBackend
}
export const IngressBackend: Field.Lazy<IngressBackend> = define("networking.v1.IngressBackend", () =>
  struct({
    resource: optional(coreV1.TypedLocalObjectReference()),
    service: optional(IngressServiceBackend())
  }))

export interface IngressClass {
  readonly metadata: ObjectMeta
  readonly spec?: IngressClassSpec
}
export interface IngressClassDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec?: IngressClassSpecDraft
}
export const IngressClassSchema: Field.Lazy<IngressClassDraft> = define("networking.v1.IngressClass", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: optional(IngressClassSpec())
  }), { parts: ["metadata","spec"] })
export const IngressClass = Kind.make<IngressClass, IngressClassDraft>({
  kind: "IngressClass",
  plural: "ingressclasses",
  singular: "ingressclass",
  namespaced: false,
  storage: "ingressclasses.networking.k8s.io",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  versions: [{ group: "networking.k8s.io", version: "v1", schema: asJson(IngressClassSchema) }]
})

export interface IngressClassParametersReference {
  readonly apiGroup?: string
  readonly kind: string
  readonly name: string
  readonly namespace?: string
  readonly scope: string
}
export interface IngressClassParametersReferenceDraft {
  readonly apiGroup?: string
  readonly kind: string
  readonly name: string
  readonly namespace?: string
  readonly scope?: string
}
export const IngressClassParametersReference: Field.Lazy<IngressClassParametersReference> = define("networking.v1.IngressClassParametersReference", () =>
  struct({
    apiGroup: optional(Text),
    kind: Text,
    name: Text,
    namespace: optional(Text),
    scope: defaulted(Text, "Cluster")
  }), { parts: ["kind","name","scope"] })

export interface IngressClassSpec {
  readonly controller?: string
  readonly parameters?: IngressClassParametersReference
}
export interface IngressClassSpecDraft {
  readonly controller?: string
  readonly parameters?: IngressClassParametersReferenceDraft
}
export const IngressClassSpec: Field.Lazy<IngressClassSpec> = define("networking.v1.IngressClassSpec", () =>
  struct({
    controller: optional(Text),
    parameters: optional(IngressClassParametersReference())
  }), { omitted: ["controller"] })

export interface IngressLoadBalancerIngress {
  readonly hostname?: string
  readonly ip?: string
  readonly ports?: ReadonlyArray<IngressPortStatus>
}
export const IngressLoadBalancerIngress: Field.Lazy<IngressLoadBalancerIngress> = define("networking.v1.IngressLoadBalancerIngress", () =>
  struct({
    hostname: optional(Text),
    ip: optional(Text),
    ports: optional(list(IngressPortStatus(), { list: "atomic" }))
  }), { omitted: ["hostname","ip"] })

export interface IngressLoadBalancerStatus {
  readonly ingress?: ReadonlyArray<IngressLoadBalancerIngress>
}
export const IngressLoadBalancerStatus: Field.Lazy<IngressLoadBalancerStatus> = define("networking.v1.IngressLoadBalancerStatus", () =>
  struct({
    ingress: optional(list(IngressLoadBalancerIngress(), { list: "atomic" }))
  }))

export interface IngressPortStatus {
  readonly error?: string
  readonly port: number
  readonly protocol: string
}
export const IngressPortStatus: Field.Lazy<IngressPortStatus> = define("networking.v1.IngressPortStatus", () =>
  struct({
    error: optional(Text),
    port: Int32,
    protocol: Text
  }), { parts: ["port","protocol"] })

export interface IngressRule {
  readonly host?: string
  readonly http?: HTTPIngressRuleValue
}
export const IngressRule: Field.Lazy<IngressRule> = define("networking.v1.IngressRule", () =>
  struct({
    host: optional(Text),
    http: optional(HTTPIngressRuleValue())
  }), { omitted: ["host"] })

export interface IngressServiceBackend {
  readonly name: string
  readonly port?: ServiceBackendPort
}
export const IngressServiceBackend: Field.Lazy<IngressServiceBackend> = define("networking.v1.IngressServiceBackend", () =>
  struct({
    name: Text,
    port: optional(ServiceBackendPort())
  }), { parts: ["name","port"] })

export interface IngressSpec {
  readonly defaultBackend?: IngressBackend
  readonly ingressClassName?: string
  readonly rules?: ReadonlyArray<IngressRule>
  readonly tls?: ReadonlyArray<IngressTLS>
}
export const IngressSpec: Field.Lazy<IngressSpec> = define("networking.v1.IngressSpec", () =>
  struct({
    defaultBackend: optional(IngressBackend()),
    ingressClassName: optional(Text),
    rules: optional(list(IngressRule(), { list: "atomic" })),
    tls: optional(list(IngressTLS(), { list: "atomic" }))
  }))

export interface IngressStatus {
  readonly loadBalancer: IngressLoadBalancerStatus
}
export interface IngressStatusDraft {
  readonly loadBalancer?: IngressLoadBalancerStatus
}
export const IngressStatus: Field.Lazy<IngressStatus> = define("networking.v1.IngressStatus", () =>
  struct({
    loadBalancer: defaulted(IngressLoadBalancerStatus(), {})
  }), { parts: ["loadBalancer"] })

export interface IngressTLS {
  readonly hosts?: ReadonlyArray<string>
  readonly secretName?: string
}
export const IngressTLS: Field.Lazy<IngressTLS> = define("networking.v1.IngressTLS", () =>
  struct({
    hosts: optional(list(Text, { list: "atomic" })),
    secretName: optional(Text)
  }), { omitted: ["secretName"] })

export interface NetworkPolicy {
  readonly metadata: ObjectMeta
  readonly spec: NetworkPolicySpec
}
export interface NetworkPolicyDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec?: NetworkPolicySpecDraft
}
export const NetworkPolicySchema: Field.Lazy<NetworkPolicyDraft> = define("networking.v1.NetworkPolicy", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: defaulted(NetworkPolicySpec(), {})
  }), { parts: ["metadata","spec"] })
export const NetworkPolicy = Kind.make<NetworkPolicy, NetworkPolicyDraft>({
  kind: "NetworkPolicy",
  plural: "networkpolicies",
  singular: "networkpolicy",
  namespaced: true,
  storage: "networkpolicies.networking.k8s.io",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  shortNames: ["netpol"],
  versions: [{ group: "networking.k8s.io", version: "v1", schema: asJson(NetworkPolicySchema) }]
})

export interface NetworkPolicyEgressRule {
  readonly ports?: ReadonlyArray<NetworkPolicyPort>
  readonly to?: ReadonlyArray<NetworkPolicyPeer>
}
export interface NetworkPolicyEgressRuleDraft {
  readonly ports?: ReadonlyArray<NetworkPolicyPortDraft>
  readonly to?: ReadonlyArray<NetworkPolicyPeer>
}
export const NetworkPolicyEgressRule: Field.Lazy<NetworkPolicyEgressRule> = define("networking.v1.NetworkPolicyEgressRule", () =>
  struct({
    ports: optional(list(NetworkPolicyPort(), { list: "atomic" })),
    to: optional(list(NetworkPolicyPeer(), { list: "atomic" }))
  }))

export interface NetworkPolicyIngressRule {
  readonly from?: ReadonlyArray<NetworkPolicyPeer>
  readonly ports?: ReadonlyArray<NetworkPolicyPort>
}
export interface NetworkPolicyIngressRuleDraft {
  readonly from?: ReadonlyArray<NetworkPolicyPeer>
  readonly ports?: ReadonlyArray<NetworkPolicyPortDraft>
}
export const NetworkPolicyIngressRule: Field.Lazy<NetworkPolicyIngressRule> = define("networking.v1.NetworkPolicyIngressRule", () =>
  struct({
    from: optional(list(NetworkPolicyPeer(), { list: "atomic" })),
    ports: optional(list(NetworkPolicyPort(), { list: "atomic" }))
  }))

export interface NetworkPolicyPeer {
  readonly ipBlock?: IPBlock
  readonly namespaceSelector?: metaV1.LabelSelector
  readonly podSelector?: metaV1.LabelSelector
}
export const NetworkPolicyPeer: Field.Lazy<NetworkPolicyPeer> = define("networking.v1.NetworkPolicyPeer", () =>
  struct({
    ipBlock: optional(IPBlock()),
    namespaceSelector: optional(metaV1.LabelSelector()),
    podSelector: optional(metaV1.LabelSelector())
  }))

export interface NetworkPolicyPort {
  readonly endPort?: number
  readonly port?: number | string
  readonly protocol: string
}
export interface NetworkPolicyPortDraft {
  readonly endPort?: number
  readonly port?: number | string
  readonly protocol?: string
}
export const NetworkPolicyPort: Field.Lazy<NetworkPolicyPort> = define("networking.v1.NetworkPolicyPort", () =>
  struct({
    endPort: optional(Int32),
    port: optional(IntOrString),
    protocol: defaulted(Text, "TCP")
  }))

export interface NetworkPolicySpec {
  readonly egress?: ReadonlyArray<NetworkPolicyEgressRule>
  readonly ingress?: ReadonlyArray<NetworkPolicyIngressRule>
  readonly podSelector: metaV1.LabelSelector
  readonly policyTypes?: ReadonlyArray<string>
}
export interface NetworkPolicySpecDraft {
  readonly egress?: ReadonlyArray<NetworkPolicyEgressRuleDraft>
  readonly ingress?: ReadonlyArray<NetworkPolicyIngressRuleDraft>
  readonly podSelector?: metaV1.LabelSelector
  readonly policyTypes?: ReadonlyArray<string>
}
export const NetworkPolicySpec: Field.Lazy<NetworkPolicySpec> = define("networking.v1.NetworkPolicySpec", () =>
  struct({
    egress: optional(list(NetworkPolicyEgressRule(), { list: "atomic" })),
    ingress: optional(list(NetworkPolicyIngressRule(), { list: "atomic" })),
    podSelector: defaulted(metaV1.LabelSelector(), {}),
    policyTypes: optional(list(Text, { list: "atomic" }))
  }), { parts: ["podSelector"] })

export interface ParentReference {
  readonly group?: string
  readonly name: string
  readonly namespace?: string
  readonly resource: string
}
export const ParentReference: Field.Lazy<ParentReference> = define("networking.v1.ParentReference", () =>
  struct({
    group: optional(Text),
    name: Text,
    namespace: optional(Text),
    resource: Text
  }), { omitted: ["group","name","namespace","resource"] })

export interface ServiceBackendPort {
  readonly name?: string
  readonly number?: number
}
export const ServiceBackendPort: Field.Lazy<ServiceBackendPort> = define("networking.v1.ServiceBackendPort", () =>
  struct({
    name: optional(Text),
    number: optional(Int32)
  }), { atomic: true, omitted: ["name","number"] })

export interface ServiceCIDR {
  readonly metadata: ObjectMeta
  readonly spec: ServiceCIDRSpec
  readonly status: ServiceCIDRStatus
}
export interface ServiceCIDRDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec?: ServiceCIDRSpec
  readonly status?: ServiceCIDRStatusDraft
}
export const ServiceCIDRSchema: Field.Lazy<ServiceCIDRDraft> = define("networking.v1.ServiceCIDR", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: defaulted(ServiceCIDRSpec(), {}),
    status: defaulted(ServiceCIDRStatus(), {})
  }), { parts: ["metadata","spec","status"] })
export const ServiceCIDR = Kind.make<ServiceCIDR, ServiceCIDRDraft>({
  kind: "ServiceCIDR",
  plural: "servicecidrs",
  singular: "servicecidr",
  namespaced: false,
  storage: "servicecidrs.networking.k8s.io",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  subresources: ["status"],
  versions: [{ group: "networking.k8s.io", version: "v1", schema: asJson(ServiceCIDRSchema) }]
})

export interface ServiceCIDRSpec {
  readonly cidrs?: ReadonlyArray<string>
}
export const ServiceCIDRSpec: Field.Lazy<ServiceCIDRSpec> = define("networking.v1.ServiceCIDRSpec", () =>
  struct({
    cidrs: optional(list(Text, { list: "atomic" }))
  }))

export interface ServiceCIDRStatus {
  readonly conditions?: ReadonlyArray<metaV1.Condition>
}
export interface ServiceCIDRStatusDraft {
  readonly conditions?: ReadonlyArray<metaV1.ConditionDraft>
}
export const ServiceCIDRStatus: Field.Lazy<ServiceCIDRStatus> = define("networking.v1.ServiceCIDRStatus", () =>
  struct({
    conditions: optional(list(metaV1.Condition(), { list: "map", keys: ["type"], patch: ["merge"], mergeKey: "type" }))
  }))
