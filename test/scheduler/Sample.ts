/** A scheduling plugin with every point that crosses isolates, for tests: no more than one Pod with the label on a node, `big` ones rather. */
import { Effect, Stream } from "effect"
import { type Plugin, type Queued, unresolvable, unschedulable } from "../../plugins/scheduler/contracts/Framework.ts"
import { onPod } from "../../plugins/scheduler/contracts/Changes.ts"
import type { PodInfo } from "../../plugins/scheduler/contracts/Nodes.ts"
import * as SchedulerPlugin from "../../plugins/scheduler/contracts/SchedulerPlugin.ts"

const label = "sample"
const priorityOf = ({ pod }: Queued) => pod.spec.priority ?? 0
const reserved = new Set<string>()
const uidOf = ({ pod }: PodInfo) => pod.metadata.uid

export const sample: Plugin = {
  name: "Sample",
  hints: [onPod(["Delete"])],
  again: Stream.never,
  preEnqueue: ({ metadata }) => (metadata.labels?.["held"] === undefined ? undefined : unresolvable("it is held")),
  queueSort: (a, b) => priorityOf(b) - priorityOf(a) || a.since - b.since,
  preFilter: ({ pod }) =>
    pod.metadata.labels?.[label] === undefined
      ? undefined
      : {
          filter: ({ pods }) =>
            [...pods.values()].some(({ pod }) => pod.metadata.labels?.[label] !== undefined)
              ? unschedulable("node(s) had a sample already")
              : undefined
        },
  postFilter: ({ pod, refusals, trial, view }) => {
    const found = view.nodes.find((node) => refusals.has(node.name) && trial(node).fits() === undefined)
    return found === undefined ? { message: `no room for ${pod.pod.metadata.name}` } : { nominate: found.name }
  },
  preScore: () => ({
    score: ({ node }) => (node.metadata.labels?.["size"] === "big" ? 7 : 0),
    normalize: (scores) => scores.forEach((score, index) => (scores[index] = score === 0 ? 0 : 100))
  }),
  reserve: (info) => {
    if (reserved.has(uidOf(info))) return unschedulable("it is reserved already")
    reserved.add(uidOf(info))
    return undefined
  },
  unreserve: (info) => void reserved.delete(uidOf(info)),
  permit: ({ pod }) => Effect.annotateLogs(Effect.void, { pod: pod.metadata.name }),
  preBind: () => Effect.void,
  bind: () => Effect.succeed(false),
  postBind: () => Effect.void
}

export const plugin = SchedulerPlugin.make(sample, { weight: 5 })
