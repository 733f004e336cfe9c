/** ResourceSlices: devices that drivers offer, where they are, and what they share. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import { inside, when } from "../../../kernel/resource/Rules.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { age, text, unset } from "../Columns.ts"
import type { ResourcePool, ResourceSlice } from "../contracts/resource/v1.ts"
import { validateNodeSelector } from "../core/AffinityValidation.ts"
import { several, validateCounters, validateDevice, validateFlag, validateNodeName, waysOf } from "./Devices.ts"
import { validateDriver } from "../core/VolumeSources.ts"
import { validatePool, validateSet } from "./DeviceNames.ts"

const most = { devices: 128, counterSets: 8 }

const validatePoolOf = ({ generation, name, resourceSliceCount }: ResourcePool, field: string): Causes.Causes => [
  ...validatePool(name, `${field}.name`),
  ...when(resourceSliceCount <= 0, () =>
    Causes.invalid(`${field}.resourceSliceCount`, resourceSliceCount, "must be greater than zero")
  ),
  ...when(generation < 0, () => Causes.invalid(`${field}.generation`, generation, "must be greater than or equal to zero"))
]

const oneIsRequired = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required"

const validatePlace = ({ spec }: ResourceSlice): Causes.Causes => {
  const { allNodes, nodeName, nodeSelector, perDeviceNodeSelection } = spec
  const ways = [...waysOf(spec), ...(perDeviceNodeSelection === true ? ["perDeviceNodeSelection"] : [])]
  const terms = nodeSelector?.nodeSelectorTerms ?? []
  return [
    ...validateNodeName("spec.nodeName", nodeName),
    ...inside(nodeSelector, (selector) => validateNodeSelector(selector, "spec.nodeSelector")),
    ...when(nodeSelector !== undefined && terms.length !== 1, () =>
      Causes.invalid("spec.nodeSelector.nodeSelectorTerms", terms, "must have exactly one node selector term")
    ),
    ...validateFlag("spec.allNodes", allNodes),
    ...validateFlag("spec.perDeviceNodeSelection", perDeviceNodeSelection),
    ...when(ways.length === 0, () => Causes.required("spec", oneIsRequired)),
    ...when(ways.length > 1, () => Causes.invalid("spec", several(ways), `${oneIsRequired}, but multiple fields are set`))
  ]
}

/** Who offers what, from where, stays as it was. */
const validateFixed = ({ spec }: ResourceSlice, { spec: old }: ResourceSlice): Causes.Causes => [
  ...when(spec.pool.name !== old.pool.name, () => Causes.immutable("spec.pool.name", spec.pool.name)),
  ...when(spec.driver !== old.driver, () => Causes.immutable("spec.driver", spec.driver)),
  ...when(spec.nodeName !== old.nodeName, () => Causes.immutable("spec.nodeName", spec.nodeName))
]

const validate = (slice: ResourceSlice, old: ResourceSlice | undefined): Causes.Causes => {
  const { devices = [], driver, perDeviceNodeSelection, pool, sharedCounters = [] } = slice.spec
  return [
    ...validateDriver(driver, "spec.driver"),
    ...validatePoolOf(pool, "spec.pool"),
    ...(old === undefined ? [] : validateFixed(slice, old)),
    ...validatePlace(slice),
    ...when(devices.length > 0 && sharedCounters.length > 0, () =>
      Causes.invalid("spec", "", "only one of `sharedCounters` or `devices` is allowed")
    ),
    ...validateSet(
      devices,
      most.devices,
      "spec.devices",
      (device, at) => validateDevice(device, perDeviceNodeSelection === true, at),
      ({ name }) => name
    ),
    ...validateSet(
      sharedCounters,
      most.counterSets,
      "spec.sharedCounters",
      ({ counters, name }, at) => [
        ...Causes.broken(`${at}.name`, name, Names.dns1123Label(name)),
        ...validateCounters(counters, `${at}.counters`)
      ],
      ({ name }) => name
    )
  ]
}

/** What belongs to features that are off. */
const withoutMappings = (slice: ResourceSlice): ResourceSlice => {
  const { devices } = slice.spec
  if (devices?.some(({ nodeAllocatableResourceMappings: one }) => one !== undefined) !== true) return slice
  const without = devices.map(({ nodeAllocatableResourceMappings: _, ...device }) => device)
  return { ...slice, spec: { ...slice.spec, devices: without } }
}

export const strategy: Strategy<ResourceSlice> = {
  prepareCreate: withoutMappings,
  prepareUpdate: withoutMappings,
  validate,
  warnings: ({ spec: { driver } }) =>
    driver === driver.toLowerCase()
      ? []
      : [`spec.driver: driver names should be lowercase; ${JSON.stringify(driver)} contains uppercase characters`],
  selectable: {
    "spec.nodeName": ({ spec }) => spec.nodeName ?? "",
    "spec.driver": ({ spec }) => spec.driver
  },
  notSelectable: (field) => `field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: ${field}`,
  columns: [
    text("Node", "Where the devices are.", ({ spec }) => spec.nodeName ?? unset),
    text("Driver", "Who offers them.", ({ spec }) => spec.driver),
    text("Pool", "What they are part of.", ({ spec }) => spec.pool.name),
    age
  ]
}
