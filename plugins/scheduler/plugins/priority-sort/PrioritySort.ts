/** The more important Pod is tried first; of equals, the one that waits longer. */
import type { Plugin } from "../../contracts/Framework.ts"

export const plugin: Plugin = {
  name: "PrioritySort",
  queueSort: (a, b) => (b.pod.spec.priority ?? 0) - (a.pod.spec.priority ?? 0) || a.since - b.since
}
