/**
 * What the kubelet needs of a container runtime: Pods and the containers in them. Sandboxes, pause containers and shims are
 * the adapter's own. Names are given by the caller, so that a kubelet that was killed asks again and finds what it started.
 */
import { Schema } from "effect"
import * as Contract from "../../../kernel/plugin/Contract.ts"

const { Int, Literals, String: Text } = Schema

export class PodMissing extends Schema.TaggedError<PodMissing>()("PodMissing", { pod: Text }) {}
export class ImageMissing extends Schema.TaggedError<ImageMissing>()("ImageMissing", { image: Text }) {}
export class NetworkUnsupported extends Schema.TaggedError<NetworkUnsupported>()("NetworkUnsupported", {
  network: Text
}) {}

/**
 * `runtime`: the runtime makes the namespace and calls CNI itself (containerd, CRI-O). `given`: it joins a namespace that
 * the kubelet has made and attached (Podman, Docker). `host`: no namespace of its own, which every runtime can do.
 */
export const Network = Schema.TaggedUnion({ runtime: {}, given: { namespace: Text }, host: {} })

export const ContainerStatus = Schema.Struct({
  id: Text,
  name: Text,
  attempt: Int,
  state: Literals(["Created", "Running", "Exited"]),
  exitCode: Schema.optionalKey(Int)
})
export const PodStatus = Schema.Struct({
  id: Text,
  uid: Text,
  attempt: Int,
  ready: Schema.Boolean,
  addresses: Schema.Array(Text),
  containers: Schema.Array(ContainerStatus)
})
export type PodStatus = typeof PodStatus.Type

const graceSeconds = Int

export class ContainerRuntime extends Contract.make<ContainerRuntime>()(
  "kubelet/ContainerRuntime",
  {
    version: "1.0.0",
    laws: {
      "pod/again": "Starting a Pod with the uid and attempt of one that is there returns that one.",
      "pod/network": "A network that the runtime does not describe fails with NetworkUnsupported and leaves no Pod behind.",
      "container/no-image": "Starting a container from an image that is not there fails with ImageMissing.",
      "container/again": "Starting a container with the name and attempt of one that is there returns that one.",
      "stop/again": "Stopping a container that has exited succeeds and keeps its exit code.",
      "remove/again": "Removing a Pod that is gone succeeds.",
      "list/all": "The list has every Pod with all its containers, stopped ones too, whoever started them.",
      "changes/hint":
        "A reader gets a hint for each Pod there is, and then one after each change of a Pod or its containers."
    }
  },
  Contract.method("describe", {
    doc: "What this runtime is, and who attaches its Pods to the network.",
    success: Schema.Struct({ name: Text, version: Text, network: Literals(["runtime", "given"]) }),
    errors: []
  }),
  Contract.method("startPod", {
    doc: "Makes the Pod's namespaces and cgroup, without containers.",
    payload: { uid: Text, namespace: Text, name: Text, attempt: Int, hostname: Text, network: Network },
    success: PodStatus,
    errors: [NetworkUnsupported]
  }),
  Contract.method("stopPod", {
    doc: "Stops its containers, and takes back its network if the runtime gave it.",
    payload: { pod: Text, graceSeconds },
    errors: []
  }),
  Contract.method("removePod", { doc: "Removes it with its containers.", payload: { pod: Text }, errors: [] }),
  Contract.method("startContainer", {
    doc: "Creates and starts a container in a Pod. Returns its id.",
    payload: { pod: Text, name: Text, attempt: Int, image: Text, command: Schema.Array(Text) },
    success: Text,
    errors: [PodMissing, ImageMissing]
  }),
  Contract.method("stopContainer", {
    doc: "The stop signal, and KILL after the grace.",
    payload: { id: Text, graceSeconds },
    errors: []
  }),
  Contract.method("list", { doc: "All there is: what a kubelet adopts.", success: Schema.Array(PodStatus), errors: [] }),
  Contract.method("changes", {
    doc: "Pods worth another look. A runtime without events polls inside the adapter.",
    success: Schema.Struct({ pod: Text }),
    stream: true,
    errors: []
  })
) {}
