/** The cluster's own scheduler with one more plugin in it: nodes of the wanted class come first. */
import type { Plugin } from "keelson/scheduler/Framework"
import * as OwnScheduler from "keelson/scheduler/OwnScheduler"

interface Options {
  /** The value of the label `class` that nodes should have. */
  readonly wanted?: string
}

const classes = ({ wanted = "fast" }: Options): Plugin => ({
  name: "Classes",
  preScore: () => ({ score: ({ node }) => (node.metadata.labels?.["class"] === wanted ? 100 : 0) })
})

export const plugin = (options: Options = {}) =>
  OwnScheduler.make({ name: "scheduler-own", plugins: [{ plugin: classes(options), weight: 20 }] })
