/** What is wrong with what a Pod is to be, in Kubernetes' words and field paths: of Pods and of templates of Pods. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import {
  address,
  duplicates,
  each,
  enumerated,
  inside,
  named,
  namedIfGiven,
  oneOf,
  required,
  requiredName,
  when
} from "../../../kernel/resource/Rules.ts"
import * as Selector from "../../../kernel/resource/Selector.ts"
import type { Container, EphemeralContainer, Pod, PodSpec } from "../contracts/core/v1.ts"
import { validateAffinity, validateSpreads, validateToleration } from "./AffinityValidation.ts"
import { type Around, type Sort, validateContainer } from "./ContainerValidation.ts"
import { validateOverhead, validatePodResources } from "./ResourceValidation.ts"
import { validatePodSecurity } from "./SecurityValidation.ts"
import { validateSysctls } from "./SysctlValidation.ts"
import { validateVolume, validateVolumes } from "./VolumeValidation.ts"

const maxInt32 = 2 ** 31 - 1

/** `pod`: the name of the Pod, if it is one and not a template. */
export const validatePodSpec = (spec: PodSpec, field = "spec", pod?: string): Causes.Causes => [
  ...validateVolumes(spec.volumes ?? [], `${field}.volumes`, ownerOf(spec, pod)),
  ...validateClaims(spec, `${field}.resourceClaims`),
  ...validateContainers(spec, field, pod),
  ...oneOf(`${field}.restartPolicy`, spec.restartPolicy, ["Always", "OnFailure", "Never"]),
  ...validateDns(spec, field),
  ...Selector.validateLabels(spec.nodeSelector, `${field}.nodeSelector`),
  ...validateNames(spec, field),
  ...inside(spec.affinity, (affinity) => validateAffinity(affinity, `${field}.affinity`)),
  ...each(spec.tolerations, `${field}.tolerations`, validateToleration),
  ...validateSpreads(spec.topologySpreadConstraints, `${field}.topologySpreadConstraints`),
  ...validateTimes(spec, field),
  ...validateSharing(spec, field),
  ...inside(spec.securityContext, (context) => validatePodSecurity(context, `${field}.securityContext`)),
  ...validateSysctls(spec, field),
  ...each(spec.hostAliases, `${field}.hostAliases`, ({ hostnames, ip }, at) => [
    ...address(`${at}.ip`, ip),
    ...each(hostnames, `${at}.hostnames`, (name, at) => named(at, name, Names.dns1123Subdomain))
  ]),
  ...each(spec.readinessGates, `${field}.readinessGates`, ({ conditionType }, at) =>
    named(`${at}.conditionType`, conditionType, Names.labelKey)
  ),
  ...validateGates(spec, `${field}.schedulingGates`),
  ...inside(spec.overhead, (overhead) => validateOverhead(overhead, `${field}.overhead`)),
  ...oneOf(`${field}.preemptionPolicy`, spec.preemptionPolicy, ["PreemptLowerPriority", "Never"]),
  ...inside(spec.os, ({ name }) =>
    name === "" ? [Causes.required(`${field}.os.name`)] : enumerated(`${field}.os`, name, ["linux", "windows"])
  ),
  ...validatePodResources(spec, `${field}.resources`)
]

const ownerOf = (spec: PodSpec, pod: string | undefined) => ({
  pod,
  account: pod === undefined || (spec.serviceAccountName ?? "") !== ""
})

const validateGates = ({ schedulingGates = [] }: PodSpec, field: string): Causes.Causes =>
  each(schedulingGates, field, ({ name }, at, index) => [
    ...named(at, name, Names.labelKey),
    ...when(schedulingGates.findIndex((other) => other.name === name) < index, () => Causes.duplicate(at, name))
  ])

