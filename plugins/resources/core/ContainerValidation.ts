/** What is wrong with a container, in Kubernetes' words and field paths. Source: API reference of Kubernetes, Container v1. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import {
  duplicates,
  each,
  enumerated,
  inside,
  namedIfGiven,
  oneOf,
  required,
  requiredName,
  when
} from "../../../kernel/resource/Rules.ts"
import type {
  Container,
  ContainerPort,
  EnvFromSource,
  EnvVar,
  EphemeralContainer,
  VolumeDevice,
  VolumeMount
} from "../contracts/core/v1.ts"
import { environmentFields, validateFieldRef, validateResourceRef } from "./DownwardValidation.ts"
import { validateLifecycle, validateProbes } from "./ProbeValidation.ts"
import { validateResizePolicy, validateResources } from "./ResourceValidation.ts"
import { validateDescending, validateSecurity } from "./SecurityValidation.ts"

/** What a container may name of its Pod. Of a volume: whether it can be a device. */
export interface Around {
  readonly volumes: ReadonlyMap<string, boolean>
  readonly claims: ReadonlySet<string>
  readonly hostNetwork: boolean
  readonly restartPolicy: string
  readonly graceSeconds: number
  /** Its users are not those of the node. */
  readonly hasOwnUsers: boolean
  /** A Pod, and no template of one. */
  readonly isPod: boolean
}

export type Sort = "containers" | "initContainers" | "ephemeralContainers"

export const validateContainer = (
  container: Container | EphemeralContainer,
  field: string,
  sort: Sort,
  around: Around
): Causes.Causes => {
  const { image = "", name, ports = [], volumeDevices = [], volumeMounts = [] } = container
  return [
    ...requiredName(`${field}.name`, name, Names.dns1123Label),
    ...validateImage(image, `${field}.image`, around.isPod),
    ...oneOf(`${field}.terminationMessagePolicy`, container.terminationMessagePolicy, ["File", "FallbackToLogsOnError"]),
    ...oneOf(`${field}.imagePullPolicy`, container.imagePullPolicy, ["Always", "IfNotPresent", "Never"]),
    ...(sort === "ephemeralContainers" ? forbiddenIn(container, field) : validateLifecycle(container, field, sort, around)),
    ...(sort === "ephemeralContainers" ? [] : validateProbes(container, field, around)),
    ...(sort === "ephemeralContainers" ? [] : validateRestarts(container, field)),
    ...validatePorts(ports, `${field}.ports`, around),
    ...each(container.env, `${field}.env`, validateEnv),
    ...(container.envFrom ?? []).flatMap((one, index) => validateEnvFrom(one, index, `${field}.envFrom`)),
    ...validateMounts(container, `${field}.volumeMounts`, volumeMounts, around),
    ...validateDevices(volumeDevices, `${field}.volumeDevices`, volumeMounts, around),
    ...validateResources(container.resources, `${field}.resources`, around.claims),
    ...validateResizePolicy(container, `${field}.resizePolicy`, around.restartPolicy),
    ...inside(container.securityContext, (context) => [
      ...validateSecurity(context, `${field}.securityContext`),
      ...when(context.procMount === "Unmasked" && !around.hasOwnUsers, () =>
        Causes.invalid(
          `${field}.securityContext.procMount`,
          context.procMount,
          "`hostUsers` must be false to use `Unmasked`"
        )
      )
    ])
  ]
}

const validateImage = (image: string, field: string, isPod: boolean): Causes.Causes => {
  if (image === "") return [Causes.required(field)]
  // A template may have what its Pods may not.
  return !isPod || image === image.trim()
    ? []
    : [Causes.invalid(field, image, "must not have leading or trailing whitespace")]
}

const validateRestarts = (container: Container | EphemeralContainer, field: string): Causes.Causes => {
  const { restartPolicy, restartPolicyRules = [] } = container
  return [
    ...enumerated(`${field}.restartPolicy`, restartPolicy, ["Always", "Never", "OnFailure"]),
    ...when(restartPolicy === undefined && restartPolicyRules.length > 0, () =>
      Causes.required(`${field}.restartPolicy`, "must specify restartPolicy when restart rules are used")
    ),
    ...each(restartPolicyRules, `${field}.restartPolicyRules`, ({ action, exitCodes }, at) => [
      ...enumerated(`${at}.action`, action, ["Restart", "RestartAllContainers"]),
      ...(exitCodes === undefined
        ? [Causes.required(`${at}.exitCodes`, "must be specified")]
        : enumerated(`${at}.exitCodes.operator`, exitCodes.operator, ["In", "NotIn"]))
    ])
  ]
}

