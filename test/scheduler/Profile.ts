/** A profile of the plugins that decide on plain data alone. */
import * as ImageLocality from "../../plugins/scheduler/plugins/image-locality/ImageLocality.ts"
import * as InterPodAffinity from "../../plugins/scheduler/plugins/inter-pod-affinity/InterPodAffinity.ts"
import * as NodeAffinity from "../../plugins/scheduler/plugins/node-affinity/NodeAffinity.ts"
import * as NodeName from "../../plugins/scheduler/plugins/node-name/NodeName.ts"
import * as NodePorts from "../../plugins/scheduler/plugins/node-ports/NodePorts.ts"
import * as NodeResourcesBalancedAllocation from "../../plugins/scheduler/plugins/node-resources-balanced-allocation/NodeResourcesBalancedAllocation.ts"
import * as NodeResourcesFit from "../../plugins/scheduler/plugins/node-resources-fit/NodeResourcesFit.ts"
import * as NodeUnschedulable from "../../plugins/scheduler/plugins/node-unschedulable/NodeUnschedulable.ts"
import { compiled } from "../../plugins/scheduler/plugins/pod-topology-spread/Constraints.ts"
import * as PodTopologySpread from "../../plugins/scheduler/plugins/pod-topology-spread/PodTopologySpread.ts"
import * as TaintToleration from "../../plugins/scheduler/plugins/taint-toleration/TaintToleration.ts"
import * as Profile from "../../plugins/scheduler/Profile.ts"

const spread = PodTopologySpread.plugin(
  (pod, whenUnsatisfiable) => compiled(pod, pod.spec.topologySpreadConstraints ?? [], whenUnsatisfiable, true),
  () => false
)

export const profile = Profile.make("default-scheduler", [
  { plugin: NodeUnschedulable.plugin },
  { plugin: NodeName.plugin },
  { plugin: TaintToleration.plugin, weight: 3 },
  { plugin: NodeAffinity.make(), weight: 2 },
  { plugin: NodePorts.plugin },
  { plugin: NodeResourcesFit.make() },
  { plugin: spread, weight: 2 },
  { plugin: InterPodAffinity.make(() => ({})), weight: 2 },
  { plugin: NodeResourcesBalancedAllocation.make() },
  { plugin: ImageLocality.plugin }
])
