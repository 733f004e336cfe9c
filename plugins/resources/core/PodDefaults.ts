/**
 * Defaults of Pods that depend on other fields. Those of a template are fewer: what a Pod gets of its own limits and of its
 * host's ports is decided when the Pod is made. Source: API reference of Kubernetes, Pod v1.
 */
import * as Quantity from "../../../kernel/resource/Quantity.ts"
import type { Container, EphemeralContainer, Pod, PodSpec, PodTemplateSpec, Volume } from "../contracts/core/v1.ts"

const longestName = 255

const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/
const isHost = (text: string) => /[.:A-Z]/.test(text) || text === "localhost"
const isName = (name: string) => {
  if (name.length > longestName) return false
  const [first = "", ...rest] = name.split("/")
  return [...(rest.length > 0 && isHost(first) ? [] : [first]), ...rest].every((part) => component.test(part))
}

/** The tag of an image, `latest` if it has neither tag nor digest; none of what no image can be called. */
const tagOf = (image: string) => {
  const [name = "", digest] = image.split("@")
  const [last = "", tag] = name.slice(name.lastIndexOf("/") + 1).split(":")
  if (!isName(`${name.slice(0, name.lastIndexOf("/") + 1)}${last}`)) return ""
  return tag ?? (digest === undefined ? "latest" : "")
}

const policyOf = (image: string | undefined) => (tagOf(image ?? "") === "latest" ? "Always" : "IfNotPresent")

const withPullPolicy = <C extends Container | EphemeralContainer>(container: C): C =>
  container.imagePullPolicy === undefined ? { ...container, imagePullPolicy: policyOf(container.image) } : container

/** A volume of which nothing is said but its name is an empty directory. */
const withSource = (volume: Volume): Volume => {
  if (Object.keys(volume).length === 1) return { ...volume, emptyDir: {} }
  const { image } = volume
  if (image === undefined || image.pullPolicy !== undefined) return volume
  return { ...volume, image: { ...image, pullPolicy: policyOf(image.reference) } }
}

/** The two names of the service account say the same. */
const withAccount = ({ serviceAccount, serviceAccountName, ...spec }: PodSpec): PodSpec => {
  const name = serviceAccountName || serviceAccount
  return name ? { ...spec, serviceAccountName: name, serviceAccount: name } : spec
}

export const podSpec = (given: PodSpec): PodSpec => {
  const { containers, ephemeralContainers, initContainers, volumes, ...spec } = withAccount(given)
  return {
    ...spec,
    containers: containers.map(withPullPolicy),
    ...(initContainers && { initContainers: initContainers.map(withPullPolicy) }),
    ...(ephemeralContainers && { ephemeralContainers: ephemeralContainers.map(withPullPolicy) }),
    ...(volumes && { volumes: volumes.map(withSource) })
  }
}

export const template = (given: PodTemplateSpec): PodTemplateSpec => ({ ...given, spec: podSpec(given.spec) })

/** Who limits a resource asks for as much, unless he says how much. */
const withRequests = (container: Container): Container => {
  const { limits, requests } = container.resources
  if (limits === undefined || Object.keys(limits).every((name) => requests?.[name] !== undefined)) return container
  return { ...container, resources: { ...container.resources, requests: { ...limits, ...requests } } }
}

const withHostPorts = (container: Container): Container =>
  container.ports === undefined
    ? container
    : { ...container, ports: container.ports.map((port) => ({ ...port, hostPort: port.hostPort || port.containerPort })) }

/** What a Pod is limited to as a whole it asks for, unless its containers ask for something. */
const withPodRequests = (spec: PodSpec): PodSpec => {
  const { limits, requests } = spec.resources ?? {}
  if (limits === undefined || Object.keys(limits).every((name) => requests?.[name] !== undefined)) return spec
  const running = [
    ...spec.containers,
    ...(spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always")
  ]
  const asked = (name: string) => {
    const amounts = running.flatMap(({ resources }) => resources.requests?.[name] ?? [])
    return amounts.length === 0
      ? undefined
      : Quantity.format(amounts.map((amount) => Quantity.of(amount)).reduce((sum, amount) => Quantity.add(sum, amount)))
  }
  const filled = Object.fromEntries(Object.entries(limits).map(([name, limit]) => [name, asked(name) ?? limit]))
  return { ...spec, resources: { ...spec.resources, requests: { ...filled, ...requests } } }
}

export const pod = (given: Pod): Pod => {
  const spec = podSpec(given.spec)
  const own = (container: Container) => withRequests(spec.hostNetwork === true ? withHostPorts(container) : container)
  return {
    ...given,
    spec: withPodRequests({
      ...spec,
      enableServiceLinks: spec.enableServiceLinks ?? true,
      containers: spec.containers.map(own),
      ...(spec.initContainers && { initContainers: spec.initContainers.map(own) })
    })
  }
}