/** An ephemeral container is looked with, not served by. */
const forbiddenIn = (container: Container | EphemeralContainer, field: string): Causes.Causes =>
  [
    ...unserved.filter((name) => container[name] !== undefined),
    ...(Object.keys(container.resources).length > 0 ? ["resources"] : []),
    ...(container.volumeMounts ?? []).flatMap(({ subPath, subPathExpr }, index) => [
      ...(subPath ? [`volumeMounts[${index}].subPath`] : []),
      ...(subPathExpr ? [`volumeMounts[${index}].subPathExpr`] : [])
    ])
  ].map((name) => Causes.forbidden(`${field}.${name}`, "cannot be set for an Ephemeral Container"))
const unserved = [
  "ports",
  "livenessProbe",
  "readinessProbe",
  "startupProbe",
  "lifecycle",
  "resizePolicy",
  "restartPolicy"
] as const

const validatePorts = (ports: ReadonlyArray<ContainerPort>, field: string, { hostNetwork }: Around): Causes.Causes => [
  ...ports.flatMap(({ containerPort, hostPort = 0, name = "", protocol }, index) => {
    const at = `${field}[${index}]`
    return [
      ...(name === "" ? [] : Causes.broken(`${at}.name`, name, Names.portName(name))),
      ...(containerPort === 0
        ? [Causes.required(`${at}.containerPort`)]
        : Names.portNumber(containerPort).map((why) => Causes.invalid(`${at}.containerPort`, containerPort, why))),
      ...(hostPort === 0 ? [] : Names.portNumber(hostPort).map((why) => Causes.invalid(`${at}.hostPort`, hostPort, why))),
      ...(hostNetwork && hostPort !== 0 && hostPort !== containerPort
        ? [Causes.invalid(`${at}.hostPort`, hostPort, "must match `containerPort` when `hostNetwork` is true")]
        : []),
      ...oneOf(`${at}.protocol`, protocol, ["SCTP", "TCP", "UDP"])
    ]
  }),
  ...duplicates(
    ports.map(({ name }) => name),
    (index) => `${field}[${index}].name`
  )
]

const sources = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"] as const

const validateEnv = ({ name, value = "", valueFrom }: EnvVar, field: string): Causes.Causes => [
  ...requiredName(`${field}.name`, name, Names.environmentName),
  ...inside(valueFrom, (from) => validateValueFrom(from, value, `${field}.valueFrom`))
]

const validateValueFrom = (from: NonNullable<EnvVar["valueFrom"]>, value: string, field: string): Causes.Causes => {
  const given = sources.filter((source) => from[source] !== undefined)
  const { configMapKeyRef, fieldRef, fileKeyRef, resourceFieldRef, secretKeyRef } = from
  return [
    ...inside(fieldRef, (ref) => validateFieldRef(ref, `${field}.fieldRef`, environmentFields)),
    ...inside(resourceFieldRef, (ref) => validateResourceRef(ref, `${field}.resourceFieldRef`, false)),
    ...inside(configMapKeyRef, (ref) => validateKeyRef(ref, `${field}.configMapKeyRef`)),
    ...inside(secretKeyRef, (ref) => validateKeyRef(ref, `${field}.secretKeyRef`)),
    ...inside(fileKeyRef, ({ key, path, volumeName }) => [
      ...requiredName(`${field}.fileKeyRef.key`, key, Names.environmentName),
      ...requiredName(`${field}.fileKeyRef.volumeName`, volumeName, Names.dns1123Label),
      ...required(`${field}.fileKeyRef.path`, path)
    ]),
    ...when(given.length === 0, () =>
      Causes.invalid(
        field,
        "",
        "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
      )
    ),
    ...when(given.length > 0 && value !== "", () =>
      Causes.invalid(field, "", "may not be specified when `value` is not empty")
    ),
    ...when(given.length > 1 && value === "", () =>
      Causes.invalid(field, "", "may not have more than one field specified at a time")
    )
  ]
}

const validateKeyRef = (
  { key, name = "" }: { readonly key: string; readonly name?: string },
  field: string
): Causes.Causes => [
  ...Causes.broken(`${field}.name`, name, Names.dns1123Subdomain(name)),
  ...requiredName(`${field}.key`, key, Names.configKey)
]

