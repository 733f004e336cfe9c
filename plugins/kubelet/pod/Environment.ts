/** The environment of a container, in the order in which later values win: services, `envFrom`, `env`. */
import { Schema } from "effect"
import { environmentName } from "../../../kernel/resource/Names.ts"
import type {
  ConfigMap,
  Container,
  EnvVar,
  HostPathVolumeSource,
  Pod,
  Secret,
  Service
} from "../../resources/contracts/core/v1.ts"
import type { Driven } from "../volumes/Driven.ts"
import { expand } from "./Expansion.ts"
import * as Fields from "./Fields.ts"

/** The ConfigMaps and Secrets that a Pod names, as far as they are there; and what its volumes are by claims, or of drivers. */
export interface Sources {
  readonly folder?: (volume: string) => HostPathVolumeSource | undefined
  readonly driven?: (volume: string) => Driven | undefined
  readonly configMap: (name: string) => ConfigMap | undefined
  readonly secret: (name: string) => Secret | undefined
}

/** Why a container cannot be made: its status says so until that changes. */
export class Refusal extends Schema.TaggedError<Refusal>()("Refusal", { message: Schema.String }) {}
const refuse = (message: string): never => {
  throw new Refusal({ message })
}

const upper = (name: string) => name.toUpperCase().replaceAll("-", "_")

/** `REDIS_SERVICE_HOST` and Docker's links. Source: "Discovering services". */
const variablesOf = ({ metadata, spec }: Service): ReadonlyArray<readonly [string, string]> => {
  const host = spec.clusterIP
  const [first] = spec.ports ?? []
  if (host === undefined || host === "" || host === "None" || first === undefined) return []
  const name = upper(metadata.name)
  const link = ({ port, protocol }: { readonly port: number; readonly protocol: string }) =>
    `${protocol.toLowerCase()}://${host}:${port}`
  return [
    [`${name}_SERVICE_HOST`, host],
    [`${name}_SERVICE_PORT`, `${first.port}`],
    ...(spec.ports ?? []).flatMap((port) =>
      port.name ? [[`${name}_SERVICE_PORT_${upper(port.name)}`, `${port.port}`] as const] : []
    ),
    [`${name}_PORT`, link(first)],
    ...(spec.ports ?? []).flatMap((port) => {
      const prefix = `${name}_PORT_${port.port}_${port.protocol}`
      return [
        [prefix, link(port)],
        [`${prefix}_PROTO`, port.protocol.toLowerCase()],
        [`${prefix}_PORT`, `${port.port}`],
        [`${prefix}_ADDR`, host]
      ] as const
    })
  ]
}

const isMaster = ({ metadata }: Service) => metadata.namespace === "default" && metadata.name === "kubernetes"

/** Those of the Pod's namespace, and always that of the API. */
export const serviceVariables = (pod: Pod, services: ReadonlyArray<Service>) =>
  services
    .filter(
      (service) =>
        isMaster(service) || (pod.spec.enableServiceLinks && service.metadata.namespace === pod.metadata.namespace)
    )
    .flatMap(variablesOf)

const text = (base64: string) => Buffer.from(base64, "base64").toString("utf8")
const isName = (name: string) => environmentName(name).length === 0

const fromSource = (
  { configMapRef, prefix = "", secretRef }: NonNullable<Container["envFrom"]>[number],
  sources: Sources
): ReadonlyArray<readonly [string, string]> => {
  const named = (values: { readonly [key: string]: string } = {}, read: (value: string) => string) =>
    Object.entries(values).flatMap(([key, value]) =>
      isName(`${prefix}${key}`) ? [[`${prefix}${key}`, read(value)] as const] : []
    )
  if (configMapRef !== undefined) {
    const found = sources.configMap(configMapRef.name ?? "")
    if (found === undefined && !configMapRef.optional) return refuse(`configmap "${configMapRef.name}" not found`)
    return named(found?.data, (value) => value)
  }
  if (secretRef === undefined) return []
  const found = sources.secret(secretRef.name ?? "")
  if (found === undefined && !secretRef.optional) return refuse(`secret "${secretRef.name}" not found`)
  return named(found?.data, text)
}

export interface Context {
  readonly pod: Pod
  readonly container: Container
  readonly sources: Sources
  readonly services: ReadonlyArray<Service>
  readonly place: Fields.Place
}

const keyOf = (
  what: "configmap" | "secret",
  { key, name = "", optional }: { readonly key: string; readonly name?: string; readonly optional?: boolean },
  { pod, sources }: Context
) => {
  const found = what === "secret" ? sources.secret(name) : sources.configMap(name)
  if (found === undefined) {
    if (optional) return undefined
    return refuse(`${what} "${name}" not found`)
  }
  const value = found.data?.[key]
  if (value !== undefined) return what === "secret" ? text(value) : value
  if (optional) return undefined
  const kind = what === "secret" ? "Secret" : "ConfigMap"
  return refuse(`couldn't find key ${key} in ${kind} ${pod.metadata.namespace}/${name}`)
}

const containerNamed = ({ container, pod }: Context, name: string | undefined) =>
  name === undefined || name === ""
    ? container
    : [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find((one) => one.name === name)

/** Undefined: the variable is left out. */
const valueOf = ({ value = "", valueFrom }: EnvVar, known: ReadonlyMap<string, string>, context: Context) => {
  if (valueFrom === undefined) return expand(value, known)
  if (valueFrom.configMapKeyRef) return keyOf("configmap", valueFrom.configMapKeyRef, context)
  if (valueFrom.secretKeyRef) return keyOf("secret", valueFrom.secretKeyRef, context)
  if (valueFrom.fieldRef) {
    const found = Fields.field(context.pod, valueFrom.fieldRef.fieldPath, context.place)
    if (found === undefined) return refuse(`unsupported fieldPath: ${valueFrom.fieldRef.fieldPath}`)
    return found
  }
  if (valueFrom.resourceFieldRef) {
    const of = containerNamed(context, valueFrom.resourceFieldRef.containerName)
    if (of === undefined) return refuse(`container ${valueFrom.resourceFieldRef.containerName} not found`)
    return Fields.resource(of, valueFrom.resourceFieldRef, context.place)
  }
  return undefined
}

/** Throws a Refusal where something that is not optional is not there. */
export const environment = (context: Context): ReadonlyMap<string, string> => {
  const { container, pod, services, sources } = context
  const values = new Map<string, string>(serviceVariables(pod, services))
  for (const from of container.envFrom ?? []) for (const [name, value] of fromSource(from, sources)) values.set(name, value)
  const known = new Map(values)
  for (const variable of container.env ?? []) {
    const value = valueOf(variable, known, context)
    if (value === undefined) continue
    values.set(variable.name, value)
    known.set(variable.name, value)
  }
  return values
}
