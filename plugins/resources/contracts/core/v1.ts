// Generated from the API description of Kubernetes 1.36 by plugins/resources/generate. Do not edit.
import * as Field from "../../../../kernel/resource/Field.ts"
import * as Kind from "../../../../kernel/resource/Kind.ts"
import { ObjectMetaDraft, type ObjectMeta } from "../../../../kernel/resource/Metadata.ts"
import * as EventConversion from "../events/EventConversion.ts"
import * as eventsV1 from "../events/v1.ts"
import * as metaV1 from "../meta/v1.ts"

const { Bool, Byte, Int32, Int64, IntOrString, MicroTime, Quantity, Text, Time, asJson, define, defaulted, list, map, optional, pointer, struct } = Field

export interface AWSElasticBlockStoreVolumeSource {
  readonly fsType?: string
  readonly partition?: number
  readonly readOnly?: boolean
  readonly volumeID: string
}
export const AWSElasticBlockStoreVolumeSource: Field.Lazy<AWSElasticBlockStoreVolumeSource> = define("core.v1.AWSElasticBlockStoreVolumeSource", () =>
  struct({
    fsType: optional(Text),
    partition: optional(Int32),
    readOnly: optional(Bool),
    volumeID: Text
  }), { omitted: ["fsType","partition","readOnly"], parts: ["volumeID"] })

export interface Affinity {
  readonly nodeAffinity?: NodeAffinity
  readonly podAffinity?: PodAffinity
  readonly podAntiAffinity?: PodAntiAffinity
}
export const Affinity: Field.Lazy<Affinity> = define("core.v1.Affinity", () =>
  struct({
    nodeAffinity: optional(NodeAffinity()),
    podAffinity: optional(PodAffinity()),
    podAntiAffinity: optional(PodAntiAffinity())
  }))

export interface AppArmorProfile {
  readonly localhostProfile?: string
  readonly type: string
}
export const AppArmorProfile: Field.Lazy<AppArmorProfile> = define("core.v1.AppArmorProfile", () =>
  struct({
    localhostProfile: optional(Text),
    type: Text
  }), { parts: ["type"] })

export interface AttachedVolume {
  readonly devicePath: string
  readonly name: string
}
export const AttachedVolume: Field.Lazy<AttachedVolume> = define("core.v1.AttachedVolume", () =>
  struct({
    devicePath: Text,
    name: Text
  }), { parts: ["devicePath","name"] })

export interface AzureDiskVolumeSource {
  readonly cachingMode: string
  readonly diskName: string
  readonly diskURI: string
  readonly fsType: string
  readonly kind: string
  readonly readOnly: boolean
}
export interface AzureDiskVolumeSourceDraft {
  readonly cachingMode?: string
  readonly diskName: string
  readonly diskURI: string
  readonly fsType?: string
  readonly kind?: string
  readonly readOnly?: boolean
}
export const AzureDiskVolumeSource: Field.Lazy<AzureDiskVolumeSource> = define("core.v1.AzureDiskVolumeSource", () =>
  struct({
    cachingMode: defaulted(Text, "ReadWrite"),
    diskName: Text,
    diskURI: Text,
    fsType: defaulted(Text, "ext4"),
    kind: defaulted(Text, "Shared"),
    readOnly: defaulted(Bool, false)
  }), { parts: ["diskName","diskURI"] })

export interface AzureFilePersistentVolumeSource {
  readonly readOnly?: boolean
  readonly secretName: string
  readonly secretNamespace?: string
  readonly shareName: string
}
export const AzureFilePersistentVolumeSource: Field.Lazy<AzureFilePersistentVolumeSource> = define("core.v1.AzureFilePersistentVolumeSource", () =>
  struct({
    readOnly: optional(Bool),
    secretName: Text,
    secretNamespace: optional(Text),
    shareName: Text
  }), { omitted: ["readOnly"], parts: ["secretName","secretNamespace","shareName"] })

export interface AzureFileVolumeSource {
  readonly readOnly?: boolean
  readonly secretName: string
  readonly shareName: string
}
export const AzureFileVolumeSource: Field.Lazy<AzureFileVolumeSource> = define("core.v1.AzureFileVolumeSource", () =>
  struct({
    readOnly: optional(Bool),
    secretName: Text,
    shareName: Text
  }), { omitted: ["readOnly"], parts: ["secretName","shareName"] })

export interface Binding {
  readonly metadata: ObjectMeta
  readonly target: ObjectReference
}
export interface BindingDraft {
  readonly metadata: ObjectMetaDraft
  readonly target: ObjectReference
}
export const BindingSchema: Field.Lazy<BindingDraft> = define("core.v1.Binding", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    target: ObjectReference()
  }), { parts: ["metadata","target"] })
export const Binding = Kind.make<Binding, BindingDraft>({
  kind: "Binding",
  plural: "bindings",
  singular: "binding",
  namespaced: true,
  storage: "bindings",
  verbs: ["create"],
  versions: [{ group: "", version: "v1", schema: asJson(BindingSchema) }]
})

export interface CSIPersistentVolumeSource {
  readonly controllerExpandSecretRef?: SecretReference
  readonly controllerPublishSecretRef?: SecretReference
  readonly driver: string
  readonly fsType?: string
  readonly nodeExpandSecretRef?: SecretReference
  readonly nodePublishSecretRef?: SecretReference
  readonly nodeStageSecretRef?: SecretReference
  readonly readOnly?: boolean
  readonly volumeAttributes?: { readonly [key: string]: string }
  readonly volumeHandle: string
}
export const CSIPersistentVolumeSource: Field.Lazy<CSIPersistentVolumeSource> = define("core.v1.CSIPersistentVolumeSource", () =>
  struct({
    controllerExpandSecretRef: optional(SecretReference()),
    controllerPublishSecretRef: optional(SecretReference()),
    driver: Text,
    fsType: optional(Text),
    nodeExpandSecretRef: optional(SecretReference()),
    nodePublishSecretRef: optional(SecretReference()),
    nodeStageSecretRef: optional(SecretReference()),
    readOnly: optional(Bool),
    volumeAttributes: optional(map(Text)),
    volumeHandle: Text
  }), { omitted: ["fsType","readOnly"], parts: ["driver","volumeHandle"] })

export interface CSIVolumeSource {
  readonly driver: string
  readonly fsType?: string
  readonly nodePublishSecretRef?: LocalObjectReference
  readonly readOnly?: boolean
  readonly volumeAttributes?: { readonly [key: string]: string }
}
export const CSIVolumeSource: Field.Lazy<CSIVolumeSource> = define("core.v1.CSIVolumeSource", () =>
  struct({
    driver: Text,
    fsType: optional(Text),
    nodePublishSecretRef: optional(LocalObjectReference()),
    readOnly: optional(Bool),
    volumeAttributes: optional(map(Text))
  }), { parts: ["driver"] })

export interface Capabilities {
  readonly add?: ReadonlyArray<string>
  readonly drop?: ReadonlyArray<string>
}
export const Capabilities: Field.Lazy<Capabilities> = define("core.v1.Capabilities", () =>
  struct({
    add: optional(list(Text, { list: "atomic" })),
    drop: optional(list(Text, { list: "atomic" }))
  }))

export interface CephFSPersistentVolumeSource {
  readonly monitors: ReadonlyArray<string>
  readonly path?: string
  readonly readOnly?: boolean
  readonly secretFile?: string
  readonly secretRef?: SecretReference
  readonly user?: string
}
export const CephFSPersistentVolumeSource: Field.Lazy<CephFSPersistentVolumeSource> = define("core.v1.CephFSPersistentVolumeSource", () =>
  struct({
    monitors: list(Text, { list: "atomic" }),
    path: optional(Text),
    readOnly: optional(Bool),
    secretFile: optional(Text),
    secretRef: optional(SecretReference()),
    user: optional(Text)
  }), { omitted: ["path","readOnly","secretFile","user"], parts: ["monitors"] })

export interface CephFSVolumeSource {
  readonly monitors: ReadonlyArray<string>
  readonly path?: string
  readonly readOnly?: boolean
  readonly secretFile?: string
  readonly secretRef?: LocalObjectReference
  readonly user?: string
}
export const CephFSVolumeSource: Field.Lazy<CephFSVolumeSource> = define("core.v1.CephFSVolumeSource", () =>
  struct({
    monitors: list(Text, { list: "atomic" }),
    path: optional(Text),
    readOnly: optional(Bool),
    secretFile: optional(Text),
    secretRef: optional(LocalObjectReference()),
    user: optional(Text)
  }), { omitted: ["path","readOnly","secretFile","user"], parts: ["monitors"] })

export interface CinderPersistentVolumeSource {
  readonly fsType?: string
  readonly readOnly?: boolean
  readonly secretRef?: SecretReference
  readonly volumeID: string
}
export const CinderPersistentVolumeSource: Field.Lazy<CinderPersistentVolumeSource> = define("core.v1.CinderPersistentVolumeSource", () =>
  struct({
    fsType: optional(Text),
    readOnly: optional(Bool),
    secretRef: optional(SecretReference()),
    volumeID: Text
  }), { omitted: ["fsType","readOnly"], parts: ["volumeID"] })

export interface CinderVolumeSource {
  readonly fsType?: string
  readonly readOnly?: boolean
  readonly secretRef?: LocalObjectReference
  readonly volumeID: string
}
export const CinderVolumeSource: Field.Lazy<CinderVolumeSource> = define("core.v1.CinderVolumeSource", () =>
  struct({
    fsType: optional(Text),
    readOnly: optional(Bool),
    secretRef: optional(LocalObjectReference()),
    volumeID: Text
  }), { omitted: ["fsType","readOnly"], parts: ["volumeID"] })

export interface ClientIPConfig {
  readonly timeoutSeconds?: number
}
export const ClientIPConfig: Field.Lazy<ClientIPConfig> = define("core.v1.ClientIPConfig", () =>
  struct({
    timeoutSeconds: optional(Int32)
  }))

export interface ClusterTrustBundleProjection {
  readonly labelSelector?: metaV1.LabelSelector
  readonly name?: string
  readonly optional?: boolean
  readonly path: string
  readonly signerName?: string
}
export const ClusterTrustBundleProjection: Field.Lazy<ClusterTrustBundleProjection> = define("core.v1.ClusterTrustBundleProjection", () =>
  struct({
    labelSelector: optional(metaV1.LabelSelector()),
    name: optional(Text),
    optional: optional(Bool),
    path: Text,
    signerName: optional(Text)
  }), { parts: ["path"] })

export interface ComponentCondition {
  readonly error?: string
  readonly message?: string
  readonly status: string
  readonly type: string
}
export const ComponentCondition: Field.Lazy<ComponentCondition> = define("core.v1.ComponentCondition", () =>
  struct({
    error: optional(Text),
    message: optional(Text),
    status: Text,
    type: Text
  }), { omitted: ["error","message"], parts: ["status","type"] })

export interface ComponentStatus {
  readonly conditions?: ReadonlyArray<ComponentCondition>
  readonly metadata: ObjectMeta
}
export interface ComponentStatusDraft {
  readonly conditions?: ReadonlyArray<ComponentCondition>
  readonly metadata: ObjectMetaDraft
}
export const ComponentStatusSchema: Field.Lazy<ComponentStatusDraft> = define("core.v1.ComponentStatus", () =>
  struct({
    conditions: optional(list(ComponentCondition(), { list: "map", keys: ["type"], patch: ["merge"], mergeKey: "type" })),
    metadata: defaulted(ObjectMetaDraft(), {})
  }), { parts: ["metadata"] })
export const ComponentStatus = Kind.make<ComponentStatus, ComponentStatusDraft>({
  kind: "ComponentStatus",
  plural: "componentstatuses",
  singular: "componentstatus",
  namespaced: false,
  storage: "componentstatuses",
  verbs: ["list","watch","get"],
  shortNames: ["cs"],
  versions: [{ group: "", version: "v1", schema: asJson(ComponentStatusSchema) }]
})

export interface ConfigMap {
  readonly binaryData?: { readonly [key: string]: string }
  readonly data?: { readonly [key: string]: string }
  readonly immutable?: boolean
  readonly metadata: ObjectMeta
}
export interface ConfigMapDraft {
  readonly binaryData?: { readonly [key: string]: string }
  readonly data?: { readonly [key: string]: string }
  readonly immutable?: boolean
  readonly metadata: ObjectMetaDraft
}
export const ConfigMapSchema: Field.Lazy<ConfigMapDraft> = define("core.v1.ConfigMap", () =>
  struct({
    binaryData: optional(map(Byte)),
    data: optional(map(Text)),
    immutable: optional(Bool),
    metadata: defaulted(ObjectMetaDraft(), {})
  }), { parts: ["metadata"] })
export const ConfigMap = Kind.make<ConfigMap, ConfigMapDraft>({
  kind: "ConfigMap",
  plural: "configmaps",
  singular: "configmap",
  namespaced: true,
  storage: "configmaps",
  verbs: ["list","watch","deletecollection","create","delete","get","patch","update"],
  shortNames: ["cm"],
  versions: [{ group: "", version: "v1", schema: asJson(ConfigMapSchema) }]
})

export interface ConfigMapEnvSource {
  readonly name?: string
  readonly optional?: boolean
}
export const ConfigMapEnvSource: Field.Lazy<ConfigMapEnvSource> = define("core.v1.ConfigMapEnvSource", () =>
  struct({
    name: optional(Text),
    optional: optional(Bool)
  }), { omitted: ["name"] })

export interface ConfigMapKeySelector {
  readonly key: string
  readonly name?: string
  readonly optional?: boolean
}
export const ConfigMapKeySelector: Field.Lazy<ConfigMapKeySelector> = define("core.v1.ConfigMapKeySelector", () =>
  struct({
    key: Text,
    name: optional(Text),
    optional: optional(Bool)
  }), { atomic: true, omitted: ["name"], parts: ["key"] })

export interface ConfigMapNodeConfigSource {
  readonly kubeletConfigKey: string
  readonly name: string
  readonly namespace: string
  readonly resourceVersion?: string
  readonly uid?: string
}
export const ConfigMapNodeConfigSource: Field.Lazy<ConfigMapNodeConfigSource> = define("core.v1.ConfigMapNodeConfigSource", () =>
  struct({
    kubeletConfigKey: Text,
    name: Text,
    namespace: Text,
    resourceVersion: optional(Text),
    uid: optional(Text)
  }), { omitted: ["resourceVersion","uid"], parts: ["kubeletConfigKey","name","namespace"] })

export interface ConfigMapProjection {
  readonly items?: ReadonlyArray<KeyToPath>
  readonly name?: string
  readonly optional?: boolean
}
export const ConfigMapProjection: Field.Lazy<ConfigMapProjection> = define("core.v1.ConfigMapProjection", () =>
  struct({
    items: optional(list(KeyToPath(), { list: "atomic" })),
    name: optional(Text),
    optional: optional(Bool)
  }), { omitted: ["name"] })

export interface ConfigMapVolumeSource {
  readonly defaultMode: number
  readonly items?: ReadonlyArray<KeyToPath>
  readonly name?: string
  readonly optional?: boolean
}
export interface ConfigMapVolumeSourceDraft {
  readonly defaultMode?: number
  readonly items?: ReadonlyArray<KeyToPath>
  readonly name?: string
  readonly optional?: boolean
}
export const ConfigMapVolumeSource: Field.Lazy<ConfigMapVolumeSource> = define("core.v1.ConfigMapVolumeSource", () =>
  struct({
    defaultMode: defaulted(Int32, 420),
    items: optional(list(KeyToPath(), { list: "atomic" })),
    name: optional(Text),
    optional: optional(Bool)
  }), { omitted: ["name"] })

export interface Container {
  readonly args?: ReadonlyArray<string>
  readonly command?: ReadonlyArray<string>
  readonly env?: ReadonlyArray<EnvVar>
  readonly envFrom?: ReadonlyArray<EnvFromSource>
  readonly image?: string
  readonly imagePullPolicy?: string
  readonly lifecycle?: Lifecycle
  readonly livenessProbe?: Probe
  readonly name: string
  readonly ports?: ReadonlyArray<ContainerPort>
  readonly readinessProbe?: Probe
  readonly resizePolicy?: ReadonlyArray<ContainerResizePolicy>
  readonly resources: ResourceRequirements
  readonly restartPolicy?: string
  readonly restartPolicyRules?: ReadonlyArray<ContainerRestartRule>
  readonly securityContext?: SecurityContext
  readonly startupProbe?: Probe
  readonly stdin?: boolean
  readonly stdinOnce?: boolean
  readonly terminationMessagePath: string
  readonly terminationMessagePolicy: string
  readonly tty?: boolean
  readonly volumeDevices?: ReadonlyArray<VolumeDevice>
  readonly volumeMounts?: ReadonlyArray<VolumeMount>
  readonly workingDir?: string
}
export interface ContainerDraft {
  readonly args?: ReadonlyArray<string>
  readonly command?: ReadonlyArray<string>
  readonly env?: ReadonlyArray<EnvVarDraft>
  readonly envFrom?: ReadonlyArray<EnvFromSource>
  readonly image?: string
  readonly imagePullPolicy?: string
  readonly lifecycle?: LifecycleDraft
  readonly livenessProbe?: ProbeDraft
  readonly name: string
  readonly ports?: ReadonlyArray<ContainerPortDraft>
  readonly readinessProbe?: ProbeDraft
  readonly resizePolicy?: ReadonlyArray<ContainerResizePolicy>
  readonly resources?: ResourceRequirements
  readonly restartPolicy?: string
  readonly restartPolicyRules?: ReadonlyArray<ContainerRestartRule>
  readonly securityContext?: SecurityContext
  readonly startupProbe?: ProbeDraft
  readonly stdin?: boolean
  readonly stdinOnce?: boolean
  readonly terminationMessagePath?: string
  readonly terminationMessagePolicy?: string
  readonly tty?: boolean
  readonly volumeDevices?: ReadonlyArray<VolumeDevice>
  readonly volumeMounts?: ReadonlyArray<VolumeMount>
  readonly workingDir?: string
}
export const Container: Field.Lazy<Container> = define("core.v1.Container", () =>
  struct({
    args: optional(list(Text, { list: "atomic" })),
    command: optional(list(Text, { list: "atomic" })),
    env: optional(list(EnvVar(), { list: "map", keys: ["name"], patch: ["merge"], mergeKey: "name" })),
    envFrom: optional(list(EnvFromSource(), { list: "atomic" })),
    image: optional(Text),
    imagePullPolicy: optional(Text),
    lifecycle: optional(Lifecycle()),
    livenessProbe: optional(Probe()),
    name: Text,
    ports: optional(list(ContainerPort(), { list: "map", keys: ["containerPort","protocol"], patch: ["merge"], mergeKey: "containerPort" })),
    readinessProbe: optional(Probe()),
    resizePolicy: optional(list(ContainerResizePolicy(), { list: "atomic" })),
    resources: defaulted(ResourceRequirements(), {}),
    restartPolicy: optional(Text),
    restartPolicyRules: optional(list(ContainerRestartRule(), { list: "atomic" })),
    securityContext: optional(SecurityContext()),
    startupProbe: optional(Probe()),
    stdin: optional(Bool),
    stdinOnce: optional(Bool),
    terminationMessagePath: defaulted(Text, "/dev/termination-log"),
    terminationMessagePolicy: defaulted(Text, "File"),
    tty: optional(Bool),
    volumeDevices: optional(list(VolumeDevice(), { list: "map", keys: ["devicePath"], patch: ["merge"], mergeKey: "devicePath" })),
    volumeMounts: optional(list(VolumeMount(), { list: "map", keys: ["mountPath"], patch: ["merge"], mergeKey: "mountPath" })),
    workingDir: optional(Text)
  }), { omitted: ["image","imagePullPolicy","stdin","stdinOnce","terminationMessagePath","terminationMessagePolicy","tty","workingDir"], parts: ["name","resources"] })

