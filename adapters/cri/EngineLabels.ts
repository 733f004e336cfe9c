/**
 * What a container says of itself in its labels: all that a kubelet which comes later has to know of it. Nothing is kept beside
 * the runtime. Names are the ones that upstream's kubelet sets, as far as it has one.
 */
import { Option, Schema } from "effect"
import type { Inspected } from "./EngineReplies.ts"
import { type ContainerConfig, labels, type PodConfig, podLabels } from "./Requests.ts"

const { Boolean: Bool, Literals, Record, String: Text, Struct } = Schema

export const own = {
  ...labels,
  /** `sandbox` or `container`. */
  kind: "io.keelson.kind",
  attempt: "io.keelson.attempt",
  /** Of a container: the id of its sandbox. */
  sandbox: "io.kubernetes.sandbox.id",
  image: "io.keelson.image",
  annotations: "io.keelson.annotations",
  /** Of a sandbox: what its containers take from it. */
  pod: "io.keelson.pod"
} as const

/** What was asked for the Pod, and holds for its containers. */
export const Shared = Struct({
  host: Bool,
  hostIpc: Bool,
  hostUts: Bool,
  processes: Literals(["own", "pod", "host"]),
  handler: Text,
  cgroupParent: Text,
  logDirectory: Text
})
export type Shared = typeof Shared.Type
const SharedText = Schema.fromJsonString(Shared)
const AnnotationsText = Schema.fromJsonString(Record(Text, Text))

export const sharedOf = (pod: PodConfig): Shared => ({
  host: pod.network._tag === "host",
  hostIpc: pod.hostIpc ?? false,
  hostUts: pod.hostUts ?? false,
  processes: pod.processes ?? "own",
  handler: pod.handler ?? "",
  cgroupParent: pod.cgroupParent ?? "",
  logDirectory: pod.logDirectory ?? ""
})

export const ofPod = (pod: PodConfig) => ({
  ...podLabels(pod),
  [own.kind]: "sandbox",
  [own.attempt]: `${pod.attempt}`,
  [own.pod]: JSON.stringify(sharedOf(pod))
})

type Labels = { readonly [name: string]: string }
export const labelsOf = ({ Config }: Inspected): Labels => Config.Labels ?? {}

export const ofContainer = (config: ContainerConfig, sandbox: Inspected) => {
  const pod = labelsOf(sandbox)
  return {
    ...config.labels,
    [own.kind]: "container",
    [own.attempt]: `${config.attempt}`,
    [own.sandbox]: sandbox.Id,
    [own.image]: config.image,
    [own.annotations]: JSON.stringify(config.annotations ?? {}),
    [own.container]: config.name,
    [own.name]: pod[own.name] ?? "",
    [own.namespace]: pod[own.namespace] ?? "",
    [own.uid]: pod[own.uid] ?? ""
  }
}

/** Undefined for what is not a sandbox of ours. */
export const shared = (sandbox: Inspected) =>
  Option.getOrUndefined(Schema.decodeOption(SharedText)(labelsOf(sandbox)[own.pod] ?? ""))
export const annotations = (of: Labels) =>
  Option.getOrElse(Schema.decodeOption(AnnotationsText)(of[own.annotations] ?? ""), () => ({}))

/** A name can be had once, so that who asks again finds what he made. */
export const nameOfPod = ({ attempt, name, namespace, uid }: PodConfig) => `k8s_POD_${name}_${namespace}_${uid}_${attempt}`
export const nameOfContainer = ({ attempt, name }: ContainerConfig, sandbox: Inspected) =>
  `k8s_${name}_${labelsOf(sandbox)[own.name] ?? ""}_${sandbox.Id.slice(0, 16)}_${attempt}`
