/** Rules of the network security group of the nodes, by which clients of a load balancer come through to them. */
import type { SecurityRule } from "@azure/arm-network"
import { Effect } from "effect"
import { Refused } from "../../../plugins/cloud/contracts/Cloud.ts"
import type { Wanted } from "../../../plugins/cloud/contracts/LoadBalancers.ts"
import type { Calls } from "./Calls.ts"

export interface Options {
  readonly resourceGroup: string
  /** Empty: nodes are open to load balancers by what others have done, or by nobody. */
  readonly securityGroup: string
}

/** Of ours: what people have written by hand comes before or after. */
const [first, last] = [500, 4096]

const protocols = { TCP: "Tcp", UDP: "Udp" } as const

const ruleOf = (name: string, protocol: keyof typeof protocols, { ports, sourceRanges }: Wanted, description: string) => {
  const own = ports.filter((one) => one.protocol === protocol)
  if (own.length === 0) return undefined
  return {
    name: `${name}-${protocol.toLowerCase()}`,
    description,
    protocol: protocols[protocol],
    access: "Allow",
    direction: "Inbound",
    sourcePortRange: "*",
    ...(sourceRanges.length > 0
      ? { sourceAddressPrefixes: [...new Set(sourceRanges)].toSorted() }
      : { sourceAddressPrefix: "*" }),
    destinationAddressPrefix: "*",
    destinationPortRanges: [...new Set(own.map(({ nodePort, port }) => `${nodePort === 0 ? port : nodePort}`))].toSorted()
  } satisfies SecurityRule
}

const textOf = (rule: SecurityRule) =>
  JSON.stringify([
    ...[rule.protocol, rule.access, rule.direction, rule.sourceAddressPrefix ?? ""],
    ...[rule.sourceAddressPrefixes ?? [], rule.destinationPortRanges ?? []].map((all) => all.toSorted())
  ])

export const make = ({ all, done, gone }: Calls, { resourceGroup, securityGroup }: Options) => {
  const isOf = (name: string) => (rule: SecurityRule) => rule.name === `${name}-tcp` || rule.name === `${name}-udp`
  const rules = all(({ network }, options) => network.securityRules.list(resourceGroup, securityGroup, options))
  const remove = (rule: string) =>
    gone(({ network }, options) => network.securityRules.delete(resourceGroup, securityGroup, rule, options))

  const opened = Effect.fnUntraced(function* (name: string, wanted: Wanted) {
    const now = yield* rules
    const { name: called, namespace } = wanted.service
    const description = `${namespace}/${called}`
    const all = [ruleOf(name, "TCP", wanted, description), ruleOf(name, "UDP", wanted, description)].flatMap(
      (rule) => rule ?? []
    )
    const taken = new Set(now.flatMap(({ direction, priority }) => (direction === "Inbound" ? (priority ?? 0) : [])))
    for (const rule of now.filter(isOf(name))) if (!all.some((one) => one.name === rule.name)) yield* remove(rule.name ?? "")
    for (const rule of all) {
      const before = now.find((one) => one.name === rule.name)
      if (before !== undefined && textOf(before) === textOf(rule)) continue
      let priority = before?.priority ?? first
      while (before === undefined && taken.has(priority)) priority++
      if (priority > last) return yield* new Refused({ reason: `the security group ${securityGroup} has no priority left` })
      taken.add(priority)
      yield* done(({ network }, options) =>
        network.securityRules.createOrUpdate(resourceGroup, securityGroup, rule.name, { ...rule, priority }, options)
      )
    }
  })

  return {
    possible: ({ sourceRanges }: Wanted): Effect.Effect<void, Refused> =>
      securityGroup === "" && sourceRanges.some((range) => range !== "0.0.0.0/0" && range !== "::/0")
        ? Effect.fail(
            new Refused({
              reason: "spec.loadBalancerSourceRanges need the nodes' security group: name it in --cloud-config"
            })
          )
        : Effect.void,
    opened: (name: string, wanted: Wanted) => (securityGroup === "" ? Effect.void : opened(name, wanted)),
    closed: (name: string) =>
      securityGroup === ""
        ? Effect.void
        : Effect.flatMap(rules, (now) =>
            Effect.forEach(now.filter(isOf(name)), (rule) => remove(rule.name ?? ""), { discard: true })
          )
  }
}