export interface ContainerExtendedResourceRequest {
  readonly containerName: string
  readonly requestName: string
  readonly resourceName: string
}
export const ContainerExtendedResourceRequest: Field.Lazy<ContainerExtendedResourceRequest> = define("core.v1.ContainerExtendedResourceRequest", () =>
  struct({
    containerName: Text,
    requestName: Text,
    resourceName: Text
  }), { parts: ["containerName","requestName","resourceName"] })

export interface ContainerImage {
  readonly names?: ReadonlyArray<string>
  readonly sizeBytes?: number
}
export const ContainerImage: Field.Lazy<ContainerImage> = define("core.v1.ContainerImage", () =>
  struct({
    names: optional(list(Text, { list: "atomic" })),
    sizeBytes: optional(Int64)
  }), { omitted: ["sizeBytes"], parts: ["names"] })

export interface ContainerPort {
  readonly containerPort: number
  readonly hostIP?: string
  readonly hostPort?: number
  readonly name?: string
  readonly protocol: string
}
export interface ContainerPortDraft {
  readonly containerPort: number
  readonly hostIP?: string
  readonly hostPort?: number
  readonly name?: string
  readonly protocol?: string
}
export const ContainerPort: Field.Lazy<ContainerPort> = define("core.v1.ContainerPort", () =>
  struct({
    containerPort: Int32,
    hostIP: optional(Text),
    hostPort: optional(Int32),
    name: optional(Text),
    protocol: defaulted(Text, "TCP")
  }), { omitted: ["hostIP","hostPort","name","protocol"], parts: ["containerPort"] })

export interface ContainerResizePolicy {
  readonly resourceName: string
  readonly restartPolicy: string
}
export const ContainerResizePolicy: Field.Lazy<ContainerResizePolicy> = define("core.v1.ContainerResizePolicy", () =>
  struct({
    resourceName: Text,
    restartPolicy: Text
  }), { parts: ["resourceName","restartPolicy"] })

export interface ContainerRestartRule {
  readonly action: string
  readonly exitCodes?: ContainerRestartRuleOnExitCodes
}
export const ContainerRestartRule: Field.Lazy<ContainerRestartRule> = define("core.v1.ContainerRestartRule", () =>
  struct({
    action: Text,
    exitCodes: optional(ContainerRestartRuleOnExitCodes())
  }), { omitted: ["action"] })

export interface ContainerRestartRuleOnExitCodes {
  readonly operator: string
  readonly values?: ReadonlyArray<number>
}
export const ContainerRestartRuleOnExitCodes: Field.Lazy<ContainerRestartRuleOnExitCodes> = define("core.v1.ContainerRestartRuleOnExitCodes", () =>
  struct({
    operator: Text,
    values: optional(list(Int32, { list: "set" }))
  }), { omitted: ["operator"] })

export interface ContainerState {
  readonly running?: ContainerStateRunning
  readonly terminated?: ContainerStateTerminated
  readonly waiting?: ContainerStateWaiting
}
export const ContainerState: Field.Lazy<ContainerState> = define("core.v1.ContainerState", () =>
  struct({
    running: optional(ContainerStateRunning()),
    terminated: optional(ContainerStateTerminated()),
    waiting: optional(ContainerStateWaiting())
  }))

export interface ContainerStateRunning {
  readonly startedAt?: string
}
export const ContainerStateRunning: Field.Lazy<ContainerStateRunning> = define("core.v1.ContainerStateRunning", () =>
  struct({
    startedAt: optional(Time)
  }))

export interface ContainerStateTerminated {
  readonly containerID?: string
  readonly exitCode: number
  readonly finishedAt?: string
  readonly message?: string
  readonly reason?: string
  readonly signal?: number
  readonly startedAt?: string
}
export const ContainerStateTerminated: Field.Lazy<ContainerStateTerminated> = define("core.v1.ContainerStateTerminated", () =>
  struct({
    containerID: optional(Text),
    exitCode: Int32,
    finishedAt: optional(Time),
    message: optional(Text),
    reason: optional(Text),
    signal: optional(Int32),
    startedAt: optional(Time)
  }), { omitted: ["containerID","message","reason","signal"], parts: ["exitCode"] })

export interface ContainerStateWaiting {
  readonly message?: string
  readonly reason?: string
}
export const ContainerStateWaiting: Field.Lazy<ContainerStateWaiting> = define("core.v1.ContainerStateWaiting", () =>
  struct({
    message: optional(Text),
    reason: optional(Text)
  }), { omitted: ["message","reason"] })

export interface ContainerStatus {
  readonly allocatedResources?: { readonly [key: string]: string }
  readonly allocatedResourcesStatus?: ReadonlyArray<ResourceStatus>
  readonly containerID?: string
  readonly image: string
  readonly imageID: string
  readonly lastState: ContainerState
  readonly name: string
  readonly ready: boolean
  readonly resources?: ResourceRequirements
  readonly restartCount: number
  readonly started?: boolean
  readonly state: ContainerState
  readonly stopSignal?: string
  readonly user?: ContainerUser
  readonly volumeMounts?: ReadonlyArray<VolumeMountStatus>
}
export interface ContainerStatusDraft {
  readonly allocatedResources?: { readonly [key: string]: string }
  readonly allocatedResourcesStatus?: ReadonlyArray<ResourceStatus>
  readonly containerID?: string
  readonly image?: string
  readonly imageID?: string
  readonly lastState?: ContainerState
  readonly name: string
  readonly ready?: boolean
  readonly resources?: ResourceRequirements
  readonly restartCount?: number
  readonly started?: boolean
  readonly state?: ContainerState
  readonly stopSignal?: string
  readonly user?: ContainerUser
  readonly volumeMounts?: ReadonlyArray<VolumeMountStatus>
}
export const ContainerStatus: Field.Lazy<ContainerStatus> = define("core.v1.ContainerStatus", () =>
  struct({
    allocatedResources: optional(map(Quantity)),
    allocatedResourcesStatus: optional(list(ResourceStatus(), { list: "map", keys: ["name"], patch: ["merge"], mergeKey: "name" })),
    containerID: optional(Text),
    image: defaulted(Text, ""),
    imageID: defaulted(Text, ""),
    lastState: defaulted(ContainerState(), {}),
    name: Text,
    ready: defaulted(Bool, false),
    resources: optional(ResourceRequirements()),
    restartCount: defaulted(Int32, 0),
    started: optional(Bool),
    state: defaulted(ContainerState(), {}),
    stopSignal: optional(Text),
    user: optional(ContainerUser()),
    volumeMounts: optional(list(VolumeMountStatus(), { list: "map", keys: ["mountPath"], patch: ["merge"], mergeKey: "mountPath" }))
  }), { omitted: ["containerID"], parts: ["image","imageID","lastState","name","ready","restartCount","state"] })

export interface ContainerUser {
  readonly linux?: LinuxContainerUser
}
export const ContainerUser: Field.Lazy<ContainerUser> = define("core.v1.ContainerUser", () =>
  struct({
    linux: optional(LinuxContainerUser())
  }))

export interface DaemonEndpoint {
  readonly Port: number
}
export interface DaemonEndpointDraft {
  readonly Port?: number
}
export const DaemonEndpoint: Field.Lazy<DaemonEndpoint> = define("core.v1.DaemonEndpoint", () =>
  struct({
    Port: defaulted(Int32, 0)
  }), { parts: ["Port"] })

export interface DownwardAPIProjection {
  readonly items?: ReadonlyArray<DownwardAPIVolumeFile>
}
export interface DownwardAPIProjectionDraft {
  readonly items?: ReadonlyArray<DownwardAPIVolumeFileDraft>
}
export const DownwardAPIProjection: Field.Lazy<DownwardAPIProjection> = define("core.v1.DownwardAPIProjection", () =>
  struct({
    items: optional(list(DownwardAPIVolumeFile(), { list: "atomic" }))
  }))

export interface DownwardAPIVolumeFile {
  readonly fieldRef?: ObjectFieldSelector
  readonly mode?: number
  readonly path: string
  readonly resourceFieldRef?: ResourceFieldSelector
}
export interface DownwardAPIVolumeFileDraft {
  readonly fieldRef?: ObjectFieldSelectorDraft
  readonly mode?: number
  readonly path: string
  readonly resourceFieldRef?: ResourceFieldSelectorDraft
}
export const DownwardAPIVolumeFile: Field.Lazy<DownwardAPIVolumeFile> = define("core.v1.DownwardAPIVolumeFile", () =>
  struct({
    fieldRef: optional(ObjectFieldSelector()),
    mode: optional(Int32),
    path: Text,
    resourceFieldRef: optional(ResourceFieldSelector())
  }), { parts: ["path"] })

export interface DownwardAPIVolumeSource {
  readonly defaultMode: number
  readonly items?: ReadonlyArray<DownwardAPIVolumeFile>
}
export interface DownwardAPIVolumeSourceDraft {
  readonly defaultMode?: number
  readonly items?: ReadonlyArray<DownwardAPIVolumeFileDraft>
}
export const DownwardAPIVolumeSource: Field.Lazy<DownwardAPIVolumeSource> = define("core.v1.DownwardAPIVolumeSource", () =>
  struct({
    defaultMode: defaulted(Int32, 420),
    items: optional(list(DownwardAPIVolumeFile(), { list: "atomic" }))
  }))

export interface EmptyDirVolumeSource {
  readonly medium?: string
  readonly sizeLimit?: string
}
export const EmptyDirVolumeSource: Field.Lazy<EmptyDirVolumeSource> = define("core.v1.EmptyDirVolumeSource", () =>
  struct({
    medium: optional(Text),
    sizeLimit: optional(Quantity)
  }), { omitted: ["medium"] })

export interface EndpointAddress {
  readonly hostname?: string
  readonly ip: string
  readonly nodeName?: string
  readonly targetRef?: ObjectReference
}
export const EndpointAddress: Field.Lazy<EndpointAddress> = define("core.v1.EndpointAddress", () =>
  struct({
    hostname: optional(Text),
    ip: Text,
    nodeName: optional(Text),
    targetRef: optional(ObjectReference())
  }), { atomic: true, omitted: ["hostname"], parts: ["ip"] })

export interface EndpointPort {
  readonly appProtocol?: string
  readonly name?: string
  readonly port: number
  readonly protocol: string
}
export interface EndpointPortDraft {
  readonly appProtocol?: string
  readonly name?: string
  readonly port: number
  readonly protocol?: string
}
export const EndpointPort: Field.Lazy<EndpointPort> = define("core.v1.EndpointPort", () =>
  struct({
    appProtocol: optional(Text),
    name: optional(Text),
    port: Int32,
    protocol: defaulted(Text, "TCP")
  }), { atomic: true, omitted: ["name","protocol"], parts: ["port"] })

export interface EndpointSubset {
  readonly addresses?: ReadonlyArray<EndpointAddress>
  readonly notReadyAddresses?: ReadonlyArray<EndpointAddress>
  readonly ports?: ReadonlyArray<EndpointPort>
}
export interface EndpointSubsetDraft {
  readonly addresses?: ReadonlyArray<EndpointAddress>
  readonly notReadyAddresses?: ReadonlyArray<EndpointAddress>
  readonly ports?: ReadonlyArray<EndpointPortDraft>
}
export const EndpointSubset: Field.Lazy<EndpointSubset> = define("core.v1.EndpointSubset", () =>
  struct({
    addresses: optional(list(EndpointAddress(), { list: "atomic" })),
    notReadyAddresses: optional(list(EndpointAddress(), { list: "atomic" })),
    ports: optional(list(EndpointPort(), { list: "atomic" }))
  }))

export interface Endpoints {
  readonly metadata: ObjectMeta
  readonly subsets?: ReadonlyArray<EndpointSubset>
}
export interface EndpointsDraft {
  readonly metadata: ObjectMetaDraft
  readonly subsets?: ReadonlyArray<EndpointSubsetDraft>
}
export const EndpointsSchema: Field.Lazy<EndpointsDraft> = define("core.v1.Endpoints", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    subsets: optional(list(EndpointSubset(), { list: "atomic" }))
  }), { parts: ["metadata"] })
export const Endpoints = Kind.make<Endpoints, EndpointsDraft>({
  kind: "Endpoints",
  plural: "endpoints",
  singular: "endpoints",
  namespaced: true,
  storage: "endpoints",
  verbs: ["list","watch","deletecollection","create","delete","get","patch","update"],
  shortNames: ["ep"],
  versions: [{ group: "", version: "v1", schema: asJson(EndpointsSchema) }]
})

export interface EnvFromSource {
  readonly configMapRef?: ConfigMapEnvSource
  readonly prefix?: string
  readonly secretRef?: SecretEnvSource
}
export const EnvFromSource: Field.Lazy<EnvFromSource> = define("core.v1.EnvFromSource", () =>
  struct({
    configMapRef: optional(ConfigMapEnvSource()),
    prefix: optional(Text),
    secretRef: optional(SecretEnvSource())
  }), { omitted: ["prefix"] })

export interface EnvVar {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: EnvVarSource
}
export interface EnvVarDraft {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: EnvVarSourceDraft
}
export const EnvVar: Field.Lazy<EnvVar> = define("core.v1.EnvVar", () =>
  struct({
    name: Text,
    value: optional(Text),
    valueFrom: optional(EnvVarSource())
  }), { omitted: ["value"], parts: ["name"] })

export interface EnvVarSource {
  readonly configMapKeyRef?: ConfigMapKeySelector
  readonly fieldRef?: ObjectFieldSelector
  readonly fileKeyRef?: FileKeySelector
  readonly resourceFieldRef?: ResourceFieldSelector
  readonly secretKeyRef?: SecretKeySelector
}
export interface EnvVarSourceDraft {
  readonly configMapKeyRef?: ConfigMapKeySelector
  readonly fieldRef?: ObjectFieldSelectorDraft
  readonly fileKeyRef?: FileKeySelectorDraft
  readonly resourceFieldRef?: ResourceFieldSelectorDraft
  readonly secretKeyRef?: SecretKeySelector
}
export const EnvVarSource: Field.Lazy<EnvVarSource> = define("core.v1.EnvVarSource", () =>
  struct({
    configMapKeyRef: optional(ConfigMapKeySelector()),
    fieldRef: optional(ObjectFieldSelector()),
    fileKeyRef: optional(FileKeySelector()),
    resourceFieldRef: optional(ResourceFieldSelector()),
    secretKeyRef: optional(SecretKeySelector())
  }))

export interface EphemeralContainer {
  readonly args?: ReadonlyArray<string>
  readonly command?: ReadonlyArray<string>
  readonly env?: ReadonlyArray<EnvVar>
  readonly envFrom?: ReadonlyArray<EnvFromSource>
  readonly image?: string
  readonly imagePullPolicy?: string
  readonly lifecycle?: Lifecycle
  readonly livenessProbe?: Probe
  readonly name: string
  readonly ports?: ReadonlyArray<ContainerPort>
  readonly readinessProbe?: Probe
  readonly resizePolicy?: ReadonlyArray<ContainerResizePolicy>
  readonly resources: ResourceRequirements
  readonly restartPolicy?: string
  readonly restartPolicyRules?: ReadonlyArray<ContainerRestartRule>
  readonly securityContext?: SecurityContext
  readonly startupProbe?: Probe
  readonly stdin?: boolean
  readonly stdinOnce?: boolean
  readonly targetContainerName?: string
  readonly terminationMessagePath: string
  readonly terminationMessagePolicy: string
  readonly tty?: boolean
  readonly volumeDevices?: ReadonlyArray<VolumeDevice>
  readonly volumeMounts?: ReadonlyArray<VolumeMount>
  readonly workingDir?: string
}
export interface EphemeralContainerDraft {
  readonly args?: ReadonlyArray<string>
  readonly command?: ReadonlyArray<string>
  readonly env?: ReadonlyArray<EnvVarDraft>
  readonly envFrom?: ReadonlyArray<EnvFromSource>
  readonly image?: string
  readonly imagePullPolicy?: string
  readonly lifecycle?: LifecycleDraft
  readonly livenessProbe?: ProbeDraft
  readonly name: string
  readonly ports?: ReadonlyArray<ContainerPortDraft>
  readonly readinessProbe?: ProbeDraft
  readonly resizePolicy?: ReadonlyArray<ContainerResizePolicy>
  readonly resources?: ResourceRequirements
  readonly restartPolicy?: string
  readonly restartPolicyRules?: ReadonlyArray<ContainerRestartRule>
  readonly securityContext?: SecurityContext
  readonly startupProbe?: ProbeDraft
  readonly stdin?: boolean
  readonly stdinOnce?: boolean
  readonly targetContainerName?: string
  readonly terminationMessagePath?: string
  readonly terminationMessagePolicy?: string
  readonly tty?: boolean
  readonly volumeDevices?: ReadonlyArray<VolumeDevice>
  readonly volumeMounts?: ReadonlyArray<VolumeMount>
  readonly workingDir?: string
}
export const EphemeralContainer: Field.Lazy<EphemeralContainer> = define("core.v1.EphemeralContainer", () =>
  struct({
    args: optional(list(Text, { list: "atomic" })),
    command: optional(list(Text, { list: "atomic" })),
    env: optional(list(EnvVar(), { list: "map", keys: ["name"], patch: ["merge"], mergeKey: "name" })),
    envFrom: optional(list(EnvFromSource(), { list: "atomic" })),
    image: optional(Text),
    imagePullPolicy: optional(Text),
    lifecycle: optional(Lifecycle()),
    livenessProbe: optional(Probe()),
    name: Text,
    ports: optional(list(ContainerPort(), { list: "map", keys: ["containerPort","protocol"], patch: ["merge"], mergeKey: "containerPort" })),
    readinessProbe: optional(Probe()),
    resizePolicy: optional(list(ContainerResizePolicy(), { list: "atomic" })),
    resources: defaulted(ResourceRequirements(), {}),
    restartPolicy: optional(Text),
    restartPolicyRules: optional(list(ContainerRestartRule(), { list: "atomic" })),
    securityContext: optional(SecurityContext()),
    startupProbe: optional(Probe()),
    stdin: optional(Bool),
    stdinOnce: optional(Bool),
    targetContainerName: optional(Text),
    terminationMessagePath: defaulted(Text, "/dev/termination-log"),
    terminationMessagePolicy: defaulted(Text, "File"),
    tty: optional(Bool),
    volumeDevices: optional(list(VolumeDevice(), { list: "map", keys: ["devicePath"], patch: ["merge"], mergeKey: "devicePath" })),
    volumeMounts: optional(list(VolumeMount(), { list: "map", keys: ["mountPath"], patch: ["merge"], mergeKey: "mountPath" })),
    workingDir: optional(Text)
  }), { omitted: ["image","imagePullPolicy","stdin","stdinOnce","targetContainerName","terminationMessagePath","terminationMessagePolicy","tty","workingDir"], parts: ["name","resources"] })

export interface EphemeralVolumeSource {
  readonly volumeClaimTemplate?: PersistentVolumeClaimTemplate
}
export interface EphemeralVolumeSourceDraft {
  readonly volumeClaimTemplate?: PersistentVolumeClaimTemplateDraft
}
export const EphemeralVolumeSource: Field.Lazy<EphemeralVolumeSource> = define("core.v1.EphemeralVolumeSource", () =>
  struct({
    volumeClaimTemplate: optional(PersistentVolumeClaimTemplate())
  }))

