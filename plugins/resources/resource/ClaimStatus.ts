/** What is wrong with the status of a claim: what was allocated for it, for whom, and what drivers say of it. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import { allRequired, each, inside, isCidr, oneOf, required, when } from "../../../kernel/resource/Rules.ts"
import { same } from "../apps/Workloads.ts"
import type { Condition } from "../contracts/meta/v1.ts"
import type {
  AllocatedDeviceStatus,
  AllocationResult,
  DeviceRequestAllocationResult,
  ResourceClaim
} from "../contracts/resource/v1.ts"
import { validateNodeSelector } from "../core/AffinityValidation.ts"
import { validateDriver } from "../core/VolumeSources.ts"
import { validatePool, validateSet } from "./DeviceNames.ts"
import { requestNames, validateObject, validateOpaque, validateRequestName } from "./DeviceRequests.ts"

const most = { consumers: 256, results: 32, configs: 64, conditions: 8, ips: 16, interface: 256, hardware: 128 }

const validateResult = (result: DeviceRequestAllocationResult, known: ReadonlySet<string>, field: string) => [
  ...validateRequestName(result.request, known, `${field}.request`),
  ...validateDriver(result.driver, `${field}.driver`),
  ...validatePool(result.pool, `${field}.pool`),
  ...Causes.broken(`${field}.device`, result.device, Names.dns1123Label(result.device))
]

const validateAllocation = (
  { devices = {}, nodeSelector }: AllocationResult,
  known: ReadonlySet<string>,
  field: string
): Causes.Causes => [
  ...validateSet(devices.results, most.results, `${field}.devices.results`, (one, at) => validateResult(one, known, at)),
  ...validateSet(devices.config, most.configs, `${field}.devices.config`, ({ opaque, requests, source }, at) => [
    ...oneOf(`${at}.source`, source, ["FromClaim", "FromClass"]),
    ...each(requests, `${at}.requests`, (name, one) => validateRequestName(name, known, one)),
    ...validateOpaque(opaque, `${at}.opaque`)
  ]),
  ...inside(nodeSelector, (selector) => validateNodeSelector(selector, `${field}.nodeSelector`))
]

const validateCondition = ({ lastTransitionTime, reason, status, type }: Condition, field: string): Causes.Causes => [
  ...Causes.broken(`${field}.type`, type, Names.labelKey(type)),
  ...oneOf(`${field}.status`, status, ["False", "True", "Unknown"]),
  ...required(`${field}.lastTransitionTime`, lastTransitionTime),
  ...required(`${field}.reason`, reason)
]

const notACidr = "must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)"

const validateNetwork = (
  { hardwareAddress = "", interfaceName = "", ips }: NonNullable<AllocatedDeviceStatus["networkData"]>,
  field: string
): Causes.Causes => [
  ...when(interfaceName.length > most.interface, () => Causes.tooLong(`${field}.interfaceName`, most.interface)),
  ...when(hardwareAddress.length > most.hardware, () => Causes.tooLong(`${field}.hardwareAddress`, most.hardware)),
  ...validateSet(
    ips,
    most.ips,
    `${field}.ips`,
    (ip, at) => when(!isCidr(ip), () => Causes.invalid(at, ip, notACidr)),
    (ip) => ip
  )
]

interface Place {
  readonly driver: string
  readonly pool: string
  readonly device: string
  readonly shareID?: string
}
const placeOf = ({ device, driver, pool, shareID = "" }: Place) => `${driver}/${pool}/${device}/${shareID}`

const validateDevice = (one: AllocatedDeviceStatus, allocated: ReadonlySet<string>, field: string): Causes.Causes => {
  const { device, driver, pool, shareID = "" } = one
  return [
    ...when(!allocated.has(placeOf(one)), () =>
      Causes.invalid(
        field,
        { Driver: driver, Pool: pool, Device: device, ShareID: shareID },
        "must be an allocated device in the claim"
      )
    ),
    ...validateSet(one.conditions, most.conditions, `${field}.conditions`, validateCondition, ({ type }) => type),
    ...(one.data === undefined || one.data === null ? [] : validateObject(one.data, `${field}.data`)),
    ...inside(one.networkData, (data) => validateNetwork(data, `${field}.networkData`))
  ]
}

export const validateStatus = ({ spec, status }: ResourceClaim, { status: old }: ResourceClaim): Causes.Causes => {
  const { allocation, devices, reservedFor } = status
  const allocated = new Set(allocation?.devices?.results?.map(placeOf))
  const isChanged = allocation !== undefined && old.allocation !== undefined && !same(allocation, old.allocation)
  return [
    ...validateSet(
      reservedFor,
      most.consumers,
      "status.reservedFor",
      ({ name, resource, uid }, at) => allRequired(at, { resource, name, uid }),
      ({ uid }) => uid
    ),
    ...each(devices, "status.devices", (one, at) => validateDevice(one, allocated, at)),
    ...when(allocation === undefined && (reservedFor ?? []).length > 0, () =>
      Causes.forbidden("status.reservedFor", "may not be specified when `allocated` is not set")
    ),
    ...when(isChanged, () => Causes.immutable("status.allocation", allocation)),
    ...(isChanged
      ? []
      : inside(allocation, (one) => validateAllocation(one, requestNames(spec.devices ?? {}), "status.allocation")))
  ]
}
