/** What is wrong with a container, in Kubernetes' words and field paths. Source: API reference of Kubernetes, Container v1. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import type {
  Container,
  ContainerPort,
  EnvFromSource,
  EnvVar,
  EphemeralContainer,
  VolumeMount
} from "../contracts/core/v1.ts"
import { validateLifecycle, validateProbes } from "./ProbeValidation.ts"
import { validateResources } from "./ResourceValidation.ts"

/** What a container may name of its Pod. */
export interface Around {
  readonly volumes: ReadonlySet<string>
  readonly hostNetwork: boolean
}

export type Sort = "containers" | "initContainers" | "ephemeralContainers"

const oneOf = (field: string, value: string | undefined, supported: ReadonlyArray<string>): Causes.Causes => {
  if (value === undefined || supported.includes(value)) return []
  return value === "" ? [Causes.required(field)] : [Causes.notSupported(field, value, supported)]
}

/** The second and later of equal names. */
export const duplicates = (names: ReadonlyArray<string | undefined>, field: (index: number) => string): Causes.Causes =>
  names.flatMap((name, index) =>
    name !== undefined && name !== "" && names.indexOf(name) < index ? [Causes.duplicate(field(index), name)] : []
  )

export const required = (field: string, value: string | undefined): Causes.Causes =>
  value === undefined || value === "" ? [Causes.required(field)] : []

export const validateContainer = (
  container: Container | EphemeralContainer,
  field: string,
  sort: Sort,
  around: Around
): Causes.Causes => {
  const { env = [], envFrom = [], image = "", name, ports = [], volumeMounts = [] } = container
  return [
    ...(name === "" ? [Causes.required(`${field}.name`)] : Causes.broken(`${field}.name`, name, Names.dns1123Label(name))),
    ...validateImage(image, `${field}.image`),
    ...oneOf(`${field}.terminationMessagePolicy`, container.terminationMessagePolicy, ["File", "FallbackToLogsOnError"]),
    ...oneOf(`${field}.imagePullPolicy`, container.imagePullPolicy, ["Always", "IfNotPresent", "Never"]),
    ...(sort === "ephemeralContainers" ? forbiddenIn(container, field) : validateLifecycle(container, field, sort)),
    ...(sort === "ephemeralContainers" ? [] : validateProbes(container, field)),
    ...validatePorts(ports, `${field}.ports`, around),
    ...env.flatMap((one, index) => validateEnv(one, `${field}.env[${index}]`)),
    ...envFrom.flatMap((one, index) => validateEnvFrom(one, `${field}.envFrom[${index}]`)),
    ...validateMounts(volumeMounts, `${field}.volumeMounts`, around.volumes),
    ...validateResources(container.resources, `${field}.resources`)
  ]
}

const validateImage = (image: string, field: string): Causes.Causes => {
  if (image === "") return [Causes.required(field)]
  return image === image.trim() ? [] : [Causes.invalid(field, image, "must not have leading or trailing whitespace")]
}