export interface Event {
  readonly action?: string
  readonly count?: number
  readonly eventTime?: string
  readonly firstTimestamp?: string
  readonly involvedObject: ObjectReference
  readonly lastTimestamp?: string
  readonly message?: string
  readonly metadata: ObjectMeta
  readonly reason?: string
  readonly related?: ObjectReference
  readonly reportingComponent: string
  readonly reportingInstance: string
  readonly series?: EventSeries
  readonly source: EventSource
  readonly type?: string
}
export interface EventDraft {
  readonly action?: string
  readonly count?: number
  readonly eventTime?: string
  readonly firstTimestamp?: string
  readonly involvedObject?: ObjectReference
  readonly lastTimestamp?: string
  readonly message?: string
  readonly metadata: ObjectMetaDraft
  readonly reason?: string
  readonly related?: ObjectReference
  readonly reportingComponent?: string
  readonly reportingInstance?: string
  readonly series?: EventSeries
  readonly source?: EventSource
  readonly type?: string
}
export const EventSchema: Field.Lazy<EventDraft> = define("core.v1.Event", () =>
  struct({
    action: optional(Text),
    count: optional(Int32),
    eventTime: optional(MicroTime),
    firstTimestamp: optional(Time),
    involvedObject: defaulted(ObjectReference(), {}),
    lastTimestamp: optional(Time),
    message: optional(Text),
    metadata: defaulted(ObjectMetaDraft(), {}),
    reason: optional(Text),
    related: optional(ObjectReference()),
    reportingComponent: defaulted(Text, ""),
    reportingInstance: defaulted(Text, ""),
    series: optional(EventSeries()),
    source: defaulted(EventSource(), {}),
    type: optional(Text)
  }), { omitted: ["action","count","message","reason","type"], parts: ["involvedObject","metadata","reportingComponent","reportingInstance","source"] })
export const Event = Kind.make<Event, EventDraft>({
  kind: "Event",
  plural: "events",
  singular: "event",
  namespaced: true,
  storage: "events",
  log: "events",
  verbs: ["list","watch","deletecollection","create","delete","get","patch","update"],
  shortNames: ["ev"],
  versions: [
    { group: "", version: "v1", schema: asJson(EventSchema) },
    { group: "events.k8s.io", version: "v1", schema: asJson(() => eventsV1.EventSchema()), convert: EventConversion }
  ]
})

export interface EventSeries {
  readonly count?: number
  readonly lastObservedTime?: string
}
export const EventSeries: Field.Lazy<EventSeries> = define("core.v1.EventSeries", () =>
  struct({
    count: optional(Int32),
    lastObservedTime: optional(MicroTime)
  }), { omitted: ["count"] })

export interface EventSource {
  readonly component?: string
  readonly host?: string
}
export const EventSource: Field.Lazy<EventSource> = define("core.v1.EventSource", () =>
  struct({
    component: optional(Text),
    host: optional(Text)
  }), { omitted: ["component","host"] })

export interface ExecAction {
  readonly command?: ReadonlyArray<string>
}
export const ExecAction: Field.Lazy<ExecAction> = define("core.v1.ExecAction", () =>
  struct({
    command: optional(list(Text, { list: "atomic" }))
  }))

export interface FCVolumeSource {
  readonly fsType?: string
  readonly lun?: number
  readonly readOnly?: boolean
  readonly targetWWNs?: ReadonlyArray<string>
  readonly wwids?: ReadonlyArray<string>
}
export const FCVolumeSource: Field.Lazy<FCVolumeSource> = define("core.v1.FCVolumeSource", () =>
  struct({
    fsType: optional(Text),
    lun: optional(Int32),
    readOnly: optional(Bool),
    targetWWNs: optional(list(Text, { list: "atomic" })),
    wwids: optional(list(Text, { list: "atomic" }))
  }), { omitted: ["fsType","readOnly"] })

export interface FileKeySelector {
  readonly key: string
  readonly optional: boolean
  readonly path: string
  readonly volumeName: string
}
export interface FileKeySelectorDraft {
  readonly key: string
  readonly optional?: boolean
  readonly path: string
  readonly volumeName: string
}
export const FileKeySelector: Field.Lazy<FileKeySelector> = define("core.v1.FileKeySelector", () =>
  struct({
    key: Text,
    optional: defaulted(Bool, false),
    path: Text,
    volumeName: Text
  }), { atomic: true, parts: ["key","path","volumeName"] })

export interface FlexPersistentVolumeSource {
  readonly driver: string
  readonly fsType?: string
  readonly options?: { readonly [key: string]: string }
  readonly readOnly?: boolean
  readonly secretRef?: SecretReference
}
export const FlexPersistentVolumeSource: Field.Lazy<FlexPersistentVolumeSource> = define("core.v1.FlexPersistentVolumeSource", () =>
  struct({
    driver: Text,
    fsType: optional(Text),
    options: optional(map(Text)),
    readOnly: optional(Bool),
    secretRef: optional(SecretReference())
  }), { omitted: ["fsType","readOnly"], parts: ["driver"] })

export interface FlexVolumeSource {
  readonly driver: string
  readonly fsType?: string
  readonly options?: { readonly [key: string]: string }
  readonly readOnly?: boolean
  readonly secretRef?: LocalObjectReference
}
export const FlexVolumeSource: Field.Lazy<FlexVolumeSource> = define("core.v1.FlexVolumeSource", () =>
  struct({
    driver: Text,
    fsType: optional(Text),
    options: optional(map(Text)),
    readOnly: optional(Bool),
    secretRef: optional(LocalObjectReference())
  }), { omitted: ["fsType","readOnly"], parts: ["driver"] })

export interface FlockerVolumeSource {
  readonly datasetName?: string
  readonly datasetUUID?: string
}
export const FlockerVolumeSource: Field.Lazy<FlockerVolumeSource> = define("core.v1.FlockerVolumeSource", () =>
  struct({
    datasetName: optional(Text),
    datasetUUID: optional(Text)
  }), { omitted: ["datasetName","datasetUUID"] })

export interface GCEPersistentDiskVolumeSource {
  readonly fsType?: string
  readonly partition?: number
  readonly pdName: string
  readonly readOnly?: boolean
}
export const GCEPersistentDiskVolumeSource: Field.Lazy<GCEPersistentDiskVolumeSource> = define("core.v1.GCEPersistentDiskVolumeSource", () =>
  struct({
    fsType: optional(Text),
    partition: optional(Int32),
    pdName: Text,
    readOnly: optional(Bool)
  }), { omitted: ["fsType","partition","readOnly"], parts: ["pdName"] })

export interface GRPCAction {
  readonly port: number
  readonly service: string
}
export interface GRPCActionDraft {
  readonly port: number
  readonly service?: string
}
export const GRPCAction: Field.Lazy<GRPCAction> = define("core.v1.GRPCAction", () =>
  struct({
    port: Int32,
    service: defaulted(Text, "")
  }), { parts: ["port","service"] })

export interface GitRepoVolumeSource {
  readonly directory?: string
  readonly repository: string
  readonly revision?: string
}
export const GitRepoVolumeSource: Field.Lazy<GitRepoVolumeSource> = define("core.v1.GitRepoVolumeSource", () =>
  struct({
    directory: optional(Text),
    repository: Text,
    revision: optional(Text)
  }), { omitted: ["directory","revision"], parts: ["repository"] })

export interface GlusterfsPersistentVolumeSource {
  readonly endpoints: string
  readonly endpointsNamespace?: string
  readonly path: string
  readonly readOnly?: boolean
}
export const GlusterfsPersistentVolumeSource: Field.Lazy<GlusterfsPersistentVolumeSource> = define("core.v1.GlusterfsPersistentVolumeSource", () =>
  struct({
    endpoints: Text,
    endpointsNamespace: optional(Text),
    path: Text,
    readOnly: optional(Bool)
  }), { omitted: ["readOnly"], parts: ["endpoints","path"] })

export interface GlusterfsVolumeSource {
  readonly endpoints: string
  readonly path: string
  readonly readOnly?: boolean
}
export const GlusterfsVolumeSource: Field.Lazy<GlusterfsVolumeSource> = define("core.v1.GlusterfsVolumeSource", () =>
  struct({
    endpoints: Text,
    path: Text,
    readOnly: optional(Bool)
  }), { omitted: ["readOnly"], parts: ["endpoints","path"] })

export interface HTTPGetAction {
  readonly host?: string
  readonly httpHeaders?: ReadonlyArray<HTTPHeader>
  readonly path: string
  readonly port: number | string
  readonly scheme: string
}
export interface HTTPGetActionDraft {
  readonly host?: string
  readonly httpHeaders?: ReadonlyArray<HTTPHeaderDraft>
  readonly path?: string
  readonly port: number | string
  readonly scheme?: string
}
export const HTTPGetAction: Field.Lazy<HTTPGetAction> = define("core.v1.HTTPGetAction", () =>
  struct({
    host: optional(Text),
    httpHeaders: optional(list(HTTPHeader(), { list: "atomic" })),
    path: defaulted(Text, "/"),
    port: IntOrString,
    scheme: defaulted(Text, "HTTP")
  }), { omitted: ["host","path","scheme"] })

export interface HTTPHeader {
  readonly name: string
  readonly value: string
}
export interface HTTPHeaderDraft {
  readonly name: string
  readonly value?: string
}
export const HTTPHeader: Field.Lazy<HTTPHeader> = define("core.v1.HTTPHeader", () =>
  struct({
    name: Text,
    value: defaulted(Text, "")
  }), { parts: ["name","value"] })

export interface HostAlias {
  readonly hostnames?: ReadonlyArray<string>
  readonly ip: string
}
export const HostAlias: Field.Lazy<HostAlias> = define("core.v1.HostAlias", () =>
  struct({
    hostnames: optional(list(Text, { list: "atomic" })),
    ip: Text
  }), { parts: ["ip"] })

export interface HostIP {
  readonly ip: string
}
export const HostIP: Field.Lazy<HostIP> = define("core.v1.HostIP", () =>
  struct({
    ip: Text
  }), { parts: ["ip"] })

export interface HostPathVolumeSource {
  readonly path: string
  readonly type: string
}
export interface HostPathVolumeSourceDraft {
  readonly path: string
  readonly type?: string
}
export const HostPathVolumeSource: Field.Lazy<HostPathVolumeSource> = define("core.v1.HostPathVolumeSource", () =>
  struct({
    path: Text,
    type: defaulted(Text, "")
  }), { parts: ["path"] })

export interface ISCSIPersistentVolumeSource {
  readonly chapAuthDiscovery?: boolean
  readonly chapAuthSession?: boolean
  readonly fsType?: string
  readonly initiatorName?: string
  readonly iqn: string
  readonly iscsiInterface: string
  readonly lun: number
  readonly portals?: ReadonlyArray<string>
  readonly readOnly?: boolean
  readonly secretRef?: SecretReference
  readonly targetPortal: string
}
export interface ISCSIPersistentVolumeSourceDraft {
  readonly chapAuthDiscovery?: boolean
  readonly chapAuthSession?: boolean
  readonly fsType?: string
  readonly initiatorName?: string
  readonly iqn: string
  readonly iscsiInterface?: string
  readonly lun: number
  readonly portals?: ReadonlyArray<string>
  readonly readOnly?: boolean
  readonly secretRef?: SecretReference
  readonly targetPortal: string
}
export const ISCSIPersistentVolumeSource: Field.Lazy<ISCSIPersistentVolumeSource> = define("core.v1.ISCSIPersistentVolumeSource", () =>
  struct({
    chapAuthDiscovery: optional(Bool),
    chapAuthSession: optional(Bool),
    fsType: optional(Text),
    initiatorName: optional(Text),
    iqn: Text,
    iscsiInterface: defaulted(Text, "default"),
    lun: Int32,
    portals: optional(list(Text, { list: "atomic" })),
    readOnly: optional(Bool),
    secretRef: optional(SecretReference()),
    targetPortal: Text
  }), { omitted: ["chapAuthDiscovery","chapAuthSession","fsType","iscsiInterface","readOnly"], parts: ["iqn","lun","targetPortal"] })

export interface ISCSIVolumeSource {
  readonly chapAuthDiscovery?: boolean
  readonly chapAuthSession?: boolean
  readonly fsType?: string
  readonly initiatorName?: string
  readonly iqn: string
  readonly iscsiInterface: string
  readonly lun: number
  readonly portals?: ReadonlyArray<string>
  readonly readOnly?: boolean
  readonly secretRef?: LocalObjectReference
  readonly targetPortal: string
}
export interface ISCSIVolumeSourceDraft {
  readonly chapAuthDiscovery?: boolean
  readonly chapAuthSession?: boolean
  readonly fsType?: string
  readonly initiatorName?: string
  readonly iqn: string
  readonly iscsiInterface?: string
  readonly lun: number
  readonly portals?: ReadonlyArray<string>
  readonly readOnly?: boolean
  readonly secretRef?: LocalObjectReference
  readonly targetPortal: string
}
export const ISCSIVolumeSource: Field.Lazy<ISCSIVolumeSource> = define("core.v1.ISCSIVolumeSource", () =>
  struct({
    chapAuthDiscovery: optional(Bool),
    chapAuthSession: optional(Bool),
    fsType: optional(Text),
    initiatorName: optional(Text),
    iqn: Text,
    iscsiInterface: defaulted(Text, "default"),
    lun: Int32,
    portals: optional(list(Text, { list: "atomic" })),
    readOnly: optional(Bool),
    secretRef: optional(LocalObjectReference()),
    targetPortal: Text
  }), { omitted: ["chapAuthDiscovery","chapAuthSession","fsType","iscsiInterface","readOnly"], parts: ["iqn","lun","targetPortal"] })

export interface ImageVolumeSource {
  readonly pullPolicy?: string
  readonly reference?: string
}
export const ImageVolumeSource: Field.Lazy<ImageVolumeSource> = define("core.v1.ImageVolumeSource", () =>
  struct({
    pullPolicy: optional(Text),
    reference: optional(Text)
  }), { omitted: ["pullPolicy","reference"] })

export interface ImageVolumeStatus {
  readonly imageRef: string
}
export const ImageVolumeStatus: Field.Lazy<ImageVolumeStatus> = define("core.v1.ImageVolumeStatus", () =>
  struct({
    imageRef: Text
  }), { omitted: ["imageRef"] })

export interface KeyToPath {
  readonly key: string
  readonly mode?: number
  readonly path: string
}
export const KeyToPath: Field.Lazy<KeyToPath> = define("core.v1.KeyToPath", () =>
  struct({
    key: Text,
    mode: optional(Int32),
    path: Text
  }), { parts: ["key","path"] })

export interface Lifecycle {
  readonly postStart?: LifecycleHandler
  readonly preStop?: LifecycleHandler
  readonly stopSignal?: string
}
export interface LifecycleDraft {
  readonly postStart?: LifecycleHandlerDraft
  readonly preStop?: LifecycleHandlerDraft
  readonly stopSignal?: string
}
export const Lifecycle: Field.Lazy<Lifecycle> = define("core.v1.Lifecycle", () =>
  struct({
    postStart: optional(LifecycleHandler()),
    preStop: optional(LifecycleHandler()),
    stopSignal: optional(Text)
  }))

export interface LifecycleHandler {
  readonly exec?: ExecAction
  readonly httpGet?: HTTPGetAction
  readonly sleep?: SleepAction
  readonly tcpSocket?: TCPSocketAction
}
export interface LifecycleHandlerDraft {
  readonly exec?: ExecAction
  readonly httpGet?: HTTPGetActionDraft
  readonly sleep?: SleepAction
  readonly tcpSocket?: TCPSocketAction
}
export const LifecycleHandler: Field.Lazy<LifecycleHandler> = define("core.v1.LifecycleHandler", () =>
  struct({
    exec: optional(ExecAction()),
    httpGet: optional(HTTPGetAction()),
    sleep: optional(SleepAction()),
    tcpSocket: optional(TCPSocketAction())
  }))

export interface LimitRange {
  readonly metadata: ObjectMeta
  readonly spec: LimitRangeSpec
}
export interface LimitRangeDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec?: LimitRangeSpec
}
export const LimitRangeSchema: Field.Lazy<LimitRangeDraft> = define("core.v1.LimitRange", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: defaulted(LimitRangeSpec(), {})
  }), { parts: ["metadata","spec"] })
export const LimitRange = Kind.make<LimitRange, LimitRangeDraft>({
  kind: "LimitRange",
  plural: "limitranges",
  singular: "limitrange",
  namespaced: true,
  storage: "limitranges",
  verbs: ["list","watch","deletecollection","create","delete","get","patch","update"],
  shortNames: ["limits"],
  versions: [{ group: "", version: "v1", schema: asJson(LimitRangeSchema) }]
})

export interface LimitRangeItem {
  readonly default?: { readonly [key: string]: string }
  readonly defaultRequest?: { readonly [key: string]: string }
  readonly max?: { readonly [key: string]: string }
  readonly maxLimitRequestRatio?: { readonly [key: string]: string }
  readonly min?: { readonly [key: string]: string }
  readonly type: string
}
export const LimitRangeItem: Field.Lazy<LimitRangeItem> = define("core.v1.LimitRangeItem", () =>
  struct({
    default: optional(map(Quantity)),
    defaultRequest: optional(map(Quantity)),
    max: optional(map(Quantity)),
    maxLimitRequestRatio: optional(map(Quantity)),
    min: optional(map(Quantity)),
    type: Text
  }), { parts: ["type"] })

export interface LimitRangeSpec {
  readonly limits: ReadonlyArray<LimitRangeItem>
}
export const LimitRangeSpec: Field.Lazy<LimitRangeSpec> = define("core.v1.LimitRangeSpec", () =>
  struct({
    limits: list(LimitRangeItem(), { list: "atomic" })
  }), { parts: ["limits"] })

export interface LinuxContainerUser {
  readonly gid: number
  readonly supplementalGroups?: ReadonlyArray<number>
  readonly uid: number
}
export const LinuxContainerUser: Field.Lazy<LinuxContainerUser> = define("core.v1.LinuxContainerUser", () =>
  struct({
    gid: Int64,
    supplementalGroups: optional(list(Int64, { list: "atomic" })),
    uid: Int64
  }), { parts: ["gid","uid"] })

export interface LoadBalancerIngress {
  readonly hostname?: string
  readonly ip?: string
  readonly ipMode?: string
  readonly ports?: ReadonlyArray<PortStatus>
}
export const LoadBalancerIngress: Field.Lazy<LoadBalancerIngress> = define("core.v1.LoadBalancerIngress", () =>
  struct({
    hostname: optional(Text),
    ip: optional(Text),
    ipMode: optional(Text),
    ports: optional(list(PortStatus(), { list: "atomic" }))
  }), { omitted: ["hostname","ip"] })

export interface LoadBalancerStatus {
  readonly ingress?: ReadonlyArray<LoadBalancerIngress>
}
export const LoadBalancerStatus: Field.Lazy<LoadBalancerStatus> = define("core.v1.LoadBalancerStatus", () =>
  struct({
    ingress: optional(list(LoadBalancerIngress(), { list: "atomic" }))
  }))

export interface LocalObjectReference {
  readonly name?: string
}
export const LocalObjectReference: Field.Lazy<LocalObjectReference> = define("core.v1.LocalObjectReference", () =>
  struct({
    name: optional(Text)
  }), { atomic: true, omitted: ["name"] })

export interface LocalVolumeSource {
  readonly fsType?: string
  readonly path: string
}
export const LocalVolumeSource: Field.Lazy<LocalVolumeSource> = define("core.v1.LocalVolumeSource", () =>
  struct({
    fsType: optional(Text),
    path: Text
  }), { parts: ["path"] })

export interface ModifyVolumeStatus {
  readonly status: string
  readonly targetVolumeAttributesClassName?: string
}
export const ModifyVolumeStatus: Field.Lazy<ModifyVolumeStatus> = define("core.v1.ModifyVolumeStatus", () =>
  struct({
    status: Text,
    targetVolumeAttributesClassName: optional(Text)
  }), { omitted: ["targetVolumeAttributesClassName"], parts: ["status"] })

export interface NFSVolumeSource {
  readonly path: string
  readonly readOnly?: boolean
  readonly server: string
}
export const NFSVolumeSource: Field.Lazy<NFSVolumeSource> = define("core.v1.NFSVolumeSource", () =>
  struct({
    path: Text,
    readOnly: optional(Bool),
    server: Text
  }), { omitted: ["readOnly"], parts: ["path","server"] })

