/** What a Pod's resolv.conf and hosts file say. */
import type { Pod } from "../../resources/contracts/core/v1.ts"
import type { Dns } from "../contracts/Pods.ts"

export interface ClusterDns {
  readonly servers: ReadonlyArray<string>
  readonly domain: string
}

/** Of a resolv.conf(5): the last `search` counts. */
export const parseResolv = (text: string): Dns => {
  const lines = text.split("\n").map((line) => line.trim().split(/\s+/))
  const of = (name: string) => lines.filter(([first]) => first === name).map(([, ...rest]) => rest)
  return {
    servers: of("nameserver").flatMap((words) => words.slice(0, 1)),
    searches: of("search").at(-1) ?? [],
    options: of("options").flat()
  }
}

const unique = (values: ReadonlyArray<string>) => [...new Set(values)]

/** A later option replaces one of the same name. */
const options = (before: ReadonlyArray<string>, own: NonNullable<Pod["spec"]["dnsConfig"]>["options"] = []) => {
  const values = new Map(before.map((option) => [option.split(":")[0] ?? "", option]))
  for (const { name = "", value } of own) values.set(name, value === undefined ? name : `${name}:${value}`)
  return [...values.values()]
}

/** Source: "Pod's DNS Policy". */
export const resolve = ({ metadata, spec }: Pod, cluster: ClusterDns, host: Dns): Dns => {
  const own = spec.dnsConfig ?? {}
  const first = spec.dnsPolicy === "ClusterFirstWithHostNet" || (spec.dnsPolicy === "ClusterFirst" && !spec.hostNetwork)
  const inCluster: Dns = {
    servers: cluster.servers,
    searches: unique([
      `${metadata.namespace}.svc.${cluster.domain}`,
      `svc.${cluster.domain}`,
      cluster.domain,
      ...host.searches
    ]),
    options: ["ndots:5"]
  }
  const nothing: Dns = { servers: [], searches: [], options: [] }
  const base = spec.dnsPolicy === "None" ? nothing : first && cluster.servers.length > 0 ? inCluster : host
  return {
    // The resolver reads three servers, and 32 domains.
    servers: unique([...base.servers, ...(own.nameservers ?? [])]).slice(0, 3),
    searches: unique([...base.searches, ...(own.searches ?? [])]).slice(0, 32),
    options: options(base.options, own.options)
  }
}

export const hostnameOf = ({ metadata, spec }: Pod, nodeName: string) =>
  spec.hostNetwork ? nodeName : (spec.hostname ?? metadata.name).slice(0, 63).replace(/[.-]+$/, "")

const aliases = ({ spec }: Pod) =>
  (spec.hostAliases ?? []).map(({ hostnames = [], ip }) => `${ip}\t${hostnames.join("\t")}\n`).join("")

/** `host`: the machine's own file, which Pods on its network see. */
export const hosts = (pod: Pod, addresses: ReadonlyArray<string>, domain: string, host: string) => {
  const head = "# Kubernetes-managed hosts file"
  if (pod.spec.hostNetwork) return `${head} (host network).\n${host}${aliases(pod)}`
  const name = hostnameOf(pod, "")
  const { subdomain } = pod.spec
  const full = subdomain ? `${name}.${subdomain}.${pod.metadata.namespace}.svc.${domain}\t` : ""
  return [
    `${head}.\n`,
    "127.0.0.1\tlocalhost\n",
    "::1\tlocalhost ip6-localhost ip6-loopback\n",
    "fe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n",
    ...addresses.map((address) => `${address}\t${full}${name}\n`),
    aliases(pod)
  ].join("")
}
