/**
 * Forgets UDP "connections" that lead to where nobody answers any more, or that began while nobody did. TCP ends by itself; a UDP
 * client that goes on sending from one port keeps its old translation alive for as long as it sends.
 */
import { Effect } from "effect"
import type { Run } from "./Command.ts"
import type { Endpoint, ServicePort } from "./contracts/ServiceProxy.ts"

/** What becomes of UDP flows: by the address and port that they were sent to, who may answer. */
export type Allowed = Map<string, Set<string>>

const answers = (endpoints: ReadonlyArray<Endpoint>) => endpoints.map(({ address, port }) => `${address} ${port}`)

/** Who may answer where. Those inside reach all by external addresses, whatever the policy. A node's port stands without an address. */
const frontends = (of: ServicePort): ReadonlyArray<readonly [string, ReadonlyArray<Endpoint>]> => {
  const {
    clusterIP,
    endpoints,
    externalIPs,
    externalPolicy,
    internalPolicy,
    loadBalancerIPs,
    localEndpoints,
    nodePort,
    port
  } = of
  const outer = externalPolicy === "Local" ? [...endpoints, ...localEndpoints] : endpoints
  return [
    [`${clusterIP} ${port}`, internalPolicy === "Local" ? localEndpoints : endpoints],
    ...[...externalIPs, ...loadBalancerIPs].map((address) => [`${address} ${port}`, outer] as const),
    ...(nodePort === 0 ? [] : [[` ${nodePort}`, outer] as const])
  ]
}

/** Adds what a Service's ports were and are. */
export const allow = (allowed: Allowed, before: ReadonlyArray<ServicePort>, after: ReadonlyArray<ServicePort>) => {
  const see = (ports: ReadonlyArray<ServicePort>, answering: boolean) => {
    for (const one of ports) {
      if (one.protocol !== "udp") continue
      for (const [frontend, endpoints] of frontends(one)) {
        const known = allowed.get(frontend) ?? new Set()
        allowed.set(frontend, known)
        if (answering) for (const answer of answers(endpoints)) known.add(answer)
      }
    }
  }
  see(before, false)
  see(after, true)
}

/** As `conntrack -L` prints a flow: as it was sent, and as it is answered. */
const flow = / src=(\S+) dst=(\S+) sport=(\d+) dport=(\d+) .*?src=(\S+) dst=\S+ sport=(\d+) /

/** The filters of `conntrack -D`, one list a command. Pure. */
export const stale = (listing: string, allowed: Allowed): ReadonlyArray<ReadonlyArray<string>> => {
  const commands = new Map<string, ReadonlyArray<string>>()
  for (const line of listing.split("\n")) {
    const [, , address = "", , port = "", answers = "", from = ""] = flow.exec(line) ?? []
    const may = allowed.get(`${address} ${port}`) ?? allowed.get(` ${port}`)
    if (may === undefined || may.has(`${answers} ${from}`)) continue
    const filter = ["--orig-dst", address, "--orig-port-dst", port, "--reply-src", answers, "--reply-port-src", from]
    commands.set(filter.join(" "), filter)
  }
  return [...commands.values()]
}

const families = { IPv4: "ipv4", IPv6: "ipv6" } as const

/** There being nothing to forget is its usual failure, and nothing that is lost here is worth stopping for. */
export const forget = Effect.fnUntraced(function* (run: Run, allowed: Allowed, served: ReadonlyArray<"IPv4" | "IPv6">) {
  if (allowed.size === 0) return
  for (const family of served.map((one) => families[one])) {
    const conntrack = (command: string, ...filter: ReadonlyArray<string>) =>
      Effect.catch(run(["conntrack", command, "-f", family, "-p", "udp", ...filter]), ({ detail }) =>
        Effect.as(Effect.logDebug("conntrack", detail), "")
      )
    for (const filter of stale(yield* conntrack("-L"), allowed)) yield* conntrack("-D", ...filter)
  }
})
