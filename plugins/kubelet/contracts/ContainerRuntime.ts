/**
 * What the kubelet needs of a container runtime: Pods and the containers in them. Sandboxes, pause containers and shims are
 * the adapter's own. Names are given by the caller, so that a kubelet that was killed asks again and finds what it started.
 */
import { Schema } from "effect"
import * as Contract from "../../../kernel/plugin/Contract.ts"
import { ContainerMissing } from "./Exec.ts"
import { ContainerConfig, PodConfig, PodStatus, Resources } from "./Pods.ts"

export type { ContainerStatus, PodStatus } from "./Pods.ts"

const { Array: List, Boolean: Bool, Int, Literals, String: Text, Struct, optionalKey } = Schema

export class PodMissing extends Schema.TaggedError<PodMissing>()("PodMissing", { pod: Text }) {}
export class ImageMissing extends Schema.TaggedError<ImageMissing>()("ImageMissing", { image: Text }) {}
export class NetworkUnsupported extends Schema.TaggedError<NetworkUnsupported>()("NetworkUnsupported", {
  network: Text
}) {}
/** The runtime will not have a Pod as it was asked for: no network, a wrong sysctl, a handler that it does not have. */
export class PodRefused extends Schema.TaggedError<PodRefused>()("PodRefused", { message: Text }) {}
/** The container could not be made (`create`), or was made and did not start (`start`): then it is there, exited. */
export class ContainerRefused extends Schema.TaggedError<ContainerRefused>()("ContainerRefused", {
  step: Literals(["create", "start"]),
  message: Text
}) {}
/** The limits could not be set: the kernel or the runtime will not have them. */
export class UpdateRefused extends Schema.TaggedError<UpdateRefused>()("UpdateRefused", { message: Text }) {}

const graceSeconds = Int

/** What a RuntimeClass can name. The one without a name is what serves Pods without a class. */
export const Handler = Struct({
  name: Text,
  /** Of several runtimes behind one contract: the one that serves it. Absent: the one that `describe` names. */
  runtime: optionalKey(Struct({ name: Text, version: Text })),
  features: optionalKey(Struct({ recursiveReadOnlyMounts: Bool, userNamespaces: Bool }))
})
export type Handler = typeof Handler.Type

export class ContainerRuntime extends Contract.make<ContainerRuntime>()(
  "kubelet/ContainerRuntime",
  {
    version: "2.2.0",
    laws: {
      "describe/handlers": "A Pod starts with each of the handlers that are described.",
      "pod/again": "Starting a Pod with the uid and attempt of one that is there returns that one.",
      "pod/network": "A network that the runtime does not describe fails with NetworkUnsupported and leaves no Pod behind.",
      "pod/handler": "A handler that the runtime does not have fails with PodRefused and leaves no Pod behind.",
      "container/no-image": "Starting a container from an image that is not there fails with ImageMissing.",
      "container/no-pod": "Starting a container in a Pod that is not there fails with PodMissing.",
      "container/again": "Starting a container with the name and attempt of one that is there returns that one.",
      "container/exits": "A container that ends by itself is Exited, with its exit code and the time.",
      "update/runs": "A running container whose resources are updated goes on running, as the same.",
      "update/missing": "Updating a container that is not there fails with ContainerMissing.",
      "stop/again": "Stopping a container that has exited succeeds and keeps its exit code.",
      "stop/pod": "Stopping a Pod ends its containers and makes it not ready; they stay in the list.",
      "remove/again": "Removing a Pod that is gone succeeds.",
      "remove/container": "A removed container is in the list no more; removing it again succeeds.",
      "list/all": "The list has every Pod with all its containers, stopped ones too, whoever started them.",
      "list/uid": "The list for a uid has the Pods of that uid and no others."
    }
  },
  Contract.method("describe", {
    doc: "What this runtime is, by which handlers it runs Pods, and who attaches them to the network.",
    success: Struct({
      name: Text,
      version: Text,
      network: Literals(["runtime", "given", "made"]),
      handlers: List(Handler),
      features: optionalKey(Struct({ supplementalGroupsPolicy: Bool }))
    }),
    errors: []
  }),
  Contract.method("health", {
    doc: "Whether it can run Pods now, and attach them to the network; `message` says why not.",
    success: Struct({ runtime: Bool, network: Bool, message: Text }),
    errors: []
  }),
  Contract.method("startPod", {
    doc: "Makes the Pod's namespaces and cgroup, without containers.",
    payload: PodConfig,
    success: PodStatus,
    errors: [NetworkUnsupported, PodRefused]
  }),
  Contract.method("stopPod", {
    doc: "Stops its containers, and takes back its network if the runtime gave it.",
    payload: { pod: Text, graceSeconds },
    errors: []
  }),
  Contract.method("removePod", { doc: "Removes it with its containers.", payload: { pod: Text }, errors: [] }),
  Contract.method("startContainer", {
    doc: "Creates and starts a container in a Pod. Returns its id.",
    payload: ContainerConfig,
    success: Text,
    errors: [PodMissing, ImageMissing, ContainerRefused]
  }),
  Contract.method("updateContainer", {
    doc: "Gives a running container other limits. What is left out stays as it is.",
    payload: { id: Text, resources: Resources },
    errors: [ContainerMissing, UpdateRefused]
  }),
  Contract.method("stopContainer", {
    doc: "The stop signal, and KILL after the grace.",
    payload: { id: Text, graceSeconds },
    errors: []
  }),
  Contract.method("removeContainer", { doc: "Removes a container that has exited.", payload: { id: Text }, errors: [] }),
  Contract.method("list", {
    doc: "All there is, or all of one Pod of the API: what a kubelet adopts.",
    payload: { uid: optionalKey(Text) },
    success: List(PodStatus),
    errors: []
  })
) {}