export interface Namespace {
  readonly metadata: ObjectMeta
  readonly spec: NamespaceSpec
  readonly status: NamespaceStatus
}
export interface NamespaceDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec?: NamespaceSpec
  readonly status?: NamespaceStatusDraft
}
export const NamespaceSchema: Field.Lazy<NamespaceDraft> = define("core.v1.Namespace", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: defaulted(NamespaceSpec(), {}),
    status: defaulted(NamespaceStatus(), {})
  }), { parts: ["metadata","spec","status"] })
export const Namespace = Kind.make<Namespace, NamespaceDraft>({
  kind: "Namespace",
  plural: "namespaces",
  singular: "namespace",
  namespaced: false,
  storage: "namespaces",
  verbs: ["list","watch","create","delete","get","patch","update"],
  subresources: ["finalize","status"],
  shortNames: ["ns"],
  versions: [{ group: "", version: "v1", schema: asJson(NamespaceSchema) }]
})

export interface NamespaceCondition {
  readonly lastTransitionTime?: string
  readonly message?: string
  readonly reason?: string
  readonly status: string
  readonly type: string
}
export const NamespaceCondition: Field.Lazy<NamespaceCondition> = define("core.v1.NamespaceCondition", () =>
  struct({
    lastTransitionTime: optional(Time),
    message: optional(Text),
    reason: optional(Text),
    status: Text,
    type: Text
  }), { omitted: ["message","reason"], parts: ["status","type"] })

export interface NamespaceSpec {
  readonly finalizers?: ReadonlyArray<string>
}
export const NamespaceSpec: Field.Lazy<NamespaceSpec> = define("core.v1.NamespaceSpec", () =>
  struct({
    finalizers: optional(list(Text, { list: "atomic" }))
  }))

export interface NamespaceStatus {
  readonly conditions?: ReadonlyArray<NamespaceCondition>
  readonly phase: string
}
export interface NamespaceStatusDraft {
  readonly conditions?: ReadonlyArray<NamespaceCondition>
  readonly phase?: string
}
export const NamespaceStatus: Field.Lazy<NamespaceStatus> = define("core.v1.NamespaceStatus", () =>
  struct({
    conditions: optional(list(NamespaceCondition(), { list: "map", keys: ["type"], patch: ["merge"], mergeKey: "type" })),
    phase: defaulted(Text, "Active")
  }), { omitted: ["phase"] })

export interface Node {
  readonly metadata: ObjectMeta
  readonly spec: NodeSpec
  readonly status: NodeStatus
}
export interface NodeDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec?: NodeSpec
  readonly status?: NodeStatusDraft
}
export const NodeSchema: Field.Lazy<NodeDraft> = define("core.v1.Node", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: defaulted(NodeSpec(), {}),
    status: defaulted(NodeStatus(), {})
  }), { parts: ["metadata","spec","status"] })
export const Node = Kind.make<Node, NodeDraft>({
  kind: "Node",
  plural: "nodes",
  singular: "node",
  namespaced: false,
  storage: "nodes",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  subresources: ["proxy","status"],
  shortNames: ["no"],
  versions: [{ group: "", version: "v1", schema: asJson(NodeSchema) }]
})

export interface NodeAddress {
  readonly address: string
  readonly type: string
}
export const NodeAddress: Field.Lazy<NodeAddress> = define("core.v1.NodeAddress", () =>
  struct({
    address: Text,
    type: Text
  }), { parts: ["address","type"] })

export interface NodeAffinity {
  readonly preferredDuringSchedulingIgnoredDuringExecution?: ReadonlyArray<PreferredSchedulingTerm>
  readonly requiredDuringSchedulingIgnoredDuringExecution?: NodeSelector
}
export const NodeAffinity: Field.Lazy<NodeAffinity> = define("core.v1.NodeAffinity", () =>
  struct({
    preferredDuringSchedulingIgnoredDuringExecution: optional(list(PreferredSchedulingTerm(), { list: "atomic" })),
    requiredDuringSchedulingIgnoredDuringExecution: optional(NodeSelector())
  }))

export interface NodeAllocatableResourceClaimStatus {
  readonly containers?: ReadonlyArray<string>
  readonly resourceClaimName: string
  readonly resources: { readonly [key: string]: string }
}
export const NodeAllocatableResourceClaimStatus: Field.Lazy<NodeAllocatableResourceClaimStatus> = define("core.v1.NodeAllocatableResourceClaimStatus", () =>
  struct({
    containers: optional(list(Text, { list: "set" })),
    resourceClaimName: Text,
    resources: map(Quantity)
  }), { parts: ["resourceClaimName","resources"] })

export interface NodeCondition {
  readonly lastHeartbeatTime?: string
  readonly lastTransitionTime?: string
  readonly message?: string
  readonly reason?: string
  readonly status: string
  readonly type: string
}
export const NodeCondition: Field.Lazy<NodeCondition> = define("core.v1.NodeCondition", () =>
  struct({
    lastHeartbeatTime: optional(Time),
    lastTransitionTime: optional(Time),
    message: optional(Text),
    reason: optional(Text),
    status: Text,
    type: Text
  }), { omitted: ["message","reason"], parts: ["status","type"] })

export interface NodeConfigSource {
  readonly configMap?: ConfigMapNodeConfigSource
}
export const NodeConfigSource: Field.Lazy<NodeConfigSource> = define("core.v1.NodeConfigSource", () =>
  struct({
    configMap: optional(ConfigMapNodeConfigSource())
  }))

export interface NodeConfigStatus {
  readonly active?: NodeConfigSource
  readonly assigned?: NodeConfigSource
  readonly error?: string
  readonly lastKnownGood?: NodeConfigSource
}
export const NodeConfigStatus: Field.Lazy<NodeConfigStatus> = define("core.v1.NodeConfigStatus", () =>
  struct({
    active: optional(NodeConfigSource()),
    assigned: optional(NodeConfigSource()),
    error: optional(Text),
    lastKnownGood: optional(NodeConfigSource())
  }), { omitted: ["error"] })

export interface NodeDaemonEndpoints {
  readonly kubeletEndpoint: DaemonEndpoint
}
export interface NodeDaemonEndpointsDraft {
  readonly kubeletEndpoint?: DaemonEndpointDraft
}
export const NodeDaemonEndpoints: Field.Lazy<NodeDaemonEndpoints> = define("core.v1.NodeDaemonEndpoints", () =>
  struct({
    kubeletEndpoint: defaulted(DaemonEndpoint(), {})
  }), { parts: ["kubeletEndpoint"] })

export interface NodeFeatures {
  readonly supplementalGroupsPolicy?: boolean
}
export const NodeFeatures: Field.Lazy<NodeFeatures> = define("core.v1.NodeFeatures", () =>
  struct({
    supplementalGroupsPolicy: optional(Bool)
  }))

export interface NodeRuntimeHandler {
  readonly features?: NodeRuntimeHandlerFeatures
  readonly name?: string
}
export const NodeRuntimeHandler: Field.Lazy<NodeRuntimeHandler> = define("core.v1.NodeRuntimeHandler", () =>
  struct({
    features: optional(NodeRuntimeHandlerFeatures()),
    name: optional(Text)
  }), { parts: ["name"] })

export interface NodeRuntimeHandlerFeatures {
  readonly recursiveReadOnlyMounts?: boolean
  readonly userNamespaces?: boolean
}
export const NodeRuntimeHandlerFeatures: Field.Lazy<NodeRuntimeHandlerFeatures> = define("core.v1.NodeRuntimeHandlerFeatures", () =>
  struct({
    recursiveReadOnlyMounts: optional(Bool),
    userNamespaces: optional(Bool)
  }))

export interface NodeSelector {
  readonly nodeSelectorTerms: ReadonlyArray<NodeSelectorTerm>
}
export const NodeSelector: Field.Lazy<NodeSelector> = define("core.v1.NodeSelector", () =>
  struct({
    nodeSelectorTerms: list(NodeSelectorTerm(), { list: "atomic" })
  }), { atomic: true, parts: ["nodeSelectorTerms"] })

export interface NodeSelectorRequirement {
  readonly key: string
  readonly operator: string
  readonly values?: ReadonlyArray<string>
}
export const NodeSelectorRequirement: Field.Lazy<NodeSelectorRequirement> = define("core.v1.NodeSelectorRequirement", () =>
  struct({
    key: Text,
    operator: Text,
    values: optional(list(Text, { list: "atomic" }))
  }), { parts: ["key","operator"] })

export interface NodeSelectorTerm {
  readonly matchExpressions?: ReadonlyArray<NodeSelectorRequirement>
  readonly matchFields?: ReadonlyArray<NodeSelectorRequirement>
}
export const NodeSelectorTerm: Field.Lazy<NodeSelectorTerm> = define("core.v1.NodeSelectorTerm", () =>
  struct({
    matchExpressions: optional(list(NodeSelectorRequirement(), { list: "atomic" })),
    matchFields: optional(list(NodeSelectorRequirement(), { list: "atomic" }))
  }), { atomic: true })

export interface NodeSpec {
  readonly configSource?: NodeConfigSource
  readonly externalID?: string
  readonly podCIDR?: string
  readonly podCIDRs?: ReadonlyArray<string>
  readonly providerID?: string
  readonly taints?: ReadonlyArray<Taint>
  readonly unschedulable?: boolean
}
export const NodeSpec: Field.Lazy<NodeSpec> = define("core.v1.NodeSpec", () =>
  struct({
    configSource: optional(NodeConfigSource()),
    externalID: optional(Text),
    podCIDR: optional(Text),
    podCIDRs: optional(list(Text, { list: "set", patch: ["merge"] })),
    providerID: optional(Text),
    taints: optional(list(Taint(), { list: "atomic" })),
    unschedulable: optional(Bool)
  }), { omitted: ["externalID","podCIDR","providerID","unschedulable"] })

export interface NodeStatus {
  readonly addresses?: ReadonlyArray<NodeAddress>
  readonly allocatable?: { readonly [key: string]: string }
  readonly capacity?: { readonly [key: string]: string }
  readonly conditions?: ReadonlyArray<NodeCondition>
  readonly config?: NodeConfigStatus
  readonly daemonEndpoints: NodeDaemonEndpoints
  readonly declaredFeatures?: ReadonlyArray<string>
  readonly features?: NodeFeatures
  readonly images?: ReadonlyArray<ContainerImage>
  readonly nodeInfo: NodeSystemInfo
  readonly phase?: string
  readonly runtimeHandlers?: ReadonlyArray<NodeRuntimeHandler>
  readonly volumesAttached?: ReadonlyArray<AttachedVolume>
  readonly volumesInUse?: ReadonlyArray<string>
}
export interface NodeStatusDraft {
  readonly addresses?: ReadonlyArray<NodeAddress>
  readonly allocatable?: { readonly [key: string]: string }
  readonly capacity?: { readonly [key: string]: string }
  readonly conditions?: ReadonlyArray<NodeCondition>
  readonly config?: NodeConfigStatus
  readonly daemonEndpoints?: NodeDaemonEndpointsDraft
  readonly declaredFeatures?: ReadonlyArray<string>
  readonly features?: NodeFeatures
  readonly images?: ReadonlyArray<ContainerImage>
  readonly nodeInfo?: NodeSystemInfoDraft
  readonly phase?: string
  readonly runtimeHandlers?: ReadonlyArray<NodeRuntimeHandler>
  readonly volumesAttached?: ReadonlyArray<AttachedVolume>
  readonly volumesInUse?: ReadonlyArray<string>
}
export const NodeStatus: Field.Lazy<NodeStatus> = define("core.v1.NodeStatus", () =>
  struct({
    addresses: optional(list(NodeAddress(), { list: "map", keys: ["type"], patch: ["merge"], mergeKey: "type" })),
    allocatable: optional(map(Quantity)),
    capacity: optional(map(Quantity)),
    conditions: optional(list(NodeCondition(), { list: "map", keys: ["type"], patch: ["merge"], mergeKey: "type" })),
    config: optional(NodeConfigStatus()),
    daemonEndpoints: defaulted(NodeDaemonEndpoints(), {}),
    declaredFeatures: optional(list(Text, { list: "atomic" })),
    features: optional(NodeFeatures()),
    images: optional(list(ContainerImage(), { list: "atomic" })),
    nodeInfo: defaulted(NodeSystemInfo(), {}),
    phase: optional(Text),
    runtimeHandlers: optional(list(NodeRuntimeHandler(), { list: "atomic" })),
    volumesAttached: optional(list(AttachedVolume(), { list: "atomic" })),
    volumesInUse: optional(list(Text, { list: "atomic" }))
  }), { omitted: ["phase"], parts: ["daemonEndpoints","nodeInfo"] })

export interface NodeSwapStatus {
  readonly capacity?: number
}
export const NodeSwapStatus: Field.Lazy<NodeSwapStatus> = define("core.v1.NodeSwapStatus", () =>
  struct({
    capacity: optional(Int64)
  }))

export interface NodeSystemInfo {
  readonly architecture: string
  readonly bootID: string
  readonly containerRuntimeVersion: string
  readonly kernelVersion: string
  readonly kubeProxyVersion: string
  readonly kubeletVersion: string
  readonly machineID: string
  readonly operatingSystem: string
  readonly osImage: string
  readonly swap?: NodeSwapStatus
  readonly systemUUID: string
}
export interface NodeSystemInfoDraft {
  readonly architecture?: string
  readonly bootID?: string
  readonly containerRuntimeVersion?: string
  readonly kernelVersion?: string
  readonly kubeProxyVersion?: string
  readonly kubeletVersion?: string
  readonly machineID?: string
  readonly operatingSystem?: string
  readonly osImage?: string
  readonly swap?: NodeSwapStatus
  readonly systemUUID?: string
}
export const NodeSystemInfo: Field.Lazy<NodeSystemInfo> = define("core.v1.NodeSystemInfo", () =>
  struct({
    architecture: defaulted(Text, ""),
    bootID: defaulted(Text, ""),
    containerRuntimeVersion: defaulted(Text, ""),
    kernelVersion: defaulted(Text, ""),
    kubeProxyVersion: defaulted(Text, ""),
    kubeletVersion: defaulted(Text, ""),
    machineID: defaulted(Text, ""),
    operatingSystem: defaulted(Text, ""),
    osImage: defaulted(Text, ""),
    swap: optional(NodeSwapStatus()),
    systemUUID: defaulted(Text, "")
  }), { parts: ["architecture","bootID","containerRuntimeVersion","kernelVersion","kubeProxyVersion","kubeletVersion","machineID","operatingSystem","osImage","systemUUID"] })

export interface ObjectFieldSelector {
  readonly apiVersion: string
  readonly fieldPath: string
}
export interface ObjectFieldSelectorDraft {
  readonly apiVersion?: string
  readonly fieldPath: string
}
export const ObjectFieldSelector: Field.Lazy<ObjectFieldSelector> = define("core.v1.ObjectFieldSelector", () =>
  struct({
    apiVersion: defaulted(Text, "v1"),
    fieldPath: Text
  }), { atomic: true, omitted: ["apiVersion"], parts: ["fieldPath"] })

export interface ObjectReference {
  readonly apiVersion?: string
  readonly fieldPath?: string
  readonly kind?: string
  readonly name?: string
  readonly namespace?: string
  readonly resourceVersion?: string
  readonly uid?: string
}
export const ObjectReference: Field.Lazy<ObjectReference> = define("core.v1.ObjectReference", () =>
  struct({
    apiVersion: optional(Text),
    fieldPath: optional(Text),
    kind: optional(Text),
    name: optional(Text),
    namespace: optional(Text),
    resourceVersion: optional(Text),
    uid: optional(Text)
  }), { atomic: true, omitted: ["apiVersion","fieldPath","kind","name","namespace","resourceVersion","uid"] })

export interface PersistentVolume {
  readonly metadata: ObjectMeta
  readonly spec: PersistentVolumeSpec
  readonly status: PersistentVolumeStatus
}
export interface PersistentVolumeDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec?: PersistentVolumeSpecDraft
  readonly status?: PersistentVolumeStatusDraft
}
export const PersistentVolumeSchema: Field.Lazy<PersistentVolumeDraft> = define("core.v1.PersistentVolume", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: defaulted(PersistentVolumeSpec(), {}),
    status: defaulted(PersistentVolumeStatus(), {})
  }), { parts: ["metadata","spec","status"] })
export const PersistentVolume = Kind.make<PersistentVolume, PersistentVolumeDraft>({
  kind: "PersistentVolume",
  plural: "persistentvolumes",
  singular: "persistentvolume",
  namespaced: false,
  storage: "persistentvolumes",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  subresources: ["status"],
  shortNames: ["pv"],
  versions: [{ group: "", version: "v1", schema: asJson(PersistentVolumeSchema) }]
})

export interface PersistentVolumeClaim {
  readonly metadata: ObjectMeta
  readonly spec: PersistentVolumeClaimSpec
  readonly status: PersistentVolumeClaimStatus
}
export interface PersistentVolumeClaimDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec?: PersistentVolumeClaimSpecDraft
  readonly status?: PersistentVolumeClaimStatusDraft
}
export const PersistentVolumeClaimSchema: Field.Lazy<PersistentVolumeClaimDraft> = define("core.v1.PersistentVolumeClaim", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: defaulted(PersistentVolumeClaimSpec(), {}),
    status: defaulted(PersistentVolumeClaimStatus(), {})
  }), { parts: ["metadata","spec","status"] })
export const PersistentVolumeClaim = Kind.make<PersistentVolumeClaim, PersistentVolumeClaimDraft>({
  kind: "PersistentVolumeClaim",
  plural: "persistentvolumeclaims",
  singular: "persistentvolumeclaim",
  namespaced: true,
  storage: "persistentvolumeclaims",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  subresources: ["status"],
  shortNames: ["pvc"],
  versions: [{ group: "", version: "v1", schema: asJson(PersistentVolumeClaimSchema) }]
})

export interface PersistentVolumeClaimCondition {
  readonly lastProbeTime?: string
  readonly lastTransitionTime?: string
  readonly message?: string
  readonly reason?: string
  readonly status: string
  readonly type: string
}
export const PersistentVolumeClaimCondition: Field.Lazy<PersistentVolumeClaimCondition> = define("core.v1.PersistentVolumeClaimCondition", () =>
  struct({
    lastProbeTime: optional(Time),
    lastTransitionTime: optional(Time),
    message: optional(Text),
    reason: optional(Text),
    status: Text,
    type: Text
  }), { omitted: ["message","reason"], parts: ["status","type"] })

export interface PersistentVolumeClaimSpec {
  readonly accessModes?: ReadonlyArray<string>
  readonly dataSource?: TypedLocalObjectReference
  readonly dataSourceRef?: TypedObjectReference
  readonly resources: VolumeResourceRequirements
  readonly selector?: metaV1.LabelSelector
  readonly storageClassName?: string
  readonly volumeAttributesClassName?: string
  readonly volumeMode: string
  readonly volumeName?: string
}
export interface PersistentVolumeClaimSpecDraft {
  readonly accessModes?: ReadonlyArray<string>
  readonly dataSource?: TypedLocalObjectReference
  readonly dataSourceRef?: TypedObjectReference
  readonly resources?: VolumeResourceRequirements
  readonly selector?: metaV1.LabelSelector
  readonly storageClassName?: string
  readonly volumeAttributesClassName?: string
  readonly volumeMode?: string
  readonly volumeName?: string
}
export const PersistentVolumeClaimSpec: Field.Lazy<PersistentVolumeClaimSpec> = define("core.v1.PersistentVolumeClaimSpec", () =>
  struct({
    accessModes: optional(list(Text, { list: "atomic" })),
    dataSource: optional(TypedLocalObjectReference()),
    dataSourceRef: optional(TypedObjectReference()),
    resources: defaulted(VolumeResourceRequirements(), {}),
    selector: optional(metaV1.LabelSelector()),
    storageClassName: optional(Text),
    volumeAttributesClassName: optional(Text),
    volumeMode: defaulted(Text, "Filesystem"),
    volumeName: optional(Text)
  }), { omitted: ["volumeName"], parts: ["resources"] })

