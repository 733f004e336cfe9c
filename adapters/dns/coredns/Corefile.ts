/** What CoreDNS is told. Source: the README of each of its plugins, 1.14. */

export interface Settings {
  readonly addresses: ReadonlyArray<string>
  readonly port: number
  readonly domain: string
  readonly kubeconfig: string
  /** Who is asked for all other names. */
  readonly upstream: ReadonlyArray<string>
  /** Where it says whether it is ready, and where its figures are: `address:port`. */
  readonly ready: string
  readonly metrics?: string
}

const indent = (lines: ReadonlyArray<string>) => lines.map((line) => `  ${line}`)
const block = (head: string, ...lines: ReadonlyArray<string>) => [`${head} {`, ...indent(lines), "}"]

/** Times as those of the built-in server: five seconds for the cluster's names, at most thirty for others. */
export const text = ({ addresses, domain, kubeconfig, metrics, port, ready, upstream }: Settings): string => {
  const cluster = block(
    `kubernetes ${domain} in-addr.arpa ip6.arpa`,
    `kubeconfig ${kubeconfig}`,
    "pods insecure",
    "ttl 5",
    "fallthrough in-addr.arpa ip6.arpa",
    // It shall not answer before it knows the cluster.
    "startup_timeout 60s"
  )
  const forward = block(`forward . ${upstream.join(" ")}`, "policy sequential", "max_concurrent 1000", "max_fails 1")
  const cache = block(
    "cache 30",
    "success 9984 30 0",
    "denial 9984 30 0",
    // Of the cluster's names it knows at once what changes.
    `disable success ${domain}`,
    `disable denial ${domain}`
  )
  const lines = block(
    `.:${port}`,
    `bind ${addresses.join(" ")}`,
    "errors",
    `ready ${ready}`,
    ...(metrics === undefined ? [] : [`prometheus ${metrics}`]),
    ...cache,
    "loadbalance round_robin",
    ...cluster,
    ...(upstream.length === 0 ? [] : forward)
  )
  return `${lines.join("\n")}\n`
}
