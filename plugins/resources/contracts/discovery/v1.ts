// Generated from the API description of Kubernetes 1.36 by plugins/resources/generate. Do not edit.
import * as Field from "../../../../kernel/resource/Field.ts"
import * as Kind from "../../../../kernel/resource/Kind.ts"
import { ObjectMetaDraft, type ObjectMeta } from "../../../../kernel/resource/Metadata.ts"
import * as coreV1 from "../core/v1.ts"

const { Bool, Int32, Text, asJson, define, defaulted, list, map, optional, struct } = Field

export interface Endpoint {
  readonly addresses: ReadonlyArray<string>
  readonly conditions: EndpointConditions
  readonly deprecatedTopology?: { readonly [key: string]: string }
  readonly hints?: EndpointHints
  readonly hostname?: string
  readonly nodeName?: string
  readonly targetRef?: coreV1.ObjectReference
  readonly zone?: string
}
export interface EndpointDraft {
  readonly addresses: ReadonlyArray<string>
  readonly conditions?: EndpointConditions
  readonly deprecatedTopology?: { readonly [key: string]: string }
  readonly hints?: EndpointHints
  readonly hostname?: string
  readonly nodeName?: string
  readonly targetRef?: coreV1.ObjectReference
  readonly zone?: string
}
export const Endpoint: Field.Lazy<Endpoint> = define("discovery.v1.Endpoint", () =>
  struct({
    addresses: list(Text, { list: "set" }),
    conditions: defaulted(EndpointConditions(), {}),
    deprecatedTopology: optional(map(Text)),
    hints: optional(EndpointHints()),
    hostname: optional(Text),
    nodeName: optional(Text),
    targetRef: optional(coreV1.ObjectReference()),
    zone: optional(Text)
  }), { parts: ["addresses","conditions"] })

export interface EndpointConditions {
  readonly ready?: boolean
  readonly serving?: boolean
  readonly terminating?: boolean
}
export const EndpointConditions: Field.Lazy<EndpointConditions> = define("discovery.v1.EndpointConditions", () =>
  struct({
    ready: optional(Bool),
    serving: optional(Bool),
    terminating: optional(Bool)
  }))

export interface EndpointHints {
  readonly forNodes?: ReadonlyArray<ForNode>
  readonly forZones?: ReadonlyArray<ForZone>
}
export const EndpointHints: Field.Lazy<EndpointHints> = define("discovery.v1.EndpointHints", () =>
  struct({
    forNodes: optional(list(ForNode(), { list: "atomic" })),
    forZones: optional(list(ForZone(), { list: "atomic" }))
  }))

export interface EndpointPort {
  readonly appProtocol?: string
  readonly name: string
  readonly port?: number
  readonly protocol: string
}
export interface EndpointPortDraft {
  readonly appProtocol?: string
  readonly name?: string
  readonly port?: number
  readonly protocol?: string
}
export const EndpointPort: Field.Lazy<EndpointPort> = define("discovery.v1.EndpointPort", () =>
  struct({
    appProtocol: optional(Text),
    name: defaulted(Text, ""),
    port: optional(Int32),
    protocol: defaulted(Text, "TCP")
  }), { atomic: true })

export interface EndpointSlice {
  readonly addressType: string
  readonly endpoints: ReadonlyArray<Endpoint>
  readonly metadata: ObjectMeta
  readonly ports?: ReadonlyArray<EndpointPort>
}
export interface EndpointSliceDraft {
  readonly addressType: string
  readonly endpoints?: ReadonlyArray<EndpointDraft>
  readonly metadata: ObjectMetaDraft
  readonly ports?: ReadonlyArray<EndpointPortDraft>
}
export const EndpointSliceSchema: Field.Lazy<EndpointSliceDraft> = define("discovery.v1.EndpointSlice", () =>
  struct({
    addressType: Text,
    endpoints: defaulted(list(Endpoint(), { list: "atomic" }), []),
    metadata: defaulted(ObjectMetaDraft(), {}),
    ports: optional(list(EndpointPort(), { list: "atomic" }))
  }), { parts: ["addressType","endpoints","metadata","ports"] })
export const EndpointSlice = Kind.make<EndpointSlice, EndpointSliceDraft>({
  kind: "EndpointSlice",
  plural: "endpointslices",
  singular: "endpointslice",
  namespaced: true,
  storage: "endpointslices.discovery.k8s.io",
  verbs: ["list","watch","deletecollection","create","delete","get","patch","update"],
  versions: [{ group: "discovery.k8s.io", version: "v1", schema: asJson(EndpointSliceSchema) }]
})

export interface ForNode {
  readonly name: string
}
export const ForNode: Field.Lazy<ForNode> = define("discovery.v1.ForNode", () =>
  struct({
    name: Text
  }), { parts: ["name"] })

export interface ForZone {
  readonly name: string
}
export const ForZone: Field.Lazy<ForZone> = define("discovery.v1.ForZone", () =>
  struct({
    name: Text
  }), { parts: ["name"] })
