/**
 * Defaults of Pods that depend on other fields. Those of a template are fewer: what a Pod gets of its own limits and of its
 * host's ports is decided when the Pod is made. Source: API reference of Kubernetes, Pod v1.
 */
import type { Container, EphemeralContainer, Pod, PodSpec, PodTemplateSpec, Volume } from "../contracts/core/v1.ts"

/** The tag of an image, `latest` if it has neither tag nor digest. */
const tagOf = (image: string) => {
  const [name = "", digest] = image.split("@")
  const tag = name.slice(name.lastIndexOf("/") + 1).split(":")[1]
  return tag ?? (digest === undefined ? "latest" : "")
}

const withPullPolicy = <C extends Container | EphemeralContainer>(container: C): C =>
  container.imagePullPolicy === undefined
    ? { ...container, imagePullPolicy: tagOf(container.image ?? "") === "latest" ? "Always" : "IfNotPresent" }
    : container

/** A volume of which nothing is said but its name is an empty directory. */
const withSource = (volume: Volume): Volume => (Object.keys(volume).length > 1 ? volume : { ...volume, emptyDir: {} })

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

export const pod = (given: Pod): Pod => {
  const spec = podSpec(given.spec)
  const own = (container: Container) => withRequests(spec.hostNetwork === true ? withHostPorts(container) : container)
  return {
    ...given,
    spec: {
      ...spec,
      enableServiceLinks: spec.enableServiceLinks ?? true,
      containers: spec.containers.map(own),
      ...(spec.initContainers && { initContainers: spec.initContainers.map(own) })
    }
  }
}