export interface PersistentVolumeClaimStatus {
  readonly accessModes?: ReadonlyArray<string>
  readonly allocatedResourceStatuses?: { readonly [key: string]: string }
  readonly allocatedResources?: { readonly [key: string]: string }
  readonly capacity?: { readonly [key: string]: string }
  readonly conditions?: ReadonlyArray<PersistentVolumeClaimCondition>
  readonly currentVolumeAttributesClassName?: string
  readonly modifyVolumeStatus?: ModifyVolumeStatus
  readonly phase: string
}
export interface PersistentVolumeClaimStatusDraft {
  readonly accessModes?: ReadonlyArray<string>
  readonly allocatedResourceStatuses?: { readonly [key: string]: string }
  readonly allocatedResources?: { readonly [key: string]: string }
  readonly capacity?: { readonly [key: string]: string }
  readonly conditions?: ReadonlyArray<PersistentVolumeClaimCondition>
  readonly currentVolumeAttributesClassName?: string
  readonly modifyVolumeStatus?: ModifyVolumeStatus
  readonly phase?: string
}
export const PersistentVolumeClaimStatus: Field.Lazy<PersistentVolumeClaimStatus> = define("core.v1.PersistentVolumeClaimStatus", () =>
  struct({
    accessModes: optional(list(Text, { list: "atomic" })),
    allocatedResourceStatuses: optional(map(Text)),
    allocatedResources: optional(map(Quantity)),
    capacity: optional(map(Quantity)),
    conditions: optional(list(PersistentVolumeClaimCondition(), { list: "map", keys: ["type"], patch: ["merge"], mergeKey: "type" })),
    currentVolumeAttributesClassName: optional(Text),
    modifyVolumeStatus: optional(ModifyVolumeStatus()),
    phase: defaulted(Text, "Pending")
  }), { omitted: ["phase"] })

export interface PersistentVolumeClaimTemplate {
  readonly metadata: ObjectMetaDraft
  readonly spec: PersistentVolumeClaimSpec
}
export interface PersistentVolumeClaimTemplateDraft {
  readonly metadata?: ObjectMetaDraft
  readonly spec: PersistentVolumeClaimSpecDraft
}
export const PersistentVolumeClaimTemplate: Field.Lazy<PersistentVolumeClaimTemplate> = define("core.v1.PersistentVolumeClaimTemplate", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: PersistentVolumeClaimSpec()
  }), { parts: ["metadata","spec"] })

export interface PersistentVolumeClaimVolumeSource {
  readonly claimName: string
  readonly readOnly?: boolean
}
export const PersistentVolumeClaimVolumeSource: Field.Lazy<PersistentVolumeClaimVolumeSource> = define("core.v1.PersistentVolumeClaimVolumeSource", () =>
  struct({
    claimName: Text,
    readOnly: optional(Bool)
  }), { omitted: ["readOnly"], parts: ["claimName"] })

export interface PersistentVolumeSpec {
  readonly accessModes?: ReadonlyArray<string>
  readonly awsElasticBlockStore?: AWSElasticBlockStoreVolumeSource
  readonly azureDisk?: AzureDiskVolumeSource
  readonly azureFile?: AzureFilePersistentVolumeSource
  readonly capacity?: { readonly [key: string]: string }
  readonly cephfs?: CephFSPersistentVolumeSource
  readonly cinder?: CinderPersistentVolumeSource
  readonly claimRef?: ObjectReference
  readonly csi?: CSIPersistentVolumeSource
  readonly fc?: FCVolumeSource
  readonly flexVolume?: FlexPersistentVolumeSource
  readonly flocker?: FlockerVolumeSource
  readonly gcePersistentDisk?: GCEPersistentDiskVolumeSource
  readonly glusterfs?: GlusterfsPersistentVolumeSource
  readonly hostPath?: HostPathVolumeSource
  readonly iscsi?: ISCSIPersistentVolumeSource
  readonly local?: LocalVolumeSource
  readonly mountOptions?: ReadonlyArray<string>
  readonly nfs?: NFSVolumeSource
  readonly nodeAffinity?: VolumeNodeAffinity
  readonly persistentVolumeReclaimPolicy: string
  readonly photonPersistentDisk?: PhotonPersistentDiskVolumeSource
  readonly portworxVolume?: PortworxVolumeSource
  readonly quobyte?: QuobyteVolumeSource
  readonly rbd?: RBDPersistentVolumeSource
  readonly scaleIO?: ScaleIOPersistentVolumeSource
  readonly storageClassName?: string
  readonly storageos?: StorageOSPersistentVolumeSource
  readonly volumeAttributesClassName?: string
  readonly volumeMode: string
  readonly vsphereVolume?: VsphereVirtualDiskVolumeSource
}
export interface PersistentVolumeSpecDraft {
  readonly accessModes?: ReadonlyArray<string>
  readonly awsElasticBlockStore?: AWSElasticBlockStoreVolumeSource
  readonly azureDisk?: AzureDiskVolumeSourceDraft
  readonly azureFile?: AzureFilePersistentVolumeSource
  readonly capacity?: { readonly [key: string]: string }
  readonly cephfs?: CephFSPersistentVolumeSource
  readonly cinder?: CinderPersistentVolumeSource
  readonly claimRef?: ObjectReference
  readonly csi?: CSIPersistentVolumeSource
  readonly fc?: FCVolumeSource
  readonly flexVolume?: FlexPersistentVolumeSource
  readonly flocker?: FlockerVolumeSource
  readonly gcePersistentDisk?: GCEPersistentDiskVolumeSource
  readonly glusterfs?: GlusterfsPersistentVolumeSource
  readonly hostPath?: HostPathVolumeSourceDraft
  readonly iscsi?: ISCSIPersistentVolumeSourceDraft
  readonly local?: LocalVolumeSource
  readonly mountOptions?: ReadonlyArray<string>
  readonly nfs?: NFSVolumeSource
  readonly nodeAffinity?: VolumeNodeAffinity
  readonly persistentVolumeReclaimPolicy?: string
  readonly photonPersistentDisk?: PhotonPersistentDiskVolumeSource
  readonly portworxVolume?: PortworxVolumeSource
  readonly quobyte?: QuobyteVolumeSource
  readonly rbd?: RBDPersistentVolumeSourceDraft
  readonly scaleIO?: ScaleIOPersistentVolumeSourceDraft
  readonly storageClassName?: string
  readonly storageos?: StorageOSPersistentVolumeSource
  readonly volumeAttributesClassName?: string
  readonly volumeMode?: string
  readonly vsphereVolume?: VsphereVirtualDiskVolumeSource
}
export const PersistentVolumeSpec: Field.Lazy<PersistentVolumeSpec> = define("core.v1.PersistentVolumeSpec", () =>
  struct({
    accessModes: optional(list(Text, { list: "atomic" })),
    awsElasticBlockStore: optional(AWSElasticBlockStoreVolumeSource()),
    azureDisk: optional(AzureDiskVolumeSource()),
    azureFile: optional(AzureFilePersistentVolumeSource()),
    capacity: optional(map(Quantity)),
    cephfs: optional(CephFSPersistentVolumeSource()),
    cinder: optional(CinderPersistentVolumeSource()),
    claimRef: optional(ObjectReference()),
    csi: optional(CSIPersistentVolumeSource()),
    fc: optional(FCVolumeSource()),
    flexVolume: optional(FlexPersistentVolumeSource()),
    flocker: optional(FlockerVolumeSource()),
    gcePersistentDisk: optional(GCEPersistentDiskVolumeSource()),
    glusterfs: optional(GlusterfsPersistentVolumeSource()),
    hostPath: optional(HostPathVolumeSource()),
    iscsi: optional(ISCSIPersistentVolumeSource()),
    local: optional(LocalVolumeSource()),
    mountOptions: optional(list(Text, { list: "atomic" })),
    nfs: optional(NFSVolumeSource()),
    nodeAffinity: optional(VolumeNodeAffinity()),
    persistentVolumeReclaimPolicy: defaulted(Text, "Retain"),
    photonPersistentDisk: optional(PhotonPersistentDiskVolumeSource()),
    portworxVolume: optional(PortworxVolumeSource()),
    quobyte: optional(QuobyteVolumeSource()),
    rbd: optional(RBDPersistentVolumeSource()),
    scaleIO: optional(ScaleIOPersistentVolumeSource()),
    storageClassName: optional(Text),
    storageos: optional(StorageOSPersistentVolumeSource()),
    volumeAttributesClassName: optional(Text),
    volumeMode: defaulted(Text, "Filesystem"),
    vsphereVolume: optional(VsphereVirtualDiskVolumeSource())
  }), { omitted: ["persistentVolumeReclaimPolicy","storageClassName"] })

export interface PersistentVolumeStatus {
  readonly lastPhaseTransitionTime?: string
  readonly message?: string
  readonly phase: string
  readonly reason?: string
}
export interface PersistentVolumeStatusDraft {
  readonly lastPhaseTransitionTime?: string
  readonly message?: string
  readonly phase?: string
  readonly reason?: string
}
export const PersistentVolumeStatus: Field.Lazy<PersistentVolumeStatus> = define("core.v1.PersistentVolumeStatus", () =>
  struct({
    lastPhaseTransitionTime: optional(Time),
    message: optional(Text),
    phase: defaulted(Text, "Pending"),
    reason: optional(Text)
  }), { omitted: ["message","phase","reason"] })

export interface PhotonPersistentDiskVolumeSource {
  readonly fsType?: string
  readonly pdID: string
}
export const PhotonPersistentDiskVolumeSource: Field.Lazy<PhotonPersistentDiskVolumeSource> = define("core.v1.PhotonPersistentDiskVolumeSource", () =>
  struct({
    fsType: optional(Text),
    pdID: Text
  }), { omitted: ["fsType"], parts: ["pdID"] })

export interface Pod {
  readonly metadata: ObjectMeta
  readonly spec: PodSpec
  readonly status: PodStatus
}
export interface PodDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec?: PodSpecDraft
  readonly status?: PodStatusDraft
}
export const PodSchema: Field.Lazy<PodDraft> = define("core.v1.Pod", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: defaulted(PodSpec(), {}),
    status: defaulted(PodStatus(), {})
  }), { parts: ["metadata","spec","status"] })
export const Pod = Kind.make<Pod, PodDraft>({
  kind: "Pod",
  plural: "pods",
  singular: "pod",
  namespaced: true,
  storage: "pods",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  subresources: ["attach","binding","ephemeralcontainers","eviction","exec","log","portforward","proxy","resize","status"],
  shortNames: ["po"],
  categories: ["all"],
  versions: [{ group: "", version: "v1", schema: asJson(PodSchema) }]
})

export interface PodAffinity {
  readonly preferredDuringSchedulingIgnoredDuringExecution?: ReadonlyArray<WeightedPodAffinityTerm>
  readonly requiredDuringSchedulingIgnoredDuringExecution?: ReadonlyArray<PodAffinityTerm>
}
export const PodAffinity: Field.Lazy<PodAffinity> = define("core.v1.PodAffinity", () =>
  struct({
    preferredDuringSchedulingIgnoredDuringExecution: optional(list(WeightedPodAffinityTerm(), { list: "atomic" })),
    requiredDuringSchedulingIgnoredDuringExecution: optional(list(PodAffinityTerm(), { list: "atomic" }))
  }))

export interface PodAffinityTerm {
  readonly labelSelector?: metaV1.LabelSelector
  readonly matchLabelKeys?: ReadonlyArray<string>
  readonly mismatchLabelKeys?: ReadonlyArray<string>
  readonly namespaceSelector?: metaV1.LabelSelector
  readonly namespaces?: ReadonlyArray<string>
  readonly topologyKey: string
}
export const PodAffinityTerm: Field.Lazy<PodAffinityTerm> = define("core.v1.PodAffinityTerm", () =>
  struct({
    labelSelector: optional(metaV1.LabelSelector()),
    matchLabelKeys: optional(list(Text, { list: "atomic" })),
    mismatchLabelKeys: optional(list(Text, { list: "atomic" })),
    namespaceSelector: optional(metaV1.LabelSelector()),
    namespaces: optional(list(Text, { list: "atomic" })),
    topologyKey: Text
  }), { parts: ["topologyKey"] })

export interface PodAntiAffinity {
  readonly preferredDuringSchedulingIgnoredDuringExecution?: ReadonlyArray<WeightedPodAffinityTerm>
  readonly requiredDuringSchedulingIgnoredDuringExecution?: ReadonlyArray<PodAffinityTerm>
}
export const PodAntiAffinity: Field.Lazy<PodAntiAffinity> = define("core.v1.PodAntiAffinity", () =>
  struct({
    preferredDuringSchedulingIgnoredDuringExecution: optional(list(WeightedPodAffinityTerm(), { list: "atomic" })),
    requiredDuringSchedulingIgnoredDuringExecution: optional(list(PodAffinityTerm(), { list: "atomic" }))
  }))

export interface PodCertificateProjection {
  readonly certificateChainPath?: string
  readonly credentialBundlePath?: string
  readonly keyPath?: string
  readonly keyType: string
  readonly maxExpirationSeconds: number
  readonly signerName: string
  readonly userAnnotations?: { readonly [key: string]: string }
}
export interface PodCertificateProjectionDraft {
  readonly certificateChainPath?: string
  readonly credentialBundlePath?: string
  readonly keyPath?: string
  readonly keyType: string
  readonly maxExpirationSeconds?: number
  readonly signerName: string
  readonly userAnnotations?: { readonly [key: string]: string }
}
export const PodCertificateProjection: Field.Lazy<PodCertificateProjection> = define("core.v1.PodCertificateProjection", () =>
  struct({
    certificateChainPath: optional(Text),
    credentialBundlePath: optional(Text),
    keyPath: optional(Text),
    keyType: Text,
    maxExpirationSeconds: defaulted(Int32, 86400),
    signerName: Text,
    userAnnotations: optional(map(Text))
  }), { omitted: ["certificateChainPath","credentialBundlePath","keyPath","keyType","signerName"] })

export interface PodCondition {
  readonly lastProbeTime?: string
  readonly lastTransitionTime?: string
  readonly message?: string
  readonly observedGeneration?: number
  readonly reason?: string
  readonly status: string
  readonly type: string
}
export const PodCondition: Field.Lazy<PodCondition> = define("core.v1.PodCondition", () =>
  struct({
    lastProbeTime: optional(Time),
    lastTransitionTime: optional(Time),
    message: optional(Text),
    observedGeneration: optional(Int64),
    reason: optional(Text),
    status: Text,
    type: Text
  }), { omitted: ["message","observedGeneration","reason"], parts: ["status","type"] })

export interface PodDNSConfig {
  readonly nameservers?: ReadonlyArray<string>
  readonly options?: ReadonlyArray<PodDNSConfigOption>
  readonly searches?: ReadonlyArray<string>
}
export const PodDNSConfig: Field.Lazy<PodDNSConfig> = define("core.v1.PodDNSConfig", () =>
  struct({
    nameservers: optional(list(Text, { list: "atomic" })),
    options: optional(list(PodDNSConfigOption(), { list: "atomic" })),
    searches: optional(list(Text, { list: "atomic" }))
  }))

export interface PodDNSConfigOption {
  readonly name?: string
  readonly value?: string
}
export const PodDNSConfigOption: Field.Lazy<PodDNSConfigOption> = define("core.v1.PodDNSConfigOption", () =>
  struct({
    name: optional(Text),
    value: optional(Text)
  }), { omitted: ["name"] })

export interface PodExtendedResourceClaimStatus {
  readonly requestMappings: ReadonlyArray<ContainerExtendedResourceRequest>
  readonly resourceClaimName: string
}
export const PodExtendedResourceClaimStatus: Field.Lazy<PodExtendedResourceClaimStatus> = define("core.v1.PodExtendedResourceClaimStatus", () =>
  struct({
    requestMappings: list(ContainerExtendedResourceRequest(), { list: "atomic" }),
    resourceClaimName: Text
  }), { parts: ["requestMappings","resourceClaimName"] })

export interface PodIP {
  readonly ip: string
}
export const PodIP: Field.Lazy<PodIP> = define("core.v1.PodIP", () =>
  struct({
    ip: Text
  }), { parts: ["ip"] })

export interface PodOS {
  readonly name: string
}
export const PodOS: Field.Lazy<PodOS> = define("core.v1.PodOS", () =>
  struct({
    name: Text
  }), { parts: ["name"] })

export interface PodReadinessGate {
  readonly conditionType: string
}
export const PodReadinessGate: Field.Lazy<PodReadinessGate> = define("core.v1.PodReadinessGate", () =>
  struct({
    conditionType: Text
  }), { parts: ["conditionType"] })

export interface PodResourceClaim {
  readonly name: string
  readonly resourceClaimName?: string
  readonly resourceClaimTemplateName?: string
}
export const PodResourceClaim: Field.Lazy<PodResourceClaim> = define("core.v1.PodResourceClaim", () =>
  struct({
    name: Text,
    resourceClaimName: optional(Text),
    resourceClaimTemplateName: optional(Text)
  }), { parts: ["name"] })

export interface PodResourceClaimStatus {
  readonly name: string
  readonly resourceClaimName?: string
}
export const PodResourceClaimStatus: Field.Lazy<PodResourceClaimStatus> = define("core.v1.PodResourceClaimStatus", () =>
  struct({
    name: Text,
    resourceClaimName: optional(Text)
  }), { parts: ["name"] })

export interface PodSchedulingGate {
  readonly name: string
}
export const PodSchedulingGate: Field.Lazy<PodSchedulingGate> = define("core.v1.PodSchedulingGate", () =>
  struct({
    name: Text
  }), { parts: ["name"] })

export interface PodSchedulingGroup {
  readonly podGroupName?: string
}
export const PodSchedulingGroup: Field.Lazy<PodSchedulingGroup> = define("core.v1.PodSchedulingGroup", () =>
  struct({
    podGroupName: optional(Text)
  }))

export interface PodSecurityContext {
  readonly appArmorProfile?: AppArmorProfile
  readonly fsGroup?: number
  readonly fsGroupChangePolicy?: string
  readonly runAsGroup?: number
  readonly runAsNonRoot?: boolean
  readonly runAsUser?: number
  readonly seLinuxChangePolicy?: string
  readonly seLinuxOptions?: SELinuxOptions
  readonly seccompProfile?: SeccompProfile
  readonly supplementalGroups?: ReadonlyArray<number>
  readonly supplementalGroupsPolicy?: string
  readonly sysctls?: ReadonlyArray<Sysctl>
  readonly windowsOptions?: WindowsSecurityContextOptions
}
export const PodSecurityContext: Field.Lazy<PodSecurityContext> = define("core.v1.PodSecurityContext", () =>
  struct({
    appArmorProfile: optional(AppArmorProfile()),
    fsGroup: optional(Int64),
    fsGroupChangePolicy: optional(Text),
    runAsGroup: optional(Int64),
    runAsNonRoot: optional(Bool),
    runAsUser: optional(Int64),
    seLinuxChangePolicy: optional(Text),
    seLinuxOptions: optional(SELinuxOptions()),
    seccompProfile: optional(SeccompProfile()),
    supplementalGroups: optional(list(Int64, { list: "atomic" })),
    supplementalGroupsPolicy: optional(Text),
    sysctls: optional(list(Sysctl(), { list: "atomic" })),
    windowsOptions: optional(WindowsSecurityContextOptions())
  }))

