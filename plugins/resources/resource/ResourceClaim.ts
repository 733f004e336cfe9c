/** ResourceClaims, templates of them, and the classes of what they ask for. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as MetadataRules from "../../../kernel/resource/MetadataRules.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import { when } from "../../../kernel/resource/Rules.ts"
import * as Selector from "../../../kernel/resource/Selector.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { same } from "../apps/Workloads.ts"
import { text } from "../Columns.ts"
import type {
  DeviceClass,
  ExactDeviceRequest,
  ResourceClaim,
  ResourceClaimSpec,
  ResourceClaimTemplate
} from "../contracts/resource/v1.ts"
import { validateStatus } from "./ClaimStatus.ts"
import { validateConfigs, validateDevices } from "./DeviceRequests.ts"
import { validateSelectors } from "./DeviceSelectors.ts"

/** Who does not say how many, wants one. */
const counted = <A extends ExactDeviceRequest>(request: A): A =>
  request.allocationMode === "ExactCount" && (request.count ?? 0) === 0 ? { ...request, count: 1 } : request

const withCounts = (spec: ResourceClaimSpec): ResourceClaimSpec => {
  const { requests, ...devices } = spec.devices ?? {}
  const all = requests?.map(({ exactly, firstAvailable, ...request }) => ({
    ...request,
    ...(exactly && { exactly: counted(exactly) }),
    ...(firstAvailable && { firstAvailable: firstAvailable.map(counted) })
  }))
  return { ...spec, devices: { ...devices, ...(all && { requests: all }) } }
}

const stateOf = ({ metadata, status: { allocation, reservedFor = [] } }: ResourceClaim) => {
  const states = [
    ...(metadata.deletionTimestamp === undefined ? [] : ["deleted"]),
    ...(allocation === undefined ? [] : ["allocated"]),
    ...(reservedFor.length === 0 ? [] : ["reserved"])
  ]
  const words = allocation === undefined && metadata.deletionTimestamp === undefined ? ["pending", ...states] : states
  return words.join(",")
}

export const claim: Strategy<ResourceClaim> = {
  defaults: (claim) => ({ ...claim, spec: withCounts(claim.spec) }),
  // It does not change: what was right once is right.
  validate: ({ spec }, old) => (old === undefined ? validateDevices(spec.devices, "spec.devices") : []),
  validateStatus,
  validateUpdate: ({ spec }, { spec: old }) => when(!same(spec, old), () => Causes.immutable("spec", spec)),
  columns: [text("State", "What has been done for it.", stateOf)]
}

const validateTemplate = ({ spec: { metadata, spec } }: ResourceClaimTemplate): Causes.Causes => [
  ...MetadataRules.validateAnnotations(metadata.annotations ?? {}, "spec.metadata.annotations"),
  ...Selector.validateLabels(metadata.labels, "spec.metadata.labels"),
  ...(["name", "generateName", "namespace", "selfLink", "uid", "resourceVersion"] as const).flatMap((name) =>
    // Upstream spells one of them so.
    when((metadata[name] ?? "") !== "", () =>
      Causes.forbidden(`spec.metadata.${name === "uid" ? "uID" : name}`, "cannot be set")
    )
  ),
  ...validateDevices(spec.devices, "spec.spec.devices")
]

export const template: Strategy<ResourceClaimTemplate> = {
  defaults: (template) => ({ ...template, spec: { ...template.spec, spec: withCounts(template.spec.spec) } }),
  validate: (template, old) => (old === undefined ? validateTemplate(template) : []),
  validateUpdate: ({ spec }, { spec: old }) => when(!same(spec, old), () => Causes.immutable("spec", spec))
}

const isExtended = (name: string) => {
  const isOurs = !name.includes("/") || name.includes("kubernetes.io/") || name.startsWith("requests.")
  return !isOurs && Names.labelKey(`requests.${name}`).length === 0
}

export const deviceClass: Strategy<DeviceClass> = {
  validate: ({ spec: { config, extendedResourceName, selectors } }) => [
    ...validateSelectors(selectors, "spec.selectors"),
    ...validateConfigs(config, new Set(), "spec.config"),
    ...when(extendedResourceName !== undefined && !isExtended(extendedResourceName), () =>
      Causes.invalid("spec.extendedResourceName", extendedResourceName, "must be a valid extended resource name")
    )
  ]
}
