/** What upstream's kubelet needs of a machine: a runtime in namespaces of its own, cgroups, and a network for its Pods. */
import { Effect, Layer } from "effect"
import { spawn } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Containerd from "../../adapters/cri/containerd/Containerd.ts"
import * as Cgroups from "../../plugins/kubelet/pod/Cgroups.ts"
import type * as Site from "../e2e/Site.ts"
import * as Upstream from "./Upstream.ts"

/** Of every kind that this machine has. A set of processors begins empty, where it is not told. */
const cgroup = (name: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const base = "/sys/fs/cgroup"
      const kinds = existsSync(join(base, "cgroup.procs")) ? [""] : readdirSync(base)
      for (const kind of kinds) {
        const parent = join(base, kind)
        if (!existsSync(join(parent, "cgroup.procs"))) continue
        mkdirSync(join(parent, name), { recursive: true })
        for (const file of ["cpuset.cpus", "cpuset.mems"]) {
          if (kind === "cpuset") writeFileSync(join(parent, name, file), readFileSync(join(parent, file)))
        }
      }
    }),
    () => Cgroups.remove(`/${name}`)
  )

/** Mounts of its own, which containerd and the kubelet share. */
const holder = ({ inside: [program = "", ...inside] }: Site.Shape) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const args = [...inside, "unshare", "--mount", "--propagation", "shared", "--", "tail", "-f", "/dev/null"]
      return spawn(program, args, { stdio: "ignore" })
    }),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  ).pipe(Effect.map(({ pid }) => ["nsenter", `--target=${pid}`, "--net", "--mount", "--"]))

/** The socket of its containerd, how its programs are started, and the name of its cgroup. */
export const make = Effect.fnUntraced(function* (site: Site.Shape) {
  yield* cgroup(site.name)
  const inside = yield* holder(site)
  const directory = join(site.dataDir, "containerd")
  const options = { directory, program: Upstream.containerd, stop: "remove", launcher: inside } as const
  // Who is started with nsenter has to be there before.
  yield* Effect.sleep("200 millis")
  yield* Layer.build(Containerd.layer(options))
  return { inside, folders: Containerd.folders(options) }
})

/** One bridge with the node's range: what a network plugin writes. */
export const network = (site: Site.Shape, folder: string, podCidr: string) => {
  const ranges = [[{ subnet: podCidr }]]
  const ipam = { type: "host-local", dataDir: join(site.dataDir, "ipam"), ranges, routes: [{ dst: "0.0.0.0/0" }] }
  const bridge = { type: "bridge", bridge: "cni0", isGateway: true, hairpinMode: true, ipam }
  writeFileSync(join(folder, "10-pods.conflist"), JSON.stringify({ cniVersion: "1.0.0", name: "pods", plugins: [bridge] }))
}

/** As kubeadm would have it, with everything of the node below one folder. */
export const kubeletConfiguration = (site: Site.Shape, socket: string, ca: string) => {
  const at = (name: string) => join(site.dataDir, name)
  return JSON.stringify({
    ...{ kind: "KubeletConfiguration", apiVersion: "kubelet.config.k8s.io/v1beta1" },
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: ca } },
    authorization: { mode: "Webhook" },
    ...{ serverTLSBootstrap: true, rotateCertificates: true },
    ...{ cgroupDriver: "cgroupfs", cgroupRoot: `/${site.name}`, failCgroupV1: false, failSwapOn: false },
    ...{ clusterDNS: ["10.96.0.10"], clusterDomain: "cluster.local", resolvConf: "/etc/resolv.conf" },
    ...{ containerRuntimeEndpoint: `unix://${socket}`, podLogsDir: at("pods"), volumePluginDir: at("plugins") },
    ...{ enforceNodeAllocatable: ["pods"], evictionHard: { "memory.available": "100Mi" } },
    ...{ imageGCHighThresholdPercent: 100, nodeStatusUpdateFrequency: "5s" }
  })
}
