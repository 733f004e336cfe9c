/** A scheduling plugin with every point that crosses isolates, for tests: no more than one Pod with the label on a node, `big` ones rather. */
import { Effect } from "effect"
import { type Plugin, unschedulable } from "../../plugins/scheduler/contracts/Framework.ts"
import { onPod } from "../../plugins/scheduler/contracts/Changes.ts"
import * as SchedulerPlugin from "../../plugins/scheduler/contracts/SchedulerPlugin.ts"

const label = "sample"

export const sample: Plugin = {
  name: "Sample",
  hints: [onPod(["Delete"])],
  preFilter: ({ pod }) =>
    pod.metadata.labels?.[label] === undefined
      ? undefined
      : {
          filter: ({ pods }) =>
            [...pods.values()].some(({ pod }) => pod.metadata.labels?.[label] !== undefined)
              ? unschedulable("node(s) had a sample already")
              : undefined
        },
  preScore: () => ({
    score: ({ node }) => (node.metadata.labels?.["size"] === "big" ? 7 : 0),
    normalize: (scores) => scores.forEach((score, index) => (scores[index] = score === 0 ? 0 : 100))
  }),
  permit: ({ pod }) => Effect.annotateLogs(Effect.void, { pod: pod.metadata.name })
}

export const plugin = SchedulerPlugin.make(sample, { weight: 5 })
