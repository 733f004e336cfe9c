/** Gives nodes a score for each Pod: here, 100 to those that have a label, and 0 to the others. */
import type { Plugin } from "keelson/scheduler/Framework"
import * as SchedulerPlugin from "keelson/scheduler/SchedulerPlugin"

/** The configuration, as keelson.json has its schema. */
interface Options {
  readonly label?: string
}

const scoring = ({ label = "preferred" }: Options): Plugin => ({
  name: "sample-plugin",
  // It depends on the node alone: of Pods that are alike it is asked again only when a node has changed.
  isLocal: true,
  preScore: () => ({
    score: ({ node }) => (node.metadata.labels?.[label] === undefined ? 0 : 100)
  })
})

/** `weight`: how much it counts beside the scheduler's own plugins, most of which count 1 or 2. */
export const plugin = (options: Options = {}) => SchedulerPlugin.make(scoring(options), { weight: 10 })
