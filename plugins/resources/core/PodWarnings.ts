/**
 * What is told of Pods that are accepted, and may not be what was meant: fields of old, and definitions that hide each other. The words are
 * those of kube-apiserver 1.36.
 */
import * as Names from "../../../kernel/resource/Names.ts"
import type { Resource } from "../../../kernel/resource/Kind.ts"
import type {
  Affinity,
  Container,
  ContainerPort,
  NodeSelectorTerm,
  Pod,
  PodAffinityTerm,
  PodSpec,
  PodTemplateSpec
} from "../contracts/core/v1.ts"
import { fractions, ofVolume } from "./VolumeWarnings.ts"

type Warnings = ReadonlyArray<string>
interface About {
  readonly metadata: { readonly annotations?: { readonly [name: string]: string } }
  readonly spec: PodSpec
}

const each = <A>(items: ReadonlyArray<A> | undefined, field: string, of: (item: A, field: string) => Warnings): Warnings =>
  items?.flatMap((item, index) => of(item, `${field}[${index}]`)) ?? []

const labels: { readonly [label: string]: readonly [since: string, instead: string] } = {
  "beta.kubernetes.io/arch": ["v1.14", "kubernetes.io/arch"],
  "beta.kubernetes.io/os": ["v1.14", "kubernetes.io/os"],
  "failure-domain.beta.kubernetes.io/region": ["v1.17", "topology.kubernetes.io/region"],
  "failure-domain.beta.kubernetes.io/zone": ["v1.17", "topology.kubernetes.io/zone"],
  "beta.kubernetes.io/instance-type": ["v1.17", "node.kubernetes.io/instance-type"]
}
const oldLabel = (label: string, say: (words: string) => string): Warnings => {
  const [since, instead] = (Object.hasOwn(labels, label) ? labels[label] : undefined) ?? []
  return since === undefined ? [] : [say(`deprecated since ${since}; use ${JSON.stringify(instead)} instead`)]
}
const oldKey = (label: string, field: string) => oldLabel(label, (words) => `${field}: ${label} is ${words}`)

const ofTerm = ({ matchExpressions }: NodeSelectorTerm, field: string): Warnings =>
  each(matchExpressions, `${field}.matchExpressions`, ({ key }, at) => oldKey(key, `${at}.key`))

const unselecting = ({ labelSelector }: PodAffinityTerm, field: string): Warnings =>
  labelSelector === undefined ? [`${field}.labelSelector: a null labelSelector results in matching no pod`] : []

const required = "requiredDuringSchedulingIgnoredDuringExecution"
const preferred = "preferredDuringSchedulingIgnoredDuringExecution"
const ofAffinity = ({ nodeAffinity, podAffinity, podAntiAffinity }: Affinity, field: string): Warnings => [
  ...each(nodeAffinity?.[required]?.nodeSelectorTerms, `${field}.nodeAffinity.${required}.nodeSelectorTerms`, ofTerm),
  ...each(nodeAffinity?.[preferred], `${field}.nodeAffinity.${preferred}`, ({ preference }, at) =>
    ofTerm(preference, `${at}.preference`)
  ),
  ...Object.entries({ podAffinity, podAntiAffinity }).flatMap(([name, terms]) => [
    ...each(terms?.[required], `${field}.${name}.${required}`, unselecting),
    ...each(terms?.[preferred], `${field}.${name}.${preferred}`, ({ podAffinityTerm }, at) =>
      unselecting(podAffinityTerm, `${at}.podAffinityTerm`)
    )
  ])
]

const critical = "scheduler.alpha.kubernetes.io/critical-pod"
const sysctls = ["security.alpha.kubernetes.io/sysctls", "security.alpha.kubernetes.io/unsafe-sysctls"]
const seccompPod = "seccomp.security.alpha.kubernetes.io/pod"
const seccomp = "container.seccomp.security.alpha.kubernetes.io/"
const appArmor = "container.apparmor.security.beta.kubernetes.io/"

const containersOf = ({ containers, initContainers = [] }: PodSpec): ReadonlyArray<Container> => [
  ...initContainers,
  ...containers
]

/** Annotations that fields have taken the place of, where these are not used. */
const ofAnnotations = ({ metadata: { annotations = {} }, spec }: About, field: string): Warnings => {
  const say = (name: string, since: string, instead: string) =>
    name in annotations ? [`${field}.annotations[${name}]: ${since}; use the ${JSON.stringify(instead)} field instead`] : []
  if (Object.keys(annotations).length === 0) return []
  const { appArmorProfile, seccompProfile } = spec.securityContext ?? {}
  return [
    ...say(critical, "non-functional in v1.16+", "priorityClassName"),
    ...(seccompProfile === undefined ? say(seccompPod, "non-functional in v1.27+", "seccompProfile") : []),
    ...containersOf(spec).flatMap(({ name, securityContext = {} }) => [
      ...((securityContext.seccompProfile ?? seccompProfile) === undefined
        ? say(`${seccomp}${name}`, "non-functional in v1.27+", "seccompProfile")
        : []),
      ...((securityContext.appArmorProfile ?? appArmorProfile) === undefined
        ? say(`${appArmor}${name}`, "deprecated since v1.30", "appArmorProfile")
        : [])
    ]),
    ...sysctls.flatMap((name) => say(name, "non-functional in v1.11+", "sysctls"))
  ]
}

/** What says again what stood there before. */
const repeated = <A>(
  items: ReadonlyArray<A> | undefined,
  of: (item: A) => string,
  say: (index: number, value: string) => string
) => {
  const seen = new Set<string>()
  return (items ?? []).flatMap((item, index) => {
    const value = of(item)
    if (seen.has(value)) return [say(index, value)]
    seen.add(value)
    return []
  })
}

