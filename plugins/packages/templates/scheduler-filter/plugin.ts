/** Refuses nodes for Pods: here, those that have a label, for Pods that do not have it. */
import { onNode } from "keelson/scheduler/Changes"
import { type Plugin, unresolvable } from "keelson/scheduler/Framework"
import * as SchedulerPlugin from "keelson/scheduler/SchedulerPlugin"

/** The configuration, as keelson.json has its schema. */
interface Options {
  readonly label?: string
}

const filtering = ({ label = "reserved" }: Options): Plugin => ({
  name: "sample-plugin",
  // What it says depends on the Pod's labels and the node alone: of Pods that are alike it is asked again only when a node has changed.
  isLocal: true,
  // Pods that it has refused are tried again when a node comes, or its labels change.
  hints: [onNode(["Add", "UpdateLabels"])],
  preFilter: ({ pod }) =>
    pod.metadata.labels?.[label] !== undefined
      ? undefined
      : {
          filter: ({ node }) =>
            node.metadata.labels?.[label] === undefined ? undefined : unresolvable(`node(s) were ${label}`)
        }
})

export const plugin = (options: Options = {}) => SchedulerPlugin.make(filtering(options))
