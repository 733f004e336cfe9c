/** What the status of a claim says of the devices that were chosen for it: which, how they are set up, and where they are reached. */
import * as Quantity from "../../../../kernel/resource/Quantity.ts"
import type { NodeSelector, NodeSelectorRequirement } from "../../../resources/contracts/core/v1.ts"
import type {
  AllocationResult,
  DeviceAllocationConfiguration,
  DeviceClass,
  DeviceRequestAllocationResult,
  ResourceClaim
} from "../../../resources/contracts/resource/v1.ts"
import type { Choice } from "./Allocator.ts"
import type { Option } from "./Requests.ts"

const resultOf = ({ candidate, consumed, option }: Choice): DeviceRequestAllocationResult => {
  const { bindingConditions, bindingFailureConditions, name } = candidate.device
  const { driver, pool } = candidate.slice.spec
  const amounts = [...(consumed ?? [])].map(([name, amount]) => [name, Quantity.format(amount)])
  return {
    request: option.name,
    driver,
    pool: pool.name,
    device: name,
    ...(option.isAdmin && { adminAccess: true }),
    ...(option.tolerations !== undefined && { tolerations: option.tolerations }),
    ...(amounts.length > 0 && { consumedCapacity: Object.fromEntries(amounts) }),
    ...(bindingConditions !== undefined && { bindingConditions }),
    ...(bindingFailureConditions !== undefined && { bindingFailureConditions })
  }
}

/** Of classes first, each once; then the claim's own, where they concern what was chosen. */
const configOf = (
  { spec: { devices: { config = [], requests = [] } = {} } }: ResourceClaim,
  options: ReadonlyMap<string, Option>,
  classOf: (name: string) => DeviceClass | undefined
): ReadonlyArray<DeviceAllocationConfiguration> => {
  const chosen = requests.flatMap(({ name }) => options.get(name) ?? [])
  const byClass = [...Map.groupBy(chosen, ({ className }) => className)].flatMap(([name, of]) =>
    (classOf(name)?.spec.config ?? []).map((one) => ({ ...one, source: "FromClass", requests: of.map(({ name }) => name) }))
  )
  const names = new Set([...requests.map(({ name }) => name), ...chosen.map(({ name }) => name)])
  const own = config
    .filter(({ requests: of = [] }) => of.length === 0 || of.some((name) => names.has(name)))
    .map((one) => ({ ...one, source: "FromClaim" }))
  return [...byClass, ...own]
}

const isSame = (a: NodeSelectorRequirement, b: NodeSelectorRequirement) =>
  a.key === b.key && a.operator === b.operator && new Set(a.values).symmetricDifference(new Set(b.values)).size === 0
const together = (all: ReadonlyArray<NodeSelectorRequirement>) =>
  all.filter((one, index) => all.findIndex((other) => isSame(one, other)) === index)

/** Nothing: everywhere. A device that belongs to a node binds the claim to it. */
const placesOf = (choices: ReadonlyArray<Choice>, node: string): NodeSelector | undefined => {
  const places = choices.map(({ candidate: { device, slice } }) => ({
    ...(slice.spec.perDeviceNodeSelection === true ? device : slice.spec),
    bindsToNode: device.bindsToNode
  }))
  if (places.some(({ bindsToNode, nodeName }) => nodeName || bindsToNode === true)) {
    const matchFields = [{ key: "metadata.name", operator: "In", values: [node] }]
    return { nodeSelectorTerms: [{ matchFields }] }
  }
  const terms = places.flatMap(({ nodeSelector }) => nodeSelector?.nodeSelectorTerms.slice(0, 1) ?? [])
  const matchFields = together(terms.flatMap(({ matchFields = [] }) => matchFields))
  const matchExpressions = together(terms.flatMap(({ matchExpressions = [] }) => matchExpressions))
  if (matchFields.length + matchExpressions.length === 0) return undefined
  const term = {
    ...(matchFields.length > 0 && { matchFields }),
    ...(matchExpressions.length > 0 && { matchExpressions })
  }
  return { nodeSelectorTerms: [term] }
}

export const resultsOf = (
  claim: ResourceClaim,
  choices: ReadonlyArray<Choice>,
  node: string,
  classOf: (name: string) => DeviceClass | undefined
): AllocationResult => {
  const options = new Map(choices.map(({ option }) => [option.request, option]))
  const config = configOf(claim, options, classOf)
  const nodeSelector = placesOf(choices, node)
  return {
    devices: { results: choices.map(resultOf), ...(config.length > 0 && { config }) },
    ...(nodeSelector !== undefined && { nodeSelector })
  }
}

/** Source: resource.k8s.io/v1, FirstAvailableDeviceRequestMaxSize. */
const mostOptions = 8

/** The earlier the option that was taken, the better. */
export const scoreOf = ({ spec }: ResourceClaim, { devices: { results = [] } }: AllocationResult) => {
  const taken = new Set(results.map(({ request }) => request))
  let score = 0
  for (const { firstAvailable = [], name } of spec.devices?.requests ?? [])
    for (const [index, option] of firstAvailable.entries())
      if (taken.has(`${name}/${option.name}`)) score += mostOptions - index
  return score
}