export interface PodSpec {
  readonly activeDeadlineSeconds?: number
  readonly affinity?: Affinity
  readonly automountServiceAccountToken?: boolean
  readonly containers: ReadonlyArray<Container>
  readonly dnsConfig?: PodDNSConfig
  readonly dnsPolicy: string
  readonly enableServiceLinks?: boolean
  readonly ephemeralContainers?: ReadonlyArray<EphemeralContainer>
  readonly hostAliases?: ReadonlyArray<HostAlias>
  readonly hostIPC?: boolean
  readonly hostNetwork?: boolean
  readonly hostPID?: boolean
  readonly hostUsers?: boolean
  readonly hostname?: string
  readonly hostnameOverride?: string
  readonly imagePullSecrets?: ReadonlyArray<LocalObjectReference>
  readonly initContainers?: ReadonlyArray<Container>
  readonly nodeName?: string
  readonly nodeSelector?: { readonly [key: string]: string }
  readonly os?: PodOS
  readonly overhead?: { readonly [key: string]: string }
  readonly preemptionPolicy?: string
  readonly priority?: number
  readonly priorityClassName?: string
  readonly readinessGates?: ReadonlyArray<PodReadinessGate>
  readonly resourceClaims?: ReadonlyArray<PodResourceClaim>
  readonly resources?: ResourceRequirements
  readonly restartPolicy: string
  readonly runtimeClassName?: string
  readonly schedulerName: string
  readonly schedulingGates?: ReadonlyArray<PodSchedulingGate>
  readonly schedulingGroup?: PodSchedulingGroup
  readonly securityContext: PodSecurityContext
  readonly serviceAccount?: string
  readonly serviceAccountName?: string
  readonly setHostnameAsFQDN?: boolean
  readonly shareProcessNamespace?: boolean
  readonly subdomain?: string
  readonly terminationGracePeriodSeconds: number
  readonly tolerations?: ReadonlyArray<Toleration>
  readonly topologySpreadConstraints?: ReadonlyArray<TopologySpreadConstraint>
  readonly volumes?: ReadonlyArray<Volume>
}
export interface PodSpecDraft {
  readonly activeDeadlineSeconds?: number
  readonly affinity?: Affinity
  readonly automountServiceAccountToken?: boolean
  readonly containers: ReadonlyArray<ContainerDraft>
  readonly dnsConfig?: PodDNSConfig
  readonly dnsPolicy?: string
  readonly enableServiceLinks?: boolean
  readonly ephemeralContainers?: ReadonlyArray<EphemeralContainerDraft>
  readonly hostAliases?: ReadonlyArray<HostAlias>
  readonly hostIPC?: boolean
  readonly hostNetwork?: boolean
  readonly hostPID?: boolean
  readonly hostUsers?: boolean
  readonly hostname?: string
  readonly hostnameOverride?: string
  readonly imagePullSecrets?: ReadonlyArray<LocalObjectReference>
  readonly initContainers?: ReadonlyArray<ContainerDraft>
  readonly nodeName?: string
  readonly nodeSelector?: { readonly [key: string]: string }
  readonly os?: PodOS
  readonly overhead?: { readonly [key: string]: string }
  readonly preemptionPolicy?: string
  readonly priority?: number
  readonly priorityClassName?: string
  readonly readinessGates?: ReadonlyArray<PodReadinessGate>
  readonly resourceClaims?: ReadonlyArray<PodResourceClaim>
  readonly resources?: ResourceRequirements
  readonly restartPolicy?: string
  readonly runtimeClassName?: string
  readonly schedulerName?: string
  readonly schedulingGates?: ReadonlyArray<PodSchedulingGate>
  readonly schedulingGroup?: PodSchedulingGroup
  readonly securityContext?: PodSecurityContext
  readonly serviceAccount?: string
  readonly serviceAccountName?: string
  readonly setHostnameAsFQDN?: boolean
  readonly shareProcessNamespace?: boolean
  readonly subdomain?: string
  readonly terminationGracePeriodSeconds?: number
  readonly tolerations?: ReadonlyArray<Toleration>
  readonly topologySpreadConstraints?: ReadonlyArray<TopologySpreadConstraint>
  readonly volumes?: ReadonlyArray<VolumeDraft>
}
export const PodSpec: Field.Lazy<PodSpec> = define("core.v1.PodSpec", () =>
  struct({
    activeDeadlineSeconds: optional(Int64),
    affinity: optional(Affinity()),
    automountServiceAccountToken: optional(Bool),
    containers: list(Container(), { list: "map", keys: ["name"], patch: ["merge"], mergeKey: "name" }),
    dnsConfig: optional(PodDNSConfig()),
    dnsPolicy: defaulted(Text, "ClusterFirst"),
    enableServiceLinks: optional(Bool),
    ephemeralContainers: optional(list(EphemeralContainer(), { list: "map", keys: ["name"], patch: ["merge"], mergeKey: "name" })),
    hostAliases: optional(list(HostAlias(), { list: "map", keys: ["ip"], patch: ["merge"], mergeKey: "ip" })),
    hostIPC: optional(Bool),
    hostNetwork: optional(Bool),
    hostPID: optional(Bool),
    hostUsers: optional(Bool),
    hostname: optional(Text),
    hostnameOverride: optional(Text),
    imagePullSecrets: optional(list(LocalObjectReference(), { list: "map", keys: ["name"], patch: ["merge"], mergeKey: "name" })),
    initContainers: optional(list(Container(), { list: "map", keys: ["name"], patch: ["merge"], mergeKey: "name" })),
    nodeName: optional(Text),
    nodeSelector: optional(map(Text, { atomic: true })),
    os: optional(PodOS()),
    overhead: optional(map(Quantity)),
    preemptionPolicy: optional(Text),
    priority: optional(Int32),
    priorityClassName: optional(Text),
    readinessGates: optional(list(PodReadinessGate(), { list: "atomic" })),
    resourceClaims: optional(list(PodResourceClaim(), { list: "map", keys: ["name"], patch: ["merge","retainKeys"], mergeKey: "name" })),
    resources: optional(ResourceRequirements()),
    restartPolicy: defaulted(Text, "Always"),
    runtimeClassName: optional(Text),
    schedulerName: defaulted(Text, "default-scheduler"),
    schedulingGates: optional(list(PodSchedulingGate(), { list: "map", keys: ["name"], patch: ["merge"], mergeKey: "name" })),
    schedulingGroup: optional(PodSchedulingGroup()),
    securityContext: defaulted(PodSecurityContext(), {}),
    serviceAccount: optional(Text),
    serviceAccountName: optional(Text),
    setHostnameAsFQDN: optional(Bool),
    shareProcessNamespace: optional(Bool),
    subdomain: optional(Text),
    terminationGracePeriodSeconds: defaulted(Int64, 30),
    tolerations: optional(list(Toleration(), { list: "atomic" })),
    topologySpreadConstraints: optional(list(TopologySpreadConstraint(), { list: "map", keys: ["topologyKey","whenUnsatisfiable"], patch: ["merge"], mergeKey: "topologyKey" })),
    volumes: optional(list(Volume(), { list: "map", keys: ["name"], patch: ["merge","retainKeys"], mergeKey: "name" }))
  }), { omitted: ["dnsPolicy","hostIPC","hostNetwork","hostPID","hostname","nodeName","priorityClassName","restartPolicy","schedulerName","serviceAccount","serviceAccountName","subdomain"], parts: ["containers"] })

export interface PodStatus {
  readonly allocatedResources?: { readonly [key: string]: string }
  readonly conditions?: ReadonlyArray<PodCondition>
  readonly containerStatuses?: ReadonlyArray<ContainerStatus>
  readonly ephemeralContainerStatuses?: ReadonlyArray<ContainerStatus>
  readonly extendedResourceClaimStatus?: PodExtendedResourceClaimStatus
  readonly hostIP?: string
  readonly hostIPs?: ReadonlyArray<HostIP>
  readonly initContainerStatuses?: ReadonlyArray<ContainerStatus>
  readonly message?: string
  readonly nodeAllocatableResourceClaimStatuses?: ReadonlyArray<NodeAllocatableResourceClaimStatus>
  readonly nominatedNodeName?: string
  readonly observedGeneration?: number
  readonly phase?: string
  readonly podIP?: string
  readonly podIPs?: ReadonlyArray<PodIP>
  readonly qosClass?: string
  readonly reason?: string
  readonly resize?: string
  readonly resourceClaimStatuses?: ReadonlyArray<PodResourceClaimStatus>
  readonly resources?: ResourceRequirements
  readonly startTime?: string
}
export interface PodStatusDraft {
  readonly allocatedResources?: { readonly [key: string]: string }
  readonly conditions?: ReadonlyArray<PodCondition>
  readonly containerStatuses?: ReadonlyArray<ContainerStatusDraft>
  readonly ephemeralContainerStatuses?: ReadonlyArray<ContainerStatusDraft>
  readonly extendedResourceClaimStatus?: PodExtendedResourceClaimStatus
  readonly hostIP?: string
  readonly hostIPs?: ReadonlyArray<HostIP>
  readonly initContainerStatuses?: ReadonlyArray<ContainerStatusDraft>
  readonly message?: string
  readonly nodeAllocatableResourceClaimStatuses?: ReadonlyArray<NodeAllocatableResourceClaimStatus>
  readonly nominatedNodeName?: string
  readonly observedGeneration?: number
  readonly phase?: string
  readonly podIP?: string
  readonly podIPs?: ReadonlyArray<PodIP>
  readonly qosClass?: string
  readonly reason?: string
  readonly resize?: string
  readonly resourceClaimStatuses?: ReadonlyArray<PodResourceClaimStatus>
  readonly resources?: ResourceRequirements
  readonly startTime?: string
}
export const PodStatus: Field.Lazy<PodStatus> = define("core.v1.PodStatus", () =>
  struct({
    allocatedResources: optional(map(Quantity)),
    conditions: optional(list(PodCondition(), { list: "map", keys: ["type"], patch: ["merge"], mergeKey: "type" })),
    containerStatuses: optional(list(ContainerStatus(), { list: "atomic" })),
    ephemeralContainerStatuses: optional(list(ContainerStatus(), { list: "atomic" })),
    extendedResourceClaimStatus: optional(PodExtendedResourceClaimStatus()),
    hostIP: optional(Text),
    hostIPs: optional(list(HostIP(), { list: "atomic", patch: ["merge"], mergeKey: "ip" })),
    initContainerStatuses: optional(list(ContainerStatus(), { list: "atomic" })),
    message: optional(Text),
    nodeAllocatableResourceClaimStatuses: optional(list(NodeAllocatableResourceClaimStatus(), { list: "atomic" })),
    nominatedNodeName: optional(Text),
    observedGeneration: optional(Int64),
    phase: optional(Text),
    podIP: optional(Text),
    podIPs: optional(list(PodIP(), { list: "map", keys: ["ip"], patch: ["merge"], mergeKey: "ip" })),
    qosClass: optional(Text),
    reason: optional(Text),
    resize: optional(Text),
    resourceClaimStatuses: optional(list(PodResourceClaimStatus(), { list: "map", keys: ["name"], patch: ["merge","retainKeys"], mergeKey: "name" })),
    resources: optional(ResourceRequirements()),
    startTime: optional(Time)
  }), { omitted: ["hostIP","message","nominatedNodeName","observedGeneration","phase","podIP","qosClass","reason","resize"] })

export interface PodTemplate {
  readonly metadata: ObjectMeta
  readonly template: PodTemplateSpec
}
export interface PodTemplateDraft {
  readonly metadata: ObjectMetaDraft
  readonly template?: PodTemplateSpecDraft
}
export const PodTemplateSchema: Field.Lazy<PodTemplateDraft> = define("core.v1.PodTemplate", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    template: defaulted(PodTemplateSpec(), {})
  }), { parts: ["metadata","template"] })
export const PodTemplate = Kind.make<PodTemplate, PodTemplateDraft>({
  kind: "PodTemplate",
  plural: "podtemplates",
  singular: "podtemplate",
  namespaced: true,
  storage: "podtemplates",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  versions: [{ group: "", version: "v1", schema: asJson(PodTemplateSchema) }]
})

export interface PodTemplateSpec {
  readonly metadata: ObjectMetaDraft
  readonly spec: PodSpec
}
export interface PodTemplateSpecDraft {
  readonly metadata?: ObjectMetaDraft
  readonly spec?: PodSpecDraft
}
export const PodTemplateSpec: Field.Lazy<PodTemplateSpec> = define("core.v1.PodTemplateSpec", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: defaulted(PodSpec(), {})
  }), { parts: ["metadata","spec"] })

export interface PortStatus {
  readonly error?: string
  readonly port: number
  readonly protocol: string
}
export const PortStatus: Field.Lazy<PortStatus> = define("core.v1.PortStatus", () =>
  struct({
    error: optional(Text),
    port: Int32,
    protocol: Text
  }), { parts: ["port","protocol"] })

export interface PortworxVolumeSource {
  readonly fsType?: string
  readonly readOnly?: boolean
  readonly volumeID: string
}
export const PortworxVolumeSource: Field.Lazy<PortworxVolumeSource> = define("core.v1.PortworxVolumeSource", () =>
  struct({
    fsType: optional(Text),
    readOnly: optional(Bool),
    volumeID: Text
  }), { omitted: ["fsType","readOnly"], parts: ["volumeID"] })

export interface PreferredSchedulingTerm {
  readonly preference: NodeSelectorTerm
  readonly weight: number
}
export const PreferredSchedulingTerm: Field.Lazy<PreferredSchedulingTerm> = define("core.v1.PreferredSchedulingTerm", () =>
  struct({
    preference: NodeSelectorTerm(),
    weight: Int32
  }), { parts: ["preference","weight"] })

export interface Probe {
  readonly exec?: ExecAction
  readonly failureThreshold: number
  readonly grpc?: GRPCAction
  readonly httpGet?: HTTPGetAction
  readonly initialDelaySeconds?: number
  readonly periodSeconds: number
  readonly successThreshold: number
  readonly tcpSocket?: TCPSocketAction
  readonly terminationGracePeriodSeconds?: number
  readonly timeoutSeconds: number
}
export interface ProbeDraft {
  readonly exec?: ExecAction
  readonly failureThreshold?: number
  readonly grpc?: GRPCActionDraft
  readonly httpGet?: HTTPGetActionDraft
  readonly initialDelaySeconds?: number
  readonly periodSeconds?: number
  readonly successThreshold?: number
  readonly tcpSocket?: TCPSocketAction
  readonly terminationGracePeriodSeconds?: number
  readonly timeoutSeconds?: number
}
export const Probe: Field.Lazy<Probe> = define("core.v1.Probe", () =>
  struct({
    exec: optional(ExecAction()),
    failureThreshold: defaulted(Int32, 3),
    grpc: optional(GRPCAction()),
    httpGet: optional(HTTPGetAction()),
    initialDelaySeconds: optional(Int32),
    periodSeconds: defaulted(Int32, 10),
    successThreshold: defaulted(Int32, 1),
    tcpSocket: optional(TCPSocketAction()),
    terminationGracePeriodSeconds: optional(Int64),
    timeoutSeconds: defaulted(Int32, 1)
  }), { omitted: ["failureThreshold","initialDelaySeconds","periodSeconds","successThreshold","timeoutSeconds"] })

export interface ProjectedVolumeSource {
  readonly defaultMode: number
  readonly sources?: ReadonlyArray<VolumeProjection>
}
export interface ProjectedVolumeSourceDraft {
  readonly defaultMode?: number
  readonly sources?: ReadonlyArray<VolumeProjectionDraft>
}
export const ProjectedVolumeSource: Field.Lazy<ProjectedVolumeSource> = define("core.v1.ProjectedVolumeSource", () =>
  struct({
    defaultMode: defaulted(Int32, 420),
    sources: optional(list(VolumeProjection(), { list: "atomic" }))
  }), { parts: ["sources"] })

export interface QuobyteVolumeSource {
  readonly group?: string
  readonly readOnly?: boolean
  readonly registry: string
  readonly tenant?: string
  readonly user?: string
  readonly volume: string
}
export const QuobyteVolumeSource: Field.Lazy<QuobyteVolumeSource> = define("core.v1.QuobyteVolumeSource", () =>
  struct({
    group: optional(Text),
    readOnly: optional(Bool),
    registry: Text,
    tenant: optional(Text),
    user: optional(Text),
    volume: Text
  }), { omitted: ["group","readOnly","tenant","user"], parts: ["registry","volume"] })

export interface RBDPersistentVolumeSource {
  readonly fsType?: string
  readonly image: string
  readonly keyring: string
  readonly monitors: ReadonlyArray<string>
  readonly pool: string
  readonly readOnly?: boolean
  readonly secretRef?: SecretReference
  readonly user: string
}
export interface RBDPersistentVolumeSourceDraft {
  readonly fsType?: string
  readonly image: string
  readonly keyring?: string
  readonly monitors: ReadonlyArray<string>
  readonly pool?: string
  readonly readOnly?: boolean
  readonly secretRef?: SecretReference
  readonly user?: string
}
export const RBDPersistentVolumeSource: Field.Lazy<RBDPersistentVolumeSource> = define("core.v1.RBDPersistentVolumeSource", () =>
  struct({
    fsType: optional(Text),
    image: Text,
    keyring: defaulted(Text, "/etc/ceph/keyring"),
    monitors: list(Text, { list: "atomic" }),
    pool: defaulted(Text, "rbd"),
    readOnly: optional(Bool),
    secretRef: optional(SecretReference()),
    user: defaulted(Text, "admin")
  }), { omitted: ["fsType","keyring","pool","readOnly","user"], parts: ["image","monitors"] })

export interface RBDVolumeSource {
  readonly fsType?: string
  readonly image: string
  readonly keyring: string
  readonly monitors: ReadonlyArray<string>
  readonly pool: string
  readonly readOnly?: boolean
  readonly secretRef?: LocalObjectReference
  readonly user: string
}
export interface RBDVolumeSourceDraft {
  readonly fsType?: string
  readonly image: string
  readonly keyring?: string
  readonly monitors: ReadonlyArray<string>
  readonly pool?: string
  readonly readOnly?: boolean
  readonly secretRef?: LocalObjectReference
  readonly user?: string
}
export const RBDVolumeSource: Field.Lazy<RBDVolumeSource> = define("core.v1.RBDVolumeSource", () =>
  struct({
    fsType: optional(Text),
    image: Text,
    keyring: defaulted(Text, "/etc/ceph/keyring"),
    monitors: list(Text, { list: "atomic" }),
    pool: defaulted(Text, "rbd"),
    readOnly: optional(Bool),
    secretRef: optional(LocalObjectReference()),
    user: defaulted(Text, "admin")
  }), { omitted: ["fsType","keyring","pool","readOnly","user"], parts: ["image","monitors"] })

export interface ReplicationController {
  readonly metadata: ObjectMeta
  readonly spec: ReplicationControllerSpec
  readonly status: ReplicationControllerStatus
}
export interface ReplicationControllerDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec?: ReplicationControllerSpecDraft
  readonly status?: ReplicationControllerStatusDraft
}
export const ReplicationControllerSchema: Field.Lazy<ReplicationControllerDraft> = define("core.v1.ReplicationController", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: defaulted(ReplicationControllerSpec(), {}),
    status: defaulted(ReplicationControllerStatus(), {})
  }), { parts: ["metadata","spec","status"] })
export const ReplicationController = Kind.make<ReplicationController, ReplicationControllerDraft>({
  kind: "ReplicationController",
  plural: "replicationcontrollers",
  singular: "replicationcontroller",
  namespaced: true,
  storage: "replicationcontrollers",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  subresources: ["scale","status"],
  shortNames: ["rc"],
  categories: ["all"],
  versions: [{ group: "", version: "v1", schema: asJson(ReplicationControllerSchema) }]
})

export interface ReplicationControllerCondition {
  readonly lastTransitionTime?: string
  readonly message?: string
  readonly reason?: string
  readonly status: string
  readonly type: string
}
export const ReplicationControllerCondition: Field.Lazy<ReplicationControllerCondition> = define("core.v1.ReplicationControllerCondition", () =>
  struct({
    lastTransitionTime: optional(Time),
    message: optional(Text),
    reason: optional(Text),
    status: Text,
    type: Text
  }), { omitted: ["message","reason"], parts: ["status","type"] })

