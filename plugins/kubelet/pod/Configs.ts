/** A Pod of the API as what the runtime is asked for. */
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Container, Pod } from "../../resources/contracts/core/v1.ts"
import type { ContainerRuntime } from "../contracts/ContainerRuntime.ts"
import type { Given } from "../contracts/NodeDevices.ts"
import type { Mount, Port } from "../contracts/Pods.ts"
import type { Site } from "../Site.ts"
import * as Volumes from "../volumes/Volumes.ts"
import * as Dns from "./Dns.ts"
import { environment, type Sources } from "./Environment.ts"
import { expand } from "./Expansion.ts"
import * as Qos from "./Qos.ts"
import * as Security from "./Security.ts"
import { hashAnnotation, hashOf } from "./View.ts"

export type PodConfig = Parameters<ContainerRuntime["Service"]["startPod"]>[0]
export type ContainerConfig = Parameters<ContainerRuntime["Service"]["startContainer"]>[0]

const protocols = { TCP: "TCP", UDP: "UDP", SCTP: "SCTP" } as const
const isProtocol = (text: string): text is keyof typeof protocols => text in protocols

const ports = ({ spec }: Pod): ReadonlyArray<Port> =>
  [...spec.containers, ...(spec.initContainers ?? [])].flatMap(({ ports = [] }) =>
    ports.flatMap(({ containerPort, hostIP, hostPort, protocol }) =>
      hostPort && isProtocol(protocol) ? [{ hostPort, containerPort, protocol, ...(hostIP && { hostIp: hostIP }) }] : []
    )
  )

const seccompFolder = ({ settings }: Site) => join(settings.directory, "seccomp")

export const ofPod = (pod: Pod, attempt: number, site: Site, resolv: string, handler: string): PodConfig => {
  const { metadata, spec } = pod
  const { settings } = site
  const host = spec.hostNetwork ?? false
  return {
    uid: metadata.uid,
    namespace: metadata.namespace ?? "",
    name: metadata.name,
    attempt,
    hostname: Dns.hostnameOf(pod, settings.nodeName),
    network: host ? { _tag: "host" } : { _tag: "runtime" },
    labels: { ...metadata.labels },
    annotations: { ...metadata.annotations },
    dns: Dns.resolve(pod, settings.dns, Dns.parseResolv(resolv)),
    ports: host ? [] : ports(pod),
    cgroupParent: settings.hollow ? "" : Qos.cgroupOf(settings.cgroupRoot, pod),
    sysctls: Object.fromEntries((spec.securityContext.sysctls ?? []).map(({ name, value }) => [name, value])),
    hostIpc: spec.hostIPC ?? false,
    processes: spec.hostPID ? "host" : spec.shareProcessNamespace ? "pod" : "own",
    logDirectory: site.logsOf(pod),
    security: Security.ofPod(pod, seccompFolder(site)),
    ...(handler !== "" && { handler })
  }
}

export interface ContainerContext {
  readonly pod: Pod
  readonly container: Container
  readonly sandbox: string
  readonly attempt: number
  readonly addresses: ReadonlyArray<string>
  readonly sources: Sources
  readonly imageUser: number | string | undefined
  /** The id of the container whose processes it shall see. */
  readonly target: string | undefined
  /** What it finds of its devices. */
  readonly given: Given | undefined
  /** The CDI devices of its claims. */
  readonly claimed: ReadonlyArray<string>
  readonly site: Site
}

/** Where a container leaves its last words. */
export const lastWordsFile = (directory: string, name: string, attempt: number) =>
  join(directory, "containers", name, `${attempt}`)

const isMountedAt = (mounts: ReadonlyArray<Mount>, path: string) =>
  mounts.some(({ containerPath }) => containerPath === path)

/** The files that each container gets besides its volumes. */
const ownMounts = (
  { attempt, container, pod, site }: ContainerContext,
  mounts: ReadonlyArray<Mount>
): ReadonlyArray<Mount> => {
  const directory = site.directoryOf(pod.metadata.uid)
  const own: Array<Mount> = []
  const hosts = join(directory, "etc-hosts")
  if (existsSync(hosts) && !isMountedAt(mounts, "/etc/hosts")) {
    own.push({ hostPath: hosts, containerPath: "/etc/hosts", readOnly: false, propagation: "none" })
  }
  const words = lastWordsFile(directory, container.name, attempt)
  mkdirSync(join(words, ".."), { recursive: true, mode: 0o750 })
  // Whoever the container runs as may write it, whatever this process's umask is.
  writeFileSync(words, "")
  chmodSync(words, 0o666)
  own.push({ hostPath: words, containerPath: container.terminationMessagePath, readOnly: false, propagation: "none" })
  return own
}

/** Throws a Refusal where something is missing. */
export const ofContainer = (context: ContainerContext): ContainerConfig => {
  const { addresses, attempt, claimed, container, given, imageUser, pod, sandbox, site, sources, target } = context
  const namespace = pod.metadata.namespace ?? ""
  const services = [
    ...site.services.by("namespace", namespace),
    ...(namespace === "default" ? [] : site.services.by("namespace", "default"))
  ]
  const env = environment({ pod, container, sources, services, place: site.place(addresses) })
  const directory = site.directoryOf(pod.metadata.uid)
  const mounts = site.settings.hollow ? [] : Volumes.mountsOf(pod, container, directory, env, sources)
  const own = site.settings.hollow ? [] : ownMounts(context, mounts)
  const blocks = site.settings.hollow ? [] : Volumes.devicesOf(container, directory, sources)
  const devices = [...(given?.devices ?? []), ...blocks]
  const cdiDevices = [...new Set([...(given?.cdiDevices ?? []), ...claimed])]
  const lent = (given?.mounts ?? []).map((mount): Mount => ({ ...mount, propagation: "none" }))
  return {
    pod: sandbox,
    name: container.name,
    attempt,
    image: container.image ?? "",
    command: (container.command ?? []).map((word) => expand(word, env)),
    args: (container.args ?? []).map((word) => expand(word, env)),
    env: Array.from([...Object.entries(given?.env ?? {}).filter(([name]) => !env.has(name)), ...env], ([name, value]) => ({
      name,
      value
    })),
    ...(container.workingDir && { workingDirectory: container.workingDir }),
    mounts: [...lent, ...mounts, ...own],
    ...(devices.length > 0 && { devices }),
    ...(cdiDevices.length > 0 && { cdiDevices }),
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    tty: container.tty ?? false,
    resources: Qos.resources(pod, container, site.machine.memoryBytes),
    security: Security.ofContainer(pod, container, imageUser, seccompFolder(site)),
    ...(target !== undefined && { processes: { _tag: "target", id: target } as const }),
    logPath: join(container.name, `${attempt}.log`),
    annotations: {
      ...given?.annotations,
      [hashAnnotation]: hashOf(container),
      "io.kubernetes.container.restartCount": `${attempt}`,
      "io.kubernetes.container.terminationMessagePath": container.terminationMessagePath,
      "io.kubernetes.container.terminationMessagePolicy": container.terminationMessagePolicy,
      "io.kubernetes.pod.terminationGracePeriod": `${pod.spec.terminationGracePeriodSeconds}`
    }
  }
}
