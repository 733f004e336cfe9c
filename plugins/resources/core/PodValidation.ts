/** What is wrong with what a Pod is to be, in Kubernetes' words and field paths: of Pods and of templates of Pods. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import * as Selector from "../../../kernel/resource/Selector.ts"
import type {
  Container,
  EphemeralContainer,
  Pod,
  PodSpec,
  Toleration,
  TopologySpreadConstraint
} from "../contracts/core/v1.ts"
import { type Around, duplicates, oneOf, type Sort, validateContainer } from "./ContainerValidation.ts"
import { validateSysctls } from "./SysctlValidation.ts"
import { validateVolumes } from "./VolumeValidation.ts"

const maxInt32 = 2 ** 31 - 1

export const validatePodSpec = (spec: PodSpec, field = "spec"): Causes.Causes => [
  ...validateVolumes(spec.volumes ?? [], `${field}.volumes`),
  ...validateContainers(spec, field),
  ...oneOf(`${field}.restartPolicy`, spec.restartPolicy, ["Always", "OnFailure", "Never"]),
  ...validateDns(spec, field),
  ...Selector.validateLabels(spec.nodeSelector, `${field}.nodeSelector`),
  ...validateNames(spec, field),
  ...(spec.tolerations ?? []).flatMap((one, index) => validateToleration(one, `${field}.tolerations[${index}]`)),
  ...(spec.topologySpreadConstraints ?? []).flatMap((one, index) =>
    validateSpread(one, `${field}.topologySpreadConstraints[${index}]`)
  ),
  ...validateTimes(spec, field),
  ...validateSharing(spec, field),
  ...validateSysctls(spec, field)
]

const all = ({ containers, ephemeralContainers = [], initContainers = [] }: PodSpec) =>
  [
    ["containers", containers],
    ["initContainers", initContainers],
    ["ephemeralContainers", ephemeralContainers]
  ] as const satisfies ReadonlyArray<readonly [Sort, ReadonlyArray<Container | EphemeralContainer>]>

const validateContainers = (spec: PodSpec, field: string): Causes.Causes => {
  const around: Around = {
    volumes: new Set((spec.volumes ?? []).map(({ name }) => name)),
    hostNetwork: spec.hostNetwork === true
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
    ...duplicates(
      named.map(([, name]) => name),
      (index) => named[index]?.[0] ?? field
    ),
    ...validateHostPorts(spec, field)
  ]
}

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
  return [
    ...oneOf(`${field}.dnsPolicy`, dnsPolicy, ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"]),
    ...(dnsPolicy === "None" && nameservers.length === 0
      ? [
          Causes.required(
            `${field}.dnsConfig.nameservers`,
            "must provide at least one DNS nameserver when `dnsPolicy` is None"
          )
        ]
      : []),
    ...(nameservers.length > 3
      ? [Causes.invalid(`${field}.dnsConfig.nameservers`, nameservers, "must not have more than 3 nameservers")]
      : [])
  ]
}

const validateNames = (spec: PodSpec, field: string): Causes.Causes => {
  const names = [
    ["serviceAccountName", Names.dns1123Subdomain],
    ["nodeName", Names.dns1123Subdomain],
    ["hostname", Names.dns1123Label],
    ["subdomain", Names.dns1123Label],
    ["priorityClassName", Names.dns1123Subdomain],
    ["runtimeClassName", Names.dns1123Subdomain]
  ] as const
  return names.flatMap(([name, rule]) => {
    const value = spec[name] ?? ""
    return value === "" ? [] : Causes.broken(`${field}.${name}`, value, rule(value))
  })
}

const validateToleration = (
  { effect = "", key = "", operator = "Equal", tolerationSeconds, value = "" }: Toleration,
  field: string
) => [
  ...(key === "" ? [] : Causes.broken(`${field}.key`, key, Names.labelKey(key))),
  ...(key === "" && operator !== "Exists"
    ? [
        Causes.invalid(
          `${field}.operator`,
          operator,
          'operator must be Exists when `key` is empty, which means "match all values and all keys"'
        )
      ]
    : []),
  ...(tolerationSeconds !== undefined && effect !== "NoExecute"
    ? [Causes.invalid(`${field}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set")]
    : []),
  ...oneOf(`${field}.operator`, operator, ["Equal", "Exists"]),
  ...(operator === "Exists" && value !== ""
    ? [Causes.invalid(`${field}.operator`, value, "value must be empty when `operator` is 'Exists'")]
    : []),
  ...(operator === "Equal" ? Causes.broken(`${field}.operator`, value, Names.labelValue(value)) : []),
  ...(effect === "" ? [] : oneOf(`${field}.effect`, effect, ["NoSchedule", "PreferNoSchedule", "NoExecute"]))
]

const validateSpread = (
  { labelSelector, maxSkew, topologyKey, whenUnsatisfiable }: TopologySpreadConstraint,
  field: string
) => [
  ...(maxSkew > 0 ? [] : [Causes.invalid(`${field}.maxSkew`, maxSkew, "must be greater than zero")]),
  ...(topologyKey === ""
    ? [Causes.required(`${field}.topologyKey`, "can not be empty")]
    : Causes.broken(`${field}.topologyKey`, topologyKey, Names.labelKey(topologyKey))),
  ...oneOf(`${field}.whenUnsatisfiable`, whenUnsatisfiable, ["DoNotSchedule", "ScheduleAnyway"]),
  ...(labelSelector === undefined ? [] : Selector.validate(labelSelector, `${field}.labelSelector`))
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

export const validatePod = ({ spec }: Pod): Causes.Causes => validatePodSpec(spec)
