/** What Docker is asked for: the body of its ContainerCreate, field by field. Source: the Engine API, version 1.41. */
import { existsSync, readFileSync } from "node:fs"
import type { Mount, Security } from "../../../plugins/kubelet/contracts/Pods.ts"
import { ofContainer, ofPod } from "../EngineLabels.ts"
import type { Dialect, Place } from "../EngineRuntime.ts"
import * as PauseImage from "../PauseImage.ts"
import type { ContainerConfig, PodConfig } from "../Requests.ts"

/** Health is the kubelet's business. */
const plain = { Healthcheck: { Test: ["NONE"] } } as const
const hostPlain = (program: string) => ({
  ...(program !== "" && { Runtime: program }),
  LogConfig: { Type: "json-file", Config: {} }
})

const seccomp = (profile: Security["seccomp"]) => {
  if (profile?._tag === "RuntimeDefault") return []
  // Docker takes the profile itself where its own command takes a path.
  return [`seccomp=${profile?._tag === "Localhost" ? readFileSync(profile.path, "utf8") : "unconfined"}`]
}

/** Docker turns it off in every namespace that it makes; the kubelet's network decides. */
const withIpv6 = "net.ipv6.conf.all.disable_ipv6"

const pod = (config: PodConfig, name: string, program: string) => {
  const isHost = config.network._tag === "host"
  const { dns } = config
  const hasIpv6 = !isHost && existsSync(`/proc/sys/${withIpv6.replaceAll(".", "/")}`)
  return {
    query: { name },
    body: {
      ...plain,
      Image: PauseImage.name,
      Labels: ofPod(config),
      ...(!isHost && !config.hostUts && { Hostname: config.hostname }),
      HostConfig: {
        ...hostPlain(program),
        NetworkMode: isHost ? "host" : "none",
        IpcMode: config.hostIpc ? "host" : "shareable",
        UTSMode: isHost || config.hostUts ? "host" : "",
        PidMode: config.processes === "host" ? "host" : "",
        CgroupParent: config.cgroupParent ?? "",
        // Those who join the network get the sandbox's resolv.conf with it.
        ...(dns && { Dns: dns.servers, DnsSearch: dns.searches, DnsOptions: dns.options }),
        Sysctls: { ...(hasIpv6 && { [withIpv6]: "0" }), ...config.sysctls },
        CapDrop: ["ALL"],
        SecurityOpt: ["no-new-privileges"],
        ReadonlyRootfs: true
      }
    }
  }
}

/** Left to Docker, it is private, but for a folder around Docker's own, which it refuses to have private. */
const propagation = { none: {}, fromHost: { Propagation: "rslave" }, both: { Propagation: "rshared" } } as const

const mount = ({ containerPath, hostPath, propagation: kind, readOnly }: Mount) => ({
  Type: "bind",
  Source: hostPath,
  Target: containerPath,
  ReadOnly: readOnly,
  BindOptions: propagation[kind]
})

const processes = ({ processes: asked }: ContainerConfig, { sandbox, shared }: Place) => {
  const kind = asked?._tag ?? shared.processes
  if (kind === "own") return ""
  if (kind === "host") return "host"
  return `container:${asked?._tag === "target" ? asked.id : sandbox.Id}`
}

const user = ({ group, user: of }: Security) =>
  of === undefined ? {} : { User: group === undefined ? `${of}` : `${of}:${group}` }

const security = (of: Security) => ({
  GroupAdd: (of.supplementalGroups ?? []).map(String),
  Privileged: of.privileged ?? false,
  ReadonlyRootfs: of.readOnlyRoot ?? false,
  CapAdd: of.addCapabilities ?? [],
  CapDrop: of.dropCapabilities ?? [],
  SecurityOpt: [
    ...seccomp(of.privileged ? { _tag: "Unconfined" } : of.seccomp),
    ...(of.noNewPrivileges ? ["no-new-privileges"] : [])
  ],
  ...(of.maskedPaths && { MaskedPaths: of.maskedPaths }),
  ...(of.readOnlyPaths && { ReadonlyPaths: of.readOnlyPaths })
})

const limits = ({
  cpuPeriod,
  cpuQuota,
  cpuShares,
  memoryBytes,
  oomScoreAdjust
}: NonNullable<ContainerConfig["resources"]>) => ({
  // Without a limit for both Docker allows as much swap again.
  ...(memoryBytes && { Memory: memoryBytes, MemorySwap: memoryBytes }),
  ...(cpuShares && { CpuShares: cpuShares }),
  ...(cpuQuota && { CpuQuota: cpuQuota, CpuPeriod: cpuPeriod ?? 100_000 }),
  ...(oomScoreAdjust !== undefined && { OomScoreAdj: oomScoreAdjust })
})

const container = (config: ContainerConfig, place: Place, program: string) => {
  const { name, sandbox, shared } = place
  const joined = `container:${sandbox.Id}`
  return {
    query: { name },
    body: {
      ...plain,
      ...user(config.security ?? {}),
      Image: config.image,
      Labels: ofContainer(config, sandbox),
      ...(config.command.length > 0 && { Entrypoint: config.command }),
      ...((config.args?.length ?? 0) > 0 && { Cmd: config.args }),
      Env: (config.env ?? []).map(({ name, value }) => `${name}=${value}`),
      WorkingDir: config.workingDirectory ?? "",
      OpenStdin: config.stdin ?? false,
      StdinOnce: config.stdinOnce ?? false,
      Tty: config.tty ?? false,
      HostConfig: {
        ...hostPlain(program),
        ...security(config.security ?? {}),
        ...limits(config.resources ?? {}),
        NetworkMode: joined,
        IpcMode: shared.hostIpc ? "host" : joined,
        UTSMode: shared.host || shared.hostUts ? "host" : "",
        PidMode: processes(config, place),
        CgroupParent: shared.cgroupParent,
        Mounts: (config.mounts ?? []).map(mount),
        Devices: (config.devices ?? []).map(({ containerPath, hostPath, permissions }) => ({
          PathOnHost: hostPath,
          PathInContainer: containerPath,
          CgroupPermissions: permissions
        })),
        ...(config.cdiDevices && { DeviceRequests: [{ Driver: "cdi", DeviceIDs: config.cdiDevices }] })
      }
    }
  }
}

export const dialect: Dialect = {
  name: "docker",
  network: "made",
  pod,
  container,
  limits,
  grace: "t",
  events: ["create", "start", "die", "destroy", "oom"]
}