/** An ephemeral container is looked with, not served by. */
const forbiddenIn = (container: Container | EphemeralContainer, field: string): Causes.Causes =>
  (["ports", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle"] as const)
    .filter((name) => container[name] !== undefined)
    .map((name) => Causes.forbidden(`${field}.${name}`, "cannot be set for an Ephemeral Container"))

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

/** Source: "Available fields" of the downward API, for environment variables. */
const podFields =
  /^(?:metadata\.(?:name|namespace|uid|annotations\['.+'\]|labels\['.+'\])|spec\.(?:nodeName|serviceAccountName)|status\.(?:hostIPs?|podIPs?))$/

const sources = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"] as const

const validateEnv = ({ name, value = "", valueFrom }: EnvVar, field: string): Causes.Causes => {
  const named =
    name === "" ? [Causes.required(`${field}.name`)] : Causes.broken(`${field}.name`, name, Names.environmentName(name))
  if (valueFrom === undefined) return named
  const given = sources.filter((source) => valueFrom[source] !== undefined)
  const from = `${field}.valueFrom`
  const { configMapKeyRef, fieldRef, resourceFieldRef, secretKeyRef } = valueFrom
  return [
    ...named,
    ...(value === "" ? [] : [Causes.invalid(from, "", "may not be specified when `value` is not empty")]),
    ...(given.length === 0
      ? [
          Causes.invalid(
            from,
            "",
            "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
          )
        ]
      : []),
    ...(given.length > 1 ? [Causes.invalid(from, "", "may not have more than one field specified at a time")] : []),
    ...(fieldRef === undefined ? [] : validateFieldPath(fieldRef.fieldPath, `${from}.fieldRef.fieldPath`)),
    ...(resourceFieldRef === undefined ? [] : required(`${from}.resourceFieldRef.resource`, resourceFieldRef.resource)),
    ...(configMapKeyRef === undefined ? [] : validateKeyRef(configMapKeyRef, `${from}.configMapKeyRef`)),
    ...(secretKeyRef === undefined ? [] : validateKeyRef(secretKeyRef, `${from}.secretKeyRef`))
  ]
}

const validateFieldPath = (path: string, field: string): Causes.Causes => {
  if (path === "") return [Causes.required(field)]
  if (podFields.test(path)) return []
  return [Causes.invalid(field, path, `error converting fieldPath: field label not supported: ${path}`)]
}

const validateKeyRef = (
  { key, name = "" }: { readonly key: string; readonly name?: string },
  field: string
): Causes.Causes => [
  ...Causes.broken(`${field}.name`, name, Names.dns1123Subdomain(name)),
  ...(key === "" ? [Causes.required(`${field}.key`)] : Causes.broken(`${field}.key`, key, Names.configKey(key)))
]

const validateEnvFrom = ({ configMapRef, prefix = "", secretRef }: EnvFromSource, field: string): Causes.Causes => [
  ...(prefix === "" ? [] : Causes.broken(`${field}.prefix`, prefix, Names.environmentName(prefix))),
  ...(configMapRef === undefined ? [] : required(`${field}.configMapRef.name`, configMapRef.name)),
  ...(secretRef === undefined ? [] : required(`${field}.secretRef.name`, secretRef.name)),
  ...(configMapRef === undefined && secretRef === undefined
    ? [Causes.invalid(field, "", "must specify one of: `configMapRef` or `secretRef`")]
    : []),
  ...(configMapRef !== undefined && secretRef !== undefined
    ? [Causes.invalid(field, "", "may not have more than one field specified at a time")]
    : [])
]

export const validateSubPath = (path: string, field: string): Causes.Causes => [
  ...(path.startsWith("/") ? [Causes.invalid(field, path, "must be a relative path")] : []),
  ...(path.split("/").includes("..") ? [Causes.invalid(field, path, "must not contain '..'")] : [])
]

const validateMounts = (mounts: ReadonlyArray<VolumeMount>, field: string, volumes: ReadonlySet<string>): Causes.Causes =>
  mounts.flatMap(({ mountPath, mountPropagation, name, subPath = "", subPathExpr = "" }, index) => {
    const at = `${field}[${index}]`
    const isAgain = mounts.findIndex((other) => other.mountPath === mountPath) < index
    return [
      ...required(`${at}.name`, name),
      ...(name !== "" && !volumes.has(name) ? [Causes.notFound(`${at}.name`, name)] : []),
      ...required(`${at}.mountPath`, mountPath),
      ...(isAgain ? [Causes.invalid(`${at}.mountPath`, mountPath, "must be unique")] : []),
      ...validateSubPath(subPath, `${field}.subPath`),
      ...validateSubPath(subPathExpr, `${field}.subPathExpr`),
      ...(subPath !== "" && subPathExpr !== ""
        ? [Causes.invalid(`${at}.subPathExpr`, subPathExpr, "subPathExpr and subPath are mutually exclusive")]
        : []),
      ...oneOf(`${at}.mountPropagation`, mountPropagation, ["Bidirectional", "HostToContainer", "None"])
    ]
  })
export { oneOf }
