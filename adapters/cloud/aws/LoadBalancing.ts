/** The contract `LoadBalancers` on AWS: one network load balancer for each Service. */
import type { Listener, TargetGroup } from "@aws-sdk/client-elastic-load-balancing-v2"
import { Effect, Semaphore } from "effect"
import {
  type LoadBalancer,
  LoadBalancerNotFound,
  LoadBalancers,
  type ServiceReference,
  type Target,
  type Wanted
} from "../../../plugins/cloud/contracts/LoadBalancers.ts"
import * as Balancers from "./Balancers.ts"
import { Failed } from "../Failed.ts"
import { type Calls, refused } from "./Calls.ts"
import type { Machines } from "./Machines.ts"
import * as Names from "./Names.ts"
import { healthCheckOf, isInternal, protocolsOf, waysOf } from "./Wanted.ts"

/** What AWS has refused and nobody expected is refused; all else stays as it is. */
const told = <A, E, R>(effect: Effect.Effect<A, E | Failed, R>) =>
  Effect.mapError(effect, (error) => (error instanceof Failed ? refused(error) : error))

const nodePortOf = (groups: ReadonlyArray<TargetGroup>, { DefaultActions = [] }: Listener) =>
  groups.find(({ TargetGroupArn }) => TargetGroupArn === DefaultActions[0]?.TargetGroupArn)?.Port ?? 0

export const make = (calls: Calls, machines: Machines, options: Balancers.Options) => {
  const parts = Balancers.make(calls, options)

  const get = Effect.fnUntraced(function* (cluster: string, service: ServiceReference) {
    const name = Names.ofBalancer(cluster, service)
    const found = yield* parts.balancer(name)
    const groups = yield* parts.targetGroups(`${name}-`)
    if (found === undefined && groups.length === 0) return null
    const listeners = found === undefined ? [] : yield* parts.listeners(found.LoadBalancerArn ?? "")
    const [group] = groups
    const ids = group === undefined ? [] : yield* parts.targetsOf(group.TargetGroupArn ?? "")
    const known = yield* machines.providerIds(ids)
    const there: LoadBalancer = {
      service,
      ingress: found?.DNSName === undefined ? [] : [{ ip: "", hostname: found.DNSName, ipMode: "VIP" }],
      ports: listeners.flatMap((listener) =>
        protocolsOf(listener.Protocol).map((protocol) => ({
          protocol,
          port: listener.Port ?? 0,
          nodePort: nodePortOf(groups, listener)
        }))
      ),
      targets: ids.map((id) => known.get(id) ?? `aws:////${id}`).toSorted()
    }
    return there
  })

  const ensure = Effect.fnUntraced(function* (cluster: string, wanted: Wanted, targets: ReadonlyArray<Target>) {
    const ways = yield* waysOf(wanted)
    const name = Names.ofBalancer(cluster, wanted.service)
    const Tags = Names.services.tags(cluster, wanted.service)
    const Scheme = isInternal(wanted) ? "internal" : "internet-facing"
    const {
      DNSName = "",
      LoadBalancerArn = "",
      VpcId = ""
    } = yield* parts.created(cluster, {
      ...{ Name: name, Type: "network", Scheme, Tags }
    })
    const existing = yield* parts.targetGroups(`${name}-`)
    const check = healthCheckOf(wanted.healthCheck)
    const grouped = yield* Effect.forEach(ways, ({ nodePort, port, protocol }) =>
      Effect.map(parts.grouped(name, { Protocol: protocol, Port: nodePort, VpcId, Tags }, check, existing), (group) => ({
        port,
        protocol,
        group
      }))
    )
    // Nodes first: a listener then has somebody to lead to.
    yield* Effect.forEach(grouped, ({ group }) => parts.directed(group, targets), { discard: true })
    yield* parts.listened(LoadBalancerArn, grouped)
    const kept = new Set(grouped.map(({ group }) => group))
    for (const { TargetGroupArn = "" } of existing) if (!kept.has(TargetGroupArn)) yield* parts.deleteGroup(TargetGroupArn)
    const made: LoadBalancer = {
      service: wanted.service,
      ingress: [{ ip: "", hostname: DNSName, ipMode: "VIP" }],
      ports: wanted.ports.map(({ nodePort, port, protocol }) => ({ protocol, port, nodePort })),
      targets: targets.map(({ providerID }) => providerID).toSorted()
    }
    return made
  })

  const update = Effect.fnUntraced(function* (cluster: string, { service }: Wanted, targets: ReadonlyArray<Target>) {
    const name = Names.ofBalancer(cluster, service)
    if ((yield* parts.balancer(name)) === undefined) return yield* new LoadBalancerNotFound({ service: service.name })
    const groups = yield* parts.targetGroups(`${name}-`)
    yield* Effect.forEach(groups, ({ TargetGroupArn = "" }) => parts.directed(TargetGroupArn, targets), { discard: true })
  })

  const list = Effect.fnUntraced(function* (cluster: string) {
    const tagged = yield* parts.tagged(Names.ofCluster(cluster))
    const services = tagged.flatMap((tags) => Names.services.of(cluster, tags) ?? [])
    return [...new Map(services.map((service) => [service.uid, service])).values()]
  })

  /** By uid: one call after another for one Service. What is done for others does not wait. */
  const turns = new Map<string, Semaphore.Semaphore>()
  const inTurn = ({ uid }: ServiceReference) => {
    const turn = turns.get(uid) ?? Semaphore.makeUnsafe(1)
    turns.set(uid, turn)
    return turn.withPermit
  }
  return LoadBalancers.of({
    get: ({ cluster, service }) => told(get(cluster, service)),
    ensure: ({ cluster, targets, wanted }) => inTurn(wanted.service)(told(ensure(cluster, wanted, targets))),
    update: ({ cluster, targets, wanted }) => inTurn(wanted.service)(told(update(cluster, wanted, targets))),
    remove: ({ cluster, service }) => inTurn(service)(told(parts.remove(Names.ofBalancer(cluster, service)))),
    list: ({ cluster }) => told(list(cluster))
  })
}
