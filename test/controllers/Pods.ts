/** Pods as plain values, for tests of decisions. */
import * as Complete from "../../kernel/client/Complete.ts"
import { Pod, type PodDraft, type PodSpecDraft } from "../../plugins/resources/contracts/core/v1.ts"

interface Features {
  readonly name: string
  readonly namespace?: string
  readonly labels?: { readonly [key: string]: string }
  readonly annotations?: { readonly [key: string]: string }
  readonly node?: string
  readonly phase?: string
  /** Since when it is ready. */
  readonly ready?: string
  readonly restarts?: number
  readonly created?: string
  readonly spec?: Partial<PodSpecDraft>
}

const complete = Complete.make(Pod.versions[0])

export const podOf = ({
  created = "2025-06-01T00:00:00Z",
  name,
  namespace = "default",
  node,
  phase,
  ready,
  ...more
}: Features): Pod => {
  const { annotations = {}, labels = {}, restarts = 0, spec } = more
  const draft: PodDraft = {
    metadata: { name, namespace, uid: name, resourceVersion: "1", creationTimestamp: created, labels, annotations },
    spec: { containers: [{ name: "c", image: "i" }], ...(node !== undefined && { nodeName: node }), ...spec },
    status: {
      phase: phase ?? "Pending",
      containerStatuses: [{ name: "c", image: "i", imageID: "", ready: ready !== undefined, restartCount: restarts }],
      ...(ready !== undefined && { conditions: [{ type: "Ready", status: "True", lastTransitionTime: ready }] })
    }
  }
  // A draft is JSON by its type, and complete it is a Pod by the schema's; hence the casts.
  return complete(draft as unknown as Parameters<typeof complete>[0]) as unknown as Pod
}