export interface ReplicationControllerSpec {
  readonly minReadySeconds?: number
  readonly replicas: number
  readonly selector?: { readonly [key: string]: string }
  readonly template?: PodTemplateSpec
}
export interface ReplicationControllerSpecDraft {
  readonly minReadySeconds?: number
  readonly replicas?: number
  readonly selector?: { readonly [key: string]: string }
  readonly template?: PodTemplateSpecDraft
}
export const ReplicationControllerSpec: Field.Lazy<ReplicationControllerSpec> = define("core.v1.ReplicationControllerSpec", () =>
  struct({
    minReadySeconds: optional(Int32),
    replicas: defaulted(Int32, 1),
    selector: optional(map(Text, { atomic: true })),
    template: optional(PodTemplateSpec())
  }), { omitted: ["minReadySeconds"] })

export interface ReplicationControllerStatus {
  readonly availableReplicas?: number
  readonly conditions?: ReadonlyArray<ReplicationControllerCondition>
  readonly fullyLabeledReplicas?: number
  readonly observedGeneration?: number
  readonly readyReplicas?: number
  readonly replicas: number
}
export interface ReplicationControllerStatusDraft {
  readonly availableReplicas?: number
  readonly conditions?: ReadonlyArray<ReplicationControllerCondition>
  readonly fullyLabeledReplicas?: number
  readonly observedGeneration?: number
  readonly readyReplicas?: number
  readonly replicas?: number
}
export const ReplicationControllerStatus: Field.Lazy<ReplicationControllerStatus> = define("core.v1.ReplicationControllerStatus", () =>
  struct({
    availableReplicas: optional(Int32),
    conditions: optional(list(ReplicationControllerCondition(), { list: "map", keys: ["type"], patch: ["merge"], mergeKey: "type" })),
    fullyLabeledReplicas: optional(Int32),
    observedGeneration: optional(Int64),
    readyReplicas: optional(Int32),
    replicas: defaulted(Int32, 0)
  }), { omitted: ["availableReplicas","fullyLabeledReplicas","observedGeneration","readyReplicas"], parts: ["replicas"] })

export interface ResourceClaim {
  readonly name: string
  readonly request?: string
}
export const ResourceClaim: Field.Lazy<ResourceClaim> = define("core.v1.ResourceClaim", () =>
  struct({
    name: Text,
    request: optional(Text)
  }), { omitted: ["request"], parts: ["name"] })

export interface ResourceFieldSelector {
  readonly containerName?: string
  readonly divisor: string
  readonly resource: string
}
export interface ResourceFieldSelectorDraft {
  readonly containerName?: string
  readonly divisor?: string
  readonly resource: string
}
export const ResourceFieldSelector: Field.Lazy<ResourceFieldSelector> = define("core.v1.ResourceFieldSelector", () =>
  struct({
    containerName: optional(Text),
    divisor: defaulted(Quantity, "0"),
    resource: Text
  }), { atomic: true, omitted: ["containerName"], parts: ["resource"] })

export interface ResourceHealth {
  readonly health?: string
  readonly message?: string
  readonly resourceID: string
}
export const ResourceHealth: Field.Lazy<ResourceHealth> = define("core.v1.ResourceHealth", () =>
  struct({
    health: optional(Text),
    message: optional(Text),
    resourceID: Text
  }), { omitted: ["health"], parts: ["resourceID"] })

export interface ResourceQuota {
  readonly metadata: ObjectMeta
  readonly spec: ResourceQuotaSpec
  readonly status: ResourceQuotaStatus
}
export interface ResourceQuotaDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec?: ResourceQuotaSpec
  readonly status?: ResourceQuotaStatus
}
export const ResourceQuotaSchema: Field.Lazy<ResourceQuotaDraft> = define("core.v1.ResourceQuota", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: defaulted(ResourceQuotaSpec(), {}),
    status: defaulted(ResourceQuotaStatus(), {})
  }), { parts: ["metadata","spec","status"] })
export const ResourceQuota = Kind.make<ResourceQuota, ResourceQuotaDraft>({
  kind: "ResourceQuota",
  plural: "resourcequotas",
  singular: "resourcequota",
  namespaced: true,
  storage: "resourcequotas",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  subresources: ["status"],
  shortNames: ["quota"],
  versions: [{ group: "", version: "v1", schema: asJson(ResourceQuotaSchema) }]
})

export interface ResourceQuotaSpec {
  readonly hard?: { readonly [key: string]: string }
  readonly scopeSelector?: ScopeSelector
  readonly scopes?: ReadonlyArray<string>
}
export const ResourceQuotaSpec: Field.Lazy<ResourceQuotaSpec> = define("core.v1.ResourceQuotaSpec", () =>
  struct({
    hard: optional(map(Quantity)),
    scopeSelector: optional(ScopeSelector()),
    scopes: optional(list(Text, { list: "atomic" }))
  }))

export interface ResourceQuotaStatus {
  readonly hard?: { readonly [key: string]: string }
  readonly used?: { readonly [key: string]: string }
}
export const ResourceQuotaStatus: Field.Lazy<ResourceQuotaStatus> = define("core.v1.ResourceQuotaStatus", () =>
  struct({
    hard: optional(map(Quantity)),
    used: optional(map(Quantity))
  }))

export interface ResourceRequirements {
  readonly claims?: ReadonlyArray<ResourceClaim>
  readonly limits?: { readonly [key: string]: string }
  readonly requests?: { readonly [key: string]: string }
}
export const ResourceRequirements: Field.Lazy<ResourceRequirements> = define("core.v1.ResourceRequirements", () =>
  struct({
    claims: optional(list(ResourceClaim(), { list: "map", keys: ["name"] })),
    limits: optional(map(Quantity)),
    requests: optional(map(Quantity))
  }))

export interface ResourceStatus {
  readonly name: string
  readonly resources?: ReadonlyArray<ResourceHealth>
}
export const ResourceStatus: Field.Lazy<ResourceStatus> = define("core.v1.ResourceStatus", () =>
  struct({
    name: Text,
    resources: optional(list(ResourceHealth(), { list: "map", keys: ["resourceID"] }))
  }), { parts: ["name"] })

export interface SELinuxOptions {
  readonly level?: string
  readonly role?: string
  readonly type?: string
  readonly user?: string
}
export const SELinuxOptions: Field.Lazy<SELinuxOptions> = define("core.v1.SELinuxOptions", () =>
  struct({
    level: optional(Text),
    role: optional(Text),
    type: optional(Text),
    user: optional(Text)
  }), { omitted: ["level","role","type","user"] })

export interface ScaleIOPersistentVolumeSource {
  readonly fsType: string
  readonly gateway: string
  readonly protectionDomain?: string
  readonly readOnly?: boolean
  readonly secretRef: SecretReference
  readonly sslEnabled?: boolean
  readonly storageMode: string
  readonly storagePool?: string
  readonly system: string
  readonly volumeName?: string
}
export interface ScaleIOPersistentVolumeSourceDraft {
  readonly fsType?: string
  readonly gateway: string
  readonly protectionDomain?: string
  readonly readOnly?: boolean
  readonly secretRef: SecretReference
  readonly sslEnabled?: boolean
  readonly storageMode?: string
  readonly storagePool?: string
  readonly system: string
  readonly volumeName?: string
}
export const ScaleIOPersistentVolumeSource: Field.Lazy<ScaleIOPersistentVolumeSource> = define("core.v1.ScaleIOPersistentVolumeSource", () =>
  struct({
    fsType: defaulted(Text, "xfs"),
    gateway: Text,
    protectionDomain: optional(Text),
    readOnly: optional(Bool),
    secretRef: pointer(SecretReference()),
    sslEnabled: optional(Bool),
    storageMode: defaulted(Text, "ThinProvisioned"),
    storagePool: optional(Text),
    system: Text,
    volumeName: optional(Text)
  }), { omitted: ["fsType","protectionDomain","readOnly","sslEnabled","storageMode","storagePool","volumeName"], parts: ["gateway","secretRef","system"] })

export interface ScaleIOVolumeSource {
  readonly fsType: string
  readonly gateway: string
  readonly protectionDomain?: string
  readonly readOnly?: boolean
  readonly secretRef: LocalObjectReference
  readonly sslEnabled?: boolean
  readonly storageMode: string
  readonly storagePool?: string
  readonly system: string
  readonly volumeName?: string
}
export interface ScaleIOVolumeSourceDraft {
  readonly fsType?: string
  readonly gateway: string
  readonly protectionDomain?: string
  readonly readOnly?: boolean
  readonly secretRef: LocalObjectReference
  readonly sslEnabled?: boolean
  readonly storageMode?: string
  readonly storagePool?: string
  readonly system: string
  readonly volumeName?: string
}
export const ScaleIOVolumeSource: Field.Lazy<ScaleIOVolumeSource> = define("core.v1.ScaleIOVolumeSource", () =>
  struct({
    fsType: defaulted(Text, "xfs"),
    gateway: Text,
    protectionDomain: optional(Text),
    readOnly: optional(Bool),
    secretRef: pointer(LocalObjectReference()),
    sslEnabled: optional(Bool),
    storageMode: defaulted(Text, "ThinProvisioned"),
    storagePool: optional(Text),
    system: Text,
    volumeName: optional(Text)
  }), { omitted: ["fsType","protectionDomain","readOnly","sslEnabled","storageMode","storagePool","volumeName"], parts: ["gateway","secretRef","system"] })

export interface ScopeSelector {
  readonly matchExpressions?: ReadonlyArray<ScopedResourceSelectorRequirement>
}
export const ScopeSelector: Field.Lazy<ScopeSelector> = define("core.v1.ScopeSelector", () =>
  struct({
    matchExpressions: optional(list(ScopedResourceSelectorRequirement(), { list: "atomic" }))
  }), { atomic: true })

export interface ScopedResourceSelectorRequirement {
  readonly operator: string
  readonly scopeName: string
  readonly values?: ReadonlyArray<string>
}
export const ScopedResourceSelectorRequirement: Field.Lazy<ScopedResourceSelectorRequirement> = define("core.v1.ScopedResourceSelectorRequirement", () =>
  struct({
    operator: Text,
    scopeName: Text,
    values: optional(list(Text, { list: "atomic" }))
  }), { parts: ["operator","scopeName"] })

export interface SeccompProfile {
  readonly localhostProfile?: string
  readonly type: string
}
export const SeccompProfile: Field.Lazy<SeccompProfile> = define("core.v1.SeccompProfile", () =>
  struct({
    localhostProfile: optional(Text),
    type: Text
  }), { parts: ["type"] })

export interface Secret {
  readonly data?: { readonly [key: string]: string }
  readonly immutable?: boolean
  readonly metadata: ObjectMeta
  readonly stringData?: { readonly [key: string]: string }
  readonly type: string
}
export interface SecretDraft {
  readonly data?: { readonly [key: string]: string }
  readonly immutable?: boolean
  readonly metadata: ObjectMetaDraft
  readonly stringData?: { readonly [key: string]: string }
  readonly type?: string
}
export const SecretSchema: Field.Lazy<SecretDraft> = define("core.v1.Secret", () =>
  struct({
    data: optional(map(Byte)),
    immutable: optional(Bool),
    metadata: defaulted(ObjectMetaDraft(), {}),
    stringData: optional(map(Text)),
    type: defaulted(Text, "Opaque")
  }), { omitted: ["type"], parts: ["metadata"] })
export const Secret = Kind.make<Secret, SecretDraft>({
  kind: "Secret",
  plural: "secrets",
  singular: "secret",
  namespaced: true,
  storage: "secrets",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  versions: [{ group: "", version: "v1", schema: asJson(SecretSchema) }]
})

export interface SecretEnvSource {
  readonly name?: string
  readonly optional?: boolean
}
export const SecretEnvSource: Field.Lazy<SecretEnvSource> = define("core.v1.SecretEnvSource", () =>
  struct({
    name: optional(Text),
    optional: optional(Bool)
  }), { omitted: ["name"] })

export interface SecretKeySelector {
  readonly key: string
  readonly name?: string
  readonly optional?: boolean
}
export const SecretKeySelector: Field.Lazy<SecretKeySelector> = define("core.v1.SecretKeySelector", () =>
  struct({
    key: Text,
    name: optional(Text),
    optional: optional(Bool)
  }), { atomic: true, omitted: ["name"], parts: ["key"] })

export interface SecretProjection {
  readonly items?: ReadonlyArray<KeyToPath>
  readonly name?: string
  readonly optional?: boolean
}
export const SecretProjection: Field.Lazy<SecretProjection> = define("core.v1.SecretProjection", () =>
  struct({
    items: optional(list(KeyToPath(), { list: "atomic" })),
    name: optional(Text),
    optional: optional(Bool)
  }), { omitted: ["name"] })

export interface SecretReference {
  readonly name?: string
  readonly namespace?: string
}
export const SecretReference: Field.Lazy<SecretReference> = define("core.v1.SecretReference", () =>
  struct({
    name: optional(Text),
    namespace: optional(Text)
  }), { atomic: true, omitted: ["name","namespace"] })

export interface SecretVolumeSource {
  readonly defaultMode: number
  readonly items?: ReadonlyArray<KeyToPath>
  readonly optional?: boolean
  readonly secretName?: string
}
export interface SecretVolumeSourceDraft {
  readonly defaultMode?: number
  readonly items?: ReadonlyArray<KeyToPath>
  readonly optional?: boolean
  readonly secretName?: string
}
export const SecretVolumeSource: Field.Lazy<SecretVolumeSource> = define("core.v1.SecretVolumeSource", () =>
  struct({
    defaultMode: defaulted(Int32, 420),
    items: optional(list(KeyToPath(), { list: "atomic" })),
    optional: optional(Bool),
    secretName: optional(Text)
  }), { omitted: ["secretName"] })

export interface SecurityContext {
  readonly allowPrivilegeEscalation?: boolean
  readonly appArmorProfile?: AppArmorProfile
  readonly capabilities?: Capabilities
  readonly privileged?: boolean
  readonly procMount?: string
  readonly readOnlyRootFilesystem?: boolean
  readonly runAsGroup?: number
  readonly runAsNonRoot?: boolean
  readonly runAsUser?: number
  readonly seLinuxOptions?: SELinuxOptions
  readonly seccompProfile?: SeccompProfile
  readonly windowsOptions?: WindowsSecurityContextOptions
}
export const SecurityContext: Field.Lazy<SecurityContext> = define("core.v1.SecurityContext", () =>
  struct({
    allowPrivilegeEscalation: optional(Bool),
    appArmorProfile: optional(AppArmorProfile()),
    capabilities: optional(Capabilities()),
    privileged: optional(Bool),
    procMount: optional(Text),
    readOnlyRootFilesystem: optional(Bool),
    runAsGroup: optional(Int64),
    runAsNonRoot: optional(Bool),
    runAsUser: optional(Int64),
    seLinuxOptions: optional(SELinuxOptions()),
    seccompProfile: optional(SeccompProfile()),
    windowsOptions: optional(WindowsSecurityContextOptions())
  }))

export interface Service {
  readonly metadata: ObjectMeta
  readonly spec: ServiceSpec
  readonly status: ServiceStatus
}
export interface ServiceDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec?: ServiceSpecDraft
  readonly status?: ServiceStatusDraft
}
export const ServiceSchema: Field.Lazy<ServiceDraft> = define("core.v1.Service", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: defaulted(ServiceSpec(), {}),
    status: defaulted(ServiceStatus(), {})
  }), { parts: ["metadata","spec","status"] })
export const Service = Kind.make<Service, ServiceDraft>({
  kind: "Service",
  plural: "services",
  singular: "service",
  namespaced: true,
  storage: "services",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  subresources: ["proxy","status"],
  shortNames: ["svc"],
  categories: ["all"],
  versions: [{ group: "", version: "v1", schema: asJson(ServiceSchema) }]
})

export interface ServiceAccount {
  readonly automountServiceAccountToken?: boolean
  readonly imagePullSecrets?: ReadonlyArray<LocalObjectReference>
  readonly metadata: ObjectMeta
  readonly secrets?: ReadonlyArray<ObjectReference>
}
export interface ServiceAccountDraft {
  readonly automountServiceAccountToken?: boolean
  readonly imagePullSecrets?: ReadonlyArray<LocalObjectReference>
  readonly metadata: ObjectMetaDraft
  readonly secrets?: ReadonlyArray<ObjectReference>
}
export const ServiceAccountSchema: Field.Lazy<ServiceAccountDraft> = define("core.v1.ServiceAccount", () =>
  struct({
    automountServiceAccountToken: optional(Bool),
    imagePullSecrets: optional(list(LocalObjectReference(), { list: "atomic" })),
    metadata: defaulted(ObjectMetaDraft(), {}),
    secrets: optional(list(ObjectReference(), { list: "map", keys: ["name"], patch: ["merge"], mergeKey: "name" }))
  }), { parts: ["metadata"] })
export const ServiceAccount = Kind.make<ServiceAccount, ServiceAccountDraft>({
  kind: "ServiceAccount",
  plural: "serviceaccounts",
  singular: "serviceaccount",
  namespaced: true,
  storage: "serviceaccounts",
  verbs: ["deletecollection","list","watch","create","delete","get","patch","update"],
  subresources: ["token"],
  shortNames: ["sa"],
  versions: [{ group: "", version: "v1", schema: asJson(ServiceAccountSchema) }]
})

export interface ServiceAccountTokenProjection {
  readonly audience?: string
  readonly expirationSeconds: number
  readonly path: string
}
export interface ServiceAccountTokenProjectionDraft {
  readonly audience?: string
  readonly expirationSeconds?: number
  readonly path: string
}
export const ServiceAccountTokenProjection: Field.Lazy<ServiceAccountTokenProjection> = define("core.v1.ServiceAccountTokenProjection", () =>
  struct({
    audience: optional(Text),
    expirationSeconds: defaulted(Int64, 3600),
    path: Text
  }), { omitted: ["audience"], parts: ["path"] })

export interface ServicePort {
  readonly appProtocol?: string
  readonly name?: string
  readonly nodePort?: number
  readonly port: number
  readonly protocol: string
  readonly targetPort?: number | string
}
export interface ServicePortDraft {
  readonly appProtocol?: string
  readonly name?: string
  readonly nodePort?: number
  readonly port: number
  readonly protocol?: string
  readonly targetPort?: number | string
}
export const ServicePort: Field.Lazy<ServicePort> = define("core.v1.ServicePort", () =>
  struct({
    appProtocol: optional(Text),
    name: optional(Text),
    nodePort: optional(Int32),
    port: Int32,
    protocol: defaulted(Text, "TCP"),
    targetPort: optional(IntOrString)
  }), { omitted: ["name","nodePort","protocol"], parts: ["port"] })

