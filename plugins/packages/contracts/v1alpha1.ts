/** Plugins as objects of the API, group plugins.keelson.io: which packages run where, and how they do. */
import type { Schema } from "effect"
import * as Field from "../../../kernel/resource/Field.ts"
import * as Kind from "../../../kernel/resource/Kind.ts"
import { ObjectMetaDraft, type ObjectMeta } from "../../../kernel/resource/Metadata.ts"

const { Bool, Double, Free, Int32, Int64, Text, Time, asJson, define, defaulted, list, map, optional, struct } = Field

const group = "plugins.keelson.io"
const version = "v1alpha1"
const verbs = ["deletecollection", "list", "watch", "create", "delete", "get", "patch", "update"] as const

/** Where a package lies on the servers: a directory with a keelson.json. */
export interface PluginSource {
  readonly path: string
  /** SHA-256 of its files: what else is found there is refused. */
  readonly digest?: string
}
const PluginSource: Field.Lazy<PluginSource> = define("plugins.v1alpha1.PluginSource", () =>
  struct({ path: Text, digest: optional(Text) })
)

/** A package that `keelson plugin serve` runs on another machine. */
export interface PluginRemote {
  /** `host:port`, or `tls://host:port` of NATS' servers, with commas between them. */
  readonly address: string
  /** Over NATS: what its subjects begin with. `plugins.NAME` if it is not said. */
  readonly subject?: string
  /** With ca.crt, tls.crt and tls.key: whom to believe there, and who asks. */
  readonly secret: { readonly name: string; readonly namespace: string }
  /** The name in the certificate there, if it is another than the host. */
  readonly serverName?: string
}
export const isNats = (address: string) => address.includes("://")
const PluginRemote: Field.Lazy<PluginRemote> = define("plugins.v1alpha1.PluginRemote", () =>
  struct({ address: Text, subject: optional(Text), secret: SecretReference(), serverName: optional(Text) })
)
const SecretReference: Field.Lazy<PluginRemote["secret"]> = define("plugins.v1alpha1.SecretReference", () =>
  struct({ name: Text, namespace: Text })
)

export interface PluginSpec {
  /** Absent: a part of the server itself, which stands here to be seen. */
  readonly source?: PluginSource
  /** In place of a source: it runs elsewhere. */
  readonly remote?: PluginRemote
  /** Instead of the one of its manifest: in-process, worker, process, sandbox or remote. */
  readonly isolation?: string
  /** The name of the PluginConfiguration; without it, the plugin's own name. */
  readonly configuration?: string
  /** It is not run. */
  readonly suspend?: boolean
  /** Of packages whose contracts are a node's: the nodes that run it, by their labels. Absent: all. */
  readonly nodeSelector?: { readonly [label: string]: string }
  /** For so long a new version is watched: if it fails meanwhile, the one before runs again. */
  readonly rollbackWindowSeconds: number
  /** It fails, too, if more than this part of its calls is left without an answer meanwhile. */
  readonly rollbackErrorPercent: number
  /** A package that serves in its place while it is left alone because it dies again and again. */
  readonly fallback?: PluginSource
}
export type PluginSpecDraft = Partial<PluginSpec>
const PluginSpec: Field.Lazy<PluginSpecDraft> = define(
  "plugins.v1alpha1.PluginSpec",
  () =>
    struct({
      source: optional(PluginSource()),
      remote: optional(PluginRemote()),
      isolation: optional(Text),
      configuration: optional(Text),
      suspend: optional(Bool),
      nodeSelector: optional(map(Text)),
      rollbackWindowSeconds: defaulted(Int32, 60),
      rollbackErrorPercent: defaulted(Int32, 25),
      fallback: optional(PluginSource())
    }),
  { omitted: ["isolation", "configuration", "suspend", "nodeSelector"] }
)

export interface PluginCondition {
  readonly type: string
  readonly status: string
  readonly reason?: string
  readonly message?: string
  readonly lastTransitionTime?: string
}
const PluginCondition: Field.Lazy<PluginCondition> = define("plugins.v1alpha1.PluginCondition", () =>
  struct({
    type: Text,
    status: Text,
    reason: optional(Text),
    message: optional(Text),
    lastTransitionTime: optional(Time)
  })
)

/** A version that ran: what a rollback goes back to. */
export interface PluginRevision {
  readonly version: string
  readonly path: string
  readonly digest: string
  readonly startedAt: string
}
const PluginRevision: Field.Lazy<PluginRevision> = define("plugins.v1alpha1.PluginRevision", () =>
  struct({ version: Text, path: Text, digest: Text, startedAt: Time })
)

/** How it ended last; it was started again since, or is about to be. */
export interface PluginDeath {
  readonly reason: string
  readonly finishedAt: string
}
const PluginDeath: Field.Lazy<PluginDeath> = define("plugins.v1alpha1.PluginDeath", () =>
  struct({ reason: Text, finishedAt: Time })
)

