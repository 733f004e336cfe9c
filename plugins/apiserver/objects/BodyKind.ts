/** What subresources are asked with: by which verbs, and with a body of which kind, the path's own or another. */
import type { At } from "../../../kernel/pipeline/Pipeline.ts"
import { apiVersion } from "../../../kernel/resource/Kind.ts"

export interface GroupKind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

/** Subresources of a kind of their own, by the storage of what they belong to; `*` for all. */
const kinds: { readonly [path: string]: GroupKind } = {
  "*/scale": { group: "autoscaling", version: "v1", kind: "Scale" },
  "pods/binding": { group: "", version: "v1", kind: "Binding" },
  "pods/eviction": { group: "policy", version: "v1", kind: "Eviction" },
  "pods/attach": { group: "", version: "v1", kind: "PodAttachOptions" },
  "pods/exec": { group: "", version: "v1", kind: "PodExecOptions" },
  "pods/portforward": { group: "", version: "v1", kind: "PodPortForwardOptions" },
  "pods/proxy": { group: "", version: "v1", kind: "PodProxyOptions" },
  "services/proxy": { group: "", version: "v1", kind: "ServiceProxyOptions" },
  "nodes/proxy": { group: "", version: "v1", kind: "NodeProxyOptions" },
  "serviceaccounts/token": { group: "authentication.k8s.io", version: "v1", kind: "TokenRequest" }
}

/** `undefined`: the same as of the object. */
export const ofSubresource = (storage: string, subresource: string): GroupKind | undefined =>
  kinds[`${storage}/${subresource}`] ?? kinds[`*/${subresource}`]

const readWrite = ["get", "patch", "update"]
const verbs: { readonly [subresource: string]: ReadonlyArray<string> } = {
  attach: ["create", "get"],
  binding: ["create"],
  eviction: ["create"],
  exec: ["create", "get"],
  finalize: ["update"],
  log: ["get"],
  portforward: ["create", "get"],
  proxy: ["create", "delete", "get", "patch", "update"],
  token: ["create"]
}
export const verbsOf = (subresource: string) => verbs[subresource] ?? readWrite

/** What clients of before send, and means the same. */
const older: { readonly [path: string]: ReadonlyArray<string> } = { "pods/eviction": ["policy/v1beta1"] }

export const bodyKind = ({ served: { kind }, subresource, version }: At) => {
  const other = subresource === "" ? undefined : ofSubresource(kind.storage, subresource)
  return other === undefined
    ? { apiVersion: apiVersion(version), kind: kind.kind, older: [] }
    : { apiVersion: apiVersion(other), kind: other.kind, older: older[`${kind.storage}/${subresource}`] ?? [] }
}
