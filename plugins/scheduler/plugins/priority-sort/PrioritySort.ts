/** The more important Pod is tried first; of equals, the one that waits longer. */
import type { Plugin, Queued } from "../../contracts/Framework.ts"

export const order = (a: Queued, b: Queued) => (b.pod.spec.priority ?? 0) - (a.pod.spec.priority ?? 0) || a.since - b.since

export const plugin: Plugin = { name: "PrioritySort", queueSort: order }