const validateClaims = ({ resourceClaims = [] }: PodSpec, field: string): Causes.Causes =>
  each(resourceClaims, field, (claim, at, index) => {
    const { name, resourceClaimName, resourceClaimTemplateName } = claim
    const shown = {
      Name: name,
      ResourceClaimName: resourceClaimName ?? null,
      ResourceClaimTemplateName: resourceClaimTemplateName ?? null
    }
    return [
      ...requiredName(`${at}.name`, name, Names.dns1123Label),
      ...when(name !== "" && resourceClaims.findIndex((other) => other.name === name) < index, () =>
        Causes.duplicate(`${at}.name`, name)
      ),
      ...when(resourceClaimName !== undefined && resourceClaimTemplateName !== undefined, () =>
        Causes.invalid(at, shown, "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified")
      ),
      ...when(resourceClaimName === undefined && resourceClaimTemplateName === undefined, () =>
        Causes.invalid(at, shown, "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`")
      ),
      ...named(`${at}.resourceClaimName`, resourceClaimName, Names.dns1123Subdomain),
      ...named(`${at}.resourceClaimTemplateName`, resourceClaimTemplateName, Names.dns1123Subdomain)
    ]
  })

const all = ({ containers, ephemeralContainers = [], initContainers = [] }: PodSpec) =>
  [
    ["containers", containers],
    ["initContainers", initContainers],
    ["ephemeralContainers", ephemeralContainers]
  ] as const satisfies ReadonlyArray<readonly [Sort, ReadonlyArray<Container | EphemeralContainer>]>

/** A volume that is wrong cannot be found. Only claims can be devices. */
const volumesOf = (spec: PodSpec, field: string, pod: string | undefined): ReadonlyMap<string, boolean> =>
  new Map(
    (spec.volumes ?? [])
      .filter((volume, index) => validateVolume(volume, `${field}[${index}]`, ownerOf(spec, pod)).length === 0)
      .map((volume) => [volume.name, volume.persistentVolumeClaim !== undefined || volume.ephemeral !== undefined])
  )

const validateContainers = (spec: PodSpec, field: string, pod: string | undefined): Causes.Causes => {
  const around: Around = {
    volumes: volumesOf(spec, `${field}.volumes`, pod),
    claims: new Set((spec.resourceClaims ?? []).map(({ name }) => name)),
    hostNetwork: spec.hostNetwork === true,
    isPod: pod !== undefined,
    hasOwnUsers: spec.hostUsers === false,
    restartPolicy: spec.restartPolicy,
    // A negative one is the shortest there is.
    graceSeconds: spec.terminationGracePeriodSeconds < 0 ? 1 : spec.terminationGracePeriodSeconds
  }
  const named = all(spec).flatMap(([sort, containers]) =>
    containers.map(
      (container: Container | EphemeralContainer, index) => [`${field}.${sort}[${index}].name`, container.name] as const
    )
  )
  return [
    ...(spec.containers.length === 0 ? [Causes.required(`${field}.containers`)] : []),
    ...all(spec).flatMap(([sort, containers]) =>
      containers.flatMap((container: Container | EphemeralContainer, index) =>
        validateContainer(container, `${field}.${sort}[${index}]`, sort, around)
      )
    ),
    // Also of those without a name.
    ...named.flatMap(([at, name], index) =>
      when(named.findIndex(([, other]) => other === name) < index, () => Causes.duplicate(at, name))
    ),
    ...validateTargets(spec, `${field}.ephemeralContainers`),
    ...validateHostPorts(spec, field)
  ]
}

/** An ephemeral container looks into one of the others. */
const validateTargets = ({ containers, ephemeralContainers, initContainers = [] }: PodSpec, field: string) =>
  each(ephemeralContainers, field, ({ targetContainerName = "" }, at) =>
    when(![...initContainers, ...containers, { name: "" }].some(({ name }) => name === targetContainerName), () =>
      Causes.notFound(`${at}.targetContainerName`, targetContainerName)
    )
  )

/** Two containers of one Pod cannot have one port of the host. */
const validateHostPorts = ({ containers }: PodSpec, field: string): Causes.Causes => {
  const ports = containers.flatMap(({ ports = [] }, at) =>
    ports.flatMap(({ hostIP = "", hostPort = 0, protocol }, index) =>
      hostPort === 0
        ? []
        : [[`${field}.containers[${at}].ports[${index}].hostPort`, `${protocol}/${hostIP}/${hostPort}`] as const]
    )
  )
  return duplicates(
    ports.map(([, port]) => port),
    (index) => ports[index]?.[0] ?? field
  )
}

