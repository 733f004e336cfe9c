/** Nodes as plain values, for tests of decisions. */
import * as Complete from "../../kernel/client/Complete.ts"
import { Node, type NodeDraft } from "../../plugins/resources/contracts/core/v1.ts"

const complete = Complete.make(Node.versions[0])

interface Features {
  readonly cpu?: string
  readonly memory?: string
  readonly pods?: string
  readonly extended?: { readonly [name: string]: string }
  readonly labels?: { readonly [key: string]: string }
  readonly spec?: NodeDraft["spec"]
  readonly images?: { readonly [name: string]: number }
}

export const draftOf = (
  name: string,
  { cpu = "4", extended = {}, images = {}, labels = {}, memory = "8Gi", pods = "110", spec }: Features = {}
) => ({
  metadata: { name, uid: name, resourceVersion: "1", labels: { "kubernetes.io/hostname": name, ...labels } },
  ...(spec && { spec }),
  status: {
    allocatable: { cpu, memory, pods, "ephemeral-storage": "10Gi", ...extended },
    images: Object.entries(images).map(([image, sizeBytes]) => ({ names: [image], sizeBytes })),
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    nodeInfo: {
      machineID: "",
      systemUUID: "",
      bootID: "",
      kernelVersion: "",
      osImage: "",
      containerRuntimeVersion: "",
      kubeletVersion: "",
      kubeProxyVersion: "",
      operatingSystem: "linux",
      architecture: "amd64"
    }
  }
})

// A draft is JSON by its type, and complete it is a Node by the schema's; hence the casts.
export const nodeOf = (name: string, features: Features = {}) =>
  complete(draftOf(name, features) as unknown as Parameters<typeof complete>[0]) as unknown as Node
