/** Where clients of a load balancer come in: its address, forwarding rules, and the firewalls that let them through to the nodes. */
import type { compute_v1 } from "@googleapis/compute/build/v1.js"
import { Effect } from "effect"
import { NotReady, Refused } from "../../../plugins/cloud/contracts/Cloud.ts"
import type { Wanted } from "../../../plugins/cloud/contracts/LoadBalancers.ts"
import type { Backends } from "./Backends.ts"
import type { Calls } from "./Calls.ts"
import type { Rule, Shape } from "./Wanted.ts"

export interface Options {
  /** Network tags of the nodes; without any, firewalls are for all machines of the network. */
  readonly nodeTags: ReadonlyArray<string>
}

/** Where Google's health checks come from, by its documentation ("Health checks overview", probe IP ranges). */
const probes = ["35.191.0.0/16", "209.85.152.0/22", "209.85.204.0/22"]
const everybody = ["0.0.0.0/0"]
const suffixes = ["tcp", "udp", "all"] as const

type Firewall = compute_v1.Schema$Firewall

const firewallText = ({ allowed, destinationRanges, sourceRanges, targetTags }: Firewall) =>
  JSON.stringify([
    (allowed ?? []).map(({ IPProtocol, ports }) => `${IPProtocol} ${(ports ?? []).toSorted().join()}`).toSorted(),
    destinationRanges ?? [],
    (sourceRanges ?? []).toSorted(),
    (targetTags ?? []).toSorted()
  ])

export const make = (calls: Calls, { ofNetwork, place }: Backends, { nodeTags }: Options) => {
  const { done, found, gone, made, pages, project, region } = calls
  const own = (name: string) =>
    found((compute, options) => compute.addresses.get({ project, region, address: name }, options))

  const removeAddress = (name: string) =>
    gone((compute, requestId, options) => compute.addresses.delete({ project, region, address: name, requestId }, options))

  const removeRule = (name: string) =>
    gone((compute, requestId, options) =>
      compute.forwardingRules.delete({ project, region, forwardingRule: name, requestId }, options)
    )
  const removeRules = (name: string) =>
    Effect.forEach(suffixes, (suffix) => removeRule(`${name}-${suffix}`), { discard: true })

  /** One that somebody has reserved and called otherwise. */
  const reserved = (address: string) =>
    pages((compute, options, page) =>
      compute.addresses.list({ project, region, filter: `address = "${address}"`, ...page }, options)
    ).pipe(
      Effect.map((found) => found.flatMap(({ items }) => items ?? []).find((one) => one.address === address)),
      Effect.filterOrFail(
        (found) => found !== undefined,
        () => new Refused({ reason: `the address ${address} is not reserved in ${region}: reserve it, or leave it empty` })
      )
    )

  /** A forwarding rule cannot be changed; its address outlives it, because it is reserved. */
  const addressed = Effect.fnUntraced(function* (name: string, { address }: Wanted, { scheme }: Shape) {
    // A rule leads to the address that somebody has reserved; ours is let go of when no rule has it any more.
    if (address !== "" && scheme === "EXTERNAL") return address
    const before = yield* own(name)
    const isOther = before !== undefined && (before.addressType !== scheme || (address !== "" && before.address !== address))
    if (isOther) {
      yield* removeRules(name)
      yield* removeAddress(name)
    }
    if (before === undefined || isOther)
      yield* made((compute, requestId, options) => {
        const { network: _, ...subnetwork } = ofNetwork
        const inside = scheme === "INTERNAL" ? { ...subnetwork, ...(address !== "" && { address }) } : {}
        const requestBody = { name, addressType: scheme, ...inside }
        return compute.addresses.insert({ project, region, requestId, requestBody }, options)
      })
    const now = before?.address && !isOther ? before : yield* own(name)
    return now?.address || (yield* new NotReady({ reason: `the address ${name} is being reserved`, retryAfterSeconds: 1 }))
  })

  const rule = (name: string) =>
    found((compute, options) => compute.forwardingRules.get({ project, region, forwardingRule: name }, options))

  const led = Effect.fnUntraced(function* (name: string, ip: string, { rules, scheme }: Shape) {
    for (const suffix of suffixes) {
      const called = `${name}-${suffix}`
      const wanted = rules.find((one) => one.suffix === suffix)
      const now = yield* rule(called)
      const description = wanted === undefined ? "" : describe(ip, scheme, wanted)
      if (now !== undefined && now.description === description) continue
      if (now !== undefined) yield* removeRule(called)
      if (wanted === undefined) continue
      const requestBody = {
        ...{ name: called, description, IPAddress: ip, IPProtocol: wanted.IPProtocol, ...wanted.lets },
        loadBalancingScheme: scheme,
        backendService: `${place}/backendServices/${name}`,
        ...(scheme === "INTERNAL" && ofNetwork)
      }
      yield* made((compute, requestId, options) =>
        compute.forwardingRules.insert({ project, region, requestId, requestBody }, options)
      )
    }
  })
  /** What it was made for. The cloud writes ports in ways of its own. */
  const describe = (ip: string, scheme: string, { IPProtocol, lets }: Rule) =>
    JSON.stringify({ address: ip, scheme, protocol: IPProtocol, ...lets })

  const firewalled = Effect.fnUntraced(function* (name: string, about: Firewall) {
    const wanted = {
      ...{ name, network: ofNetwork.network, direction: "INGRESS", ...about },
      ...(nodeTags.length > 0 && { targetTags: [...nodeTags] })
    }
    const now = yield* found((compute, options) => compute.firewalls.get({ project, firewall: name }, options))
    if (now === undefined)
      return yield* made((compute, requestId, options) =>
        compute.firewalls.insert({ project, requestId, requestBody: wanted }, options)
      )
    if (firewallText(now) !== firewallText(wanted))
      yield* done((compute, requestId, options) =>
        compute.firewalls.patch({ project, firewall: name, requestId, requestBody: wanted }, options)
      )
  })

  const removeFirewall = (firewall: string) =>
    gone((compute, requestId, options) => compute.firewalls.delete({ project, firewall, requestId }, options))

  return {
    own,
    reserved,
    addressed,
    led,
    removeRules,
    removeAddress,
    /** Clients come through to the ports, and health checks to theirs. */
    opened: (name: string, ip: string, { healthCheck, sourceRanges }: Wanted, { allowed }: Shape) =>
      Effect.andThen(
        firewalled(`${name}-fw`, {
          allowed,
          sourceRanges: sourceRanges.length > 0 ? [...sourceRanges] : everybody,
          destinationRanges: [`${ip}/32`]
        }),
        firewalled(`${name}-hc`, {
          allowed: [{ IPProtocol: "tcp", ports: [`${healthCheck.port}`] }],
          sourceRanges: probes
        })
      ),
    closed: (name: string) => Effect.andThen(removeFirewall(`${name}-fw`), removeFirewall(`${name}-hc`)),
    /** All rules that there are. */
    rules: (name: string) =>
      Effect.map(
        pages((compute, options, page) => {
          const filter = `name eq "${name}-(${suffixes.join("|")})"`
          return compute.forwardingRules.list({ project, region, filter, ...page }, options)
        }),
        (found) => found.flatMap(({ items }) => items ?? [])
      )
  }
}
export type Frontends = ReturnType<typeof make>
