/**
 * Kinds that are stored once and served in several versions: for the version that programs read, the others, each with its
 * hand-written conversion. Source: Kubernetes' API reference; one Event is seen in two groups.
 */

export interface OtherVersion {
  /** Group, version and kind. */
  readonly gvk: string
  /** The file, relative to `contracts/`, that exports `from` and `to`, without its ending. */
  readonly conversion: string
}

export const otherVersions: { readonly [gvk: string]: ReadonlyArray<OtherVersion> } = {
  "/v1/Event": [{ gvk: "events.k8s.io/v1/Event", conversion: "events/EventConversion" }],
  "autoscaling/v2/HorizontalPodAutoscaler": [
    { gvk: "autoscaling/v1/HorizontalPodAutoscaler", conversion: "autoscaling/HorizontalPodAutoscalerConversion" }
  ]
}