interface Placed {
  readonly port: ContainerPort
  readonly field: string
  readonly container: string
}

const definition = ({ port: now }: Placed, { port: before }: Placed): string | undefined => {
  if (now.containerPort !== before.containerPort || now.protocol !== before.protocol) return undefined
  const [port, other] = [now.hostPort ?? 0, before.hostPort ?? 0]
  const [ip, otherIp] = [now.hostIP ?? "", before.hostIP ?? ""]
  if (port === other && ip === otherIp) return "duplicate"
  if (port === 0 || other === 0) return "overlapping"
  return port === other && (ip === "" || otherIp === "") ? "dangerously ambiguous" : undefined
}

const againstOne = (now: Placed, before: Placed): Warnings => {
  const { field } = before
  const found = definition(now, before)
  const { name = "" } = now.port
  const isNamesake = name !== "" && name === before.port.name && now.container !== before.container
  return [
    ...(isNamesake
      ? [
          `${now.field}: duplicate port name ${JSON.stringify(name)} with ${field}, services and probes that select ports by name will use ${field}`
        ]
      : []),
    ...(found === undefined ? [] : [`${now.field}: ${found} port definition with ${field}`])
  ]
}

const ofPorts = ({ containers, initContainers = [] }: PodSpec, field: string): Warnings => {
  const placed = (all: ReadonlyArray<Container>, list: string) =>
    all.flatMap(({ name, ports = [] }, at) =>
      ports.map((port, index): Placed => ({ port, container: name, field: `${field}.${list}[${at}].ports[${index}]` }))
    )
  const ports = [...placed(initContainers, "initContainers"), ...placed(containers, "containers")]
  return ports.flatMap((now, index) => ports.slice(0, index).flatMap((before) => againstOne(now, before)))
}

const ofContainer = ({ env, resources }: Container, field: string): Warnings => [
  ...repeated(
    env,
    ({ name }) => name,
    (index, name) =>
      `${field}.env[${index}]: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`
  ),
  ...fractions(resources.limits, `${field}.resources.limits`),
  ...fractions(resources.requests, `${field}.resources.requests`)
]

const ofSpec = (spec: PodSpec, field: string): Warnings => {
  const { affinity, containers, hostAliases, imagePullSecrets, initContainers, nodeSelector, overhead } = spec
  const secret = ({ name = "" }: { readonly name?: string }) => name
  return [
    ...Object.keys(nodeSelector ?? {}).flatMap((label) =>
      oldLabel(label, (words) => `${field}.nodeSelector[${label}]: ${words}`)
    ),
    ...(affinity === undefined ? [] : ofAffinity(affinity, `${field}.affinity`)),
    ...each(spec.topologySpreadConstraints, `${field}.topologySpreadConstraints`, (constraint, at) => [
      ...oldKey(constraint.topologyKey, `${at}.topologyKey`),
      ...unselecting(constraint, at)
    ]),
    ...repeated(
      hostAliases,
      ({ ip }) => ip,
      (index, ip) => `${field}.hostAliases[${index}].ip: duplicate ip ${JSON.stringify(ip)}`
    ),
    ...each(imagePullSecrets, `${field}.imagePullSecrets`, (one, at) =>
      secret(one) === "" ? [`${at}.name: invalid empty name ""`] : []
    ),
    ...repeated(
      imagePullSecrets,
      secret,
      (index, name) => `${field}.imagePullSecrets[${index}].name: duplicate name ${JSON.stringify(name)}`
    ),
    ...each(spec.volumes, `${field}.volumes`, ofVolume),
    ...fractions(overhead, `${field}.overhead`),
    ...each(initContainers, `${field}.initContainers`, ofContainer),
    ...each(containers, `${field}.containers`, ofContainer),
    ...ofPorts(spec, field)
  ]
}

/** Names that become parts of names of hosts. */
const ofName = (name: string, words: string): Warnings => {
  const wrong = Names.dns1123Label(name)
  return name === "" || wrong.length === 0
    ? []
    : [
        `metadata.name: this is used in ${words}, which can result in surprising behavior; a DNS label is recommended: [${wrong.join(" ")}]`
      ]
}
const named = ({ metadata }: Resource): Warnings => ofName(metadata.name, "Pod names and hostnames")

/** Only of a new one: what changes of a Pod is not what people write. */
export const ofPod = (pod: Pod, old: Pod | undefined): Warnings =>
  old !== undefined
    ? []
    : [...ofName(pod.metadata.name, "the Pod's hostname"), ...ofAnnotations(pod, "metadata"), ...ofSpec(pod.spec, "spec")]

export const ofTemplate = ({ metadata = {}, spec }: PodTemplateSpec, field = "spec.template"): Warnings => [
  ...ofAnnotations({ metadata, spec }, `${field}.metadata`),
  ...ofSpec(spec, `${field}.spec`),
  ...(spec.terminationGracePeriodSeconds < 0
    ? [`${field}.spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`]
    : [])
]

/** Of whatever has a template: where it is new, or another than before. */
export const ofWorkload =
  <A extends Resource>(template: (object: A) => PodTemplateSpec | undefined, field = "spec.template", isNamed = true) =>
  (object: A, old: A | undefined): Warnings => {
    const made = template(object)
    if (made === undefined || (old !== undefined && old.metadata.generation === object.metadata.generation)) return []
    return [...(isNamed && old === undefined ? named(object) : []), ...ofTemplate(made, field)]
  }