const validateDns = ({ dnsConfig, dnsPolicy }: PodSpec, field: string): Causes.Causes => {
  const nameservers = dnsConfig?.nameservers ?? []
  const at = `${field}.dnsConfig`
  return [
    ...oneOf(`${field}.dnsPolicy`, dnsPolicy, ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"]),
    ...when(dnsPolicy === "None" && dnsConfig === undefined, () =>
      Causes.required(at, "must provide `dnsConfig` when `dnsPolicy` is None")
    ),
    ...when(dnsPolicy === "None" && dnsConfig !== undefined && nameservers.length === 0, () =>
      Causes.required(`${at}.nameservers`, "must provide at least one DNS nameserver when `dnsPolicy` is None")
    ),
    ...when(nameservers.length > 3, () =>
      Causes.invalid(`${at}.nameservers`, nameservers, "must not have more than 3 nameservers")
    ),
    ...each(nameservers, `${at}.nameservers`, (one, at) => address(at, one)),
    ...validateSearches(dnsConfig?.searches ?? [], `${at}.searches`),
    ...each(dnsConfig?.options, `${at}.options`, ({ name }, at) => required(at, name, "must not be empty"))
  ]
}

const maxSearches = 32
const maxSearchLetters = 2048

const validateSearches = (searches: ReadonlyArray<string>, field: string): Causes.Causes => [
  ...when(searches.length > maxSearches, () =>
    Causes.invalid(field, searches, `must not have more than ${maxSearches} search paths`)
  ),
  ...when(searches.join(" ").length > maxSearchLetters, () =>
    Causes.invalid(
      field,
      searches,
      `must not have more than ${maxSearchLetters} characters (including spaces) in the search list`
    )
  ),
  ...each(searches, field, (search, at) =>
    search === "." ? [] : named(at, search.replace(/\.$/, ""), Names.dns1123SubdomainUnderscored)
  )
]

const validateNames = (spec: PodSpec, field: string): Causes.Causes => {
  const names = [
    ["serviceAccountName", Names.dns1123Subdomain],
    ["nodeName", Names.dns1123Subdomain],
    ["hostname", Names.dns1123Label],
    ["subdomain", Names.dns1123Label],
    ["priorityClassName", Names.dns1123Subdomain]
  ] as const
  return [
    ...names.flatMap(([name, rule]) => namedIfGiven(`${field}.${name}`, spec[name], rule)),
    ...named(`${field}.runtimeClassName`, spec.runtimeClassName, Names.dns1123Subdomain),
    ...inside(spec.hostnameOverride, (name) => validateOverride(spec, name, `${field}.hostnameOverride`))
  ]
}

const maxHostname = 64

const validateOverride = ({ hostNetwork, setHostnameAsFQDN }: PodSpec, name: string, field: string): Causes.Causes => [
  ...when(hostNetwork === true, () => Causes.forbidden(field, "may not be specified when hostNetwork is true")),
  ...when(setHostnameAsFQDN === true, () => Causes.forbidden(field, "may not be specified when setHostnameAsFQDN is true")),
  ...Causes.broken(field, name, Names.dns1123Subdomain(name)),
  ...when(name.length > maxHostname, () => Causes.tooLong(field, maxHostname))
]

const validateTimes = ({ activeDeadlineSeconds }: PodSpec, field: string): Causes.Causes => [
  ...(activeDeadlineSeconds === undefined
    ? []
    : Names.between(activeDeadlineSeconds, 1, maxInt32).map((why) =>
        Causes.invalid(`${field}.activeDeadlineSeconds`, activeDeadlineSeconds, why)
      ))
]

const validateSharing = ({ hostPID, shareProcessNamespace }: PodSpec, field: string): Causes.Causes =>
  hostPID === true && shareProcessNamespace === true
    ? [
        Causes.invalid(
          `${field}.securityContext.shareProcessNamespace`,
          shareProcessNamespace,
          "ShareProcessNamespace and HostPID cannot both be enabled"
        )
      ]
    : []

export const validatePod = ({ metadata, spec }: Pod): Causes.Causes => validatePodSpec(spec, "spec", metadata.name)
