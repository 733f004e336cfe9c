/** What is wrong with what a claim asks for: requests, what binds them together, and configurations. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import { each, inside, oneOf, requiredName, when } from "../../../kernel/resource/Rules.ts"
import type {
  DeviceClaim,
  DeviceConstraint,
  DeviceRequest,
  DeviceToleration,
  ExactDeviceRequest,
  OpaqueDeviceConfiguration
} from "../contracts/resource/v1.ts"
import { validateDriver } from "../core/VolumeSources.ts"
import { validateFullyQualified, validateSet } from "./DeviceNames.ts"
import { validateSelectors } from "./DeviceSelectors.ts"

const most = { requests: 32, alternatives: 8, constraints: 32, configs: 32, parameters: 10 * 1024 }

export const effects = ["NoExecute", "NoSchedule", "None"]

const validateToleration = (
  { effect = "", key = "", operator, value = "" }: DeviceToleration,
  field: string
): Causes.Causes => [
  ...(key === "" ? [] : Causes.broken(`${field}.key`, key, Names.labelKey(key))),
  ...oneOf(`${field}.operator`, operator, ["Equal", "Exists"]),
  ...(operator === "Equal" ? Causes.broken(`${field}.value`, value, Names.labelValue(value)) : []),
  ...when(operator === "Exists" && value !== "", () =>
    Causes.invalid(`${field}.value`, value, "must be empty for operator `Exists`")
  ),
  ...(effect === "" ? [] : oneOf(`${field}.effect`, effect, effects))
]

const validateCount = ({ allocationMode, count = 0 }: ExactDeviceRequest, field: string): Causes.Causes => {
  switch (allocationMode) {
    case "All":
      return when(count !== 0, () =>
        Causes.invalid(`${field}.count`, count, "must not be specified when allocationMode is 'All'")
      )
    case "ExactCount":
      return when(count <= 0, () => Causes.invalid(`${field}.count`, count, "must be greater than zero"))
    default:
      return [Causes.notSupported(`${field}.allocationMode`, allocationMode, ["All", "ExactCount"])]
  }
}

const validateOne = (request: ExactDeviceRequest, field: string): Causes.Causes => [
  ...requiredName(`${field}.deviceClassName`, request.deviceClassName, Names.dns1123Subdomain),
  ...validateSelectors(request.selectors, `${field}.selectors`),
  ...validateCount(request, field),
  ...each(request.tolerations, `${field}.tolerations`, validateToleration)
]

const oneIsRequired = "exactly one of `exactly` or `firstAvailable` is required"

const validateRequest = ({ exactly, firstAvailable = [], name }: DeviceRequest, field: string): Causes.Causes => {
  const isEither = exactly !== undefined && firstAvailable.length > 0
  return [
    ...Causes.broken(`${field}.name`, name, Names.dns1123Label(name)),
    ...when(exactly === undefined && firstAvailable.length === 0, () => Causes.required(field, oneIsRequired)),
    ...when(isEither, () => Causes.invalid(field, null, `${oneIsRequired}, but multiple fields are set`)),
    ...(isEither
      ? []
      : validateSet(
          firstAvailable,
          most.alternatives,
          `${field}.firstAvailable`,
          (one, at) => [...Causes.broken(`${at}.name`, one.name, Names.dns1123Label(one.name)), ...validateOne(one, at)],
          (one) => one.name
        )),
    ...(isEither ? [] : inside(exactly, (one) => validateOne(one, `${field}.exactly`)))
  ]
}

const notThere = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"

/** What of a claim can be named elsewhere in it. */
export const requestNames = ({ requests = [] }: DeviceClaim): ReadonlySet<string> =>
  new Set(requests.flatMap(({ firstAvailable = [], name }) => [name, ...firstAvailable.map((one) => `${name}/${one.name}`)]))

export const validateRequestName = (name: string, known: ReadonlySet<string>, field: string): Causes.Causes => [
  ...name.split("/").flatMap((part) => Causes.broken(field, part, Names.dns1123Label(part))),
  ...when(!known.has(name), () => Causes.invalid(field, name, notThere))
]

const validateNames = (names: ReadonlyArray<string> | undefined, known: ReadonlySet<string>, field: string) =>
  validateSet(
    names,
    most.requests,
    field,
    (name, at) => validateRequestName(name, known, at),
    (name) => name
  )

const validateConstraint = (
  { distinctAttribute, matchAttribute, requests }: DeviceConstraint,
  known: ReadonlySet<string>,
  field: string
): Causes.Causes => [
  ...validateNames(requests, known, `${field}.requests`),
  ...(matchAttribute === undefined && distinctAttribute === undefined
    ? [
        Causes.required(
          field,
          'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set'
        )
      ]
    : []),
  ...(matchAttribute === undefined
    ? inside(distinctAttribute, (name) => validateFullyQualified(name, `${field}.distinctAttribute`))
    : validateFullyQualified(matchAttribute, `${field}.matchAttribute`))
]

const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value)

/** Something that only who made it understands, but for its form. */
export const validateObject = (value: unknown, field: string): Causes.Causes => {
  if (JSON.stringify(value).length > most.parameters) return [Causes.tooLong(field, most.parameters)]
  return when(!isObject(value), () => Causes.invalid(field, "<value omitted>", "must be a valid JSON object"))
}

export const validateOpaque = (opaque: OpaqueDeviceConfiguration | undefined, field: string): Causes.Causes => {
  if (opaque === undefined) return [Causes.required(field)]
  const { driver, parameters } = opaque
  return [
    ...validateDriver(driver, `${field}.driver`),
    ...(parameters === undefined || parameters === null
      ? [Causes.required(`${field}.parameters`)]
      : validateObject(parameters, `${field}.parameters`))
  ]
}

interface Configuration {
  readonly opaque?: OpaqueDeviceConfiguration
  readonly requests?: ReadonlyArray<string>
}
export const validateConfigs = (
  configs: ReadonlyArray<Configuration> | undefined,
  known: ReadonlySet<string>,
  field: string
): Causes.Causes =>
  validateSet(configs, most.configs, field, ({ opaque, requests }, at) => [
    ...validateNames(requests, known, `${at}.requests`),
    ...validateOpaque(opaque, `${at}.opaque`)
  ])

export const validateDevices = (devices: DeviceClaim = {}, field: string): Causes.Causes => {
  const known = requestNames(devices)
  return [
    ...validateSet(devices.requests, most.requests, `${field}.requests`, validateRequest, ({ name }) => name),
    ...validateSet(devices.constraints, most.constraints, `${field}.constraints`, (one, at) =>
      validateConstraint(one, known, at)
    ),
    ...validateConfigs(devices.config, known, `${field}.config`)
  ]
}
