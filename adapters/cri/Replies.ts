/** What is read of the CRI's replies. Integers of 64 bits come as text; times are nanoseconds since 1970. */
import { Schema, SchemaTransformation } from "effect"
import type * as Pods from "../../plugins/kubelet/contracts/Pods.ts"

const { Array: List, Boolean: Bool, Int, Literals, NullOr, Record, String: Text, Struct, Uint8Array: Bytes } = Schema

const Texts = Record(Text, Text)
const Long = Schema.NumberFromString
/** RFC 3339 with nanoseconds; empty where there is no time. */
export const Time = Text.pipe(
  Schema.decodeTo(
    Text,
    SchemaTransformation.transform({ decode: (nanoseconds) => formatTime(nanoseconds), encode: (text) => text })
  )
)

const formatTime = (nanoseconds: string) => {
  const at = BigInt(nanoseconds)
  if (at <= 0n) return ""
  const fraction = `${at % 1_000_000_000n}`.padStart(9, "0")
  return new Date(Number(at / 1_000_000n)).toISOString().replace(/\.\d+Z$/, `.${fraction}Z`)
}

const ImageSpec = NullOr(Struct({ image: Text }))
const Metadata = Struct({ name: Text, attempt: Int })
const ContainerState = Literals(["CONTAINER_CREATED", "CONTAINER_RUNNING", "CONTAINER_EXITED", "CONTAINER_UNKNOWN"])
const PodState = Literals(["SANDBOX_READY", "SANDBOX_NOTREADY"])

export const Nothing = Schema.Unknown
export const Version = Struct({ runtime_name: Text, runtime_version: Text })
export const Status = Struct({
  status: NullOr(Struct({ conditions: List(Struct({ type: Text, status: Bool, reason: Text, message: Text })) })),
  info: Texts,
  runtime_handlers: List(
    Struct({
      name: Text,
      features: NullOr(Struct({ recursive_read_only_mounts: Bool, user_namespaces: Bool }))
    })
  ),
  features: NullOr(Struct({ supplemental_groups_policy: Bool }))
})
export type Status = typeof Status.Type
export const RunPodSandbox = Struct({ pod_sandbox_id: Text })
export const CreateContainer = Struct({ container_id: Text })

const PodMetadata = Struct({ name: Text, uid: Text, namespace: Text, attempt: Int })
export const PodSandbox = Struct({
  id: Text,
  metadata: PodMetadata,
  state: PodState,
  created_at: Time,
  labels: Texts,
  annotations: Texts
})
export type PodSandbox = typeof PodSandbox.Type
export const ListPodSandbox = Struct({ items: List(PodSandbox) })

const Namespaces = NullOr(
  Struct({ network: Literals(["POD", "CONTAINER", "NODE", "TARGET"]), pid: Text, ipc: Text, target_id: Text })
)
export const PodSandboxStatus = Struct({
  status: Struct({
    ...PodSandbox.fields,
    network: NullOr(Struct({ ip: Text, additional_ips: List(Struct({ ip: Text })) })),
    linux: NullOr(Struct({ namespaces: NullOr(Struct({ options: Namespaces })) }))
  })
})
export type PodSandboxStatus = (typeof PodSandboxStatus.Type)["status"]

export const Container = Struct({
  id: Text,
  pod_sandbox_id: Text,
  metadata: Metadata,
  state: ContainerState,
  created_at: Time,
  labels: Texts
})
export type Container = typeof Container.Type
export const ListContainers = Struct({ containers: List(Container) })

export const ContainerStatus = Struct({
  status: Struct({
    id: Text,
    metadata: Metadata,
    state: ContainerState,
    created_at: Time,
    started_at: Time,
    finished_at: Time,
    exit_code: Int,
    image: ImageSpec,
    image_ref: Text,
    reason: Text,
    message: Text,
    labels: Texts,
    annotations: Texts,
    log_path: Text
  })
})
type CriContainerStatus = (typeof ContainerStatus.Type)["status"]

const states = {
  CONTAINER_CREATED: "Created",
  CONTAINER_RUNNING: "Running",
  CONTAINER_EXITED: "Exited",
  CONTAINER_UNKNOWN: "Exited"
} as const

/** A runtime notes a start when it has been told of it, by which time the process may have ended. */
const startOf = ({ finished_at, started_at, state }: CriContainerStatus) =>
  states[state] === "Exited" && finished_at && Date.parse(finished_at) < Date.parse(started_at) ? finished_at : started_at

export const containerStatus = (status: CriContainerStatus): Pods.ContainerStatus => ({
  id: status.id,
  name: status.metadata.name,
  attempt: status.metadata.attempt,
  state: states[status.state],
  image: status.image?.image ?? status.image_ref,
  imageId: status.image_ref,
  createdAt: status.created_at,
  ...(status.started_at && { startedAt: startOf(status) }),
  ...(states[status.state] === "Exited" && {
    finishedAt: status.finished_at || status.created_at,
    exitCode: status.exit_code,
    reason: status.reason || (status.exit_code === 0 ? "Completed" : "Error")
  }),
  ...(status.message && { message: status.message }),
  ...(status.log_path && { logPath: status.log_path }),
  annotations: status.annotations
})

export const podStatus = (
  { attempt, created_at, id, name, namespace, network, state, uid }: PodSandboxStatus & PodSandboxStatus["metadata"],
  containers: ReadonlyArray<Pods.ContainerStatus>
): Pods.PodStatus => ({
  id,
  uid,
  namespace,
  name,
  attempt,
  ready: state === "SANDBOX_READY",
  createdAt: created_at,
  addresses: network?.ip ? [network.ip, ...network.additional_ips.map(({ ip }) => ip)] : [],
  containers
})

export const ExecSync = Struct({ stdout: Bytes, stderr: Bytes, exit_code: Int })
export const Url = Struct({ url: Text })

const Id = NullOr(Struct({ value: Long }))
export const Image = Struct({
  id: Text,
  repo_tags: List(Text),
  repo_digests: List(Text),
  size: Long,
  uid: Id,
  username: Text
})
export type Image = typeof Image.Type
export const ImageStatus = Struct({ image: NullOr(Image) })
export const ListImages = Struct({ images: List(Image) })
export const PullImage = Struct({ image_ref: Text })

const Usage = NullOr(Struct({ value: Long }))
export const ListContainerStats = Struct({
  stats: List(
    Struct({
      attributes: Struct({ id: Text, metadata: Metadata, labels: Texts }),
      cpu: NullOr(Struct({ timestamp: Time, usage_core_nano_seconds: Usage })),
      memory: NullOr(Struct({ working_set_bytes: Usage, usage_bytes: Usage }))
    })
  )
})