/** How it does on a node. */
export interface PluginNode {
  readonly name: string
  readonly state: string
  readonly reason?: string
  readonly version?: string
  readonly restarts?: number
}
const PluginNode: Field.Lazy<PluginNode> = define("plugins.v1alpha1.PluginNode", () =>
  struct({ name: Text, state: Text, reason: optional(Text), version: optional(Text), restarts: optional(Int32) })
)

export interface PluginStatus {
  /** Starting, Running, Restarting, Failed, Suspended. */
  readonly state?: string
  readonly reason?: string
  readonly version?: string
  readonly isolation?: string
  readonly restarts?: number
  readonly callsPerSecond?: number
  /** Of the calls of late, in microseconds. */
  readonly p99Micros?: number
  /** Calls that failed since it runs. */
  readonly errors?: number
  /** Why the last of them failed. */
  readonly lastError?: string
  readonly lastDeath?: PluginDeath
  /** Contracts with their versions. */
  readonly offers?: ReadonlyArray<string>
  /** The server that runs it. */
  readonly host?: string
  /** The nodes that run it, where its contracts are a node's. */
  readonly nodes?: ReadonlyArray<PluginNode>
  readonly observedGeneration?: number
  /** The newest first. */
  readonly history?: ReadonlyArray<PluginRevision>
  readonly conditions?: ReadonlyArray<PluginCondition>
  /** The digest of the wish that was rolled back from: no server tries it again, and each that has goes back. */
  readonly rolledBackFrom?: string
}
const PluginStatus: Field.Lazy<PluginStatus> = define("plugins.v1alpha1.PluginStatus", () =>
  struct({
    state: optional(Text),
    reason: optional(Text),
    version: optional(Text),
    isolation: optional(Text),
    restarts: optional(Int32),
    callsPerSecond: optional(Double),
    p99Micros: optional(Double),
    errors: optional(Int64),
    lastError: optional(Text),
    lastDeath: optional(PluginDeath()),
    offers: optional(list(Text, { list: "atomic" })),
    host: optional(Text),
    nodes: optional(list(PluginNode(), { list: "map", keys: ["name"] })),
    observedGeneration: optional(Int64),
    history: optional(list(PluginRevision(), { list: "atomic" })),
    conditions: optional(list(PluginCondition(), { list: "map", keys: ["type"] })),
    rolledBackFrom: optional(Text)
  })
)

export interface Plugin {
  readonly metadata: ObjectMeta
  readonly spec: PluginSpec
  readonly status: PluginStatus
}
export interface PluginDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec?: PluginSpecDraft
  readonly status?: PluginStatus
}
export const PluginSchema: Field.Lazy<PluginDraft> = define(
  "plugins.v1alpha1.Plugin",
  () =>
    struct({
      metadata: defaulted(ObjectMetaDraft(), {}),
      spec: defaulted(PluginSpec(), {}),
      status: defaulted(PluginStatus(), {})
    }),
  { parts: ["metadata", "spec", "status"] }
)
export const Plugin = Kind.make<Plugin, PluginDraft>({
  kind: "Plugin",
  plural: "plugins",
  singular: "plugin",
  namespaced: false,
  storage: `plugins.${group}`,
  verbs,
  subresources: ["status"],
  categories: ["keelson"],
  versions: [{ group, version, schema: asJson(PluginSchema) }]
})

export interface PluginConfigurationSpec {
  /** What the plugin's module is called with; its manifest has the schema. */
  readonly values?: Schema.Json
  /** What becomes of calls while it does not answer: Fail (they fail, and are tried again) or Ignore (as if it were not there). */
  readonly fallback?: string
  /** How long a call may take. */
  readonly callTimeoutMillis?: number
}
const PluginConfigurationSpec: Field.Lazy<PluginConfigurationSpec> = define("plugins.v1alpha1.PluginConfigurationSpec", () =>
  struct({ values: optional(Free), fallback: optional(Text), callTimeoutMillis: optional(Int32) })
)
export interface PluginConfiguration {
  readonly metadata: ObjectMeta
  readonly spec: PluginConfigurationSpec
}
export interface PluginConfigurationDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec?: PluginConfigurationSpec
}
export const PluginConfigurationSchema: Field.Lazy<PluginConfigurationDraft> = define(
  "plugins.v1alpha1.PluginConfiguration",
  () => struct({ metadata: defaulted(ObjectMetaDraft(), {}), spec: defaulted(PluginConfigurationSpec(), {}) }),
  { parts: ["metadata", "spec"] }
)
export const PluginConfiguration = Kind.make<PluginConfiguration, PluginConfigurationDraft>({
  kind: "PluginConfiguration",
  plural: "pluginconfigurations",
  singular: "pluginconfiguration",
  namespaced: false,
  storage: `pluginconfigurations.${group}`,
  verbs,
  categories: ["keelson"],
  versions: [{ group, version, schema: asJson(PluginConfigurationSchema) }]
})
