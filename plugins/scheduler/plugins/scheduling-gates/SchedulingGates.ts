/** A Pod with scheduling gates waits until whoever set them has taken them away. */
import { type Plugin, unresolvable } from "../../contracts/Framework.ts"

export const plugin: Plugin = {
  name: "SchedulingGates",
  // Only a change of the Pod helps.
  hints: [],
  preEnqueue: ({ spec: { schedulingGates = [] } }) =>
    schedulingGates.length === 0
      ? undefined
      : unresolvable(`waiting for scheduling gates: [${schedulingGates.map(({ name }) => name).join(" ")}]`)
}
