/** What is wrong with a device that a driver offers. Source: API reference, resource.k8s.io/v1, ResourceSlice. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import { inside, oneOf, requiredName, when } from "../../../kernel/resource/Rules.ts"
import type { Counter, Device, DeviceAttribute, DeviceTaint } from "../contracts/resource/v1.ts"
import { validateNodeSelector } from "../core/AffinityValidation.ts"
import { validateCapacity } from "./DeviceCapacity.ts"
import { validateQualified, validateSet } from "./DeviceNames.ts"
import { effects } from "./DeviceRequests.ts"

const most = { parts: 32, text: 64, taints: 16, conditions: 4, counterSets: 2 }

const semver =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/

const validateAttribute = (attribute: DeviceAttribute, field: string): Causes.Causes => {
  const { bool, int, string, version } = attribute
  const given = [int, bool, string, version].filter((one) => one !== undefined).length
  const shown = {
    IntValue: int ?? null,
    BoolValue: bool ?? null,
    StringValue: string ?? null,
    VersionValue: version ?? null,
    IntValues: null,
    BoolValues: null,
    StringValues: null,
    VersionValues: null
  }
  return [
    ...when(string !== undefined && string.length > most.text, () => Causes.tooLong(`${field}.string`, most.text)),
    ...inside(version, (text) => [
      ...when(!semver.test(text), () =>
        Causes.invalid(`${field}.version`, text, "must be a string compatible with semver.org spec 2.0.0")
      ),
      ...when(text.length > most.text, () => Causes.tooLong(`${field}.version`, most.text))
    ]),
    ...when(given !== 1, () => Causes.invalid(field, given === 0 ? "" : shown, "exactly one value must be specified"))
  ]
}

const validateTaint = ({ effect, key, value = "" }: DeviceTaint, field: string): Causes.Causes => [
  ...Causes.broken(`${field}.key`, key, Names.labelKey(key)),
  ...Causes.broken(`${field}.value`, value, Names.labelValue(value)),
  ...oneOf(`${field}.effect`, effect, effects)
]

export const validateCounters = (counters: { readonly [name: string]: Counter }, field: string): Causes.Causes => {
  const names = Object.keys(counters)
  if (names.length === 0) return [Causes.required(field)]
  if (names.length > most.parts) return [Causes.tooMany(field, names.length, most.parts)]
  return names.flatMap((name) => Causes.broken(field, name, Names.dns1123Label(name)))
}

const validateConditions = (names: ReadonlyArray<string> | undefined, field: string) =>
  validateSet(
    names,
    most.conditions,
    field,
    (name, at) => Causes.broken(at, name, Names.labelKey(name)),
    (name) => name
  )

/** Those that say that it is ready, and those that say that it will never be, come together and are others. */
const validateBinding = (device: Device, field: string): Causes.Causes => {
  const { bindingConditions: ready = [], bindingFailureConditions: failed = [] } = device
  const [atReady, atFailed] = [`${field}.bindingConditions`, `${field}.bindingFailureConditions`]
  return [
    ...validateConditions(ready, atReady),
    ...validateConditions(failed, atFailed),
    ...when(ready.length === 0 && failed.length > 0, () =>
      Causes.invalid(atReady, null, "bindingConditions are required to use bindingFailureConditions")
    ),
    ...when(failed.length === 0 && ready.length > 0, () =>
      Causes.invalid(atFailed, null, "bindingFailureConditions are required to use bindingConditions")
    ),
    ...failed.flatMap((name, index) =>
      when(ready.includes(name), () =>
        Causes.invalid(`${atFailed}[${index}]`, name, "bindingFailureConditions must not overlap with bindingConditions")
      )
    )
  ]
}

const oneIsRequired =
  "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec"

interface Place {
  readonly nodeName?: string
  readonly nodeSelector?: Device["nodeSelector"]
  readonly allNodes?: boolean
}

/** Which of the ways to say where it is are taken. */
export const waysOf = ({ allNodes, nodeName, nodeSelector }: Place) => [
  ...(nodeName === undefined || nodeName === "" ? [] : ["nodeName"]),
  ...(nodeSelector === undefined ? [] : ["nodeSelector"]),
  ...(allNodes === true ? ["allNodes"] : [])
]
export const several = (ways: ReadonlyArray<string>) => `{${ways.map((way) => `\`${way}\``).join(", ")}}`

export const validateFlag = (field: string, flag: boolean | undefined): Causes.Causes =>
  when(flag === false, () => Causes.invalid(field, false, "must be either unset or set to true"))

export const validateNodeName = (field: string, name: string | undefined): Causes.Causes =>
  name === ""
    ? [Causes.invalid(field, "", "must be either unset or set to a non-empty string")]
    : inside(name, (one) => Causes.broken(field, one, Names.dns1123Subdomain(one)))

const validatePlace = (device: Device, isEachItsOwn: boolean, field: string): Causes.Causes => {
  const { allNodes, nodeName, nodeSelector } = device
  const isSaid = allNodes !== undefined || nodeName !== undefined || nodeSelector !== undefined
  if (!isEachItsOwn)
    return when(isSaid, () =>
      Causes.invalid(
        field,
        null,
        "`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec"
      )
    )
  const ways = waysOf(device)
  return [
    ...validateNodeName(`${field}.nodeName`, nodeName),
    ...inside(nodeSelector, (selector) => validateNodeSelector(selector, `${field}.nodeSelector`)),
    ...validateFlag(`${field}.allNodes`, allNodes),
    ...when(ways.length === 0, () => Causes.required(field, oneIsRequired)),
    ...when(ways.length > 1, () => Causes.invalid(field, several(ways), oneIsRequired))
  ]
}

export const validateDevice = (device: Device, isEachItsOwn: boolean, field: string): Causes.Causes => {
  const [attributes, capacity] = [Object.entries(device.attributes ?? {}), Object.entries(device.capacity ?? {})]
  const parts = attributes.length + capacity.length
  const isShared = device.allowMultipleAllocations === true
  return [
    ...Causes.broken(`${field}.name`, device.name, Names.dns1123Label(device.name)),
    ...attributes.flatMap(([name, attribute]) => [
      ...validateQualified(name, `${field}.attributes`),
      ...validateAttribute(attribute, `${field}.attributes[${name}]`)
    ]),
    ...capacity.flatMap(([name, one]) => [
      ...validateQualified(name, `${field}.capacity`),
      ...validateCapacity(one, isShared, `${field}.capacity[${name}]`)
    ]),
    ...when(parts > most.parts, () =>
      Causes.invalid(field, parts, `the total number of attributes and capacities must not exceed ${most.parts}`)
    ),
    ...validateSet(device.taints, most.taints, `${field}.taints`, validateTaint),
    ...validateSet(
      device.consumesCounters,
      most.counterSets,
      `${field}.consumesCounters`,
      ({ counters, counterSet }, at) => [
        ...requiredName(`${at}.counterSet`, counterSet, Names.dns1123Label),
        ...validateCounters(counters, `${at}.counters`)
      ],
      ({ counterSet }) => counterSet
    ),
    ...validatePlace(device, isEachItsOwn, field),
    ...validateBinding(device, field)
  ]
}
