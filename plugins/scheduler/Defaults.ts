/** The rules of the scheduler itself, in the order in which they are asked. What a registry adds is asked after them. */
import type { Filter, Gate, Score } from "./contracts/Extensions.ts"
import { interPodAffinity as affinityFilter } from "./filters/InterPodAffinity.ts"
import { nodeAffinity as nodeAffinityFilter } from "./filters/NodeAffinity.ts"
import { nodeName } from "./filters/NodeName.ts"
import { nodePorts } from "./filters/NodePorts.ts"
import { nodeResourcesFit } from "./filters/NodeResourcesFit.ts"
import { nodeUnschedulable } from "./filters/NodeUnschedulable.ts"
import { podTopologySpread as spreadFilter } from "./filters/PodTopologySpread.ts"
import { taintToleration as taintFilter } from "./filters/TaintToleration.ts"
import { schedulingGates } from "./gates/SchedulingGates.ts"
import { balancedAllocation } from "./scores/BalancedAllocation.ts"
import { imageLocality } from "./scores/ImageLocality.ts"
import { interPodAffinity } from "./scores/InterPodAffinity.ts"
import { leastAllocated } from "./scores/LeastAllocated.ts"
import { nodeAffinity } from "./scores/NodeAffinity.ts"
import { podTopologySpread } from "./scores/PodTopologySpread.ts"
import { taintToleration } from "./scores/TaintToleration.ts"

export const filters: ReadonlyArray<Filter> = [
  nodeUnschedulable,
  nodeName,
  taintFilter,
  nodeAffinityFilter,
  nodePorts,
  nodeResourcesFit,
  spreadFilter,
  affinityFilter
]

export const scores: ReadonlyArray<Score> = [
  taintToleration,
  nodeAffinity,
  podTopologySpread,
  interPodAffinity,
  leastAllocated,
  balancedAllocation,
  imageLocality
]

export const gates: ReadonlyArray<Gate> = [schedulingGates]