/** Upstream does not say which of them names nothing. */
const validateEnvFrom = (
  { configMapRef, prefix, secretRef }: EnvFromSource,
  index: number,
  field: string
): Causes.Causes => {
  const at = `${field}[${index}]`
  return [
    ...namedIfGiven(`${at}.prefix`, prefix, Names.environmentName),
    ...(configMapRef ? requiredName(`${at}.configMapRef.name`, configMapRef.name, Names.dns1123Subdomain) : []),
    ...(secretRef ? requiredName(`${at}.secretRef.name`, secretRef.name, Names.dns1123Subdomain) : []),
    ...when(configMapRef === undefined && secretRef === undefined, () =>
      Causes.invalid(field, "", "must specify one of: `configMapRef` or `secretRef`")
    ),
    ...when(configMapRef !== undefined && secretRef !== undefined, () =>
      Causes.invalid(field, "", "may not have more than one field specified at a time")
    )
  ]
}

const propagations = ["Bidirectional", "HostToContainer", "None"]

const validateMounts = (
  { securityContext, volumeDevices = [] }: Container | EphemeralContainer,
  field: string,
  mounts: ReadonlyArray<VolumeMount>,
  { volumes }: Around
): Causes.Causes => {
  const isPrivileged = securityContext?.privileged === true
  return each(mounts, field, (mount, at, index) => {
    const { mountPath, mountPropagation, name, subPath = "", subPathExpr = "" } = mount
    return [
      ...required(`${at}.name`, name),
      ...when(!volumes.has(name), () => Causes.notFound(`${at}.name`, name)),
      ...required(`${at}.mountPath`, mountPath),
      ...when(mounts.findIndex((other) => other.mountPath === mountPath) < index, () =>
        Causes.invalid(`${at}.mountPath`, mountPath, "must be unique")
      ),
      ...when(
        volumeDevices.some((device) => device.name === name),
        () => Causes.invalid(`${at}.name`, name, "must not already exist in volumeDevices")
      ),
      ...when(
        volumeDevices.some((device) => device.devicePath === mountPath),
        () => Causes.invalid(`${at}.mountPath`, mountPath, "must not already exist as a path in volumeDevices")
      ),
      ...validateDescending(subPath, `${field}.subPath`),
      ...when(subPath !== "" && subPathExpr !== "", () =>
        Causes.invalid(`${at}.subPathExpr`, subPathExpr, "subPathExpr and subPath are mutually exclusive")
      ),
      ...validateDescending(subPathExpr, `${field}.subPathExpr`),
      ...enumerated(`${field}.mountPropagation`, mountPropagation, propagations),
      ...when(mountPropagation === "Bidirectional" && !isPrivileged, () =>
        Causes.forbidden(
          `${field}.mountPropagation`,
          "Bidirectional mount propagation is available only to privileged containers"
        )
      ),
      ...validateRecursive(mount, `${field}.recursiveReadOnly`)
    ]
  })
}

const validateRecursive = ({ mountPropagation = "None", readOnly, recursiveReadOnly }: VolumeMount, field: string) => {
  const isRecursive = recursiveReadOnly === "Enabled" || recursiveReadOnly === "IfPossible"
  return [
    ...when(isRecursive && readOnly !== true, () => Causes.forbidden(field, "may only be specified when readOnly is true")),
    ...when(isRecursive && mountPropagation !== "None", () =>
      Causes.forbidden(field, "may only be specified when mountPropagation is None or not specified")
    ),
    ...enumerated(field, recursiveReadOnly, ["Disabled", "Enabled", "IfPossible"])
  ]
}

const validateDevices = (
  devices: ReadonlyArray<VolumeDevice>,
  field: string,
  mounts: ReadonlyArray<VolumeMount>,
  { volumes }: Around
): Causes.Causes =>
  each(devices, field, ({ devicePath, name }, at, index) => {
    const before = devices.slice(0, index)
    return [
      ...required(`${at}.name`, name),
      ...when(
        before.some((other) => other.name === name),
        () => Causes.invalid(`${at}.name`, name, "must be unique")
      ),
      ...when(volumes.get(name) === false, () =>
        Causes.invalid(
          `${at}.name`,
          name,
          "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"
        )
      ),
      ...when(!volumes.has(name), () => Causes.notFound(`${at}.name`, name)),
      ...required(`${at}.devicePath`, devicePath),
      ...when(
        before.some((other) => other.devicePath === devicePath),
        () => Causes.invalid(`${at}.devicePath`, devicePath, "must be unique")
      ),
      ...when(devicePath.split("/").includes(".."), () =>
        Causes.invalid(`${at}.devicePath`, devicePath, "can not contain backsteps ('..')")
      ),
      ...when(
        mounts.some((mount) => mount.name === name),
        () => Causes.invalid(`${at}.name`, name, "must not already exist in volumeMounts")
      ),
      ...when(
        mounts.some((mount) => mount.mountPath === devicePath),
        () => Causes.invalid(`${at}.devicePath`, devicePath, "must not already exist as a path in volumeMounts")
      )
    ]
  })
