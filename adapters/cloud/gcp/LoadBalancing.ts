/**
 * The contract `LoadBalancers` on GCP: a passthrough network load balancer for each Service. Each step looks what there is and makes what
 * is missing, by names that are known beforehand: it may end after any call, and be begun again.
 */
import { Effect } from "effect"
import {
  type LoadBalancer,
  LoadBalancerNotFound,
  LoadBalancers,
  type ServiceReference,
  type Target,
  type Wanted
} from "../../../plugins/cloud/contracts/LoadBalancers.ts"
import * as Owned from "../Owned.ts"
import * as Backends from "./Backends.ts"
import { type Calls, refused, told } from "./Calls.ts"
import * as Frontends from "./Frontends.ts"
import { portsIn, shapeOf } from "./Wanted.ts"

/** Packets come to nodes as clients have sent them. */
const ingressOf = (ip: string): LoadBalancer["ingress"][number] => ({ ip, hostname: "", ipMode: "VIP" })

export const make = (calls: Calls, options: Backends.Options & Frontends.Options) => {
  const backends = Backends.make(calls, options)
  const frontends = Frontends.make(calls, backends, options)

  const get = Effect.fnUntraced(function* (cluster: string, service: ServiceReference) {
    const name = Owned.ofBalancer(cluster, service)
    if ((yield* backends.healthCheck(name)) === undefined) return null
    const rules = yield* frontends.rules(name)
    const behind = yield* backends.service(name)
    const isLed = (protocol: string) => rules.some(({ IPProtocol }) => [protocol, "L3_DEFAULT"].includes(IPProtocol ?? ""))
    const [ip] = rules.flatMap(({ IPAddress }) => IPAddress ?? [])
    const there: LoadBalancer = {
      service,
      ingress: ip === undefined ? [] : [ingressOf(ip)],
      ports: portsIn(behind?.description).filter(({ protocol }) => isLed(protocol)),
      targets: yield* backends.targets(name)
    }
    return there
  })

  const ensure = Effect.fnUntraced(function* (cluster: string, wanted: Wanted, targets: ReadonlyArray<Target>) {
    const shape = yield* shapeOf(wanted)
    const name = Owned.ofBalancer(cluster, wanted.service)
    if (wanted.address !== "" && shape.scheme === "EXTERNAL") yield* frontends.reserved(wanted.address)
    yield* backends.checked(cluster, wanted)
    const links = yield* backends.grouped(name, targets)
    const before = yield* backends.service(name)
    // What a backend service is for cannot be changed, nor can it go before the rules that lead to it.
    if (before !== undefined && before.loadBalancingScheme !== shape.scheme) {
      yield* frontends.removeRules(name)
      yield* backends.removeService(name)
    }
    yield* backends.served(cluster, wanted, shape, links)
    const ip = yield* frontends.addressed(name, wanted, shape)
    yield* frontends.opened(name, ip, wanted, shape)
    yield* frontends.led(name, ip, shape)
    if (wanted.address !== "" && shape.scheme === "EXTERNAL") yield* frontends.removeAddress(name)
    const made: LoadBalancer = {
      service: wanted.service,
      ingress: [ingressOf(ip)],
      ports: wanted.ports.map(({ nodePort, port, protocol }) => ({ protocol, port, nodePort })),
      targets: targets.map(({ providerID }) => providerID).toSorted()
    }
    return made
  })

  const update = Effect.fnUntraced(function* (cluster: string, wanted: Wanted, targets: ReadonlyArray<Target>) {
    const name = Owned.ofBalancer(cluster, wanted.service)
    if ((yield* backends.service(name)) === undefined)
      return yield* new LoadBalancerNotFound({ service: wanted.service.name })
    const shape = yield* shapeOf(wanted)
    yield* backends.served(cluster, wanted, shape, yield* backends.grouped(name, targets))
  })

  /** What leads goes before what it leads to; the health check, by which all is found again, goes last. */
  const remove = Effect.fnUntraced(function* (cluster: string, service: ServiceReference) {
    const name = Owned.ofBalancer(cluster, service)
    if ((yield* backends.healthCheck(name)) === undefined) return
    yield* frontends.removeRules(name)
    yield* frontends.closed(name)
    yield* frontends.removeAddress(name)
    yield* backends.removeService(name)
    yield* backends.removeGroups(name)
    yield* backends.removeCheck(name)
  })

  const turns = Owned.turns()
  return LoadBalancers.of({
    get: ({ cluster, service }) => refused(get(cluster, service)),
    ensure: ({ cluster, targets, wanted }) => turns(wanted.service.uid)(told(ensure(cluster, wanted, targets))),
    update: ({ cluster, targets, wanted }) => turns(wanted.service.uid)(told(update(cluster, wanted, targets))),
    remove: ({ cluster, service }) => turns(service.uid)(told(remove(cluster, service))),
    list: ({ cluster }) => refused(backends.services(cluster))
  })
}