export interface ServiceSpec {
  readonly allocateLoadBalancerNodePorts?: boolean
  readonly clusterIP?: string
  readonly clusterIPs?: ReadonlyArray<string>
  readonly externalIPs?: ReadonlyArray<string>
  readonly externalName?: string
  readonly externalTrafficPolicy?: string
  readonly healthCheckNodePort?: number
  readonly internalTrafficPolicy?: string
  readonly ipFamilies?: ReadonlyArray<string>
  readonly ipFamilyPolicy?: string
  readonly loadBalancerClass?: string
  readonly loadBalancerIP?: string
  readonly loadBalancerSourceRanges?: ReadonlyArray<string>
  readonly ports?: ReadonlyArray<ServicePort>
  readonly publishNotReadyAddresses?: boolean
  readonly selector?: { readonly [key: string]: string }
  readonly sessionAffinity: string
  readonly sessionAffinityConfig?: SessionAffinityConfig
  readonly trafficDistribution?: string
  readonly type: string
}
export interface ServiceSpecDraft {
  readonly allocateLoadBalancerNodePorts?: boolean
  readonly clusterIP?: string
  readonly clusterIPs?: ReadonlyArray<string>
  readonly externalIPs?: ReadonlyArray<string>
  readonly externalName?: string
  readonly externalTrafficPolicy?: string
  readonly healthCheckNodePort?: number
  readonly internalTrafficPolicy?: string
  readonly ipFamilies?: ReadonlyArray<string>
  readonly ipFamilyPolicy?: string
  readonly loadBalancerClass?: string
  readonly loadBalancerIP?: string
  readonly loadBalancerSourceRanges?: ReadonlyArray<string>
  readonly ports?: ReadonlyArray<ServicePortDraft>
  readonly publishNotReadyAddresses?: boolean
  readonly selector?: { readonly [key: string]: string }
  readonly sessionAffinity?: string
  readonly sessionAffinityConfig?: SessionAffinityConfig
  readonly trafficDistribution?: string
  readonly type?: string
}
export const ServiceSpec: Field.Lazy<ServiceSpec> = define("core.v1.ServiceSpec", () =>
  struct({
    allocateLoadBalancerNodePorts: optional(Bool),
    clusterIP: optional(Text),
    clusterIPs: optional(list(Text, { list: "atomic" })),
    externalIPs: optional(list(Text, { list: "atomic" })),
    externalName: optional(Text),
    externalTrafficPolicy: optional(Text),
    healthCheckNodePort: optional(Int32),
    internalTrafficPolicy: optional(Text),
    ipFamilies: optional(list(Text, { list: "atomic" })),
    ipFamilyPolicy: optional(Text),
    loadBalancerClass: optional(Text),
    loadBalancerIP: optional(Text),
    loadBalancerSourceRanges: optional(list(Text, { list: "atomic" })),
    ports: optional(list(ServicePort(), { list: "map", keys: ["port","protocol"], patch: ["merge"], mergeKey: "port" })),
    publishNotReadyAddresses: optional(Bool),
    selector: optional(map(Text, { atomic: true })),
    sessionAffinity: defaulted(Text, "None"),
    sessionAffinityConfig: optional(SessionAffinityConfig()),
    trafficDistribution: optional(Text),
    type: defaulted(Text, "ClusterIP")
  }), { omitted: ["clusterIP","externalName","externalTrafficPolicy","healthCheckNodePort","loadBalancerIP","publishNotReadyAddresses","sessionAffinity","type"] })

export interface ServiceStatus {
  readonly conditions?: ReadonlyArray<metaV1.Condition>
  readonly loadBalancer: LoadBalancerStatus
}
export interface ServiceStatusDraft {
  readonly conditions?: ReadonlyArray<metaV1.ConditionDraft>
  readonly loadBalancer?: LoadBalancerStatus
}
export const ServiceStatus: Field.Lazy<ServiceStatus> = define("core.v1.ServiceStatus", () =>
  struct({
    conditions: optional(list(metaV1.Condition(), { list: "map", keys: ["type"], patch: ["merge"], mergeKey: "type" })),
    loadBalancer: defaulted(LoadBalancerStatus(), {})
  }), { parts: ["loadBalancer"] })

export interface SessionAffinityConfig {
  readonly clientIP?: ClientIPConfig
}
export const SessionAffinityConfig: Field.Lazy<SessionAffinityConfig> = define("core.v1.SessionAffinityConfig", () =>
  struct({
    clientIP: optional(ClientIPConfig())
  }))

export interface SleepAction {
  readonly seconds: number
}
export const SleepAction: Field.Lazy<SleepAction> = define("core.v1.SleepAction", () =>
  struct({
    seconds: Int64
  }), { parts: ["seconds"] })

export interface StorageOSPersistentVolumeSource {
  readonly fsType?: string
  readonly readOnly?: boolean
  readonly secretRef?: ObjectReference
  readonly volumeName?: string
  readonly volumeNamespace?: string
}
export const StorageOSPersistentVolumeSource: Field.Lazy<StorageOSPersistentVolumeSource> = define("core.v1.StorageOSPersistentVolumeSource", () =>
  struct({
    fsType: optional(Text),
    readOnly: optional(Bool),
    secretRef: optional(ObjectReference()),
    volumeName: optional(Text),
    volumeNamespace: optional(Text)
  }), { omitted: ["fsType","readOnly","volumeName","volumeNamespace"] })

export interface StorageOSVolumeSource {
  readonly fsType?: string
  readonly readOnly?: boolean
  readonly secretRef?: LocalObjectReference
  readonly volumeName?: string
  readonly volumeNamespace?: string
}
export const StorageOSVolumeSource: Field.Lazy<StorageOSVolumeSource> = define("core.v1.StorageOSVolumeSource", () =>
  struct({
    fsType: optional(Text),
    readOnly: optional(Bool),
    secretRef: optional(LocalObjectReference()),
    volumeName: optional(Text),
    volumeNamespace: optional(Text)
  }), { omitted: ["fsType","readOnly","volumeName","volumeNamespace"] })

export interface Sysctl {
  readonly name: string
  readonly value: string
}
export const Sysctl: Field.Lazy<Sysctl> = define("core.v1.Sysctl", () =>
  struct({
    name: Text,
    value: Text
  }), { parts: ["name","value"] })

export interface TCPSocketAction {
  readonly host?: string
  readonly port: number | string
}
export const TCPSocketAction: Field.Lazy<TCPSocketAction> = define("core.v1.TCPSocketAction", () =>
  struct({
    host: optional(Text),
    port: IntOrString
  }), { omitted: ["host"] })

export interface Taint {
  readonly effect: string
  readonly key: string
  readonly timeAdded?: string
  readonly value?: string
}
export const Taint: Field.Lazy<Taint> = define("core.v1.Taint", () =>
  struct({
    effect: Text,
    key: Text,
    timeAdded: optional(Time),
    value: optional(Text)
  }), { omitted: ["value"], parts: ["effect","key"] })

export interface Toleration {
  readonly effect?: string
  readonly key?: string
  readonly operator?: string
  readonly tolerationSeconds?: number
  readonly value?: string
}
export const Toleration: Field.Lazy<Toleration> = define("core.v1.Toleration", () =>
  struct({
    effect: optional(Text),
    key: optional(Text),
    operator: optional(Text),
    tolerationSeconds: optional(Int64),
    value: optional(Text)
  }), { omitted: ["effect","key","operator","value"] })

export interface TopologySelectorLabelRequirement {
  readonly key: string
  readonly values: ReadonlyArray<string>
}
export const TopologySelectorLabelRequirement: Field.Lazy<TopologySelectorLabelRequirement> = define("core.v1.TopologySelectorLabelRequirement", () =>
  struct({
    key: Text,
    values: list(Text, { list: "atomic" })
  }), { parts: ["key","values"] })

export interface TopologySelectorTerm {
  readonly matchLabelExpressions?: ReadonlyArray<TopologySelectorLabelRequirement>
}
export const TopologySelectorTerm: Field.Lazy<TopologySelectorTerm> = define("core.v1.TopologySelectorTerm", () =>
  struct({
    matchLabelExpressions: optional(list(TopologySelectorLabelRequirement(), { list: "atomic" }))
  }), { atomic: true })

export interface TopologySpreadConstraint {
  readonly labelSelector?: metaV1.LabelSelector
  readonly matchLabelKeys?: ReadonlyArray<string>
  readonly maxSkew: number
  readonly minDomains?: number
  readonly nodeAffinityPolicy?: string
  readonly nodeTaintsPolicy?: string
  readonly topologyKey: string
  readonly whenUnsatisfiable: string
}
export const TopologySpreadConstraint: Field.Lazy<TopologySpreadConstraint> = define("core.v1.TopologySpreadConstraint", () =>
  struct({
    labelSelector: optional(metaV1.LabelSelector()),
    matchLabelKeys: optional(list(Text, { list: "atomic" })),
    maxSkew: Int32,
    minDomains: optional(Int32),
    nodeAffinityPolicy: optional(Text),
    nodeTaintsPolicy: optional(Text),
    topologyKey: Text,
    whenUnsatisfiable: Text
  }), { parts: ["maxSkew","topologyKey","whenUnsatisfiable"] })

export interface TypedLocalObjectReference {
  readonly apiGroup?: string
  readonly kind: string
  readonly name: string
}
export const TypedLocalObjectReference: Field.Lazy<TypedLocalObjectReference> = define("core.v1.TypedLocalObjectReference", () =>
  struct({
    apiGroup: optional(Text),
    kind: Text,
    name: Text
  }), { atomic: true, parts: ["apiGroup","kind","name"] })

export interface TypedObjectReference {
  readonly apiGroup?: string
  readonly kind: string
  readonly name: string
  readonly namespace?: string
}
export const TypedObjectReference: Field.Lazy<TypedObjectReference> = define("core.v1.TypedObjectReference", () =>
  struct({
    apiGroup: optional(Text),
    kind: Text,
    name: Text,
    namespace: optional(Text)
  }), { parts: ["apiGroup","kind","name"] })

export interface Volume {
  readonly awsElasticBlockStore?: AWSElasticBlockStoreVolumeSource
  readonly azureDisk?: AzureDiskVolumeSource
  readonly azureFile?: AzureFileVolumeSource
  readonly cephfs?: CephFSVolumeSource
  readonly cinder?: CinderVolumeSource
  readonly configMap?: ConfigMapVolumeSource
  readonly csi?: CSIVolumeSource
  readonly downwardAPI?: DownwardAPIVolumeSource
  readonly emptyDir?: EmptyDirVolumeSource
  readonly ephemeral?: EphemeralVolumeSource
  readonly fc?: FCVolumeSource
  readonly flexVolume?: FlexVolumeSource
  readonly flocker?: FlockerVolumeSource
  readonly gcePersistentDisk?: GCEPersistentDiskVolumeSource
  readonly gitRepo?: GitRepoVolumeSource
  readonly glusterfs?: GlusterfsVolumeSource
  readonly hostPath?: HostPathVolumeSource
  readonly image?: ImageVolumeSource
  readonly iscsi?: ISCSIVolumeSource
  readonly name: string
  readonly nfs?: NFSVolumeSource
  readonly persistentVolumeClaim?: PersistentVolumeClaimVolumeSource
  readonly photonPersistentDisk?: PhotonPersistentDiskVolumeSource
  readonly portworxVolume?: PortworxVolumeSource
  readonly projected?: ProjectedVolumeSource
  readonly quobyte?: QuobyteVolumeSource
  readonly rbd?: RBDVolumeSource
  readonly scaleIO?: ScaleIOVolumeSource
  readonly secret?: SecretVolumeSource
  readonly storageos?: StorageOSVolumeSource
  readonly vsphereVolume?: VsphereVirtualDiskVolumeSource
}
export interface VolumeDraft {
  readonly awsElasticBlockStore?: AWSElasticBlockStoreVolumeSource
  readonly azureDisk?: AzureDiskVolumeSourceDraft
  readonly azureFile?: AzureFileVolumeSource
  readonly cephfs?: CephFSVolumeSource
  readonly cinder?: CinderVolumeSource
  readonly configMap?: ConfigMapVolumeSourceDraft
  readonly csi?: CSIVolumeSource
  readonly downwardAPI?: DownwardAPIVolumeSourceDraft
  readonly emptyDir?: EmptyDirVolumeSource
  readonly ephemeral?: EphemeralVolumeSourceDraft
  readonly fc?: FCVolumeSource
  readonly flexVolume?: FlexVolumeSource
  readonly flocker?: FlockerVolumeSource
  readonly gcePersistentDisk?: GCEPersistentDiskVolumeSource
  readonly gitRepo?: GitRepoVolumeSource
  readonly glusterfs?: GlusterfsVolumeSource
  readonly hostPath?: HostPathVolumeSourceDraft
  readonly image?: ImageVolumeSource
  readonly iscsi?: ISCSIVolumeSourceDraft
  readonly name: string
  readonly nfs?: NFSVolumeSource
  readonly persistentVolumeClaim?: PersistentVolumeClaimVolumeSource
  readonly photonPersistentDisk?: PhotonPersistentDiskVolumeSource
  readonly portworxVolume?: PortworxVolumeSource
  readonly projected?: ProjectedVolumeSourceDraft
  readonly quobyte?: QuobyteVolumeSource
  readonly rbd?: RBDVolumeSourceDraft
  readonly scaleIO?: ScaleIOVolumeSourceDraft
  readonly secret?: SecretVolumeSourceDraft
  readonly storageos?: StorageOSVolumeSource
  readonly vsphereVolume?: VsphereVirtualDiskVolumeSource
}
export const Volume: Field.Lazy<Volume> = define("core.v1.Volume", () =>
  struct({
    awsElasticBlockStore: optional(AWSElasticBlockStoreVolumeSource()),
    azureDisk: optional(AzureDiskVolumeSource()),
    azureFile: optional(AzureFileVolumeSource()),
    cephfs: optional(CephFSVolumeSource()),
    cinder: optional(CinderVolumeSource()),
    configMap: optional(ConfigMapVolumeSource()),
    csi: optional(CSIVolumeSource()),
    downwardAPI: optional(DownwardAPIVolumeSource()),
    emptyDir: optional(EmptyDirVolumeSource()),
    ephemeral: optional(EphemeralVolumeSource()),
    fc: optional(FCVolumeSource()),
    flexVolume: optional(FlexVolumeSource()),
    flocker: optional(FlockerVolumeSource()),
    gcePersistentDisk: optional(GCEPersistentDiskVolumeSource()),
    gitRepo: optional(GitRepoVolumeSource()),
    glusterfs: optional(GlusterfsVolumeSource()),
    hostPath: optional(HostPathVolumeSource()),
    image: optional(ImageVolumeSource()),
    iscsi: optional(ISCSIVolumeSource()),
    name: Text,
    nfs: optional(NFSVolumeSource()),
    persistentVolumeClaim: optional(PersistentVolumeClaimVolumeSource()),
    photonPersistentDisk: optional(PhotonPersistentDiskVolumeSource()),
    portworxVolume: optional(PortworxVolumeSource()),
    projected: optional(ProjectedVolumeSource()),
    quobyte: optional(QuobyteVolumeSource()),
    rbd: optional(RBDVolumeSource()),
    scaleIO: optional(ScaleIOVolumeSource()),
    secret: optional(SecretVolumeSource()),
    storageos: optional(StorageOSVolumeSource()),
    vsphereVolume: optional(VsphereVirtualDiskVolumeSource())
  }), { parts: ["name"] })

export interface VolumeDevice {
  readonly devicePath: string
  readonly name: string
}
export const VolumeDevice: Field.Lazy<VolumeDevice> = define("core.v1.VolumeDevice", () =>
  struct({
    devicePath: Text,
    name: Text
  }), { parts: ["devicePath","name"] })

export interface VolumeMount {
  readonly mountPath: string
  readonly mountPropagation?: string
  readonly name: string
  readonly readOnly?: boolean
  readonly recursiveReadOnly?: string
  readonly subPath?: string
  readonly subPathExpr?: string
}
export const VolumeMount: Field.Lazy<VolumeMount> = define("core.v1.VolumeMount", () =>
  struct({
    mountPath: Text,
    mountPropagation: optional(Text),
    name: Text,
    readOnly: optional(Bool),
    recursiveReadOnly: optional(Text),
    subPath: optional(Text),
    subPathExpr: optional(Text)
  }), { omitted: ["readOnly","subPath","subPathExpr"], parts: ["mountPath","name"] })

export interface VolumeMountStatus {
  readonly mountPath: string
  readonly name: string
  readonly readOnly?: boolean
  readonly recursiveReadOnly?: string
  readonly volumeStatus?: VolumeStatus
}
export const VolumeMountStatus: Field.Lazy<VolumeMountStatus> = define("core.v1.VolumeMountStatus", () =>
  struct({
    mountPath: Text,
    name: Text,
    readOnly: optional(Bool),
    recursiveReadOnly: optional(Text),
    volumeStatus: optional(VolumeStatus())
  }), { omitted: ["readOnly"], parts: ["mountPath","name"] })

export interface VolumeNodeAffinity {
  readonly required?: NodeSelector
}
export const VolumeNodeAffinity: Field.Lazy<VolumeNodeAffinity> = define("core.v1.VolumeNodeAffinity", () =>
  struct({
    required: optional(NodeSelector())
  }))

export interface VolumeProjection {
  readonly clusterTrustBundle?: ClusterTrustBundleProjection
  readonly configMap?: ConfigMapProjection
  readonly downwardAPI?: DownwardAPIProjection
  readonly podCertificate?: PodCertificateProjection
  readonly secret?: SecretProjection
  readonly serviceAccountToken?: ServiceAccountTokenProjection
}
export interface VolumeProjectionDraft {
  readonly clusterTrustBundle?: ClusterTrustBundleProjection
  readonly configMap?: ConfigMapProjection
  readonly downwardAPI?: DownwardAPIProjectionDraft
  readonly podCertificate?: PodCertificateProjectionDraft
  readonly secret?: SecretProjection
  readonly serviceAccountToken?: ServiceAccountTokenProjectionDraft
}
export const VolumeProjection: Field.Lazy<VolumeProjection> = define("core.v1.VolumeProjection", () =>
  struct({
    clusterTrustBundle: optional(ClusterTrustBundleProjection()),
    configMap: optional(ConfigMapProjection()),
    downwardAPI: optional(DownwardAPIProjection()),
    podCertificate: optional(PodCertificateProjection()),
    secret: optional(SecretProjection()),
    serviceAccountToken: optional(ServiceAccountTokenProjection())
  }))

export interface VolumeResourceRequirements {
  readonly limits?: { readonly [key: string]: string }
  readonly requests?: { readonly [key: string]: string }
}
export const VolumeResourceRequirements: Field.Lazy<VolumeResourceRequirements> = define("core.v1.VolumeResourceRequirements", () =>
  struct({
    limits: optional(map(Quantity)),
    requests: optional(map(Quantity))
  }))

export interface VolumeStatus {
  readonly image?: ImageVolumeStatus
}
export const VolumeStatus: Field.Lazy<VolumeStatus> = define("core.v1.VolumeStatus", () =>
  struct({
    image: optional(ImageVolumeStatus())
  }))

export interface VsphereVirtualDiskVolumeSource {
  readonly fsType?: string
  readonly storagePolicyID?: string
  readonly storagePolicyName?: string
  readonly volumePath: string
}
export const VsphereVirtualDiskVolumeSource: Field.Lazy<VsphereVirtualDiskVolumeSource> = define("core.v1.VsphereVirtualDiskVolumeSource", () =>
  struct({
    fsType: optional(Text),
    storagePolicyID: optional(Text),
    storagePolicyName: optional(Text),
    volumePath: Text
  }), { omitted: ["fsType","storagePolicyID","storagePolicyName"], parts: ["volumePath"] })

export interface WeightedPodAffinityTerm {
  readonly podAffinityTerm: PodAffinityTerm
  readonly weight: number
}
export const WeightedPodAffinityTerm: Field.Lazy<WeightedPodAffinityTerm> = define("core.v1.WeightedPodAffinityTerm", () =>
  struct({
    podAffinityTerm: PodAffinityTerm(),
    weight: Int32
  }), { parts: ["podAffinityTerm","weight"] })

export interface WindowsSecurityContextOptions {
  readonly gmsaCredentialSpec?: string
  readonly gmsaCredentialSpecName?: string
  readonly hostProcess?: boolean
  readonly runAsUserName?: string
}
export const WindowsSecurityContextOptions: Field.Lazy<WindowsSecurityContextOptions> = define("core.v1.WindowsSecurityContextOptions", () =>
  struct({
    gmsaCredentialSpec: optional(Text),
    gmsaCredentialSpecName: optional(Text),
    hostProcess: optional(Bool),
    runAsUserName: optional(Text)
  }))
